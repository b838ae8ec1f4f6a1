/// A rule that turns gradients into better parameters.
///
/// The network numbers its parameters in visiting order; this number, the *slot*, is where an optimizer
/// with a memory (momentum, Adam) keeps what belongs to that parameter, one state for each parameter.
public protocol Optimizer: Configurable {
  /// The name under which checkpoints and the command line know the optimizer.
  static var typeName: String { get }
  /// Creates the optimizer from what `configuration` returned.
  init(configuration: Configuration) throws
  /// The constructor arguments of this optimizer, with the learning rate of now.
  var configuration: Configuration { get }
  /// The step size η. Learning-rate schedules set it.
  var learningRate: Float { get set }

  /// Starts afresh with zero state for parameters of these shapes. `fit` calls it before a new training
  /// and a checkpoint before it fills the state in; without it, `update` starts a slot that it has not
  /// seen from zero state.
  mutating func prepare(shapes: [[Int]])
  /// Called at the start of each step, before the parameters are updated one by one.
  mutating func beginStep()
  /// Changes `value` according to its gradient.
  mutating func update(_ value: inout Tensor, gradient: Tensor, slot: Int)
  /// Shows every state tensor with a name that is unique within its slot.
  mutating func forEachState(
    _ body: (_ name: String, _ slot: Int, _ state: inout Tensor) throws -> Void
  ) rethrows
  /// Throws when the state is none that the optimizer can have come to, such as a negative mean of squares:
  /// called after it was read from a file, with the right shapes and without NaN.
  func checkState() throws
  /// Numbers of at least 0 that belong to the state but to no parameter, such as Adam's step count.
  var counters: [String: Int] { get set }
}

extension Optimizer {
  /// Does nothing: the optimizer keeps no state.
  public mutating func prepare(shapes: [[Int]]) {}
  /// Does nothing.
  public mutating func beginStep() {}
  /// Shows nothing: the optimizer keeps no state.
  public mutating func forEachState(
    _ body: (_ name: String, _ slot: Int, _ state: inout Tensor) throws -> Void
  ) rethrows {}
  /// Accepts every state.
  public func checkState() throws {}
  /// None.
  public var counters: [String: Int] {
    get { [:] }
    set {}
  }
}
