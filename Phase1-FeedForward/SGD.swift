import Shared

/// Stochastic gradient descent.
///
/// Each step moves every parameter against its gradient: `w ← w − η · dL/dw`
/// - `w`: a parameter of any shape
/// - `dL/dw`: its gradient, of the same shape
/// - `η`: `learningRate`
///
///     let optimizer = SGD(learningRate: 0.1)
///     var weights: Tensor = [1, 2]
///     optimizer.update(&weights, gradient: [10, -10])
///     // weights is [0, 3]
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; no state.
/// - Reference: Robbins, Monro (1951), *A stochastic approximation method*.
///   Task: Protocols/Phase1-FeedForward.md, 1.1.
public struct SGD: StatelessOptimizer, SelfConfigured {
  /// Moves `value` one step against `gradient`.
  public func update(_ value: inout Tensor, gradient: Tensor) {
    // TODO(1.1): w ← w − η · dL/dw, in place.
    // BEGIN SOLUTION
    value.add(gradient, scaledBy: -learningRate)
    // END SOLUTION
  }

  /// The step size η.
  public var learningRate: Float

  /// Creates the optimizer; the learning rate must be a finite number of at least 0.
  public init(learningRate: Float) {
    self.learningRate = learningRate
    orStop { try checkArguments() }
  }

  /// Throws when the learning rate is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(of: Self.typeName, ("learning rate", learningRate, .notNegative))
  }
}
