import Foundation
import Shared

/// Adam: each weight has a step size of its own, from running means of its gradient and of its square.
///
/// In step t = 1, 2, ...:
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
///     var optimizer = Adam(learningRate: 0.5)
///     var weights: Tensor = [1, 1]
///     optimizer.beginStep()
///     optimizer.update(&weights, gradient: [8, -0.001], slot: 0)
///     // weights is [0.5, 1.5]: the first step has the size η, whatever the size of the gradient
///
/// t counts the steps of the optimizer (`beginStep`), the same for all parameters.
///
/// - Complexity: O(number of weights) for a step, in one pass over memory; two numbers a weight are kept.
/// - Reference: Kingma, Ba (2015), *Adam: a method for stochastic optimization*, algorithm 1. ε is the one
///   of algorithm 1, and of PyTorch; the ε̂ of the faster form at the end of their section 2 is
///   `ε √(1 − β₂ᵗ)`. Task: Protocols/Phase2-CNN.md, 2.8.
public struct Adam: Optimizer {
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

    fileprivate var problem: ArgumentProblem? {
      ArgumentRange.firstProblem(
        of: Adam.typeName, ("learning rate", learningRate, .notNegative),
        ("beta1", beta1, .belowOne), ("beta2", beta2, .belowOne), ("epsilon", epsilon, .positive))
    }
  }

  /// "Adam"
  public static let typeName = "Adam"
  /// The step size η.
  public var learningRate: Float
  /// How much of the first moment stays from step to step, β₁.
  public let beta1: Float
  /// How much of the second moment stays from step to step, β₂.
  public let beta2: Float
  /// What is added to the root of the second moment, ε.
  public let epsilon: Float
  private let runsKernel: Bool
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
  ///   - implementation: whether the formula runs as it is written here or as a kernel
  public init(
    learningRate: Float = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    implementation: Implementation = .fast
  ) {
    let configuration = Configuration(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon)
    configuration.problem?.stopProgram()
    self.init(configuration, runsKernel: implementation == .fast && Self.formulaIsKernel)
  }

  /// Creates the optimizer from a checkpoint or a settings file.
  public init(configuration: Configuration) throws {
    if let problem = configuration.problem { throw problem.error }
    self.init(configuration, runsKernel: Self.formulaIsKernel)
  }

  private init(_ configuration: Configuration, runsKernel: Bool) {
    learningRate = configuration.learningRate
    beta1 = configuration.beta1
    beta2 = configuration.beta2
    epsilon = configuration.epsilon
    self.runsKernel = runsKernel
  }

  /// The constructor arguments, with the learning rate of now.
  public var configuration: Configuration {
    Configuration(learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon)
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
    requireStep(stepCount, of: "Adam")
    firstMoments.makeRoom(for: value, slot: slot, of: "Adam")
    secondMoments.makeRoom(for: value, slot: slot, of: "Adam")
    if runsKernel {
      value.adamStep(
        gradient: gradient, firstMoment: &firstMoments[slot], secondMoment: &secondMoments[slot],
        learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: 0,
        stepCount: stepCount)
    } else {
      applyFormula(to: &value, gradient: gradient, slot: slot)
    }
  }

  /// One step by the formula.
  private mutating func applyFormula(to value: inout Tensor, gradient: Tensor, slot: Int) {
    // TODO(2.8): change firstMoments[slot] and secondMoments[slot], correct them for their start at 0 (t is
    // stepCount), then change value.
    // BEGIN SOLUTION
    firstMoments[slot] = beta1 * firstMoments[slot] + (1 - beta1) * gradient
    secondMoments[slot] = beta2 * secondMoments[slot] + (1 - beta2) * square(gradient)
    let first = firstMoments[slot] / (1 - pow(beta1, Float(stepCount)))
    let second = secondMoments[slot] / (1 - pow(beta2, Float(stepCount)))
    value -= learningRate * first / (sqrt(second) + epsilon)
    // END SOLUTION
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

  /// Whether the formula does what the kernel does; the kernel stands in for it only then.
  private static let formulaIsKernel: Bool = {
    let arguments = Configuration(learningRate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 0.25)
    return Adam(arguments, runsKernel: false).agrees(with: Adam(arguments, runsKernel: true))
  }()
}

/// Stops an update that no `beginStep` came before: in step 0 the corrected moments would be 0 / 0.
func requireStep(_ stepCount: Int, of optimizer: String) {
  guard stepCount >= 1 else {
    stop(
      "\(optimizer).update", expected: "beginStep() before the updates of each step",
      received: "an update before the first step")
  }
}
