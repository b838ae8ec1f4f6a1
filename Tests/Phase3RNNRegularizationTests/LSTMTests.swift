import Phase3RNNRegularization
import Shared
import TestSupport
import Testing

/// Task 3.4: the steps of `.reference`.
@Suite struct LSTMTests {
  static let oracle = RecurrentOracle(
    cell: .lstm, x: RecurrentNumbers.fill([2, 3, 2], 9, 4, 4),
    w: RecurrentNumbers.fill([2, 12], 11, 7, 6), u: RecurrentNumbers.fill([3, 12], 13, 5, 8),
    b: RecurrentNumbers.fill([12], 7, 3, 4), h0: RecurrentNumbers.fill([2, 3], 8, 3, 5),
    c0: RecurrentNumbers.fill([2, 3], 7, 4, 4))

  static func layer(stateful: Bool = false) -> LSTM {
    var layer = LSTM(
      inputSize: 2, hiddenSize: 3, stateful: stateful, implementation: .reference, seed: 1)
    layer.inputWeights.value = oracle.w
    layer.recurrentWeights.value = oracle.u
    layer.bias.value = oracle.b
    return layer
  }

  private static var start: RecurrentState {
    RecurrentState(hidden: oracle.h0!, cell: oracle.c0)
  }

  // MARK: Task 3.4, one thing after the other

  @Test func forwardStepByStep() throws {
    var layer: any RecurrentLayer = Self.layer()
    let y = try recurrentPass(&layer, Self.oracle.x, from: Self.start)
    let oracle = Self.oracle
    expectClose(
      y, oracle().y, "LSTM.forward",
      mistakes: [
        "the cell state is dropped from step to step: c = f ⊙ c of step t - 1 + i ⊙ g":
          oracle(.cellForgotten).y,
        "the hidden state is forgotten: z = x_t · W + h of step t - 1 · U + b":
          oracle(.stateForgotten).y,
        "gate order confused: the blocks are i, f, g, o, not f, i, g, o (the FAU exercise's)":
          oracle(.order([1, 0, 2, 3])).y,
        "gate order confused: the blocks are i, f, g, o, not i, f, o, g":
          oracle(.order([0, 1, 3, 2])).y,
        "gate order confused: the blocks are i, f, g, o, not i, g, f, o":
          oracle(.order([0, 2, 1, 3])).y,
        "gate order confused: the blocks are i, f, g, o, not f, i, o, g":
          oracle(.order([1, 0, 3, 2])).y,
        "the bias is missing": oracle(.biasMissing).y,
        "h = o ⊙ c lacks the tanh of the cell": oracle(.cellShownWithoutTanh).y,
        "the candidate g goes through σ: it is tanh": oracle(.candidateIsSigmoid).y,
        "1 - f in place of f": oracle(.forgetGateInverted).y,
        "it is zero": Tensor(zeros: [2, 3, 3]),
      ])
    let final = try #require(layer.finalState)
    expectClose(final.hidden, oracle().hidden, "LSTM, final hidden state")
    expectClose(
      try #require(final.cell), oracle().cell, "LSTM, final cell state",
      mistakes: ["it is tanh of the cell": tanh(oracle().cell)])
  }

