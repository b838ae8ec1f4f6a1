/// A part of a network that a file can name and rebuild: a layer, a loss, an optimizer, a penalty.
public protocol Configurable: Sendable {
  /// The constructor arguments, which a checkpoint stores.
  associatedtype Configuration: Codable & Sendable

  /// The name under which checkpoints know the type.
  static var typeName: String { get }
  /// Creates the part from what `configuration` returned; throws on values out of range.
  init(configuration: Configuration) throws
  /// The constructor arguments of this part.
  var configuration: Configuration { get }
}

extension Configurable {
  /// The name of the type.
  public static var typeName: String { String(describing: Self.self) }
}
