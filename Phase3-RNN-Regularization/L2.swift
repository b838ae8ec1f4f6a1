import Shared

/// A penalty on the squares of the weights: all shrink, large ones most.
///
/// `R(W) = λ/2 · Σ w²`, with the gradient `dR/dw = λ w`.
/// - `W`: the weights of a layer, of any shape; biases are exempt (`Parameter.isRegularized`)
/// - `λ`: `strength`
///
/// Each step of gradient descent then takes the share `η λ` off every weight: `w ← w − η (dL/dw + λ w)
/// = (1 − η λ) w − η dL/dw`. With the ½, λ is the `weight_decay` of PyTorch's `SGD`. The FAU exercises
/// write `α Σ w²` for the value and yet `α w` for the gradient; here one is the derivative of the
/// other.
///
/// Adam divides the gradient of the penalty by the size of all gradients, so that it hardly shrinks weights
/// whose gradients are large: `AdamW` takes the share off directly.
///
///     let penalty = L2(0.5)
///     penalty.value(of: [3, -4])      // 6.25 = 0.25 · 25
///     penalty.gradient(of: [3, -4])   // [1.5, -2]
///
/// - Complexity: O(number of weights).
/// - Reference: Krogh, Hertz (1992), *A simple weight decay can improve generalization*.
///   Task: Protocols/Phase3-RNN-Regularization.md, 3.7.
public struct L2: Penalty, SelfConfigured {
  /// `λ/2 · Σ w²`
  public func value(of weights: Tensor) -> Float {
    // TODO(3.7): λ/2 · Σ w². The strength is λ.
    // BEGIN SOLUTION
    return strength / 2 * square(weights).sum()
    // END SOLUTION
  }

  /// `λ w`
  public func gradient(of weights: Tensor) -> Tensor {
    // TODO(3.7): the derivative of value(of:) with respect to each weight.
    // BEGIN SOLUTION
    return strength * weights
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
