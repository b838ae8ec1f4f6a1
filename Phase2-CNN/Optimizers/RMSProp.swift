import Shared

/// RMSProp: each weight's step is divided by the root of a running mean of its squared gradient.
///
/// Each step:
/// - `s ← ρ s + (1 − ρ) g²`
/// - `w ← w − η g / (√s + ε)`
///
/// where
/// - `w`: a parameter of any shape; `g = dL/dw`: its gradient; `g²`, `√` and `/` element by element
/// - `s`: the running mean, which starts at 0 (its bias is not corrected: the first step has the size
///   η / √(1 − ρ))
/// - `η`: `learningRate`, `ρ`: `decay`; `ε`: `epsilon`, outside the root
///
///     let optimizer = RMSProp(learningRate: 0.5, decay: 0.75)
///     var weights: Tensor = [2, 2]
///     var state = RMSProp.State(for: weights)
///     optimizer.update(&weights, gradient: [8, -0.01], state: &state, step: 1)   // weights is [1, 3]
///
/// The formula and the default values are those of PyTorch's `RMSprop`.
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; one number a weight is kept.
/// - Reference: Tieleman, Hinton (2012), *Neural networks for machine learning*, lecture 6.5.
public struct RMSProp: Optimizer, SelfConfigured {
  /// The mean of squares of one parameter, 0 at first.
  public struct State: ParameterState {
    var meanSquare: Tensor

    /// A mean of squares of 0.
    public init(for value: Tensor) { meanSquare = Tensor(zeros: value.shape) }
    /// Shows the mean of squares.
    public mutating func forEach(_ body: (String, inout Tensor) throws -> Void) rethrows {
      try body("meanSquare", &meanSquare)
    }
    /// The mean of squares.
    public static var notNegative: [String] { ["meanSquare"] }
  }

  /// The step size η.
  public var learningRate: Float
  /// The share of the running mean kept from step to step, ρ, and the number added to the root, ε.
  public package(set) var decay, epsilon: Float

  /// Creates the optimizer, with η at least 0, ρ at least 0 and below 1, and ε above 0.
  public init(learningRate: Float = 0.01, decay: Float = 0.99, epsilon: Float = 1e-8) {
    (self.learningRate, self.decay, self.epsilon) = (learningRate, decay, epsilon)
    orStop { try checkArguments() }
  }

  /// Throws when an argument is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(
      of: Self.typeName, ("learning rate", learningRate, .notNegative),
      ("decay", decay, .belowOne), ("epsilon", epsilon, .positive))
  }

  /// Moves `value` by one step.
  public func update(_ value: inout Tensor, gradient: Tensor, state: inout State, step: Int) {
    value.rootMeanSquareStep(
      gradient: gradient, squares: &state.meanSquare, learningRate: learningRate, decay: decay,
      rest: 1 - decay, epsilon: epsilon, of: Self.typeName)
  }
}
