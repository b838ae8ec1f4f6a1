import Shared

/// AdaGrad: each weight's step is divided by the root of the sum of all its squared gradients so far.
///
/// Each step:
/// - `s ← s + g²`
/// - `w ← w − η g / (√s + ε)`
///
/// where
/// - `w`: a parameter of any shape; `g = dL/dw`: its gradient; `g²`, `√` and `/` element by element
/// - `s`: the sum, which starts at 0 and only grows, so the steps shrink for ever
/// - `η`: `learningRate`; `ε`: `epsilon`, outside the root
///
///     let optimizer = AdaGrad(learningRate: 1)
///     var weights: Tensor = [2]
///     var state = AdaGrad.State(for: weights)
///     optimizer.update(&weights, gradient: [3], state: &state, step: 1)   // s = 9, weights is [1]
///     optimizer.update(&weights, gradient: [4], state: &state, step: 2)   // s = 25, weights is [0.2]
///
/// The formula and the default values are those of PyTorch's `Adagrad`.
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; one number a weight is kept.
/// - Reference: Duchi, Hazan, Singer (2011), *Adaptive subgradient methods for online learning and
///   stochastic optimization*, with diagonal matrices.
public struct AdaGrad: Optimizer, SelfConfigured {
  /// The sum of squares of one parameter, 0 at first.
  public struct State: ParameterState {
    var squareSum: Tensor

    /// A sum of squares of 0.
    public init(for value: Tensor) { squareSum = Tensor(zeros: value.shape) }
    /// Shows the sum of squares.
    public mutating func forEach(_ body: (String, inout Tensor) throws -> Void) rethrows {
      try body("squareSum", &squareSum)
    }
    /// The sum of squares.
    public static var notNegative: [String] { ["squareSum"] }
  }

  /// The step size η.
  public var learningRate: Float
  /// The number added to the root, ε.
  public package(set) var epsilon: Float

  /// Creates the optimizer, with η at least 0 and ε above 0.
  public init(learningRate: Float = 0.01, epsilon: Float = 1e-10) {
    (self.learningRate, self.epsilon) = (learningRate, epsilon)
    orStop { try checkArguments() }
  }

  /// Throws when an argument is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(
      of: Self.typeName, ("learning rate", learningRate, .notNegative),
      ("epsilon", epsilon, .positive))
  }

  /// Moves `value` by one step.
  public func update(_ value: inout Tensor, gradient: Tensor, state: inout State, step: Int) {
    value.rootMeanSquareStep(
      gradient: gradient, squares: &state.squareSum, learningRate: learningRate, decay: 1, rest: 1,
      epsilon: epsilon, of: Self.typeName)
  }
}
