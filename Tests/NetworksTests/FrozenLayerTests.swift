import CourseTestSupport
import Foundation
import Networks
import Testing

/// A frozen layer computes in training as in inference, wherever it is, and hands on the gradient.
@Suite(.watched) struct FrozenLayerTests {
  private let input = Tensor(normal: [6, 5], key: RandomKey(seed: 3))
  private let gradient = Tensor(normal: [6, 4], key: RandomKey(seed: 4))

  /// Dense, the layers in question on five features, Dense.
  private func network(_ layers: [any Layer]) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [5], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1), seed: 2)
    for layer in [Dense(outputSize: 5)] + layers + [Dense(outputSize: 4)] {
      try network.append(layer)
    }
    return network
  }

  /// Output and gradient of the first weights of a training step.
  private func pass(_ network: inout NeuralNetwork) -> (output: Tensor, gradient: Tensor?) {
    network.forEachParameter { $1.clearGradient() }
    let output = network.forward(input, mode: .training)
    network.backward(gradient)
    return (output, network.parameters["layers.0.weights"]?.gradient)
  }

  private func part() -> Sequential {
    Sequential(Dense(outputSize: 5), Dropout(rate: 0.5), ReLU(), Dropout(rate: 0.5))
  }

  /// Of every container: what is frozen, and whether its dropout drops.
  @Test(arguments: [
    ("layers.1", "Sequential"), ("layers.1", "Residual"), ("layers.1", "Skip"),
    ("layers.1", "Branches"), ("layers.1.body", "Residual"), ("layers.1.1", "Branches"),
  ])
  func dropoutInAFrozenContainerDropsNothing(path: String, type: String) throws {
    let container: any Layer =
      switch type {
      case "Sequential": part()
      case "Residual": Residual(part(), shortcut: Sequential(Dense(outputSize: 5)))
      case "Skip": Skip(part())
      // A path that is dropout itself.
      default: Branches([Dropout(rate: 0.4), part(), Dense(outputSize: 5)], merge: .add)
      }
    let isWhole = path == "layers.1"
    var network = try network([container])
    // The same without any dropout that lies in the frozen part.
    let states = { (network: NeuralNetwork) -> [Tensor] in
      var all: [Tensor] = []
      network.visitStates { all.append($1) }
      return all
    }
    let before = network
    let free = pass(&network)
    #expect(free.output != before.inference(input))
    network = before
    try network.freeze(path)
    let frozen = pass(&network)
    if isWhole || type == "Residual" {
      #expect(frozen.output == before.inference(input), "as in inference")
      #expect(states(network) == states(before), "nothing was drawn")
      // Finite differences of a weight in front: the gradient goes through.
      let name = "layers.0.weights"
      let (step, weights) = (Float(1e-2), try #require(before.parameters[name]).value)
      let direction = Tensor(normal: weights.shape, key: RandomKey(seed: 8))
      func projection(_ factor: Float) throws -> Float {
        var moved = before
        try moved.setParameter(name, to: weights + factor * step * direction)
        return (moved.inference(input) * gradient).sum()
      }
      let slope = try (projection(1) - projection(-1)) / (2 * step)
      let found = try #require(frozen.gradient)
      expectClose((found * direction).sum(), slope, "the gradient in front", atol: 0.1, rtol: 0.02)
    } else {
      // The branch that is dropout belongs to what is trained.
      #expect(frozen.output != before.inference(input))
      #expect(states(network) != states(before))
    }
    // Unfrozen, it goes on where it was.
    try network.unfreeze(path)
    var again = before
    if isWhole { #expect(pass(&network).output == pass(&again).output) }
  }

  /// In a container that is trained in part: dropout between frozen layers, and after them.
  @Test func dropoutBetweenFrozenLayersOfAContainerDropsNothing() throws {
    let body = Sequential(
      Dense(outputSize: 5), Dropout(rate: 0.5), ReLU(), Dense(outputSize: 5),
      Dropout(rate: 0.5), Dense(outputSize: 5))
    var network = try network([Residual(body)])
    try network.freeze("layers.1.body.0")
    try network.freeze("layers.1.body.3")
    func drawn(_ network: NeuralNetwork) -> [String: Float] {
      var drawn: [String: Float] = [:]
      network.visitStates { name, state in drawn[name] = state.sum() }
      return drawn
    }
    _ = pass(&network)
    let between = "layers.1.body.1.passes"
    let after = "layers.1.body.4.passes"
    #expect(drawn(network)[between] == 0 && (drawn(network)[after] ?? 0) > 0)
    // With a trained layer at one end it drops.
    try network.unfreeze("layers.1.body.3")
    _ = pass(&network)
    #expect((drawn(network)[between] ?? 0) > 0)
  }

  @Test func batchNormInAFrozenContainerKeepsItsAverages() throws {
    var network = try network([
      Residual(Sequential(Dense(outputSize: 5), BatchNorm(), ReLU(), Dense(outputSize: 5)))
    ])
    _ = pass(&network)
    let before = network
    try network.freeze("layers.1.body")
    let (output, gradient) = pass(&network)
    #expect(output == before.inference(input))
    #expect(gradient != nil)
    var (old, new): ([String: Tensor], [String: Tensor]) = ([:], [:])
    before.visitStates { old[$0] = $1 }
    network.visitStates { new[$0] = $1 }
    #expect(!old.isEmpty && old == new)
  }

  /// A loaded network knows what is frozen.
  @Test func aSavedNetworkGoesOnAlike() throws {
    var network = try network([Residual(part()), SpatialFree(), part()])
    try network.freeze("layers.1")
    try network.freeze("layers.3")
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "n.safetensors")
      try network.save(to: file)
      var loaded = try NeuralNetwork(contentsOf: file, adding: [SpatialFree.self])
      #expect(pass(&loaded).output == pass(&network).output)
      #expect(pass(&loaded).output == loaded.inference(input))
    }
  }

  @Test func channelsAreKeptAsWell() throws {
    var network = NeuralNetwork(inputShape: [3, 4, 4], seed: 2)
    try network.append(Conv2D(outputChannels: 3, kernelSize: 1))
    try network.append(
      Residual(Sequential(Conv2D(outputChannels: 3, kernelSize: 1), SpatialDropout2D(rate: 0.5))))
    try network.freeze(1)
    let images = Tensor(normal: [2, 3, 4, 4], key: RandomKey(seed: 1))
    let output = network.forward(images, mode: .training)
    #expect(output == network.inference(images))
    network.backward(Tensor(ones: output.shape))
    #expect(network.parameters["layers.0.weights"]?.gradient != nil)
  }
}

/// A layer of another package: it passes on its input.
private struct SpatialFree: ParameterFreeLayer {
  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
  func forward(_ input: Tensor, mode: Mode) -> Tensor { input }
  func backward(_ outputGradient: Tensor) -> Tensor { outputGradient }
}

extension NeuralNetwork {
  /// The output in inference, of a copy.
  fileprivate func inference(_ input: Tensor) -> Tensor {
    var copy = self
    return copy.forward(input, mode: .inference)
  }
}
