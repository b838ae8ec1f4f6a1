import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.7. But for the last two tests, the layers, losses and optimizers are those of the tests, so that
/// this task can be done before the others.
@Suite(.watched) struct TrainingLoopTests {
  static let features: Tensor = [[0], [1], [2], [3], [4], [5], [6]]
  static let seed: UInt64 = varied(3)

  static func batches(epoch: Int, batchSize: Int) -> [[Int]] {
    let order = NeuralNetwork.order(epoch: epoch, exampleCount: 7, seed: seed)
    return stride(from: 0, to: 7, by: batchSize).map {
      Array(order[$0..<Swift.min($0 + batchSize, 7)])
    }
  }

  // MARK: Numbers

  @Test(.waits(for: steps), arguments: Reduction.allCases, [2, 3, 7])
  func theMeanLossPerExampleIsReturned(reduction: Reduction, batchSize: Int) throws {
    var network = NeuralNetwork(inputShape: [1], seed: 1)
    try network.append(LoggingLayer(CallLog()))
    var loss = TinySquaredError(reduction: reduction)
    let optimizer = TinySGD(learningRate: 0)
    // The layer passes 0 ... 6 on and the targets are 0: losses 0, 1/2, 4/2, ... 36/2, in all 91/2.
    let losses = trainingLoop(
      &network, features: Self.features, targets: .values(Tensor(zeros: [7, 1])), loss: &loss,
      optimizer: optimizer, epochs: 2, batchSize: batchSize, seed: Self.seed)
    try #require(losses.count == 2, "trainingLoop: expected one loss an epoch, got \(losses)")
    let batchMeans = Self.batches(epoch: 0, batchSize: batchSize).map { batch in
      batch.reduce(0) { $0 + Float($1 * $1) / 2 } / Float(batch.count)
    }
    expectClose(
      Float(losses[0]), 6.5, "trainingLoop, mean loss per example",
      mistakes: [
        "the sum over all examples is not divided by their number": 45.5,
        "the losses of the batches are not divided by anything": batchMeans.reduce(0, +),
        "this is the mean of the batches' means, in which a short last batch counts too much":
          batchMeans.reduce(0, +) / Float(batchMeans.count),
        "the sum of the batches' means is divided by the number of examples: multiply each by its size first":
          batchMeans.reduce(0, +) / 7,
        "a summed loss is multiplied with the batch size: it is a sum already":
          Self.batches(epoch: 0, batchSize: batchSize).reduce(0) { total, batch in
            total + Float(batch.count) * batch.reduce(0) { $0 + Float($1 * $1) / 2 }
          } / 7,
      ])
    expectClose(Float(losses[1]), 6.5, "trainingLoop, second epoch with a learning rate of 0")
  }

  @Test(.waits(for: steps)) func theLossFalls() throws {
    var network = NeuralNetwork(inputShape: [2], seed: varied(1))
    try network.append(TinyDense(inputSize: 2, outputSize: 1))
    // y = 3 a − 2 b + 1 can be learnt exactly.
    let features = Tensor(normal: [40, 2], key: RandomKey(seed: varied(2)))
    let targets = features.matmul([[3], [-2]]) + 1
    var loss = TinySquaredError()
    let optimizer = TinySGD(learningRate: 0.1)
    let losses = trainingLoop(
      &network, features: features, targets: .values(targets), loss: &loss, optimizer: optimizer,
      epochs: 30, batchSize: 8, seed: varied(1))
    try #require(losses.count == 30, "trainingLoop: expected 30 losses, got \(losses.count)")
    #expect(losses[0] > 1)
    #expect(losses[29] < 1e-4, "trainingLoop: the loss does not fall: \(losses)")
    let dense = try #require(network.layers[0] as? TinyDense)
    expectClose(
      dense.weights.value, [[3], [-2]], "the weights that trainingLoop found", atol: 0.02)
    expectClose(dense.bias.value, [1], "the bias that trainingLoop found", atol: 0.02)
  }

  @Test(.waits(for: steps)) func twoRunsAreEqualAndAnotherSeedIsNot() throws {
    func weights(seed: UInt64) throws -> [Tensor] {
      var network = NeuralNetwork(inputShape: [4], seed: 1)
      try network.append(TinyDense(inputSize: 4, outputSize: 3))
      var loss = TinySquaredError()
      let optimizer = TinySGD(learningRate: 0.01)
      _ = trainingLoop(
        &network, features: Dataset.iris.features, targets: Dataset.iris.targets, loss: &loss,
        optimizer: optimizer, epochs: 2, batchSize: 16, seed: varied(seed))
      return parameters(of: network)
    }
    #expect(try weights(seed: 1) == weights(seed: 1))
    #expect(try weights(seed: 1) != weights(seed: 2), "trainingLoop: the seed decides the order")
  }

