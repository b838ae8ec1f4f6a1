/// Mistakes in recurrent layers, in the words in which a test tells them. `RecurrentOracle` computes the results
/// of a layer that makes the mistake.
enum RecurrentFault: String, CaseIterable, Sendable {
  case none = ""

  // MARK: Forward, all cells

  case stateForgotten = "the hidden state is forgotten: h · U takes h of step t - 1"
  case stateNeverSet =
    "the hidden state is forgotten: each step starts from the first one; go on with state = step.after"
  case startIgnored = "the first state is not the one that was handed in: begin with state = start"
  case inputMissing = "the input is missing: x_t · W"
  case firstInputOnly = "every step takes the input of step 0: sequences.input(at: t)"
  case biasMissing = "the bias is missing"
  case biasTwice = "the bias is added twice"

  case newStateIgnored =
    "the new state is the old one: sequences.step(t, from: state, to: new state)"

  // MARK: Forward, one cell

  case inputWeightsTransposed = "W is transposed: x_t · W, not x_t · Wᵀ"
  case recurrentWeightsTransposed = "U is transposed: h · U, not h · Uᵀ"
  case elementwise = "h · U is a matrix product (matmul), not a product element by element"
  case tanhMissing = "tanh is missing"
  case sigmoidForTanh = "h goes through σ: it is tanh"

  case cellForgotten =
    "the cell state is dropped from step to step: c = f ⊙ c of step t - 1 + i ⊙ g"
  case cellNotHandedOn =
    "the cell state is dropped from step to step: the new state is RecurrentState(hidden: h, cell: c)"
  case cellOfTheStart = "the cell state is that of the first state at each step: take state.cell!"
  case hiddenOfTheStart =
    "the hidden state is that of the first state at each step: take state.hidden"
  case statesExchanged = "the new state has h and c exchanged: RecurrentState(hidden: h, cell: c)"
  case cellShownWithoutTanh = "h = o ⊙ c lacks the tanh of the cell"
  case outputGateMissing = "h = tanh(c) lacks the output gate o"
  case tanhAroundAll = "h = tanh(o ⊙ c): tanh belongs around c only"
  case tanhInCell = "the cell goes through tanh before it is kept: c = f ⊙ c of step t - 1 + i ⊙ g"
  case candidateIsSigmoid = "the candidate g goes through σ: it is tanh"
  case outputGateIsTanh = "the output gate o goes through tanh: it is σ"
  case inputGateRaw = "the input gate i lacks σ"
  case forgetGateRaw = "the forget gate f lacks σ"
  case candidateRaw = "the candidate g lacks tanh"
  case outputGateRaw = "the output gate o lacks σ"
  case forgetGateInverted = "1 - f in place of f"
  case coupledGates = "1 - f in place of i: the input gate is a gate of its own"

  case updateExchanged = "z and 1 - z are exchanged: z is how much of the old state stays"
  case resetBeforeProduct =
    "the reset gate multiplies h before the product (as in the paper): here it comes after"
  case biasOutsideOfReset = "the bias c stands outside of the reset gate: r ⊙ (h · U_n + c)"
  case recurrentBiasMissing = "the bias c is missing: q = h · U_n + c"
  case resetOnInputToo =
    "the reset gate multiplies the input's share too: tanh(x_t · W_n + b_n + r ⊙ q)"
  case resetMissing = "the reset gate is not used: tanh(x_t · W_n + b_n + r ⊙ q)"
  case oldStateLost = "the old state is lost: h = (1 - z) ⊙ n + z ⊙ h of step t - 1"
  case candidateWhole = "the factor 1 - z is missing: h = (1 - z) ⊙ n + z ⊙ h of step t - 1"
  case newIsSigmoid = "the candidate n goes through σ: it is tanh"

  // MARK: Backward, all cells

