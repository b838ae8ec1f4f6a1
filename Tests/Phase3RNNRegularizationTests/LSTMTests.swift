import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Task 3.4: the steps of `.reference`.
@Suite(.watched) struct LSTMTests {
  // MARK: Task 3.4, one thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = RecurrentTask.steps(.lstm) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      LSTMTests.steps.tryAndExit()
    }
  }

  @Test func forwardStepByStep() async throws { try await Self.steps.run(0) }
  @Test func backwardThroughTime() async throws { try await Self.steps.run(1) }
  @Test func maskedStepsAreSkipped() async throws { try await Self.steps.run(2) }
  @Test func otherSizesAndTheOtherDirection() async throws { try await Self.steps.run(3) }

  /// The second of two stateful batches.
  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func aStatefulLayerCarriesHiddenStateAndCell(implementation: Implementation) throws {
    let task = RecurrentTask(cell: .lstm)
    var layer = try task.layer(stateful: true)
    layer.implementation = implementation
    var oracle = task.oracle
    let start = RecurrentState(hidden: oracle.h0, cell: oracle.c0)
    _ = try recurrentPass(&layer, oracle.x, from: start)
    let more = RecurrentNumbers.fill([2, 3, 2], 7, 3, 3)
    let second = try recurrentPass(&layer, more)
    let first = task.result(of: oracle)
    oracle.x = more
    func output(_ hidden: Tensor, _ cell: Tensor) -> Tensor {
      (oracle.h0, oracle.c0) = (hidden, cell)
      return task.result(of: oracle).y
    }
    let zeros = Tensor(zeros: [2, 2])
    expectClose(
      second, output(first.hidden, first.cell), "LSTM.forward, second stateful batch",
      mistakes: [
        "the cell state is dropped between batches: carry h and c": output(first.hidden, zeros),
        "the state is dropped between batches": output(zeros, zeros),
        "the hidden state is dropped between batches: carry h and c": output(zeros, first.cell),
      ])
  }

  // MARK: First weights

  @Test func theForgetGateStartsOpen() {
    let bias = LSTM(inputSize: 2, hiddenSize: 3, seed: 1).bias.value
    expectClose(
      bias, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0], "first bias of an LSTM",
      mistakes: [
        "the forget gate's bias starts at 0: a gate half shut forgets within a few steps":
          Tensor(zeros: [12]),
        "gate order confused: the forget gate is the second block":
          [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      ])
    #expect(LSTM(inputSize: 1, hiddenSize: 1, forgetBias: 2, seed: 1).bias.value == [0, 2, 0, 0])
  }

  // MARK: The kernels of `.fast` are measured by the same numbers

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func outputsStatesAndGradientsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .agreesWithPyTorch("states")
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func variableLengthsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .agreesWithPyTorch("lengths")
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func threeStatefulBatchesAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .statefulRunAgreesWithPyTorch()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .gradientsAgreeWithFiniteDifferences()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func gradientsWithPaddingAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .gradientsWithPaddingAgreeWithFiniteDifferences()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func lastStepIsTheLastOfAllSteps(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .lastStepIsTheLastOfAllSteps()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func reversedIsForwardOnTheReversedSequence(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .reversedIsForwardOnTheReversedSequence()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func eachSequenceStandsForItself(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .eachSequenceStandsForItself()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func inferenceComputesTheSameAndKeepsNoPass(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .inferenceComputesTheSameAndKeepsNoPass()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func nothingIsChangedInPlace(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .nothingIsChangedInPlace()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func nothingRemainsOfTheLastBatch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .nothingRemainsOfTheLastBatch()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func resettingForgetsTheState(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .resettingForgetsTheState()
  }
}