  // MARK: The same as fit

  private func parameters(of network: NeuralNetwork) -> [Tensor] {
    var copy = network
    var values: [Tensor] = []
    copy.forEachParameter { values.append($1.value) }
    return values
  }

  @Test(.waits(for: steps), arguments: Reduction.allCases)
  func fitMakesTheSameWeightsBitForBit(reduction: Reduction) throws {
    // Batches of 16 of 150 examples: the last has 6. Momentum, so that the states matter.
    let iris = Dataset.iris
    let rate: Float = reduction == .mean ? 0.001 : 0.00005
    var network = NeuralNetwork(
      inputShape: [4], loss: TinySquaredError(reduction: reduction),
      optimizer: TinyMomentum(learningRate: rate), seed: varied(5))
    try network.append(TinyDense(inputSize: 4, outputSize: 6))
    try network.append(TinyDense(inputSize: 6, outputSize: 3))
    var fitted = network
    let history = try fitted.fit(iris, options: TrainingOptions(epochs: 3, batchSize: 16))

    var loss = TinySquaredError(reduction: reduction)
    let optimizer = TinyMomentum(learningRate: rate)
    let losses = trainingLoop(
      &network, features: iris.features, targets: iris.targets, loss: &loss,
      optimizer: optimizer, epochs: 3, batchSize: 16, seed: varied(5))
    #expect(
      parameters(of: network) == parameters(of: fitted),
      "trainingLoop and NeuralNetwork.fit give different weights for the same seed")
    if reduction == .mean { #expect(losses == history.epochs.map(\.training.loss)) }
  }

  // MARK: Everything together

  /// Four scaled features of an iris, 16 hidden units, three species.
  private func irisNetwork() throws -> NeuralNetwork {
    var network = NeuralNetwork(inputShape: [4], seed: varied(1))
    try network.append(Dense(inputSize: 4, outputSize: 16))
    try network.append(ReLU())
    try network.append(Dense(inputSize: 16, outputSize: 3))
    return network
  }

  @Test(.waits(for: steps)) func irisIsLearnt() throws {
    let parts = try Dataset.iris.split(train: 0.6, validation: 0, test: 0.4, seed: varied(1))
    let scaler = try FeatureScaler.standardizing(parts.train)
    let features = scaler(parts.train.features)
    var network = try irisNetwork()
    try requirePass(network, features, parts.train.targets)
    var fitted = network

    var loss = SoftmaxCrossEntropyLoss()
    let optimizer = SGD(learningRate: 0.1)
    let losses = trainingLoop(
      &network, features: features, targets: parts.train.targets, loss: &loss,
      optimizer: optimizer, epochs: 40, batchSize: 16, seed: varied(1))
    try #require(losses.count == 40, "trainingLoop: expected 40 losses, got \(losses.count)")
    #expect(losses[39] < losses[0] / 4, "the loss on Iris does not fall: \(losses)")
    (network.loss, network.preprocessing) = (loss, scaler)
    let accuracy = try #require(try network.evaluate(parts.test).accuracy)
    #expect(accuracy >= 0.8, "accuracy on 60 irises never seen before")

    (fitted.loss, fitted.optimizer) = (loss, SGD(learningRate: 0.1))
    fitted.preprocessing = scaler
    try fitted.fit(parts.train, options: TrainingOptions(epochs: 40, batchSize: 16))
    #expect(parameters(of: fitted) == parameters(of: network), "fit gives different weights")
  }

  @Test(.waits(for: steps)) func irisIsLearntThroughSoftmaxAndCrossEntropy() throws {
    let parts = try Dataset.iris.split(train: 0.6, validation: 0, test: 0.4, seed: varied(1))
    let scaler = try FeatureScaler.standardizing(parts.train)
    let features = scaler(parts.train.features)
    var network = try irisNetwork()
    try network.append(Softmax())
    var loss = CrossEntropyLoss()
    let optimizer = SGD(learningRate: 0.1)
    try requirePass(network, features, parts.train.targets, loss: loss)
    let losses = trainingLoop(
      &network, features: features, targets: parts.train.targets, loss: &loss,
      optimizer: optimizer, epochs: 40, batchSize: 16, seed: varied(1))
    try #require(losses.count == 40, "trainingLoop: expected 40 losses, got \(losses.count)")
    (network.loss, network.preprocessing) = (loss, scaler)
    let accuracy = try #require(try network.evaluate(parts.test).accuracy)
    #expect(accuracy >= 0.8, "accuracy on 60 irises never seen before")
  }

