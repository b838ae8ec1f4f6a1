import CourseTestSupport
import Foundation
import Networks
import Testing

/// What the Python exercises do otherwise can be asked for, is saved with the network, and is what a file
/// that says nothing of it does not do.
@Suite(.watched) struct PythonConventionTests {
  private func encoded(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private func decoded<Value: Decodable>(_ json: String, as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(json.utf8))
  }

  // MARK: The guard of the cross-entropy

  /// -log(2.220446049250313e-16) = 36.0436533891, nine times.
  @Test func epsilonOfTheCrossEntropy() throws {
    var loss = CrossEntropyLoss(reduction: .sum, epsilon: 2.220446e-16)
    let wrong = Tensor(oneHot: [Int](repeating: 0, count: 9), classCount: 4)
    let target = Target.classes([Int](repeating: 2, count: 9))
    expectClose(loss.forward(wrong, target: target), 324.3928805, "nine examples", rtol: 1e-6)
    #expect(loss.backward()[0, 2] == -1 / 2.220446e-16)
    var usual = CrossEntropyLoss(reduction: .sum)
    expectClose(usual.forward(wrong, target: target) / 9, 16.6289, "the usual guard", rtol: 1e-4)

    let json = try encoded(loss.configuration)
    let configuration = try decoded(json, as: ClassificationLossConfiguration.self)
    #expect(try CrossEntropyLoss(configuration: configuration).epsilon == 2.220446e-16)
    let old = try decoded(
      #"{"reduction": "mean"}"#, as: ClassificationLossConfiguration.self)
    #expect(try CrossEntropyLoss(configuration: old).epsilon == 6e-8)
    #expect(try encoded(usual.configuration) == #"{"reduction":"sum"}"#)

    var binary = BinaryCrossEntropyLoss(reduction: .sum, epsilon: 1e-3)
    expectClose(binary.forward([[0]], target: .classes([1])), 6.9077554, "yes or no")
    #expect(
      try decoded(
        #"{"input": "probabilities", "reduction": "mean"}"#,
        as: BinaryCrossEntropyLoss.Configuration.self
      ).epsilon == nil)
  }

  @Test(arguments: [Float(0), -1, 1, .infinity, .nan]) func anEpsilonOutOfRangeIsRefused(
    epsilon: Float
  ) {
    expectCourseError(.invalidArgument, "CrossEntropyLoss", "epsilon", "above 0 and below 1") {
      try CrossEntropyLoss(
        configuration: ClassificationLossConfiguration(reduction: .mean, epsilon: epsilon))
    }
  }

  // MARK: Batch norm's averages

  /// mean = X.mean(0); var = X.var(0); then 0.8 * mean + 0.2 * Y.mean(0), 0.8 * var + 0.2 * Y.var(0)
  @Test(arguments: [Implementation.reference, .fast])
  func averagesThatStartWithTheFirstBatch(implementation: Implementation) {
    let first: Tensor = [[1, 10], [3, 10], [5, 40]]
    let second: Tensor = [[0, 1], [2, 3], [1, 5]]
    var layer = BatchNorm(
      channels: 2, momentum: 0.8, startsWithFirstBatch: true, averagesBiasedVariance: true,
      implementation: implementation)
    _ = layer.forward(first, mode: .training)
    expectClose(layer.runningMean, [3, 20], "the first batch's mean")
    expectClose(layer.runningVariance, [2.6666667, 200], "the first batch's variance")
    _ = layer.forward(second, mode: .training)
    expectClose(layer.runningMean, [2.6, 16.6], "mean of both")
    expectClose(
      layer.runningVariance, [2.2666667, 160.53333], "variance of both")
    #expect(layer.configuration.momentum == 0.8)

    var onlyFirst = BatchNorm(
      channels: 2, momentum: 0.8, startsWithFirstBatch: true, implementation: implementation)
    _ = onlyFirst.forward(first, mode: .training)
    expectClose(onlyFirst.runningVariance, [4, 300], "the unbiased variance")
    var onlyBiased = BatchNorm(
      channels: 2, momentum: 0.8, averagesBiasedVariance: true, implementation: implementation)
    _ = onlyBiased.forward(first, mode: .training)
    expectClose(onlyBiased.runningMean, [0.6, 4], "from 0 on")
    expectClose(onlyBiased.runningVariance, [1.3333333, 40.8], "from 1 on, biased")
  }

