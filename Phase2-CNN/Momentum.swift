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
///     var optimizer = Momentum(learningRate: 1, momentum: 0.5)
///     var weights: Tensor = [8]
///     optimizer.update(&weights, gradient: [4], slot: 0)   // v = −4, weights is [4]
///     optimizer.update(&weights, gradient: [0], slot: 0)   // v = −2, weights is [2]
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
public struct Momentum: Optimizer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The step size.
    public var learningRate: Float
    /// How much of the velocity stays from step to step.
    public var momentum: Float
    /// Whether the step is Nesterov's.
    public var nesterov: Bool

    fileprivate var problem: ArgumentProblem? {
      ArgumentRange.firstProblem(
        of: Momentum.typeName, ("learning rate", learningRate, .notNegative),
        ("momentum", momentum, .belowOne))
    }
  }

  /// "Momentum"
  public static let typeName = "Momentum"
  /// The step size η.
  public var learningRate: Float
  /// How much of the velocity stays from step to step, μ.
  public let momentum: Float
  /// Whether the step is Nesterov's.
  public let nesterov: Bool
  private let runsKernel: Bool
  private var velocities = SlotState()

  /// Creates the optimizer.
  /// - Parameters:
  ///   - learningRate: η, at least 0
  ///   - momentum: μ, at least 0 and below 1
  ///   - nesterov: whether the step is Nesterov's
  ///   - implementation: whether the formula runs as it is written here or as a kernel
  public init(
    learningRate: Float, momentum: Float = 0.9, nesterov: Bool = false,
    implementation: Implementation = .fast
  ) {
    let configuration = Configuration(
      learningRate: learningRate, momentum: momentum, nesterov: nesterov)
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
    momentum = configuration.momentum
    nesterov = configuration.nesterov
    self.runsKernel = runsKernel
  }

  /// The constructor arguments, with the learning rate of now.
  public var configuration: Configuration {
    Configuration(learningRate: learningRate, momentum: momentum, nesterov: nesterov)
  }

  /// Starts with velocities of 0.
  public mutating func prepare(shapes: [[Int]]) { velocities.prepare(shapes: shapes) }

  /// Moves `value` by one step.
  public mutating func update(_ value: inout Tensor, gradient: Tensor, slot: Int) {
    velocities.makeRoom(for: value, slot: slot, of: "Momentum")
    if runsKernel {
      value.momentumStep(
        gradient: gradient, velocity: &velocities[slot], learningRate: learningRate,
        momentum: momentum, nesterov: nesterov)
    } else {
      applyFormula(to: &value, gradient: gradient, slot: slot)
    }
  }

  /// One step by the formula.
  private mutating func applyFormula(to value: inout Tensor, gradient: Tensor, slot: Int) {
    // TODO(2.7): change velocities[slot], then value: by the velocity, or by μ v − η g if nesterov.
    // BEGIN SOLUTION
    velocities[slot] = momentum * velocities[slot] - learningRate * gradient
    if nesterov {
      value += momentum * velocities[slot] - learningRate * gradient
    } else {
      value += velocities[slot]
    }
    // END SOLUTION
  }

  /// Shows the velocity of each parameter.
  public mutating func forEachState(
    _ body: (_ name: String, _ slot: Int, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try velocities.forEach(named: "velocity", body)
  }

  /// Whether the formula does what the kernel does; the kernel stands in for it only then.
  private static let formulaIsKernel = [false, true].allSatisfy { nesterov in
    let arguments = Configuration(learningRate: 0.5, momentum: 0.75, nesterov: nesterov)
    return Momentum(arguments, runsKernel: false).agrees(
      with: Momentum(arguments, runsKernel: true))
  }
}
