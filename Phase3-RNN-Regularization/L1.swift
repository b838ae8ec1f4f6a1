import Shared

/// A penalty on the absolute values of the weights: many become 0.
///
/// `R(W) = λ · Σ |w|`, with the gradient `dR/dw = λ · sign(w)`, which is 0 where `w` is 0.
/// - `W`: the weights of a layer, of any shape; biases are exempt (`Parameter.isRegularized`)
/// - `λ`: `strength`
///
/// The pull towards 0 is the same for small and large weights, so a weight that the loss does not need goes to 0
/// and stays near it: within the size of a step, `η λ`.
///
///     let penalty = L1(0.5)
///     penalty.value(of: [3, -4, 0])      // 3.5
///     penalty.gradient(of: [3, -4, 0])   // [0.5, -0.5, 0]
///
/// - Complexity: O(number of weights).
/// - Reference: Tibshirani (1996), *Regression shrinkage and selection via the lasso*.
///   Task: Protocols/Phase3-RNN-Regularization.md, 3.7.
public struct L1: Penalty, SelfConfigured {
  /// `λ · Σ |w|`
  public func value(of weights: Tensor) -> Float {
    // TODO(3.7): λ · Σ |w|. The strength is λ.
    // BEGIN SOLUTION
    return strength * abs(weights).sum()
    // END SOLUTION
  }

  /// `λ · sign(w)`
  public func gradient(of weights: Tensor) -> Tensor {
    // TODO(3.7): λ, with the sign of each weight.
    // BEGIN SOLUTION
    return strength * sign(weights)
    // END SOLUTION
  }

  /// λ, the price of the weights.
  public package(set) var strength: Float

  /// Creates the penalty; λ is a finite number of at least 0.
  public init(_ strength: Float) {
    self.strength = strength
    orStop { try checkArguments() }
  }

  /// Throws when λ is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(of: Self.typeName, ("strength", strength, .notNegative))
  }
}