  @Test func backwardThroughTime() throws {
    var layer: any RecurrentLayer = Self.layer()
    _ = try recurrentPass(&layer, Self.oracle.x, from: Self.start)
    let dY = RecurrentNumbers.fill([2, 3, 3], 7, 3, 2)
    let dX = try recurrentBackward(&layer, dY, inputShape: [2, 3, 2])
    let oracle = { Self.oracle($0, outputGradient: dY) }
    let right = oracle(.none)
    var got = gradients(of: layer)
    got["dX"] = dX
    func check(_ name: String, _ value: (RecurrentOracle.Result) -> Tensor) throws {
      expectClose(
        try #require(got[name]), value(right), "LSTM.backward, gradient of \(name)",
        mistakes: [
          "the gradients of the steps replace each other: all steps share the weights, so add up":
            value(oracle(.lastStepOnly)),
          "no gradient comes from the step after: dh and dc go on to the step before":
            value(oracle(.gradientStopsAtEachStep)),
          "the cell's gradient stops at each step: dc ⊙ f goes on to the step before":
            value(oracle(.cellGradientStops)),
          "dc goes to the step before without f": value(oracle(.forgetMissingOnTheWayBack)),
          "the slopes of the gates, σ (1 - σ) and 1 - tanh², are missing":
            value(oracle(.slopeMissing)),
          "dc = dh ⊙ o lacks 1 - tanh²(c)": value(oracle(.tanhOfCellMissing)),
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
    try check("dX", \.dX)
    try check("recurrentWeights", \.dU)
    try check("inputWeights", \.dW)
    try check("bias", \.db)
    let initial = try #require(layer.initialStateGradient)
    expectClose(initial.hidden, right.dh0, "LSTM.backward, gradient of the initial hidden state")
    expectClose(
      try #require(initial.cell), right.dc0, "LSTM.backward, gradient of the initial cell state",
      mistakes: ["it is zero: what is left of dc behind step 0 belongs here": right.dc0 * 0])
    #expect(
      layer.recurrentWeights.value == Self.oracle.u && layer.inputWeights.value == Self.oracle.w
        && layer.bias.value == Self.oracle.b,
      "LSTM.backward steps inside the time loop: only the optimizer changes weights, after it")
  }

  /// The second of two stateful batches.
  @Test(arguments: [Implementation.reference, .fast])
  func aStatefulLayerCarriesHiddenStateAndCell(implementation: Implementation) throws {
    var stateful = Self.layer(stateful: true)
    stateful.implementation = implementation
    var layer: any RecurrentLayer = stateful
    let (x, more) = (Self.oracle.x, RecurrentNumbers.fill([2, 3, 2], 7, 3, 3))
    _ = try recurrentPass(&layer, x, from: Self.start)
    let second = try recurrentPass(&layer, more)
    let first = Self.oracle()
    var oracle = Self.oracle
    oracle.x = more
    (oracle.h0, oracle.c0) = (first.hidden, first.cell)
    let right = oracle().y
    oracle.c0 = nil
    let cellDropped = oracle().y
    oracle.h0 = nil
    let bothDropped = oracle().y
    oracle.c0 = first.cell
    expectClose(
      second, right, "LSTM.forward, second stateful batch",
      mistakes: [
        "the cell state is dropped between batches: carry h and c": cellDropped,
        "the state is dropped between batches": bothDropped,
        "the hidden state is dropped between batches: carry h and c": oracle().y,
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

  @Test(arguments: [Implementation.reference, .fast])
  func outputsStatesAndGradientsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .agreesWithPyTorch("states")
  }

  @Test(arguments: [Implementation.reference, .fast])
  func variableLengthsAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .agreesWithPyTorch("lengths")
  }

  @Test(arguments: [Implementation.reference, .fast])
  func threeStatefulBatchesAgreeWithPyTorch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .statefulRunAgreesWithPyTorch()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .gradientsAgreeWithFiniteDifferences()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func gradientsWithPaddingAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .gradientsWithPaddingAgreeWithFiniteDifferences()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func lastStepIsTheLastOfAllSteps(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .lastStepIsTheLastOfAllSteps()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func reversedIsForwardOnTheReversedSequence(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .reversedIsForwardOnTheReversedSequence()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func eachSequenceStandsForItself(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .eachSequenceStandsForItself()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func inferenceComputesTheSameAndKeepsNoPass(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .inferenceComputesTheSameAndKeepsNoPass()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func nothingIsChangedInPlace(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .nothingIsChangedInPlace()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func nothingRemainsOfTheLastBatch(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .nothingRemainsOfTheLastBatch()
  }

  @Test(arguments: [Implementation.reference, .fast])
  func resettingForgetsTheState(implementation: Implementation) throws {
    try RecurrentChecks(cell: .lstm, implementation: implementation)
      .resettingForgetsTheState()
  }
}
