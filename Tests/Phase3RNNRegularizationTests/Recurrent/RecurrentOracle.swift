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
        mask?.slice(axis: 1, at: t).reshaped(to: [batch, 1]) ?? Tensor(ones: [batch, 1])
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

extension RecurrentOracle {
  /// The gradients of one step in front of the gates.
  private struct StepGradients {
    /// What the input and the hidden state are multiplied with; a GRU's differ.
    var input, hidden: Tensor
    /// What reaches the old hidden state past U, and the old cell.
    var direct, cell: Tensor
    /// What the bias c of a GRU gets.
    var candidateBias = Tensor(zeros: [1, 0])
  }

  /// Backpropagation through time. The states of the result are not set.
  func backward(_ steps: [Step], _ dY: Tensor, _ final: Tensor, _ finalCell: Tensor) -> Result {
    var (dW, dU, db) = (0 * w, 0 * u, 0 * b)
    var dc = Tensor(zeros: cell == .gru ? [size] : [0])
    var dX = steps.map(\.x)
    var dh = has(.finalGradientIgnored) ? 0 * final : final
    var dCell = has(.finalCellGradientIgnored) ? 0 * finalCell : finalCell
    func output(_ t: Int) -> Tensor { dY.slice(axis: 1, at: t) * steps[t].counts }
    if has(.onlyLastOutputCounts) { dh += output(steps.count - 1) }
    for step in has(.loopRunsForward) ? steps : steps.reversed() {
      if has(.gradientReplaced) { dh *= 0 }
      if has(.firstOutputOnly) {
        dh += output(0)
      } else if !has(.onlyLastOutputCounts), !has(.outputGradientsMissing) {
        dh += output(step.time)
      }
      let ignoresMasks = has(.masksIgnored) || has(.maskedStepTakesPartInBoth)
      let d = has(.maskedStepTakesPart) || ignoresMasks ? dh : step.counts * dh
      let dc0 = has(.maskedStepTakesPartInCell) || ignoresMasks ? dCell : step.counts * dCell
      let gradients =
        switch cell {
        case .elman: elman(step, d)
        case .lstm: lstm(step, d, dc0)
        case .gru: gru(step, d)
        }
      if has(.lastStepOnly) { (dW, dU, db, dc) = (0 * dW, 0 * dU, 0 * db, 0 * dc) }
      let da = gradients.input
      dW +=
        has(.inputGradientTransposed)
        ? da.matmul(step.x, transposingSelf: true)
        : step.x.matmul(
          has(.recurrentShareInDW) ? gradients.hidden : da,
          transposingSelf: !has(.inputOfDWNotTransposed))
      let h = has(.newStateInDU) ? step.newH : step.h
      let dHidden =
        has(.recurrentWithoutSlope) ? dh : has(.candidateInDU) ? da : gradients.hidden
      dU +=
        has(.recurrentGradientTransposed)
        ? dHidden.matmul(h, transposingSelf: true) : h.matmul(dHidden, transposingSelf: true)
      let db1 = has(.recurrentShareInDB) ? gradients.hidden : da
      db +=
        has(.biasOverHidden)
        ? db1.sum(axis: 1)
        : has(.biasSummedOverEverything)
          ? Tensor(repeating: db1.sum(), shape: b.shape) : db1.sum(axis: 0)
      dc += gradients.candidateBias.sum(axis: 0)
      dX[step.time] = (has(.recurrentShareInDX) ? gradients.hidden : da).matmul(
        has(.inputFromU) ? u : w, transposingOther: !has(.inputNotTransposed))
      var back = has(.hiddenWithoutSlope) ? dh : has(.candidateInDH) ? da : gradients.hidden
      if has(.recurrentSignWrong) { back = -back }
      let losesBoth = has(.masksIgnored) || has(.maskedGradientsLost)
      let masked = losesBoth ? 0 * step.counts : 1 - step.counts
      let past = has(.maskedGradientLost) ? 0 * dh : masked * dh
      dh =
        back.matmul(u, transposingOther: !has(.recurrentNotTransposed)) + gradients.direct + past
      dCell = gradients.cell + (has(.maskedCellGradientLost) ? 0 * dCell : masked * dCell)
      if has(.gradientStops) { dh *= 0 }
      if has(.cellGradientStops) { dCell *= 0 }
    }
    let divisor =
      has(.dividedBySteps)
      ? Float(steps.count) : has(.dividedByBatch) ? Float(final.shape[0]) : 1
    if has(.gradientsInOrderOfLoop) { dX.reverse() }
    if has(.weightsExchanged) { swap(&dW, &dU) }
    if has(.initialGradientZero) { dh *= 0 }
    if has(.initialGradientIsFinal) { (dh, dCell) = (final, finalCell) }
    if has(.initialCellGradientZero) { dCell *= 0 }
    return Result(
      y: dh, hidden: dh, cell: dh, dX: Tensor(stacking: dX, axis: 1), dW: dW / divisor,
      dU: dU / divisor, db: db / divisor, dc: dc / divisor, dh0: dh, dc0: dCell)
  }