  case lastStepOnly =
    "the gradients of the steps replace each other: all steps share the weights, so add up"
  case gradientReplaced =
    "no gradient comes from the step after: dh is a sum, dh ← dh + dY_t, not dh = dY_t"
  case gradientStops = "no gradient comes from the step after: the gradient through U goes on in dh"
  case onlyLastOutputCounts =
    "only the gradient of the last output counts: every step adds outputGradients[step.time]"
  case firstOutputOnly =
    "every step adds the gradient of the first output: outputGradients[step.time]"
  case outputGradientsMissing = "the gradients of the outputs are missing: dh ← dh + dY_t"
  case loopRunsForward = "the loop runs forwards: begin with the last step, record.reversed()"
  case newStateInDU =
    "dU takes the hidden state after the step: it is h of step t - 1 that U multiplied"
  case startInDU =
    "dU takes the first hidden state at each step: the record has sequences.step(t, from: state, ...)"
  case dividedBySteps = "it is divided by the number of steps: a sum, no mean"
  case dividedByBatch = "it is divided by the batch size: the loss has averaged already"
  case weightsExchanged = "dW and dU are exchanged: RecurrentWeights(input: dW, recurrent: dU, ...)"
  case biasSummedOverEverything = "db is summed over the columns as well: the sum runs along axis 0"
  case gradientsInOrderOfLoop =
    "dX stands in the order of the loop, the last step first: dX[step.time] has a place for each"
  case recurrentSignWrong = "the gradient for the step before has the wrong sign"
  case finalGradientIgnored =
    "the gradient of the last state is ignored: dh begins as finalGradient.hidden"
  case initialGradientZero =
    "the initial state gets no gradient: it is the dh that remains after step 0"
  case initialGradientIsFinal =
    "the initial state gets the gradient of the final one: it is the dh that remains after step 0"

  // MARK: Backward, one cell

  case slopeMissing = "the slope of tanh, 1 - h², is missing"
  case slopeTwice = "tanh is applied twice: h is the tanh already, so its slope is 1 - h²"
  case slopeOfOldState = "the slope of tanh is that of the old state: 1 - h² of step.after"
  case slopePlus = "1 + h² stands for the slope of tanh, 1 - h²"
  case slopeOfSigmoid = "h (1 - h) is the slope of σ: that of tanh is 1 - h²"
  case recurrentNotTransposed = "dh takes U as it is: dh = da · Uᵀ, not da · U"
  case inputNotTransposed = "dX takes W as it is: dx_t = da · Wᵀ, not da · W"
  case inputFromU = "dX takes U in place of W: dx_t = da · Wᵀ"
  case hiddenWithoutSlope = "dh goes to the step before without the slope of tanh: dh = da · Uᵀ"
  case recurrentWithoutSlope = "dU is made with dh: it is h of step t - 1, transposed, times da"
  case biasOverHidden = "db is summed over the hidden values instead of the batch: da.sum(axis: 0)"
  case inputGradientTransposed = "dW is transposed: x_tᵀ · da, not daᵀ · x_t"
  case recurrentGradientTransposed = "dU is transposed: hᵀ · da, not daᵀ · h"
  case inputOfDWNotTransposed = "dW takes x_t as it is: x_tᵀ · da, not x_t · da"

  case cellGradientStops =
    "the cell's gradient stops at each step: dc ⊙ f goes on to the step before"
  case cellGradientReplaced =
    "the cell's gradient stops at each step: dc is a sum of two, the next step and the output"
  case forgetMissingOnTheWayBack = "dc goes to the step before without f"
  case inputGateOnTheWayBack = "dc goes to the step before through i: it is dc ⊙ f"
  case tanhSlopeMissing = "dc = dh ⊙ o lacks 1 - tanh²(c)"
  case tanhSlopeOfCell = "1 - c² stands for the slope of tanh(c), 1 - tanh²(c)"
  case outputGateMissingInDC = "dc = dh ⊙ (1 - tanh²(c)) lacks o"
  case cellInDO = "do takes the cell: do = dh ⊙ tanh(c)"
  case oldCellShown = "tanh(c) is that of the cell before the step: take step.after.cell!"
  case newCellInDF = "df takes the cell after the step: it is c of step t - 1 that f multiplied"
  case slopesMissing = "the slopes of the gates, σ (1 - σ) and 1 - tanh², are missing"
  case slopeOfIMissing = "the slope of i is missing: di ⊙ i (1 - i)"
  case slopeOfFMissing = "the slope of f is missing: df ⊙ f (1 - f)"
  case slopeOfGMissing = "the slope of g is missing: dg ⊙ (1 - g²)"
  case slopeOfOMissing = "the slope of o is missing: do ⊙ o (1 - o)"
  case candidateSlopeOfSigmoid =
    "g (1 - g) is the slope of a gate: g is a tanh, with the slope 1 - g²"
  case inputAndCandidateExchanged = "di and dg are exchanged: di = dc ⊙ g, dg = dc ⊙ i"
  case rawGatesRecorded = "the record has the gates before σ and tanh: gates: [i, f, g, o]"
  case finalCellGradientIgnored =
    "the gradient of the last cell is ignored: dc begins as finalGradient.cell!"
  case initialCellGradientZero =
    "the first cell gets no gradient: it is the dc that remains after step 0"

