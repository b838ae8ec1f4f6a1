import CourseTestSupport
import Foundation
import Networks
import Testing

/// Networks with layers, losses, optimizers and penalties that this package does not have.
@Suite(.watched) struct OwnTypesTests {
  private struct Doubling: ParameterFreeLayer {
    static let typeName = "Doubling"
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    mutating func forward(_ input: Tensor, mode: Mode) -> Tensor { input * 2 }
    mutating func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * 2 }
  }

  private func network(loss: any Loss, optimizer: any Optimizer) throws -> NeuralNetwork {
    var network = NeuralNetwork(inputShape: [4], loss: loss, optimizer: optimizer, seed: 1)
    try network.append(Dense(inputSize: 4, outputSize: 3))
    try network.append(Doubling())
    return network
  }

  private func withFile(
    of network: NeuralNetwork, _ body: (_ url: URL) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try network.save(to: url)
      try body(url)
    }
  }

  @Test func oneCallAddsAnOwnLayerAndKeepsTheRest() throws {
    var network = try network(loss: SoftmaxCrossEntropyLoss(), optimizer: Adam())
    network.penalty = L2(0.01)
    try network.fit(.iris, options: TrainingOptions(epochs: 1, batchSize: 50))
    try withFile(of: network) { url in
      let copy = try NeuralNetwork(contentsOf: url, adding: [Doubling.self])
      #expect(copy.loss is SoftmaxCrossEntropyLoss && copy.optimizer is Adam)
      #expect(copy.penalty is L2)
      let features = Dataset.iris.features
      #expect(try copy.predict(features) == network.predict(features), "probabilities, not scores")
      expectCourseError(
        .format, "unknown layer", "\"Doubling\"", "contentsOf:adding: [Doubling.self]"
      ) {
        try NeuralNetwork(contentsOf: url)
      }
    }
  }

  @Test func lossOptimizerAndPenaltyCanBeAddedToo() throws {
    var network = try network(
      loss: TinySquaredError(), optimizer: TinyMomentum(learningRate: 0.001))
    network.penalty = TinyPenalty(0.5)
    try withFile(of: network) { url in
      let copy = try NeuralNetwork(
        contentsOf: url,
        adding: [Doubling.self, TinySquaredError.self, TinyMomentum.self, TinyPenalty.self])
      #expect(copy.loss is TinySquaredError && copy.optimizer is TinyMomentum)
      #expect(copy.penalty is TinyPenalty)
    }
  }

  /// What the message of an unknown layer used to lead to: the loss went without a word.
  @Test func aLossThatIsNotNamedIsAnErrorAndNilLeavesItOut() throws {
    let network = try network(loss: SoftmaxCrossEntropyLoss(), optimizer: SGD(learningRate: 0.1))
    let layers = NeuralNetwork.allLayers + [Doubling.self]
    try withFile(of: network) { url in
      expectCourseError(.format, "unknown loss", "losses: nil loads the network without it") {
        try NeuralNetwork(contentsOf: url, layers: layers)
      }
      expectCourseError(.format, "unknown optimizer", "optimizers: nil") {
        try NeuralNetwork(contentsOf: url, layers: layers, losses: NeuralNetwork.allLosses)
      }
      let copy = try NeuralNetwork(contentsOf: url, layers: layers, losses: nil, optimizers: nil)
      #expect(copy.loss == nil && copy.optimizer == nil)
    }
  }
}
