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
///     var optimizer = AdaGrad(learningRate: 1)
///     var weights: Tensor = [2]
///     optimizer.update(&weights, gradient: [3], slot: 0)   // s = 9, weights is [1]
///     optimizer.update(&weights, gradient: [4], slot: 0)   // s = 25, weights is [0.2]
///
/// The formula and the default values are those of PyTorch's `Adagrad`.
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; one number a weight is kept.
/// - Reference: Duchi, Hazan, Singer (2011), *Adaptive subgradient methods for online learning and
///   stochastic optimization*, with diagonal matrices.
public struct AdaGrad: Optimizer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The step size.
    public var learningRate: Float
    /// What is added to the root.
    public var epsilon: Float

    fileprivate var problem: ArgumentProblem? {
      ArgumentRange.firstProblem(
        of: AdaGrad.typeName, ("learning rate", learningRate, .notNegative),
        ("epsilon", epsilon, .positive))
    }
  }

  /// "AdaGrad"
  public static let typeName = "AdaGrad"
  /// The step size η.
  public var learningRate: Float
  /// What is added to the root, ε.
  public let epsilon: Float
  private var squareSums = SlotState()

  /// Creates the optimizer.
  /// - Parameters:
  ///   - learningRate: η, at least 0
  ///   - epsilon: ε, above 0
  public init(learningRate: Float = 0.01, epsilon: Float = 1e-10) {
    let configuration = Configuration(learningRate: learningRate, epsilon: epsilon)
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
    epsilon = configuration.epsilon
  }

  /// The constructor arguments, with the learning rate of now.
  public var configuration: Configuration {
    Configuration(learningRate: learningRate, epsilon: epsilon)
  }

  /// Starts with sums of 0.
  public mutating func prepare(shapes: [[Int]]) { squareSums.prepare(shapes: shapes) }

  /// Moves `value` by one step.
  public mutating func update(_ value: inout Tensor, gradient: Tensor, slot: Int) {
    squareSums.makeRoom(for: value, slot: slot, of: "AdaGrad")
    value.rootMeanSquareStep(
      gradient: gradient, squares: &squareSums[slot], learningRate: learningRate, decay: 1, rest: 1,
      epsilon: epsilon, of: "AdaGrad")
  }

  /// Shows the sum of squares of each parameter.
  public mutating func forEachState(
    _ body: (_ name: String, _ slot: Int, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try squareSums.forEach(named: "squareSum", body)
  }

  /// Throws when a sum of squares is negative.
  public func checkState() throws {
    try squareSums.checkNotNegative("sum of squares", of: Self.typeName)
  }
}
