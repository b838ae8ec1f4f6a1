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
  private var value: Value?

  /// Keeps nothing.
  public init() {}

  /// Keeps the values of a training pass; an inference pass keeps nothing, and releases what was kept.
  public mutating func set(_ value: Value, in mode: Mode) {
    self.value = mode == .training ? value : nil
  }

  /// Releases the values, so that a new pass can use the memory.
  public mutating func clear() { value = nil }

  /// The values of the last training pass, which are then no longer kept; stops when there is none.
  public mutating func take(for layer: @autoclosure () -> String) -> Value {
    guard let value = value.take() else {
      stop(
        "\(layer()).backward: no forward pass to go back through: call forward first, in training mode, once "
          + "for each backward")
    }
    return value
  }
}
