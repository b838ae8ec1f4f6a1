import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

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
      numbered 0, 1, 2, ... anew in each step
      """,
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
      "steps are counted over all epochs, and not anew in each": [
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

  /// The first call that is not what it should be, in words.
  private static func firstWrongCall(_ calls: [String]) -> String? {
    let expected = rightCalls
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
