import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Task 3.3: the steps of `.reference`.
@Suite(.watched) struct ElmanRNNTests {
  // MARK: Task 3.3, one thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = RecurrentTask.steps(.elman) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      ElmanRNNTests.steps.tryAndExit()
    }
  }

  @Test func forwardStepByStep() async throws { try await Self.steps.run(0) }
  @Test func backwardThroughTime() async throws { try await Self.steps.run(1) }
  @Test func maskedStepsAreSkipped() async throws { try await Self.steps.run(2) }
  @Test func otherSizesAndTheOtherDirection() async throws { try await Self.steps.run(3) }

  // MARK: The kernels of `.fast` are measured by the same numbers

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func outputsStatesAndGradientsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .agreesWithPyTorch("states")
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func variableLengthsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .agreesWithPyTorch("lengths")
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func threeStatefulBatchesAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .statefulRunAgreesWithPyTorch()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .gradientsAgreeWithFiniteDifferences()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func gradientsWithPaddingAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .gradientsWithPaddingAgreeWithFiniteDifferences()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func lastStepIsTheLastOfAllSteps(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .lastStepIsTheLastOfAllSteps()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func reversedIsForwardOnTheReversedSequence(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .reversedIsForwardOnTheReversedSequence()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func eachSequenceStandsForItself(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .eachSequenceStandsForItself()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func inferenceComputesTheSameAndKeepsNoPass(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .inferenceComputesTheSameAndKeepsNoPass()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func nothingIsChangedInPlace(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .nothingIsChangedInPlace()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func nothingRemainsOfTheLastBatch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .nothingRemainsOfTheLastBatch()
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func resettingForgetsTheState(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .resettingForgetsTheState()
  }
}
