import Phase3RNNRegularization
import Shared
import TestSupport
import Testing

/// Task 3.3: the steps of `.reference`.
@Suite struct ElmanRNNTests {
  static let oracle = RecurrentOracle(
    cell: .elman, x: RecurrentNumbers.fill([2, 3, 2], 9, 4, 4),
    w: RecurrentNumbers.fill([2, 3], 11, 7, 6), u: RecurrentNumbers.fill([3, 3], 13, 5, 8),
    b: RecurrentNumbers.fill([3], 7, 3, 4), h0: RecurrentNumbers.fill([2, 3], 8, 3, 5))

  static func layer() -> ElmanRNN {
    var layer = ElmanRNN(inputSize: 2, hiddenSize: 3, implementation: .reference, seed: 1)
    layer.inputWeights.value = oracle.w
    layer.recurrentWeights.value = oracle.u
    layer.bias.value = oracle.b
    return layer
  }

  // MARK: Task 3.3, one thing after the other

  @Test func forwardStepByStep() throws {
    var layer: any RecurrentLayer = Self.layer()
    let start = RecurrentState(hidden: try #require(Self.oracle.h0))
    let y = try recurrentPass(&layer, Self.oracle.x, from: start)
    let right = Self.oracle().y
    expectClose(
      y, right, "ElmanRNN.forward",
      mistakes: [
        "the hidden state is forgotten: h_t takes h of step t - 1, x_t · W + h · U + b":
          Self.oracle(.stateForgotten).y,
        "the bias is missing": Self.oracle(.biasMissing).y,
        "tanh is missing": Self.oracle(.noActivation).y,
        "it is zero": Tensor(zeros: [2, 3, 3]),
      ])
    expectClose(
      try #require(layer.finalState?.hidden), Self.oracle().hidden, "ElmanRNN, final state")
  }

  @Test func backwardThroughTime() throws {
    var layer: any RecurrentLayer = Self.layer()
    let start = RecurrentState(hidden: try #require(Self.oracle.h0))
    _ = try recurrentPass(&layer, Self.oracle.x, from: start)
    let dY = RecurrentNumbers.fill([2, 3, 3], 7, 3, 2)
    let dX = try recurrentBackward(&layer, dY, inputShape: [2, 3, 2])
    let oracle = { Self.oracle($0, outputGradient: dY) }
    let right = oracle(.none)
    expectClose(
      dX, right.dX, "ElmanRNN.backward, dX",
      mistakes: [
        "no gradient comes from the step after: dh = da · Uᵀ goes on to the step before":
          oracle(.gradientStopsAtEachStep).dX,
        "the slope of tanh, 1 - h², is missing": oracle(.slopeMissing).dX,
        "only the gradient of the last output counts: every step adds outputGradients[t]":
          oracle(.onlyLastOutputCounts).dX,
        "it is zero": Tensor(zeros: [2, 3, 2]),
      ])
    let got = gradients(of: layer)
    func check(_ name: String, _ value: (RecurrentOracle.Result) -> Tensor) throws {
      expectClose(
        try #require(got[name]), value(right), "ElmanRNN.backward, gradient of \(name)",
        mistakes: [
          "the gradients of the steps replace each other: all steps share the weights, so add up":
            value(oracle(.lastStepOnly)),
          "no gradient comes from the step after: dh = da · Uᵀ goes on to the step before":
            value(oracle(.gradientStopsAtEachStep)),
          "the slope of tanh, 1 - h², is missing": value(oracle(.slopeMissing)),
          "dU takes the hidden state after the step: it is h of step t - 1 that U multiplied":
            value(oracle(.newStateInDU)),
          "it is divided by the number of steps: a sum, no mean": value(oracle(.dividedBySteps)),
          "it is divided by the batch size: the loss has averaged already":
            value(oracle(.dividedByBatch)),
          "only the gradient of the last output counts: every step adds outputGradients[t]":
            value(oracle(.onlyLastOutputCounts)),
          "it is zero: add each step's share": value(right) * 0,
        ])
    }
    try check("recurrentWeights", \.dU)
    try check("inputWeights", \.dW)
    try check("bias", \.db)
    expectClose(
      try #require(layer.initialStateGradient?.hidden), right.dh0,
      "ElmanRNN.backward, gradient of the initial state",
      mistakes: ["it is zero: what is left of dh behind step 0 belongs here": right.dh0 * 0])
    #expect(
      layer.recurrentWeights.value == Self.oracle.u && layer.inputWeights.value == Self.oracle.w
        && layer.bias.value == Self.oracle.b,
      "ElmanRNN.backward steps inside the time loop: only the optimizer changes weights, after it")
  }

  // MARK: The kernels of `.fast` are measured by the same numbers

  @Test(arguments: [Implementation.reference, .fast])
  func outputsStatesAndGradientsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .agreesWithPyTorch("states")
  }

  @Test(arguments: [Implementation.reference, .fast])
  func variableLengthsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .agreesWithPyTorch("lengths")
  }

  @Test(arguments: [Implementation.reference, .fast])
  func threeStatefulBatchesAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .statefulRunAgreesWithPyTorch()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .gradientsAgreeWithFiniteDifferences()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func gradientsWithPaddingAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .gradientsWithPaddingAgreeWithFiniteDifferences()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func lastStepIsTheLastOfAllSteps(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .lastStepIsTheLastOfAllSteps()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func reversedIsForwardOnTheReversedSequence(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .reversedIsForwardOnTheReversedSequence()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func eachSequenceStandsForItself(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .eachSequenceStandsForItself()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func inferenceComputesTheSameAndKeepsNoPass(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .inferenceComputesTheSameAndKeepsNoPass()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func nothingIsChangedInPlace(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .nothingIsChangedInPlace()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func nothingRemainsOfTheLastBatch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .nothingRemainsOfTheLastBatch()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func resettingForgetsTheState(implementation: Implementation) throws {
    try RecurrentChecks(cell: .elman, implementation: implementation)
      .resettingForgetsTheState()
  }
}
