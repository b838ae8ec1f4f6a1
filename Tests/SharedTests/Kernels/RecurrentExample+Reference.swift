import CCourseKernels
import Foundation

extension RecurrentExample {
  /// The state of one sequence at one step, and the values that the step's gradient needs.
  private struct Step {
    var time = 0
    var isMasked = false
    var gates: [Double] = []  // after their activation, [G][H]
    var candidateSum: [Double] = []  // GRU: h Un + c
    var hiddenBefore, cellBefore, hidden, cell: [Double]
  }

  /// Both passes by the formulas, one sequence after the other, one number after the other.
  func reference() -> Result<Double> {
    let H = hiddenSize, F = inputSize, width = gates * H, state = batch * H
    func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
    var result = Result(
      y: zeros(state * steps), hidden: [], cell: [], dX: zeros(x.count),
      dInput: zeros(F * width), dRecurrent: zeros(H * width), dBias: zeros(width),
      dCandidateBias: zeros(isGRU ? H : 0), dHidden: [], dCell: [])
    for n in 0..<batch {
      let passed = forward(sequence: n)
      for step in passed where !step.isMasked {
        result.y.replaceSubrange(
          (n * steps + step.time) * H..<(n * steps + step.time + 1) * H, with: step.hidden)
      }
      result.hidden += passed.last!.hidden
      if isLSTM { result.cell += passed.last!.cell }
      backward(sequence: n, passed, &result)
    }
    return result
  }

  private func row(_ values: [Float]?, _ n: Int) -> [Double] {
    guard let values else { return [Double](repeating: 0, count: hiddenSize) }
    return values[n * hiddenSize..<(n + 1) * hiddenSize].map(Double.init)
  }

  private func forward(sequence n: Int) -> [Step] {
    let H = hiddenSize, width = gates * H
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    var hidden = row(initialHidden, n), cell = isLSTM ? row(initialCell, n) : []
    return (0..<steps).map { place in
      let time = isReversed ? steps - 1 - place : place
      var step = Step(
        time: time, isMasked: mask.map { $0[n * steps + time] == 0 } ?? false,
        hiddenBefore: hidden, cellBefore: cell, hidden: hidden, cell: cell)
      if step.isMasked { return step }
      var fromInput = bias.map(Double.init), fromState = [Double](repeating: 0, count: width)
      for column in 0..<width {
        for f in 0..<inputSize {
          let weight = Double(inputWeights[f * width + column])
          fromInput[column] += Double(x[(n * steps + time) * inputSize + f]) * weight
        }
        for k in 0..<H {
          let weight = Double(recurrentWeights[k * width + column])
          fromState[column] += hidden[k] * weight
        }
      }
      let z = zip(fromInput, fromState).map(+)
      switch cell.isEmpty ? gates : 4 {
      case 1:
        step.hidden = z.map(tanh)
      case 4:
        step.gates = z.enumerated().map { $0 / H == 2 ? tanh($1) : sigmoid($1) }
        for j in 0..<H {
          step.cell[j] =
            step.gates[H + j] * cell[j] + step.gates[j] * step.gates[2 * H + j]
          step.hidden[j] = step.gates[3 * H + j] * tanh(step.cell[j])
        }
      default:
        step.gates = z[0..<2 * H].map(sigmoid)
        step.candidateSum = (0..<H).map { fromState[2 * H + $0] + Double(candidateBias[$0]) }
        for j in 0..<H {
          let candidate = tanh(fromInput[2 * H + j] + step.gates[j] * step.candidateSum[j])
          step.gates.append(candidate)
          step.hidden[j] = (1 - step.gates[H + j]) * candidate + step.gates[H + j] * hidden[j]
        }
      }
      (hidden, cell) = (step.hidden, step.cell)
      return step
    }
  }

  private func backward(sequence n: Int, _ passed: [Step], _ result: inout Result<Double>) {
    let H = hiddenSize, width = gates * H
    var dHidden = row(dFinalHidden, n), dCell = row(dFinalCell, n)
    for step in passed.reversed() where !step.isMasked {
      if let dY {
        for j in 0..<H { dHidden[j] += Double(dY[(n * steps + step.time) * H + j]) }
      }
      // The gradients of x W + b and of h U + ..., which differ for a GRU's candidate.
      var ofInput = [Double](repeating: 0, count: width), ofState = ofInput
      var dBefore = [Double](repeating: 0, count: H)
      for j in 0..<H {
        let g = step.gates, d = dHidden[j]
        if isLSTM {
          let shown = tanh(step.cell[j])
          let dc = dCell[j] + d * g[3 * H + j] * (1 - shown * shown)
          ofInput[j] = dc * g[2 * H + j] * g[j] * (1 - g[j])
          ofInput[H + j] = dc * step.cellBefore[j] * g[H + j] * (1 - g[H + j])
          ofInput[2 * H + j] = dc * g[j] * (1 - g[2 * H + j] * g[2 * H + j])
          ofInput[3 * H + j] = d * shown * g[3 * H + j] * (1 - g[3 * H + j])
          dCell[j] = dc * g[H + j]
        } else if isGRU {
          let (reset, update, candidate) = (g[j], g[H + j], g[2 * H + j])
          let dz = d * (1 - update) * (1 - candidate * candidate)
          ofInput[j] = dz * step.candidateSum[j] * reset * (1 - reset)
          ofInput[H + j] = d * (step.hiddenBefore[j] - candidate) * update * (1 - update)
          ofInput[2 * H + j] = dz
          dBefore[j] = d * update
        } else {
          ofInput[j] = d * (1 - step.hidden[j] * step.hidden[j])
        }
      }
      ofState = ofInput
      if isGRU {
        for j in 0..<H {
          ofState[2 * H + j] *= step.gates[j]
          result.dCandidateBias[j] += ofState[2 * H + j]
        }
      }
      for column in 0..<width {
        result.dBias[column] += ofInput[column]
        for f in 0..<inputSize {
          let place = (n * steps + step.time) * inputSize + f
          result.dInput[f * width + column] += Double(x[place]) * ofInput[column]
          result.dX[place] += ofInput[column] * Double(inputWeights[f * width + column])
        }
        for k in 0..<H {
          result.dRecurrent[k * width + column] += step.hiddenBefore[k] * ofState[column]
          dBefore[k] += ofState[column] * Double(recurrentWeights[k * width + column])
        }
      }
      dHidden = dBefore
    }
    result.dHidden += dHidden
    if isLSTM { result.dCell += dCell }
  }
}
