import Shared

/// Adam with decoupled weight decay.
///
/// Each step first shrinks the weights, `w ← (1 − η λ) w`, and then moves them as `Adam` does:
/// `w ← w − η m̂ / (√v̂ + ε)`.
/// - `λ`: `weightDecay`; all else as in `Adam`
///
///     var optimizer = AdamW(learningRate: 0.5, weightDecay: 0.1)
///     var weights: Tensor = [10]
///     optimizer.beginStep()
///     optimizer.update(&weights, gradient: [3], slot: 0)   // weights is [9]: 10 · 0.95 − 0.5
///
/// A penalty on the squared weights would add λ w to the gradient; Adam then divides it by √v̂, so that
/// weights with large gradients would hardly shrink. Decoupled, all weights shrink alike. As in PyTorch
/// that means every parameter, biases too.
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; two numbers a weight are kept.
/// - Reference: Loshchilov, Hutter (2019), *Decoupled weight decay regularization*, algorithm 2, where the
///   shrinkage is scaled by the schedule only; with η too, as here, in PyTorch.
public struct AdamW: Optimizer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The step size.
    public var learningRate: Float
    /// How much of the first moment stays from step to step.
    public var beta1: Float
    /// How much of the second moment stays from step to step.
    public var beta2: Float
    /// What is added to the root of the second moment.
    public var epsilon: Float
    /// The share of each weight, times the step size, that a step takes away.
    public var weightDecay: Float

    fileprivate var problem: ArgumentProblem? {
      ArgumentRange.firstProblem(
        of: AdamW.typeName, ("learning rate", learningRate, .notNegative),
        ("beta1", beta1, .belowOne), ("beta2", beta2, .belowOne), ("epsilon", epsilon, .positive),
        ("weight decay", weightDecay, .notNegative))
    }
  }

  /// "AdamW"
  public static let typeName = "AdamW"
  /// The step size η.
  public var learningRate: Float
  /// How much of the first moment stays from step to step, β₁.
  public let beta1: Float
  /// How much of the second moment stays from step to step, β₂.
  public let beta2: Float
  /// What is added to the root of the second moment, ε.
  public let epsilon: Float
  /// The share of each weight, times the step size, that a step takes away, λ.
  public let weightDecay: Float
  /// The number of the step, t.
  private var stepCount = 0
  private var firstMoments = SlotState()
  private var secondMoments = SlotState()

  /// Creates the optimizer.
  /// - Parameters:
  ///   - learningRate: η, at least 0
  ///   - beta1: β₁, at least 0 and below 1
  ///   - beta2: β₂, at least 0 and below 1
  ///   - epsilon: ε, above 0
  ///   - weightDecay: λ, at least 0
  public init(
    learningRate: Float = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    weightDecay: Float = 0.01
  ) {
    let configuration = Configuration(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
      weightDecay: weightDecay)
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
    beta1 = configuration.beta1
    beta2 = configuration.beta2
    epsilon = configuration.epsilon
    weightDecay = configuration.weightDecay
  }

  /// The constructor arguments, with the learning rate of now.
  public var configuration: Configuration {
    Configuration(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
      weightDecay: weightDecay)
  }

  /// Starts with moments of 0 and before the first step.
  public mutating func prepare(shapes: [[Int]]) {
    firstMoments.prepare(shapes: shapes)
    secondMoments.prepare(shapes: shapes)
    stepCount = 0
  }

  /// Counts the step.
  public mutating func beginStep() { stepCount += 1 }

  /// Moves `value` by one step; `beginStep` comes before it, once for all parameters.
  public mutating func update(_ value: inout Tensor, gradient: Tensor, slot: Int) {
    requireStep(stepCount, of: "AdamW")
    firstMoments.makeRoom(for: value, slot: slot, of: "AdamW")
    secondMoments.makeRoom(for: value, slot: slot, of: "AdamW")
    value.adamStep(
      gradient: gradient, firstMoment: &firstMoments[slot], secondMoment: &secondMoments[slot],
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
      weightDecay: weightDecay, stepCount: stepCount)
  }

  /// Shows the moments of each parameter.
  public mutating func forEachState(
    _ body: (_ name: String, _ slot: Int, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try firstMoments.forEach(named: "firstMoment", body)
    try secondMoments.forEach(named: "secondMoment", body)
  }

  /// Throws when a second moment is negative.
  public func checkState() throws {
    try secondMoments.checkNotNegative("second moment", of: Self.typeName)
  }

  /// The number of steps taken, "stepCount".
  public var counters: [String: Int] {
    get { ["stepCount": stepCount] }
    set { stepCount = max(newValue["stepCount"] ?? 0, 0) }
  }
}
