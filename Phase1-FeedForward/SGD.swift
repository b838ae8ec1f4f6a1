import Shared

/// Stochastic gradient descent.
///
/// Each step moves every parameter against its gradient: `w ← w − η · dL/dw`
/// - `w`: a parameter of any shape
/// - `dL/dw`: its gradient, of the same shape
/// - `η`: `learningRate`
///
///     var optimizer = SGD(learningRate: 0.1)
///     var weights: Tensor = [1, 2]
///     optimizer.update(&weights, gradient: [10, -10], slot: 0)
///     // weights is [0, 3]
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; no state.
/// - Reference: Robbins, Monro (1951), *A stochastic approximation method*.
///   Task: Protocols/Phase1-FeedForward.md, 1.1.
public struct SGD: Optimizer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The step size.
    public var learningRate: Float
  }

  /// "SGD"
  public static let typeName = "SGD"
  /// The step size η.
  public var learningRate: Float

  /// Creates the optimizer; the learning rate must be a finite number of at least 0.
  public init(learningRate: Float) {
    guard learningRate >= 0, learningRate.isFinite else {
      stop("SGD", expected: "a finite learning rate of at least 0", received: "\(learningRate)")
    }
    self.learningRate = learningRate
  }

  /// Creates the optimizer from a checkpoint or a settings file.
  public init(configuration: Configuration) throws {
    guard configuration.learningRate >= 0, configuration.learningRate.isFinite else {
      throw CourseError(
        .invalidArgument, "SGD: learning rate out of range",
        expected: "a finite number of at least 0",
        received: "\(configuration.learningRate)")
    }
    learningRate = configuration.learningRate
  }

  /// The constructor arguments, with the learning rate of now.
  public var configuration: Configuration { Configuration(learningRate: learningRate) }

  /// Moves `value` one step against `gradient`.
  public mutating func update(_ value: inout Tensor, gradient: Tensor, slot: Int) {
    // TODO(1.1): w ← w − η · dL/dw, in place.
    // BEGIN SOLUTION
    value.add(gradient, scaledBy: -learningRate)
    // END SOLUTION
  }
}
