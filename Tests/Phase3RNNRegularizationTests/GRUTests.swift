import Phase3RNNRegularization
import Shared
import TestSupport
import Testing

/// Task 3.8: the steps of `.reference`.
@Suite struct GRUTests {
  // MARK: Task 3.8, one thing after the other: what is wrong is told by the first of these

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

  @Test(arguments: [Implementation.reference, .fast])
  func outputsStatesAndGradientsAgreeWithPyTorch(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .agreesWithPyTorch("states")
  }

  @Test(arguments: [Implementation.reference, .fast])
  func variableLengthsAgreeWithPyTorch(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .agreesWithPyTorch("lengths")
  }

  @Test(arguments: [Implementation.reference, .fast])
  func threeStatefulBatchesAgreeWithPyTorch(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .statefulRunAgreesWithPyTorch()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .gradientsAgreeWithFiniteDifferences()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func gradientsWithPaddingAgreeWithFiniteDifferences(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .gradientsWithPaddingAgreeWithFiniteDifferences()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func lastStepIsTheLastOfAllSteps(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .lastStepIsTheLastOfAllSteps()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func reversedIsForwardOnTheReversedSequence(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .reversedIsForwardOnTheReversedSequence()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func eachSequenceStandsForItself(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .eachSequenceStandsForItself()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func inferenceComputesTheSameAndKeepsNoPass(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .inferenceComputesTheSameAndKeepsNoPass()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func nothingIsChangedInPlace(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .nothingIsChangedInPlace()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func nothingRemainsOfTheLastBatch(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .nothingRemainsOfTheLastBatch()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func resettingForgetsTheState(implementation: Implementation) async throws {
    try await RecurrentChecks(cell: .gru, implementation: implementation)
      .resettingForgetsTheState()
  }
}
