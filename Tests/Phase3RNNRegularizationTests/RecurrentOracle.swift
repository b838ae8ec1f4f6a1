import Foundation
import Shared

/// Elman network and LSTM once more, number by number in double precision, and with a mistake of choice: what
/// a student's code returns who makes it.
struct RecurrentOracle {
  /// What goes wrong.
  enum Fault {
    case none
    // Forward.
    case stateForgotten, cellForgotten, biasMissing, noActivation, cellShownWithoutTanh
    case candidateIsSigmoid, forgetGateInverted
    /// The order of the blocks: (forget, input, candidate, output) and the like.
    case order([Int])
    // Backward.
    case lastStepOnly, gradientStopsAtEachStep, slopeMissing, newStateInDU, onlyLastOutputCounts
    case cellGradientStops, forgetMissingOnTheWayBack, tanhOfCellMissing, dividedBySteps
    case dividedByBatch
  }

  var cell: RecurrentCell
  var x, w, u, b: Tensor
  var h0: Tensor?
  var c0: Tensor?

  /// Every value, each in its own shape.
  struct Result {
    var y, hidden, cell, dX, dW, dU, db, dh0, dc0: Tensor
  }

  /// The order of the blocks i, f, g, o in the columns.
  private func blocks(_ fault: Fault) -> [Int] {
    if case .order(let order) = fault { return order }
    return [0, 1, 2, 3]
  }

  private func matches(_ a: Fault, _ b: Fault) -> Bool { "\(a)" == "\(b)" }

  /// Forward and backward; `outputGradient` is that of all hidden states, `[N, T, H]`, 1 unless given.
  func callAsFunction(_ fault: Fault = .none, outputGradient: Tensor? = nil) -> Result {
    let (batch, length, features) = (x.shape[0], x.shape[1], x.shape[2])
    let size = u.shape[0]
    let gates = cell == .lstm ? 4 : 1
    func has(_ other: Fault) -> Bool { matches(fault, other) }
    func logistic(_ v: Double) -> Double { 1 / (1 + exp(-v)) }
    let order = blocks(fault)

    var (y, dX) = (Tensor(zeros: [batch, length, size]), Tensor(zeros: x.shape))
    var (hidden, finalCell) = (Tensor(zeros: [batch, size]), Tensor(zeros: [batch, size]))
    var (dh0, dc0) = (hidden, hidden)
    var dW = [[Double]](repeating: [Double](repeating: 0, count: gates * size), count: features)
    var dU = [[Double]](repeating: [Double](repeating: 0, count: gates * size), count: size)
    var db = [Double](repeating: 0, count: gates * size)

    for n in 0..<batch {
      var h = (0..<size).map { Double(h0?[n, $0] ?? 0) }
      var c = (0..<size).map { Double(c0?[n, $0] ?? 0) }
      var hs = [h]
      var cs = [c]
      var gs: [[[Double]]] = []
      for t in 0..<length {
        if has(.stateForgotten) { h = h.map { _ in 0 } }
        if has(.cellForgotten) { c = c.map { _ in 0 } }
        let z = (0..<(gates * size)).map { k in
          (has(.biasMissing) ? 0 : Double(b[k]))
            + (0..<features).reduce(0.0) { $0 + Double(x[n, t, $1]) * Double(w[$1, k]) }
            + (0..<size).reduce(0.0) { $0 + h[$1] * Double(u[$1, k]) }
        }
        if cell == .elman {
          h = has(.noActivation) ? z : z.map { tanh($0) }
          gs.append([h])
        } else {
          func block(_ k: Int) -> [Double] { Array(z[(order[k] * size)..<((order[k] + 1) * size)]) }
          let i = block(0).map(logistic)
          let f = block(1).map(logistic)
          let g = block(2).map { has(.candidateIsSigmoid) ? logistic($0) : tanh($0) }
          let o = block(3).map(logistic)
          for k in 0..<size {
            c[k] = (has(.forgetGateInverted) ? 1 - f[k] : f[k]) * c[k] + i[k] * g[k]
            h[k] = o[k] * (has(.cellShownWithoutTanh) ? c[k] : tanh(c[k]))
          }
          gs.append([i, f, g, o])
        }
        hs.append(h)
        cs.append(c)
        for k in 0..<size { y[n, t, k] = Float(h[k]) }
      }

      var dh = [Double](repeating: 0, count: size)
      var dc = dh
      for t in (0..<length).reversed() {
        if !has(.onlyLastOutputCounts) || t == length - 1 {
          for k in 0..<size { dh[k] += Double(outputGradient?[n, t, k] ?? 1) }
        }
        var dz = [Double](repeating: 0, count: gates * size)
        for k in 0..<size {
          if cell == .elman {
            dz[k] = dh[k] * (has(.slopeMissing) ? 1 : 1 - gs[t][0][k] * gs[t][0][k])
            continue
          }
          let (i, f, g, o) = (gs[t][0][k], gs[t][1][k], gs[t][2][k], gs[t][3][k])
          let shown = tanh(cs[t + 1][k])
          dc[k] += dh[k] * o * (has(.tanhOfCellMissing) ? 1 : 1 - shown * shown)
          let slope = { (v: Double) in has(.slopeMissing) ? 1 : v }
          dz[order[0] * size + k] = dc[k] * g * slope(i * (1 - i))
          dz[order[1] * size + k] = dc[k] * cs[t][k] * slope(f * (1 - f))
          dz[order[2] * size + k] = dc[k] * i * slope(1 - g * g)
          dz[order[3] * size + k] = dh[k] * shown * slope(o * (1 - o))
          dc[k] *= has(.forgetMissingOnTheWayBack) ? 1 : f
        }
        for k in 0..<(gates * size) {
          // The loop runs backwards, so what is left when shares replace each other is step 0.
          if has(.lastStepOnly), t > 0 { continue }
          for j in 0..<features {
            dW[j][k] += dz[k] * Double(x[n, t, j])
          }
          for j in 0..<size {
            dU[j][k] += dz[k] * hs[has(.newStateInDU) ? t + 1 : t][j]
          }
          db[k] += dz[k]
        }
        for j in 0..<features {
          dX[n, t, j] = Float(dz.indices.reduce(0.0) { $0 + dz[$1] * Double(w[j, $1]) })
        }
        dh = (0..<size).map { j in dz.indices.reduce(0.0) { $0 + dz[$1] * Double(u[j, $1]) } }
        if has(.gradientStopsAtEachStep) { (dh, dc) = (dh.map { _ in 0 }, dc.map { _ in 0 }) }
        if has(.cellGradientStops) { dc = dc.map { _ in 0 } }
      }
      for k in 0..<size {
        (hidden[n, k], finalCell[n, k]) = (Float(h[k]), Float(c[k]))
        (dh0[n, k], dc0[n, k]) = (Float(dh[k]), Float(dc[k]))
      }
    }
    let divisor: Float =
      has(.dividedBySteps) ? Float(length) : has(.dividedByBatch) ? Float(batch) : 1
    return Result(
      y: y, hidden: hidden, cell: finalCell, dX: dX,
      dW: Tensor(dW.map { $0.map(Float.init) }) / divisor,
      dU: Tensor(dU.map { $0.map(Float.init) }) / divisor, db: Tensor(db.map(Float.init)) / divisor,
      dh0: dh0, dc0: dc0)
  }
}
