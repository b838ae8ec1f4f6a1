/// A part of a network that a file can name and rebuild: a layer, a loss, an optimizer, a penalty.
public protocol Configurable: Sendable {
  /// The constructor arguments, which a checkpoint stores.
  associatedtype Configuration: Codable & Sendable

  /// The name under which checkpoints know the type.
  static var typeName: String { get }
  /// Creates the part from its configuration; throws on values out of range.
  init(configuration: Configuration) throws
  /// The constructor arguments of this part.
  var configuration: Configuration { get }
}

extension Configurable {
  /// The name of the type.
  public static var typeName: String { String(describing: Self.self) }
}

/// A part that consists of its constructor arguments and nothing else, such as an optimizer or a schedule: it
/// is its own configuration.
///
///     struct Halving: LearningRateSchedule {      // a SelfConfigured
///       var interval: Int
///       func learningRate(step: Int, epoch: Int, base: Float) -> Float {
///         base / Float(1 << (epoch / interval))
///       }
///     }
public protocol SelfConfigured: Configurable, Codable, Equatable where Configuration == Self {
  /// Throws when an argument is out of its range.
  func checkArguments() throws
}

extension SelfConfigured {
  /// Creates the part from a checkpoint; throws when an argument is out of its range.
  public init(configuration: Self) throws {
    try configuration.checkArguments()
    self = configuration
  }
  /// The part itself.
  public var configuration: Self { self }
  /// Accepts all arguments.
  public func checkArguments() throws {}
}