  case updateInDN = "da_n takes z: it is d ⊙ (1 - z) ⊙ (1 - n²)"
  case updateMissingInDN = "da_n lacks 1 - z: it is d ⊙ (1 - z) ⊙ (1 - n²)"
  case slopeOfNMissing = "da_n lacks the slope of tanh, 1 - n²"
  case slopeOfNOfSigmoid = "n (1 - n) is the slope of a gate: n is a tanh, with the slope 1 - n²"
  case updateSignWrong = "da_z has the wrong sign: it is d ⊙ (h - n) ⊙ z (1 - z), h of step t - 1"
  case candidateMissingInDZ = "da_z lacks n: it is d ⊙ (h - n) ⊙ z (1 - z), h of step t - 1"
  case newStateInDZ = "da_z takes the hidden state after the step: it is h of step t - 1"
  case slopeOfZMissing = "da_z lacks the slope of the gate, z (1 - z)"
  case recurrentShareMissingInDR = "da_r lacks q: it is da_n ⊙ q ⊙ r (1 - r)"
  case stateInDR = "da_r takes h: it is da_n ⊙ q ⊙ r (1 - r), and q is h · U_n + c"
  case biasMissingInQ = "the q of the record lacks the bias c: gates: [r, z, n, q], q = h · U_n + c"
  case slopeOfRMissing = "da_r lacks the slope of the gate, r (1 - r)"
  case candidateSlopeMissingInDR = "da_r begins with d: it is da_n ⊙ q ⊙ r (1 - r)"
  case resetMissingInDQ = "dq lacks r: it is da_n ⊙ r"
  case candidateInDU = "dU takes da_n where dq belongs: hᵀ · [da_r, da_z, dq]"
  case recurrentShareInDW = "dW takes dq where da_n belongs: x_tᵀ · [da_r, da_z, da_n]"
  case recurrentShareInDB = "db takes dq where da_n belongs: Σ [da_r, da_z, da_n]"
  case candidateInDC = "dc takes da_n where dq belongs: Σ dq"
  case candidateInDH = "dh takes da_n where dq belongs: [da_r, da_z, dq] · Uᵀ + d ⊙ z"
  case recurrentShareInDX = "dX takes dq where da_n belongs: [da_r, da_z, da_n] · Wᵀ"
  case directWayMissing = "d ⊙ z is missing in dh: z ⊙ h is a way back, too"
  case directWayWithoutGate = "dh takes d as it is: [da_r, da_z, dq] · Uᵀ + d ⊙ z"
  case directWayExchanged = "dh takes d ⊙ (1 - z): the share of h that stays is z, so it is d ⊙ z"

  // MARK: Masks

  case stateUnmasked = "a masked step changes the state: go on with state = step.after"
  case maskedGradientLost =
    "the gradient does not go past a masked step: dh also gets step.masked(dh)"
  case maskedStepTakesPart = "a masked step takes part in the gradients: take step.unmasked(dh)"
  case masksIgnored =
    "masked steps are gone through: step.unmasked(dh) goes through a step, step.masked(dh) past it"
  case maskedCellGradientLost =
    "the cell's gradient does not go past a masked step: dc also gets step.masked(dc)"
  case maskedStepTakesPartInCell =
    "a masked step takes part in the gradients: take step.unmasked(dc)"
  case maskedStepTakesPartInBoth =
    "a masked step takes part in the gradients: take step.unmasked(dh) and step.unmasked(dc)"
  case maskedGradientsLost =
    "no gradient goes past a masked step: dh also gets step.masked(dh), and dc step.masked(dc)"
}
