import Foundation
import Shared

/// Adam: each weight has a step size of its own, from running means of its gradient and of its square.
///
/// In step t = 1, 2, ..., counted for all parameters together:
/// - `m ← β₁ m + (1 − β₁) g`, the first moment
/// - `v ← β₂ v + (1 − β₂) g²`, the second moment
/// - `m̂ = m / (1 − β₁ᵗ)`, `v̂ = v / (1 − β₂ᵗ)`: m and v start at 0 and are too small at first
/// - `w ← w − η m̂ / (√v̂ + ε)`
///
/// where
/// - `w`: a parameter of any shape; `g = dL/dw`: its gradient; `g²`, `√` and `/` element by element
/// - `η`: `learningRate`, about the size of a step; `β₁`, `β₂`: `beta1`, `beta2`
/// - `ε`: `epsilon`, added outside the root, which keeps the quotient finite
///
///     let optimizer = Adam(learningRate: 0.5)
///     var weights: Tensor = [1, 1]
///     var state = Adam.State(for: weights)
///     optimizer.update(&weights, gradient: [8, -0.001], state: &state, step: 1)
///     // weights is [0.5, 1.5]: the first step has the size η, whatever the size of the gradient
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; two numbers a weight are kept.
/// - Reference: Kingma, Ba (2015), *Adam: a method for stochastic optimization*, algorithm 1. ε is the one
///   of algorithm 1, and of PyTorch; the ε̂ of the faster form at the end of their section 2 is
///   `ε √(1 − β₂ᵗ)`. Task: Protocols/Phase2-CNN.md, 2.8.
public struct Adam: Optimizer, SelfConfigured {
  /// Step t of one parameter by the formula.
  func applyFormula(to value: inout Tensor, gradient: Tensor, state: inout State, t: Float) {
    // TODO(2.8): change state.firstMoment and state.secondMoment, correct them for their start at 0, then
    // change value.
    // BEGIN SOLUTION
    state.firstMoment = beta1 * state.firstMoment + (1 - beta1) * gradient
    state.secondMoment = beta2 * state.secondMoment + (1 - beta2) * square(gradient)
    let first = state.firstMoment / (1 - pow(beta1, t))
    let second = state.secondMoment / (1 - pow(beta2, t))
    value -= learningRate * first / (sqrt(second) + epsilon)
    // END SOLUTION
  }

  /// The step size η.
  public var learningRate: Float
  /// The shares of the moments kept from step to step, β₁ and β₂, and the number added to the root, ε.
  public package(set) var beta1, beta2, epsilon: Float
  package var implementation = Implementation.fast
  private enum CodingKeys: CodingKey { case learningRate, beta1, beta2, epsilon }

  /// Creates the optimizer, with η at least 0, β₁ and β₂ at least 0 and below 1, and ε above 0.
  ///
  /// `implementation` decides whether the formula runs as it is written here or as a kernel.
  public init(
    learningRate: Float = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    implementation: Implementation = .fast
  ) {
    (self.learningRate, self.beta1, self.beta2) = (learningRate, beta1, beta2)
    (self.epsilon, self.implementation) = (epsilon, implementation)
    orStop { try checkArguments() }
  }

  /// Throws when an argument is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(
      of: Self.typeName, ("learning rate", learningRate, .notNegative),
      ("beta1", beta1, .belowOne), ("beta2", beta2, .belowOne), ("epsilon", epsilon, .positive))
  }
}