  private func elman(_ step: Step, _ d: Tensor) -> StepGradients {
    let h = step.newH
    let slope =
      switch mistake.fault {
      case .slopeMissing: Tensor(ones: h.shape)
      case .slopeTwice: 1 - square(tanh(h))
      case .slopeOfOldState: 1 - square(step.h)
      case .slopePlus: 1 + square(h)
      case .slopeOfSigmoid: h * (1 - h)
      default: 1 - square(h)
      }
    return StepGradients(input: d * slope, hidden: d * slope, direct: 0 * d, cell: 0 * d)
  }

  private func lstm(_ step: Step, _ d: Tensor, _ dCell: Tensor) -> StepGradients {
    let (i, f, g, o) = (step.gates[0], step.gates[1], step.gates[2], step.gates[3])
    let shown = tanh(has(.oldCellShown) ? step.c : step.newC)
    let slopeOfTanh =
      has(.tanhSlopeMissing)
      ? Tensor(ones: d.shape) : 1 - square(has(.tanhSlopeOfCell) ? step.newC : shown)
    let dc =
      (has(.cellGradientReplaced) ? 0 * dCell : dCell)
      + d * (has(.outputGateMissingInDC) ? 1 + 0 * o : o) * slopeOfTanh
    func slope(_ missing: RecurrentFault, _ slope: Tensor) -> Tensor {
      has(missing) || has(.slopesMissing) ? Tensor(ones: d.shape) : slope
    }
    let exchanged = has(.inputAndCandidateExchanged)
    let blocks = [
      dc * (exchanged ? i : g) * slope(.slopeOfIMissing, i * (1 - i)),
      dc * (has(.newCellInDF) ? step.newC : step.c) * slope(.slopeOfFMissing, f * (1 - f)),
      dc * (exchanged ? g : i)
        * slope(.slopeOfGMissing, has(.candidateSlopeOfSigmoid) ? g * (1 - g) : 1 - square(g)),
      d * (has(.cellInDO) ? step.newC : shown) * slope(.slopeOfOMissing, o * (1 - o)),
    ]
    let dz = Tensor(
      concatenating: (mistake.gradientOrder ?? [0, 1, 2, 3]).map { blocks[$0] }, axis: 1)
    let gate = has(.forgetMissingOnTheWayBack) ? 1 + 0 * f : has(.inputGateOnTheWayBack) ? i : f
    return StepGradients(input: dz, hidden: dz, direct: 0 * d, cell: dc * gate)
  }

  private func gru(_ step: Step, _ d: Tensor) -> StepGradients {
    let (r, z, n, q) = (step.gates[0], step.gates[1], step.gates[2], step.gates[3])
    let h = step.h
    let slopeOfN =
      has(.slopeOfNMissing)
      ? Tensor(ones: d.shape) : has(.slopeOfNOfSigmoid) ? n * (1 - n) : 1 - square(n)
    let dN =
      d * (has(.updateInDN) ? z : has(.updateMissingInDN) ? 1 + 0 * z : 1 - z) * slopeOfN
    let difference =
      switch mistake.fault {
      case .updateSignWrong: n - h
      case .candidateMissingInDZ: h
      case .newStateInDZ: step.newH - n
      default: h - n
      }
    let dZ = d * difference * (has(.slopeOfZMissing) ? 1 + 0 * z : z * (1 - z))
    let share = has(.recurrentShareMissingInDR) ? 1 + 0 * q : has(.stateInDR) ? h : q
    let dR =
      (has(.candidateSlopeMissingInDR) ? d : dN) * share
      * (has(.slopeOfRMissing) ? 1 + 0 * r : r * (1 - r))
    let dQ = has(.resetMissingInDQ) ? dN : dN * r
    let order = mistake.gradientOrder ?? [0, 1, 2]
    let direct =
      switch mistake.fault {
      case .directWayMissing: 0 * d
      case .directWayWithoutGate: d
      case .directWayExchanged: d * (1 - z)
      default: d * z
      }
    return StepGradients(
      input: Tensor(concatenating: order.map { [dR, dZ, dN][$0] }, axis: 1),
      hidden: Tensor(concatenating: order.map { [dR, dZ, dQ][$0] }, axis: 1), direct: direct,
      cell: 0 * d, candidateBias: has(.candidateInDC) ? dN : dQ)
  }
}