  // MARK: What is given

  @Test(.waits(for: steps)) func wrongArgumentsStop() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var network = NeuralNetwork(inputShape: [1])
      var loss = TinySquaredError()
      let optimizer = TinySGD(learningRate: 1)
      _ = trainingLoop(
        &network, features: [[1], [2]], targets: .classes([0]), loss: &loss,
        optimizer: optimizer, epochs: 1, batchSize: 1, seed: 1)
    }
    expectWords(of: result, "trainingLoop", "[2, 1] features", "1 targets")
  }
}

// MARK: Calls

// What the loop calls, and when: on seven numbered examples, with a network, a loss and an optimizer that write
// down each call.

extension TrainingLoopTests {
  /// What all other tests wait for, tried in a process of its own: the number of a state that is not there
  /// traps.
  static let steps: FirstSteps = FirstSteps(
    of: "trainingLoop",
    [
      (
        "everyEpochVisitsEveryExampleInItsOwnOrder()",
        {
          for size in [3, 1, 7, 10] { expectVisits(try log(epochs: 2, batchSize: size), size) }
        }
      ),
      (
        "featuresAndTargetsBelongTogether()", { expectTargets(try log(epochs: 1, batchSize: 3)) }
      ),
      (
        "eachStepIsForwardLossBackwardUpdate()",
        { try expectSteps(try log(epochs: 1, batchSize: 3)) }
      ),
      ("stepsAreCountedFromOne()", { expectStepNumbers(try log(epochs: 2, batchSize: 3)) }),
    ],
    hints: [
      "no forward pass to go back through":
        "call network.forward(..., mode: .training) before backward",
      "Index out of range":
        """
      the last batch is shorter: stride(from:to:by:) and min(start + batchSize, N); or the states are not \
      counted from 0 in each step
      """,
      "index is out of range": "the last batch is shorter: min(start + batchSize, N)",
      "Range requires lowerBound": "the last batch is shorter: min(start + batchSize, N)",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      TrainingLoopTests.steps.tryAndExit()
    }
  }

  @Test func everyEpochVisitsEveryExampleInItsOwnOrder() async throws {
    try await Self.steps.run(0)
  }
  @Test func featuresAndTargetsBelongTogether() async throws { try await Self.steps.run(1) }
  @Test func eachStepIsForwardLossBackwardUpdate() async throws { try await Self.steps.run(2) }
  @Test func stepsAreCountedFromOne() async throws { try await Self.steps.run(3) }

  private static func log(epochs: Int, batchSize: Int) throws -> [String] {
    let log = CallLog()
    var network = NeuralNetwork(inputShape: [1], seed: 1)
    try network.append(LoggingLayer(log))
    var loss = LoggingLoss(log)
    _ = trainingLoop(
      &network, features: features, targets: .classes(Array(0..<7)), loss: &loss,
      optimizer: LoggingOptimizer(log), epochs: epochs, batchSize: batchSize, seed: seed)
    return log.calls
  }

  /// Names what is wrong with the batches of two epochs.
  static func expectVisits(
    _ calls: [String], _ batchSize: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let got = calls.filter { $0.hasPrefix("forward") }
    let (first, second) = (
      batches(epoch: 0, batchSize: batchSize), batches(epoch: 1, batchSize: batchSize)
    )
    func passes(_ batches: [[Int]]) -> [String] { batches.map { "forward, training, \($0)" } }
    let unshuffled = stride(from: 0, to: 7, by: batchSize).map {
      Array($0..<Swift.min($0 + batchSize, 7))
    }
    let expected = passes(first + second)
    if got == expected { return }
    let mistakes: KeyValuePairs<String, [String]> = [
      "nothing is passed forward": [],
      "the last batch, which is shorter, is left out":
        passes((first + second).filter { $0.count == batchSize }),
      "each epoch needs an order of its own: NeuralNetwork.order(epoch: epoch, ...)":
        passes(first + first),
      "epochs are numbered from 0: NeuralNetwork.order(epoch: epoch, ...)":
        passes(second + batches(epoch: 2, batchSize: batchSize)),
      "the examples are not shuffled: take them in the order of NeuralNetwork.order":
        passes(unshuffled + unshuffled),
      "only one epoch is run": passes(first),
      "there is one epoch too many": passes(
        first + second + batches(epoch: 2, batchSize: batchSize)),
      "only the first batch of each epoch is visited": passes([first[0], second[0]]),
      "forward must run in training mode: in inference mode layers keep nothing for backward":
        expected.map { $0.replacing("training", with: "inference") },
    ]
    let words =
      mistakes.first { $0.value == got }?.key
      ?? "not the batches that NeuralNetwork.order(epoch:exampleCount:seed:) gives"
    fail(
      "trainingLoop: \(words)\n  expected \(expected)\n  got      \(got)",
      sourceLocation: sourceLocation)
  }

