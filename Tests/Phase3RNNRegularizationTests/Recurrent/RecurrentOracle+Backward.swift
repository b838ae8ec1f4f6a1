import Shared

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