  @Test func theAveragesOptionsAreSaved() throws {
    let layer = BatchNorm(channels: 3, startsWithFirstBatch: true, averagesBiasedVariance: true)
    let copy = try decoded(encoded(layer.configuration), as: BatchNorm.Configuration.self)
    #expect(copy == layer.configuration)
  }

  // MARK: Recurrent layers

  @Test func biasesOfRecurrentLayers() throws {
    let elman = ElmanRNN(inputSize: 2, hiddenSize: 3, biasInitializer: .constant(0.1))
    #expect(elman.bias.value == [0.1, 0.1, 0.1])
    let gru = GRU(inputSize: 2, hiddenSize: 1, biasInitializer: .constant(0.1))
    #expect(gru.bias.value == [0.1, 0.1, 0.1] && gru.candidateRecurrentBias?.value == [0.1])
    var lstm = LSTM(inputSize: 2, hiddenSize: 1, biasInitializer: .constant(0.1))
    #expect(lstm.bias.value == [0.1, 1, 0.1, 0.1], "the forget gate's is forgetBias")
    lstm = LSTM(inputSize: 2, hiddenSize: 1, biasInitializer: .constant(0.1), forgetBias: 0.1)
    #expect(lstm.bias.value == Tensor(repeating: 0.1, shape: [4]))
    lstm = LSTM(inputSize: 2, hiddenSize: 2)
    #expect(lstm.bias.value == [0, 0, 1, 1, 0, 0, 0, 0])
    #expect(!lstm.bias.isRegularized)

    let json = try encoded(elman.configuration)
    #expect(try decoded(json, as: RecurrentConfiguration.self) == elman.configuration)
    let plain = ElmanRNN(inputSize: 2, hiddenSize: 3)
    #expect(try ElmanRNN(configuration: plain.configuration).bias.value == Tensor(zeros: [3]))
  }

