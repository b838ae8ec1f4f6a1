/// The values that `forward` keeps for `backward`.
///
///     private var kept = Kept<(x: Tensor, y: Tensor)>()
///
///     mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
///       let output = tanh(input)
///       kept.set((input, output), in: mode)       // nothing in inference
///       return output
///     }
///
///     mutating func backward(_ outputGradient: Tensor) -> Tensor {
///       let (x, y) = kept.take(for: "TanH")       // consumes them
///       ...
///     }
///
/// A backward pass consumes the values: they are most of the memory of a training step, and a layer's are
/// released before the layer in front of it needs memory.
public struct Kept<Value: Sendable>: Sendable {
  // Inlinable: called through its unspecialised form, it would look up the type of the values in every pass.
  @usableFromInline var value: Value?

  /// Keeps nothing.
  @inlinable public init() {}

  /// Keeps the values of a training pass; an inference pass keeps nothing, and releases what was kept.
  @inlinable public mutating func set(_ value: Value, in mode: Mode) {
    self.value = mode == .training ? value : nil
  }

  /// Releases the values, so that a new pass can use the memory.
  @inlinable public mutating func clear() { value = nil }

  /// The values of the last training pass, which are then no longer kept; stops when there is none.
  @inlinable public mutating func take(for layer: @autoclosure () -> String) -> Value {
    guard let value = value.take() else { Self.stopWithoutPass(layer()) }
    return value
  }

  @usableFromInline static func stopWithoutPass(_ layer: String) -> Never {
    stop(
      "\(layer).backward: no forward pass to go back through: call forward first, in training mode, once "
        + "for each backward")
  }
}
