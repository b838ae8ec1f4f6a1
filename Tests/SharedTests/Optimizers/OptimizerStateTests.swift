import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct OptimizerStateTests {
  @Test func everyParameterHasAStateOfItsOwn() throws {
    var network = NeuralNetwork(
      inputShape: [1], optimizer: TinyMomentum(learningRate: 1, momentum: 0.5))
    try network.append(TinyDense(inputSize: 1, outputSize: 1))
    try network.setParameter("layers.0.weights", to: [[0]])
    func step(_ gradients: [String: Float]) -> [Float] {
      network.forEachParameter { name, parameter in
        guard let gradient = gradients[name] else { return }
        parameter.accumulate(Tensor(repeating: gradient, shape: parameter.value.shape))
      }
      network.applyGradients()
      var values: [Float] = []
      network.visitParameters { values.append($1.value.scalars[0]) }
      return values
    }
    let (weights, bias) = ("layers.0.weights", "layers.0.bias")
    // v = −4 for the weight, and a step later −8 for the bias; then half of each more.
    #expect(step([weights: 4]) == [-4, 0])
    #expect(step([bias: 8]) == [-4, -8])
    #expect(step([weights: 0, bias: 0]) == [-6, -12])
  }

  @Test func anOptimizerThatIsSetStartsAfreshAndOneThatIsChangedGoesOn() throws {
    func rates(_ change: (inout NeuralNetwork) -> Void) throws -> Float {
      var network = NeuralNetwork(
        inputShape: [1], optimizer: TinyMomentum(learningRate: 1, momentum: 0.5))
      try network.append(TinyDense(inputSize: 1, outputSize: 1))
      for gradient: Float in [4, 0] {
        network.forEachParameter { name, parameter in
          if name.hasSuffix("bias") {
            parameter.accumulate(Tensor(repeating: gradient, shape: [1]))
          }
        }
        network.applyGradients()
        if gradient == 4 { change(&network) }
      }
      return try #require(network.parameters["layers.0.bias"]).value.scalars[0]
    }
    #expect(try rates { $0.optimizer?.learningRate = 0.5 } == -6, "the velocity of -4 is halved")
    #expect(try rates { $0.optimizer = TinyMomentum(learningRate: 1) } == -4, "no velocity")
    #expect(try rates { $0.optimizer = TinySGD(learningRate: 1) } == -4)
  }

  /// Saved and loaded again.
  private func reloaded(_ network: NeuralNetwork) throws -> NeuralNetwork {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try network.save(to: url)
      return try NeuralNetwork(
        contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
        optimizers: [TinyMomentum.self, TinySGD.self])
    }
  }

  @Test func aNetworkTrainedByHandCanBeSavedAndLoaded() throws {
    var network = try tinyNetwork()
    _ = network.forward(Tensor(ones: [2, 3]), mode: .training)
    network.backward(Tensor(ones: [2, 2]))
    network.applyGradients()
    var loaded = try reloaded(network)
    #expect(loaded.progress == nil)
    #expect(
      loaded.forward(Tensor(ones: [1, 3]), mode: .inference)
        == network.forward(Tensor(ones: [1, 3]), mode: .inference))
  }

  @Test func anOptimizerThatWasSetAfterTrainingCanBeSavedAndLoaded() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 0.1))
    try network.fit(tinyData(), options: TrainingOptions(epochs: 1, batchSize: 4))
    network.optimizer = TinyMomentum(learningRate: 0.1)
    var loaded = try reloaded(network)
    #expect(loaded.progress == network.progress)
    try network.fit(tinyData(), options: TrainingOptions(epochs: 2, batchSize: 4), resuming: true)
    try loaded.fit(tinyData(), options: TrainingOptions(epochs: 2, batchSize: 4), resuming: true)
    var (a, b): ([Tensor], [Tensor]) = ([], [])
    network.forEachParameter { a.append($1.value) }
    loaded.forEachParameter { b.append($1.value) }
    #expect(a == b)
  }
}