  @Test func carryingIsSwitchedOnAndOff() throws {
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: 1))
    var always = LSTM(inputSize: 2, hiddenSize: 3, stateful: true, seed: 1)
    var switched = LSTM(inputSize: 2, hiddenSize: 3, seed: 1)
    let fresh = switched.forward(x, mode: .inference)
    #expect(switched.forward(x, mode: .inference) == fresh)
    // What the last pass ended with is there already.
    switched.isStateful = true
    _ = always.forward(x, mode: .inference)
    let second = always.forward(x, mode: .inference)
    #expect(switched.forward(x, mode: .inference) == second && second != fresh)
    #expect(switched.configuration == always.configuration && switched.carriesState)
    switched.isStateful = false
    #expect(switched.forward(x, mode: .inference) == fresh)
    switched.isStateful = true
    switched.resetState()
    #expect(switched.forward(x, mode: .inference) == fresh)
  }

  @Test func aNetworkSwitchesAllItsLayers() throws {
    var network = NeuralNetwork(inputShape: [3, 2], seed: 1)
    try network.append(ElmanRNN(inputSize: 2, hiddenSize: 3))
    try network.append(GRU(inputSize: 3, hiddenSize: 2))
    try network.append(Dense(inputSize: 2, outputSize: 1))
    #expect(!network.carriesState)
    network.carriesState = true
    #expect(
      network.carriesState && network.layers[0].carriesState && network.layers[1].carriesState)
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "carrying.safetensors")
      try network.save(to: url)
      #expect(try NeuralNetwork(contentsOf: url).carriesState)
    }
    network.carriesState = false
    #expect(!network.carriesState)
  }

  @Test func aReversedLayerCannotCarry() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = GRU(inputSize: 2, hiddenSize: 3, reversed: true)
      layer.isStateful = true
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("GRU: stateful and reversed"))
  }

  // MARK: Penalties beside the step

  /// (w - η α w) + v: the weights shrink by what they were before the step, and v knows nothing of it.
  @Test func decoupledPenaltiesShrinkTheWeightsBesideTheStep() throws {
    func trained(_ optimizer: any Optimizer, decoupled: Bool) throws -> Tensor {
      var network = NeuralNetwork(inputShape: [1], optimizer: optimizer)
      var layer = Dense(inputSize: 1, outputSize: 1)
      layer.weights.value = [[1]]
      layer.bias.value = [1]
      try network.append(layer)
      network.penalty = L2(0.5)
      network.decouplesPenalties = decoupled
      for _ in 0..<2 {
        _ = network.forward([[1]], mode: .training)
        network.backward([[1]])
        network.addPenaltyGradients()
        network.applyGradients()
      }
      let parameters = network.parameters
      return Tensor(concatenating: [
        try #require(parameters["layers.0.weights"]).value.reshaped(to: [1]),
        try #require(parameters["layers.0.bias"]).value,
      ])
    }
    // w = 1; v = -0.1, w = 0.95 - 0.1 = 0.85; v = -0.19, w = 0.8075 - 0.19.
    expectClose(
      try trained(Momentum(learningRate: 0.1, momentum: 0.9), decoupled: true),
      [0.6175, 0.71], "Momentum; the bias does not pay")
    // v = -0.15, w = 0.85; v = -0.135 - 0.1425, w = 0.5725.
    expectClose(
      try trained(Momentum(learningRate: 0.1, momentum: 0.9), decoupled: false),
      [0.5725, 0.71], "Momentum that sees the penalty")
    let adamW = try trained(
      AdamW(learningRate: 0.1, weightDecay: 0.5), decoupled: true)
    let adam = try trained(Adam(learningRate: 0.1), decoupled: true)
    // AdamW decays once more, so it is Adam with a share of (1 - 0.05)² a step.
    #expect(adam[0] > adamW[0])
    expectClose(adam, [0.7075, 0.8], "Adam", rtol: 1e-4)
    expectClose(
      try trained(SGD(learningRate: 0.1), decoupled: true),
      try trained(SGD(learningRate: 0.1), decoupled: false), "SGD makes no difference")
  }

  @Test func decoupledPenaltiesAreSavedAndTrainAlike() throws {
    let data = try Dataset(
      name: "points", features: Tensor(normal: [12, 3], key: RandomKey(seed: 1)),
      targets: .classes((0..<12).map { $0 % 2 }))
    var network = NeuralNetwork(
      inputShape: [3], loss: SoftmaxCrossEntropyLoss(),
      optimizer: Momentum(learningRate: 0.1, momentum: 0.9), seed: 1)
    try network.append(Dense(inputSize: 3, outputSize: 2))
    network.penalty = L2(0.1)
    let unchanged = network
    network.decouplesPenalties = true
    var (coupled, decoupled) = (unchanged, network)
    try coupled.fit(data, options: TrainingOptions(epochs: 2, batchSize: 4))
    try decoupled.fit(data, options: TrainingOptions(epochs: 2, batchSize: 4))
    #expect(
      coupled.parameters["layers.0.weights"]?.value
        != decoupled.parameters["layers.0.weights"]?.value)

    try withTemporaryFolder { folder in
      let url = folder.appending(path: "decoupled.safetensors")
      try decoupled.save(to: url)
      #expect(try NeuralNetwork(contentsOf: url).decouplesPenalties)
      try coupled.save(to: url)
      #expect(try !NeuralNetwork(contentsOf: url).decouplesPenalties)
    }
  }
}
