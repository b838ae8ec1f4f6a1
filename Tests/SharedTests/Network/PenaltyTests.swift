import CourseTestSupport
import Foundation
import Shared
import Testing

/// What a network does with a penalty; the penalties themselves are tasks of Phase 3.
@Suite(.watched) struct NetworkPenaltyTests {
  /// Two dense layers with biases that are not 0.
  private func network(
    _ penalty: (any Penalty)? = TinyPenalty(0.5), first: (any Penalty)? = nil
  ) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3], loss: TinySquaredError(), optimizer: TinyMomentum(learningRate: 0.05),
      seed: 1)
    network.penalty = penalty
    for (inputs, outputs) in [(3, 4), (4, 2)] {
      var layer = TinyDense(inputSize: inputs, outputSize: outputs)
      layer.bias.value = Tensor(repeating: 3, shape: [outputs])
      try network.append(layer, penalty: inputs == 3 ? first : nil)
    }
    return network
  }

  private func parameters(_ network: NeuralNetwork) -> [String: Parameter] {
    var (copy, all) = (network, [String: Parameter]())
    copy.forEachParameter { all[$0] = $1 }
    return all
  }

  private func weights(_ network: NeuralNetwork, _ layer: Int) throws -> Tensor {
    try #require(parameters(network)["layers.\(layer).weights"]).value
  }

  @Test func theValueIsThatOfAllWeightsAndOfNothingElse() throws {
    let network = try network()
    let squares = [
      try square(weights(network, 0)).sum(), try square(weights(network, 1)).sum(),
    ]
    let biases: Float = 6 * 9
    let loss = Float(try network.evaluate(tinyData()).loss)
    expectClose(
      Float(network.penaltyValue), 0.25 * (squares[0] + squares[1]), "penaltyValue",
      mistakes: [
        "the biases pay, too: only parameters with isRegularized do":
          0.25 * (squares[0] + squares[1] + biases),
        "one matrix is counted twice, the other not at all": 0.25 * 2 * squares[0],
        "the last matrix is counted twice": 0.25 * (squares[0] + 2 * squares[1]),
        "only the last layer pays": 0.25 * squares[1],
        "it is the norm of the loss, not of the weights": 0.25 * loss * loss,
      ])
    #expect(try self.network(nil).penaltyValue == 0)
  }

  @Test func theGradientReachesTheWeightsAndNothingElse() throws {
    var network = try network()
    network.addPenaltyGradients()
    for (name, parameter) in parameters(network) {
      if name.hasSuffix("bias") {
        #expect(
          parameter.gradient == nil,
          "the penalty is on the wrong tensors: it moves \(name), which is not regularised")
      } else {
        expectClose(
          parameter.gradient ?? Tensor(zeros: parameter.value.shape), 0.5 * parameter.value,
          "the penalty's gradient of \(name)",
          mistakes: [
            "it is added twice": parameter.value,
            "it is missing": Tensor(zeros: parameter.value.shape),
          ])
      }
    }
  }

  @Test func aLayersOwnPenaltyReplacesTheNetworks() throws {
    let network = try network(first: TinyPenalty(2))
    expectClose(
      Float(network.penaltyValue),
      try square(weights(network, 0)).sum() + 0.25 * square(weights(network, 1)).sum(),
      "penaltyValue",
      mistakes: [
        "the first layer pays both penalties": try 1.25 * square(weights(network, 0)).sum()
          + 0.25 * square(weights(network, 1)).sum()
      ])
    #expect(network.penalty(ofLayer: 0) is TinyPenalty && network.penalty(ofLayer: 1) != nil)
    let only = try self.network(nil, first: TinyPenalty(2))
    expectClose(Float(only.penaltyValue), try square(weights(only, 0)).sum(), "penaltyValue")
    #expect(only.penalty(ofLayer: 1) == nil)
  }

  @Test func reportsTellWhatIsMinimised() throws {
    var network = try network()
    let plain = try self.network(nil)
    let data = try tinyData()
    let evaluation = try network.evaluate(data)
    expectClose(Float(evaluation.penalty), Float(network.penaltyValue), "Evaluation.penalty")
    let expected = try plain.evaluate(data).loss + network.penaltyValue
    expectClose(Float(evaluation.loss), Float(expected), "Evaluation.loss")
    #expect(try plain.evaluate(data).penalty == 0)
    // With a learning rate of 0 all that training reports is known beforehand.
    for batchSize in [5, 23] {
      network.optimizer = TinySGD(learningRate: 0)
      let history = try network.fit(
        data, validation: data,
        options: TrainingOptions(epochs: 1, batchSize: batchSize, accumulationSteps: 1))
      let report = try #require(history.epochs.first)
      expectClose(
        Float(report.training.loss), Float(expected), "the loss of training",
        mistakes: [
          "the penalty is counted once a step": Float(
            expected + network.penaltyValue * Double((23 + batchSize - 1) / batchSize - 1))
        ])
      expectClose(
        Float(try #require(report.validation).loss), Float(expected), "the loss of validation")
    }
  }

  @Test(arguments: [2, 3]) func anAccumulatedStepPaysOnce(parts: Int) throws {
    var whole = try network()
    try whole.fit(tinyData(), options: TrainingOptions(epochs: 3, batchSize: 12))
    var split = try network()
    try split.fit(
      tinyData(),
      options: TrainingOptions(epochs: 3, batchSize: 12 / parts, accumulationSteps: parts))
    for (name, parameter) in parameters(whole) {
      expectClose(
        try #require(parameters(split)[name]).value, parameter.value,
        "\(name) after steps of \(parts) parts: the penalty is paid once a step, not once a part")
    }
  }

  @Test func theLimitOnGradientsIncludesThePenalty() throws {
    // Without momentum a step is as long as the gradient, times the learning rate.
    var network = try network(TinyPenalty(1000))
    network.optimizer = TinySGD(learningRate: 1)
    let before = parameters(network)
    try network.fit(
      tinyData(), options: TrainingOptions(epochs: 1, batchSize: 23, clipping: .norm(0.5)))
    var squares: Float = 0
    for (name, parameter) in parameters(network) {
      squares += square(parameter.value - (try #require(before[name])).value).sum()
    }
    expectClose(
      squares.squareRoot(), 0.5,
      "the length of a step: the limit is on the gradients with the penalty's part")
  }

  @Test func aPenaltyThatOverflowsIsNamed() throws {
    var network = try network(TinyPenalty(3e38))
    expectCourseError(.diverged, "the penalty on the weights") {
      try network.fit(tinyData(), options: TrainingOptions(epochs: 1, batchSize: 23))
    }
  }

  // MARK: Checkpoints

  @Test func penaltiesTravelInTheCheckpoint() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      let whole = try network(first: TinyPenalty(2))
      try whole.save(to: url)
      func load(_ penalties: [any Penalty.Type]?) throws -> NeuralNetwork {
        try NeuralNetwork(
          contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
          optimizers: [TinyMomentum.self], penalties: penalties)
      }
      let copy = try load([TinyPenalty.self])
      #expect(copy.penaltyValue == whole.penaltyValue)
      #expect((copy.penalty as? TinyPenalty)?.configuration == TinyPenalty(0.5).configuration)
      #expect(try load(nil).penaltyValue == 0, "nil loads without penalties")
      for known in [[], [OtherPenalty.self]] as [[any Penalty.Type]] {
        expectCourseError(.format, "unknown penalty", "\"TinyPenalty\"", "penalties: nil") {
          try load(known)
        }
      }
    }
  }

  private struct OtherPenalty: Penalty {
    static let typeName = "OtherPenalty"
    let configuration = NoConfiguration()
    init(configuration: NoConfiguration) {}
    func value(of weights: Tensor) -> Float { 0 }
    func gradient(of weights: Tensor) -> Tensor { weights }
  }

  @Test func resumingGoesOnWithThePenalty() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      var whole = try network()
      try whole.fit(tinyData(), options: TrainingOptions(epochs: 4, batchSize: 5))
      var part = try network()
      try part.fit(tinyData(), options: TrainingOptions(epochs: 2, batchSize: 5))
      try part.save(to: url)
      var rest = try NeuralNetwork(
        contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
        optimizers: [TinyMomentum.self], penalties: [TinyPenalty.self])
      try rest.fit(tinyData(), options: TrainingOptions(epochs: 4, batchSize: 5), resuming: true)
      #expect(
        try #require(rest.progress).history.epochs.map(\.training)
          == whole.progress?.history.epochs.map(\.training))
      #expect(try weights(rest, 0) == weights(whole, 0))
    }
  }
}
