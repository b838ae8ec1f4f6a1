import Phase3RNNRegularization
import Shared
import TestSupport
import Testing

/// Task 3.8: the steps of `.reference`.
@Suite struct GRUTests {
  // MARK: The kernels of `.fast` are measured by the same numbers

  @Test(arguments: [Implementation.reference, .fast])
  func outputsStatesAndGradientsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .agreesWithPyTorch("states")
  }

  @Test(arguments: [Implementation.reference, .fast])
  func variableLengthsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .agreesWithPyTorch("lengths")
  }

  @Test(arguments: [Implementation.reference, .fast])
  func threeStatefulBatchesAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .statefulRunAgreesWithPyTorch()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .gradientsAgreeWithFiniteDifferences()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func gradientsWithPaddingAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .gradientsWithPaddingAgreeWithFiniteDifferences()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func lastStepIsTheLastOfAllSteps(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .lastStepIsTheLastOfAllSteps()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func reversedIsForwardOnTheReversedSequence(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .reversedIsForwardOnTheReversedSequence()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func eachSequenceStandsForItself(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .eachSequenceStandsForItself()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func inferenceComputesTheSameAndKeepsNoPass(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .inferenceComputesTheSameAndKeepsNoPass()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func nothingIsChangedInPlace(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .nothingIsChangedInPlace()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func nothingRemainsOfTheLastBatch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .nothingRemainsOfTheLastBatch()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func resettingForgetsTheState(implementation: Implementation) throws {
    try RecurrentChecks(cell: .gru, implementation: implementation)
      .resettingForgetsTheState()
  }
}
