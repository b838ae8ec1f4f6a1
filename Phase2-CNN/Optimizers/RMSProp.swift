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
///     var optimizer = RMSProp(learningRate: 0.5, decay: 0.75)
///     var weights: Tensor = [2, 2]
///     optimizer.update(&weights, gradient: [8, -0.01], slot: 0)   // weights is [1, 3]
///
/// The formula and the default values are those of PyTorch's `RMSprop`.
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; one number a weight is kept.
/// - Reference: Tieleman, Hinton (2012), *Neural networks for machine learning*, lecture 6.5.
public struct RMSProp: Optimizer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The step size.
    public var learningRate: Float
    /// How much of the running mean stays from step to step.
    public var decay: Float
    /// What is added to the root.
    public var epsilon: Float

    fileprivate var problem: ArgumentProblem? {
      ArgumentRange.firstProblem(
        of: RMSProp.typeName, ("learning rate", learningRate, .notNegative),
        ("decay", decay, .belowOne), ("epsilon", epsilon, .positive))
    }
  }

  /// "RMSProp"
  public static let typeName = "RMSProp"
  /// The step size η.
  public var learningRate: Float
  /// How much of the running mean stays from step to step, ρ.
  public let decay: Float
  /// What is added to the root, ε.
  public let epsilon: Float
  private var meanSquares = SlotState()

  /// Creates the optimizer.
  /// - Parameters:
  ///   - learningRate: η, at least 0
  ///   - decay: ρ, at least 0 and below 1
  ///   - epsilon: ε, above 0
  public init(learningRate: Float = 0.01, decay: Float = 0.99, epsilon: Float = 1e-8) {
    let configuration = Configuration(learningRate: learningRate, decay: decay, epsilon: epsilon)
    configuration.problem?.stopProgram()
    self.init(configuration)
  }

  /// Creates the optimizer from a checkpoint or a settings file.
  public init(configuration: Configuration) throws {
    if let problem = configuration.problem { throw problem.error }
    self.init(configuration)
  }

  private init(_ configuration: Configuration) {
    learningRate = configuration.learningRate
    decay = configuration.decay
    epsilon = configuration.epsilon
  }

  /// The constructor arguments, with the learning rate of now.
  public var configuration: Configuration {
    Configuration(learningRate: learningRate, decay: decay, epsilon: epsilon)
  }

  /// Starts with running means of 0.
  public mutating func prepare(shapes: [[Int]]) { meanSquares.prepare(shapes: shapes) }

  /// Moves `value` by one step.
  public mutating func update(_ value: inout Tensor, gradient: Tensor, slot: Int) {
    meanSquares.makeRoom(for: value, slot: slot, of: "RMSProp")
    value.rootMeanSquareStep(
      gradient: gradient, squares: &meanSquares[slot], learningRate: learningRate, decay: decay,
      rest: 1 - decay, epsilon: epsilon, of: "RMSProp")
  }

  /// Shows the running mean of each parameter.
  public mutating func forEachState(
    _ body: (_ name: String, _ slot: Int, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try meanSquares.forEach(named: "meanSquare", body)
  }

  /// Throws when a mean of squares is negative.
  public func checkState() throws {
    try meanSquares.checkNotNegative("mean of squares", of: Self.typeName)
  }
}
