import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Task 3.8: the steps of `.reference`.
@Suite(.watched) struct GRUTests {
  // MARK: Task 3.8, one thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = RecurrentTask.steps(.gru) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      GRUTests.steps.tryAndExit()
    }
  }

  @Test func forwardStepByStep() async throws { try await Self.steps.run(0) }
  @Test func backwardThroughTime() async throws { try await Self.steps.run(1) }
  @Test func maskedStepsAreSkipped() async throws { try await Self.steps.run(2) }
  @Test func otherSizesAndTheOtherDirection() async throws { try await Self.steps.run(3) }

  // MARK: The kernels of `.fast` are measured by the same numbers

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func outputsStatesAndGradientsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .agreesWithPyTorch("states")
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func variableLengthsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .agreesWithPyTorch("lengths")
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func threeStatefulBatchesAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .statefulRunAgreesWithPyTorch()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .gradientsAgreeWithFiniteDifferences()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func gradientsWithPaddingAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .gradientsWithPaddingAgreeWithFiniteDifferences()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func lastStepIsTheLastOfAllSteps(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .lastStepIsTheLastOfAllSteps()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func reversedIsForwardOnTheReversedSequence(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .reversedIsForwardOnTheReversedSequence()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func eachSequenceStandsForItself(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .eachSequenceStandsForItself()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func inferenceComputesTheSameAndKeepsNoPass(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .inferenceComputesTheSameAndKeepsNoPass()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func nothingIsChangedInPlace(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .nothingIsChangedInPlace()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func nothingRemainsOfTheLastBatch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .nothingRemainsOfTheLastBatch()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func resettingForgetsTheState(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .resettingForgetsTheState()
  }
}
