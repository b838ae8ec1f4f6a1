import Shared

/// L1 and L2 together: few weights remain, and those are small.
///
/// `R(W) = λ₁ · Σ |w| + λ₂/2 · Σ w²`, with the gradient `λ₁ · sign(w) + λ₂ w`.
/// - `W`: the weights of a layer, of any shape; biases are exempt (`Parameter.isRegularized`)
/// - `λ₁`, `λ₂`: the strengths `l1` and `l2`
///
/// Of two inputs that always agree, L1 alone keeps either; with L2 both get half of the weight.
///
///     ElasticNet(l1: 0.5, l2: 0.5).value(of: [3, -4])   // 9.75 = 3.5 + 6.25
///
/// - Complexity: O(number of weights).
/// - Reference: Zou, Hastie (2005), *Regularization and variable selection via the elastic net*.
public struct ElasticNet: Penalty, SelfConfigured {
  /// The strength of the part on the absolute values, λ₁.
  public package(set) var l1: Float
  /// The strength of the part on the squares, λ₂.
  public package(set) var l2: Float

  /// Creates the penalty; both strengths are finite numbers of at least 0.
  public init(l1: Float, l2: Float) {
    (self.l1, self.l2) = (l1, l2)
    orStop { try checkArguments() }
  }

  /// Throws when a strength is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(
      of: Self.typeName, ("strength l1", l1, .notNegative), ("strength l2", l2, .notNegative))
  }

  /// `λ₁ · Σ |w| + λ₂/2 · Σ w²`
  public func value(of weights: Tensor) -> Float {
    L1(l1).value(of: weights) + L2(l2).value(of: weights)
  }

  /// `λ₁ · sign(w) + λ₂ w`
  public func gradient(of weights: Tensor) -> Tensor {
    L1(l1).gradient(of: weights) + L2(l2).gradient(of: weights)
  }
}
