/// A rule that turns gradients into better parameters.
///
/// An optimizer is a formula and its settings. The numbers that it keeps of a parameter, such as a velocity,
/// are a value of their own, the `State`. A network owns one for each parameter, counts the steps, and saves
/// both in its checkpoints.
///
/// This one is complete:
///
///     struct SignDescent: StatelessOptimizer, SelfConfigured {
///       var learningRate: Float
///       func update(_ value: inout Tensor, gradient: Tensor) {
///         value.add(sign(gradient), scaledBy: -learningRate)
///       }
///     }
public protocol Optimizer: Configurable {
  /// The numbers kept of one parameter from step to step.
  associatedtype State: ParameterState = NoState

  /// The step size η. Learning-rate schedules set it.
  var learningRate: Float { get set }

  /// The rule for a parameter: the optimizer itself, unless it treats parameters differently.
  func rule(for parameter: Parameter) -> Self

  /// Moves a parameter by one step.
  /// - Parameters:
  ///   - value: the parameter
  ///   - gradient: the gradient of the loss with respect to it, of the same shape
  ///   - state: the state of this parameter
  ///   - step: the number of the step, counted from 1, the same for all parameters
  func update(_ value: inout Tensor, gradient: Tensor, state: inout State, step: Int)
}

extension Optimizer {
  /// The optimizer itself.
  @inlinable public func rule(for parameter: Parameter) -> Self { self }
}

/// The numbers that an optimizer keeps of one parameter, such as its velocity.
public protocol ParameterState: Sendable {
  /// The state before the first step.
  init(for value: Tensor)

  /// Shows each tensor, of the parameter's shape, with its name in checkpoints.
  mutating func forEach(_ body: (_ name: String, _ tensor: inout Tensor) throws -> Void) rethrows

  /// The names of the tensors that hold no number below 0, such as sums of squares: a checkpoint in which
  /// one does is refused.
  static var notNegative: [String] { get }
}

extension ParameterState {
  /// None.
  public static var notNegative: [String] { [] }
}

/// The state of an optimizer that keeps none.
public struct NoState: ParameterState {
  /// The only value.
  public init(for value: Tensor) {}
  /// Shows nothing.
  public func forEach(_ body: (_ name: String, _ tensor: inout Tensor) throws -> Void) rethrows {}
}

/// An optimizer whose step depends on nothing but the gradient, such as SGD.
public protocol StatelessOptimizer: Optimizer where State == NoState {
  /// Moves a parameter by one step.
  func update(_ value: inout Tensor, gradient: Tensor)
}

extension StatelessOptimizer {
  /// Moves a parameter by one step; neither the state nor the number of the step matters.
  @inlinable public func update(
    _ value: inout Tensor, gradient: Tensor, state: inout NoState, step: Int
  ) {
    update(&value, gradient: gradient)
  }
}
