import Phase3RNNRegularization
import Shared
import TestSupport
import Testing

/// Task 3.8: the steps of `.reference`.
@Suite struct GRUTests {
  // MARK: Task 3.8

  /// One step from a state, with PyTorch's weights.
  @Test func oneStepForward() throws {
    var layer = try RecurrentChecks(cell: .gru, implementation: .reference).numbersLayer()
    let x = RecurrentNumbers.fill([2, 3, 2], 9, 4, 4)[0..., 0..<1]
    let h = RecurrentNumbers.fill([2, 3], 8, 3, 5)
    let y = try recurrentPass(&layer, x, from: RecurrentState(hidden: h)).reshaped([2, 3])
    let fromInput = x.reshaped([2, 2]).matmul(layer.inputWeights.value) + layer.bias.value
    let fromHidden = h.matmul(layer.recurrentWeights.value)
    let c = try #require(layer.candidateRecurrentBias?.value)
    func block(_ z: Tensor, _ k: Int) -> Tensor { z[0..., (3 * k)..<(3 * k + 3)] }
    let r = sigmoid(block(fromInput, 0) + block(fromHidden, 0))
    let z = sigmoid(block(fromInput, 1) + block(fromHidden, 1))
    let (a, q) = (block(fromInput, 2), block(fromHidden, 2))
    func state(_ z: Tensor, _ n: Tensor) -> Tensor { (1 - z) * n + z * h }
    let n = tanh(a + r * (q + c))
    let resetBefore = (r * h).matmul(block(layer.recurrentWeights.value, 2))
    expectClose(
      y, state(z, n), "GRU.forward, one step",
      mistakes: [
        "z and 1 - z are exchanged: z is how much of the old state stays": state(1 - z, n),
        "gate order confused: the blocks are r, z, n": state(r, tanh(a + z * (q + c))),
        "the reset gate multiplies h before the product (as in the paper): here it comes after":
          state(z, tanh(a + resetBefore + c)),
        "the bias c stands outside of the reset gate: r ⊙ (h · U_n + c)":
          state(z, tanh(a + r * q + c)),
        "the bias c is missing": state(z, tanh(a + r * q)),
        "the reset gate multiplies the input's share too": state(z, tanh(r * (a + q + c))),
        "the old state is lost: h = (1 - z) ⊙ n + z ⊙ h": (1 - z) * n,
      ])
    let numbers = RecurrentNumbers.entry(.gru, "states").y
    let first = Tensor(shape: [2, 3, 3], scalars: numbers).slice(axis: 1, at: 0)
    expectClose(state(z, n), first, "PyTorch's first step", atol: 2e-6)
  }

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
