import Shared

/// Gradient descent with momentum, classic or Nesterov's.
///
/// Each parameter has a velocity, which starts at 0 and carries the past steps on:
/// - both: `v ← μ v − η g`
/// - classic: `w ← w + v`
/// - Nesterov: `w ← w + μ v − η g`, with the new `v`
///
/// where
/// - `w`: a parameter of any shape; `g = dL/dw`: its gradient
/// - `v`: its velocity, of the same shape
/// - `η`: `learningRate`, `μ`: `momentum`
///
///     let optimizer = Momentum(learningRate: 1, momentum: 0.5)
///     var weights: Tensor = [8]
///     var state = Momentum.State(for: weights)
///     optimizer.update(&weights, gradient: [4], state: &state, step: 1)   // v = −4, weights is [4]
///     optimizer.update(&weights, gradient: [0], state: &state, step: 2)   // v = −2, weights is [2]
///
/// Nesterov's method takes the gradient where the velocity is about to carry the weights. Here, as in
/// other libraries, `w` *is* that point ahead, so the gradient needs no second forward pass.
///
/// η enters when a gradient joins the velocity. PyTorch's `SGD(momentum=)` keeps `b ← μ b + g` and steps
/// by `−η b`: the same weights as long as η stays the same (`v = −η b`). When a schedule changes η, here
/// the gradients of the past keep the η of their time, there they take the new one.
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; one number a weight is kept.
/// - Reference: Polyak (1964), *Some methods of speeding up the convergence of iteration methods*;
///   Sutskever et al. (2013), *On the importance of initialization and momentum in deep learning*,
///   equations 1 and 2; Nesterov's in the form of Bengio et al. (2013), *Advances in optimizing recurrent
///   networks*, equation 7. Task: Protocols/Phase2-CNN.md, 2.7.
public struct Momentum: Optimizer, SelfConfigured {
  /// One step by the formula.
  func applyFormula(to value: inout Tensor, gradient: Tensor, state: inout State) {
    // TODO(2.7): change state.velocity, then value: by the velocity, or by μ v − η g if nesterov.
    // BEGIN SOLUTION
    state.velocity = momentum * state.velocity - learningRate * gradient
    if nesterov {
      value += momentum * state.velocity - learningRate * gradient
    } else {
      value += state.velocity
    }
    // END SOLUTION
  }

  /// The velocity of one parameter, 0 at first.
  public struct State: ParameterState {
    var velocity: Tensor

    /// A velocity of 0.
    public init(for value: Tensor) { velocity = Tensor(zeros: value.shape) }
    /// Shows the velocity.
    public mutating func forEach(_ body: (String, inout Tensor) throws -> Void) rethrows {
      try body("velocity", &velocity)
    }
  }

  /// The step size η.
  public var learningRate: Float
  /// The share of the velocity kept from step to step, μ.
  public package(set) var momentum: Float
  /// Whether the step is Nesterov's.
  public package(set) var nesterov: Bool
  package var implementation = Implementation.fast
  private enum CodingKeys: CodingKey { case learningRate, momentum, nesterov }

  /// Creates the optimizer, with η at least 0 and μ at least 0 and below 1.
  ///
  /// `implementation` decides whether the formula runs as it is written here or as a kernel.
  public init(
    learningRate: Float, momentum: Float = 0.9, nesterov: Bool = false,
    implementation: Implementation = .fast
  ) {
    (self.learningRate, self.momentum, self.nesterov) = (learningRate, momentum, nesterov)
    self.implementation = implementation
    orStop { try checkArguments() }
  }

  /// Throws when η or μ is out of range.
  public func checkArguments() throws {
    try ArgumentRange.check(
      of: Self.typeName, ("learning rate", learningRate, .notNegative),
      ("momentum", momentum, .belowOne))
  }
}