  /// Names what is wrong with the targets of an epoch of batches of 3.
  static func expectTargets(
    _ calls: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let got = calls.filter { $0.hasPrefix("loss of") }
    let expected = batches(epoch: 0, batchSize: 3).map { "loss of \($0) with targets \($0)" }
    if got == expected { return }
    let words =
      got.isEmpty
      ? "loss.forward is never called"
      : "the targets of a batch must be those of its features: targets.rows(at: batch)"
    fail(
      "trainingLoop: \(words)\n  expected \(expected)\n  got      \(got)",
      sourceLocation: sourceLocation)
  }

  /// Names what is wrong with the steps of an epoch of batches of 3.
  static func expectSteps(
    _ calls: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let backward = try require(
      calls.firstIndex(of: "backward"), "trainingLoop: network.backward is never called",
      sourceLocation: sourceLocation)
    let update = try require(
      calls.firstIndex { $0.hasPrefix("update") }, "trainingLoop: optimizer.update is never called",
      sourceLocation: sourceLocation)
    try require(
      backward < update,
      "trainingLoop: the weights change before backward has computed their gradients",
      sourceLocation: sourceLocation)
    let updates = calls.filter { $0.hasPrefix("update") }
    let forwards = calls.indices.filter { calls[$0].hasPrefix("forward") }
    try require(
      forwards.count < 2 || update < forwards[1],
      "trainingLoop: the first batch makes no step: are the weights changed before backward has computed their "
        + "gradients, or once an epoch only?",
      sourceLocation: sourceLocation)
    try require(
      !updates.contains { $0.contains("gradient [2.0, 2.0]") },
      "trainingLoop: the gradients are not cleared after the step and add up over the batches",
      sourceLocation: sourceLocation)
    try require(
      !updates.contains { $0.hasSuffix("gradient [1.0], state of shape [2]") },
      "trainingLoop: each parameter has a state of its own: states[0], states[1], ... in visiting order",
      sourceLocation: sourceLocation)
    if let words = firstWrongCall(calls) {
      fail("trainingLoop: \(words)", sourceLocation: sourceLocation)
    }
  }

  /// Names what is wrong with the numbers of the steps in two epochs of batches of 3.
  static func expectStepNumbers(
    _ calls: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let got = calls.filter { $0.hasPrefix("update") }.compactMap {
      Int($0.dropFirst("update ".count).prefix { $0.isNumber })
    }
    let expected = (1...6).flatMap { [$0, $0] }
    if got == expected { return }
    let mistakes: KeyValuePairs<String, [Int]> = [
      "the first step has the number 1, not 0": expected.map { $0 - 1 },
      "steps are counted over all epochs, and do not restart in each": [
        1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3,
      ],
      "the epochs are counted: step is the number of the batch, over all epochs":
        [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2],
      "the parameters are counted: step is the number of the batch, the same for all parameters":
        Array(1...12),
      "the step is not counted up: it is the number of the batch, over all epochs":
        Array(repeating: 1, count: 12),
    ]
    let words = mistakes.first { $0.value == got }?.key ?? "the steps have the wrong numbers"
    fail(
      "trainingLoop: \(words)\n  expected \(expected)\n  got      \(got)",
      sourceLocation: sourceLocation)
  }

  /// The calls of an epoch of batches of 3.
  static var rightCalls: [String] {
    batches(epoch: 0, batchSize: 3).enumerated().flatMap { number, batch in
      [
        "forward, training, \(batch)", "loss of \(batch) with targets \(batch)", "loss backward",
        "backward", "update \(number + 1): gradient [1.0, 1.0], state of shape [2]",
        "update \(number + 1): gradient [1.0], state of shape [1]",
      ]
    }
  }

  /// The first call that is not what it should be, in words; the numbers of the steps have a test of their own.
  private static func firstWrongCall(_ calls: [String]) -> String? {
    func withoutStep(_ call: String) -> String {
      call.hasPrefix("update") ? "update" + call.drop { $0 != ":" } : call
    }
    let (calls, expected) = (calls.map(withoutStep), rightCalls.map(withoutStep))
    for place in 0..<Swift.max(calls.count, expected.count) {
      let wanted = place < expected.count ? expected[place] : "the end"
      let got = place < calls.count ? calls[place] : "the end"
      if got != wanted {
        return "call number \(place) is wrong\n  expected \(wanted)\n  got      \(got)"
      }
    }
    return nil
  }
}
