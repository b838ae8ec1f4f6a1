import Shared

/// ElmanRNN, LSTM and GRU once more, with a mistake of choice: what a student's code returns who makes it.
/// A test holds the oracle without mistakes against PyTorch.
struct RecurrentOracle: Sendable {
  /// What goes wrong.
  struct Mistake: Sendable {
    var fault = RecurrentFault.none
    /// The order of the blocks in the columns: [1, 0, 2, 3] where f stands before i.
    var order: [Int]?
    /// The order of the blocks of dz.
    var gradientOrder: [Int]?
    /// The order in which the gates stand in the record.
    var recordOrder: [Int]?
  }

  /// Every value, each in its own shape. `cell` and `dc0` are zeros, and `dc` is empty, where there is none.
  struct Result {
    var y, hidden, cell, dX, dW, dU, db, dc, dh0, dc0: Tensor
  }

  /// What happened at one step, for the way back.
  struct Step {
    var time: Int
    var x, h, c, newH, newC: Tensor
    var gates: [Tensor] = []
    /// `[N, 1]`: 1 where the step counts.
    var counts: Tensor
  }

  var cell: RecurrentCell
  var x, w, u, b: Tensor
  /// The bias of a GRU's recurrent share.
  var candidateBias: Tensor?
  var h0: Tensor
  var c0: Tensor?
  var mask: Tensor?
  var mistake = Mistake()

  var size: Int { u.shape[0] }
  func has(_ fault: RecurrentFault) -> Bool { mistake.fault == fault }

  /// Block k of z, `[N, H]`.
  func block(_ z: Tensor, _ k: Int) -> Tensor {
    let place = mistake.order?[k] ?? k
    return z[0..., (place * size)..<((place + 1) * size)]
  }

  /// The same with a mistake.
  func with(_ mistake: Mistake) -> RecurrentOracle {
    var copy = self
    copy.mistake = mistake
    return copy
  }

  /// Forward, and backward from the gradients of the outputs and of the final state.
  func callAsFunction(_ dY: Tensor, _ dh: Tensor, _ dc: Tensor) -> Result {
    let (batch, length) = (x.shape[0], x.shape[1])
    let zeros = Tensor(zeros: [batch, size])
    let start = has(.startIgnored) ? (zeros, zeros) : (h0, c0 ?? zeros)
    var state = start
    var after = start
    var steps: [Step] = []
    var outputs: [Tensor] = []
    for t in 0..<length {
      let counts =
        mask?.slice(axis: 1, at: t).reshaped([batch, 1]) ?? Tensor(ones: [batch, 1])
      var step = Step(
        time: t, x: x.slice(axis: 1, at: has(.firstInputOnly) ? 0 : t), h: state.0, c: state.1,
        newH: zeros, newC: zeros, counts: counts)
      if has(.stateNeverSet) || has(.hiddenOfTheStart) { step.h = start.0 }
      if has(.stateNeverSet) || has(.cellOfTheStart) { step.c = start.1 }
      if has(.stateForgotten) { step.h = zeros }
      if has(.cellForgotten) { step.c = zeros }
      advance(&step)
      if has(.newStateIgnored) { (step.newH, step.newC) = (step.h, step.c) }
      if has(.statesExchanged) { swap(&step.newH, &step.newC) }
      if has(.cellNotHandedOn) { step.newC = zeros }
      let new = (step.newH, step.newC)
      step.newH = counts * new.0 + (1 - counts) * step.h
      step.newC = counts * new.1 + (1 - counts) * step.c
      after = (step.newH, step.newC)
      state = has(.stateUnmasked) ? new : after
      outputs.append(counts * step.newH)
      if has(.startInDU) { step.h = start.0 }
      steps.append(step)
    }
    var result = backward(steps, dY, dh, dc)
    result.y = Tensor(stacking: outputs, axis: 1)
    (result.hidden, result.cell) = after
    return result
  }

  // MARK: One step

  private func advance(_ step: inout Step) {
    var fromInput = step.x.matmul(w, transposingOther: has(.inputWeightsTransposed))
    if has(.inputMissing) { fromInput *= 0 }
    if !has(.biasMissing) { fromInput += has(.biasTwice) ? 2 * b : b }
    let fromHidden =
      has(.elementwise)
      ? step.h * u : step.h.matmul(u, transposingOther: has(.recurrentWeightsTransposed))
    switch cell {
    case .elman:
      let z = fromInput + fromHidden
      step.newH = has(.tanhMissing) ? z : has(.sigmoidForTanh) ? sigmoid(z) : tanh(z)
    case .lstm: advanceLSTM(&step, fromInput + fromHidden)
    case .gru: advanceGRU(&step, fromInput, fromHidden)
    }
  }

  private func advanceLSTM(_ step: inout Step, _ z: Tensor) {
    let raw = (0..<4).map { block(z, $0) }
    let i = has(.inputGateRaw) ? raw[0] : sigmoid(raw[0])
    let f = has(.forgetGateRaw) ? raw[1] : sigmoid(raw[1])
    let g = has(.candidateRaw) ? raw[2] : has(.candidateIsSigmoid) ? sigmoid(raw[2]) : tanh(raw[2])
    let o = has(.outputGateRaw) ? raw[3] : has(.outputGateIsTanh) ? tanh(raw[3]) : sigmoid(raw[3])
    let kept = (has(.forgetGateInverted) ? 1 - f : f) * step.c
    var c = kept + (has(.coupledGates) ? 1 - f : i) * g
    if has(.tanhInCell) { c = tanh(c) }
    step.newH =
      has(.cellShownWithoutTanh)
      ? o * c : has(.outputGateMissing) ? tanh(c) : has(.tanhAroundAll) ? tanh(o * c) : o * tanh(c)
    step.newC = c
    let gates = has(.rawGatesRecorded) ? raw : [i, f, g, o]
    step.gates = (mistake.recordOrder ?? [0, 1, 2, 3]).map { gates[$0] }
  }

  private func advanceGRU(_ step: inout Step, _ fromInput: Tensor, _ fromHidden: Tensor) {
    let c = candidateBias ?? Tensor(zeros: [size])
    let h = step.h
    let r = sigmoid(block(fromInput, 0) + block(fromHidden, 0))
    let z = sigmoid(block(fromInput, 1) + block(fromHidden, 1))
    let (a, share) = (block(fromInput, 2), block(fromHidden, 2))
    let q = share + c
    let argument =
      if has(.resetBeforeProduct) {
        a + (r * h).matmul(block(u, 2)) + c
      } else if has(.biasOutsideOfReset) {
        a + r * share + c
      } else if has(.recurrentBiasMissing) {
        a + r * share
      } else if has(.resetOnInputToo) {
        r * (a + q)
      } else {
        a + (has(.resetMissing) ? q : r * q)
      }
    let n = has(.newIsSigmoid) ? sigmoid(argument) : tanh(argument)
    let (stays, enters) = has(.updateExchanged) ? (1 - z, z) : (z, 1 - z)
    step.newH =
      (has(.candidateWhole) ? n : enters * n) + (has(.oldStateLost) ? 0 * h : stays * h)
    let gates = [r, z, n, has(.biasMissingInQ) ? share : q]
    step.gates = (mistake.recordOrder ?? [0, 1, 2, 3]).map { gates[$0] }
  }
}
