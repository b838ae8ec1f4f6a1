import Shared

/// A layer that drops elements at random: the parts that `Dropout` and `SpatialDropout2D` share.
protocol MaskDrawing: Layer where Configuration == DropoutConfiguration {
  /// The source of the masks.
  var draws: MaskDraws { get set }
}

extension MaskDrawing {
  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }

  /// Takes the key of the masks.
  public mutating func setRandomKey(_ key: RandomKey) { draws.key = key }

  /// Sets whether the masks are all ones.
  public mutating func setFrozen(_ isFrozen: Bool) { draws.isFrozen = isFrozen }

  /// Shows "passes", the number of masks drawn so far, so that a resumed training goes on with the next one.
  public mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try body("passes", &draws.passes.asState)
  }

  /// Throws when a file gave the number of masks as numbers that are no count.
  public func checkState() throws { try draws.passes.checkCount(of: Self.typeName) }
}

/// The masks of a dropout layer, one for each training pass.
struct MaskDraws: Sendable {
  /// Until a layer is given a seed or a place in a network, its masks are its own.
  var key = RandomKey.random()
  /// The number of masks drawn so far.
  var passes = 0
  /// Whether the layer lies among frozen layers, where nothing is drawn or dropped.
  var isFrozen = false

  /// The mask of the next pass: 0 with probability `rate`, else 1.
  mutating func next(shape: [Int], rate: Float) -> Tensor {
    if isFrozen { return Tensor(ones: shape) }
    defer { passes += 1 }
    return Tensor(bernoulliMask: shape, rate: rate, key: key.folded(passes))
  }
}

/// The constructor arguments of the dropout layers.
public struct DropoutConfiguration: Codable, Sendable, Equatable {
  /// The fraction that is dropped.
  public var rate: Float

  /// Creates a configuration.
  public init(rate: Float) { self.rate = rate }

  func check(of layer: String) throws {
    // Written so that NaN fails.
    guard (0..<1).contains(rate) else {
      throw CourseError(
        .invalidArgument, "\(layer): rate out of range",
        expected: "a dropped fraction of at least 0 and below 1", received: "\(rate)",
        remedy: rate == 1
          ? "A rate of 1 would leave nothing; leave the layer out to drop nothing."
          : "To keep 80 % of the elements, use a rate of 0.2.")
    }
  }
}
