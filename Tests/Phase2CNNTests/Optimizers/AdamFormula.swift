import Foundation
import Shared

/// Adam on single numbers, η = 0.5, β₁ = 0.6, β₂ = 0.8, ε = 0.25, with the parts of the formula replaceable
/// by wrong ones.
struct AdamFormula {
  var rate: Float = 0.5
  var firstKept: Float = 0.6, gradientShare: Float = 0.4
  var secondKept: Float = 0.8, squareShare: Float = 0.2
  /// What the second moment takes of the gradient and the first moment.
  var power: (_ g: Float, _ m: Float) -> Float = { g, _ in g * g }
  /// Whether the second moment is squared once it is added up.
  var squaresAll = false
  /// t in step 1, 2, ...
  var time: (Float) -> Float = { $0 }
  var firstCorrection: (_ t: Float) -> Float = { 1 - pow(0.6, $0) }
  var secondCorrection: (_ t: Float) -> Float = { 1 - pow(0.8, $0) }
  /// Whether the corrected moments are kept for the next step.
  var storesFirst = false, storesSecond = false
  var root: (_ v: Float, _ t: Float) -> Float = { v, _ in v.squareRoot() + 0.25 }
  /// What is added to the step.
  var shift: Float = 0

  /// The weights after the gradients, from `start`.
  func weights(_ gradients: [Tensor], from start: Tensor) -> Tensor {
    var w = start.scalars
    for place in w.indices {
      var (m, v): (Float, Float) = (0, 0)
      for (index, gradient) in gradients.enumerated() {
        let (g, t) = (gradient.scalars[place], time(Float(index + 1)))
        m = firstKept * m + gradientShare * g
        v = secondKept * v + squareShare * power(g, m)
        if squaresAll { v *= v }
        let (first, second) = (m / firstCorrection(t), v / secondCorrection(t))
        if storesFirst { m = first }
        if storesSecond { v = second }
        w[place] -= rate * first / root(second, t) + shift
      }
    }
    return Tensor(w)
  }
}
