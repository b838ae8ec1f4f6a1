/// One tensor for each parameter: what an optimizer remembers of it, such as a velocity.
///
///     var velocities = SlotState()
///     velocities.makeRoom(for: weights, slot: 0, of: "Momentum")   // zeros, the first time
///     velocities[0] = velocities[0] * 0.9 + gradient
///
/// Every parameter has a tensor of its own, found by the parameter's slot. One tensor for all of them
/// would mix the past of the weights into the bias.
public struct SlotState: Sendable {
  private var tensors: [Tensor?] = []
  /// More parameters than any network has.
  private static let mostSlots = 1 << 24

  /// Creates a state that has seen no parameter.
  public init() {}

  /// Forgets everything, and starts with zeros for parameters of these shapes.
  public mutating func prepare(shapes: [[Int]]) { tensors = shapes.map { Tensor(zeros: $0) } }

  /// Starts with zeros for a parameter that was not seen before. Stops if its slot is that of a parameter
  /// of another shape.
  public mutating func makeRoom(for value: Tensor, slot: Int, of optimizer: String) {
    guard (0..<Self.mostSlots).contains(slot) else {
      stop(
        "\(optimizer).update",
        expected: "a slot in 0..<\(Self.mostSlots), the number of a parameter",
        received: "\(slot)")
    }
    while tensors.count <= slot { tensors.append(nil) }
    guard let seen = tensors[slot]?.shape else {
      tensors[slot] = Tensor(zeros: value.shape)
      return
    }
    guard seen == value.shape else {
      stop(
        "\(optimizer).update",
        expected: "a slot for each parameter (slot \(slot) is that of one of shape \(seen))",
        received: "slot \(slot) with a parameter of shape \(value.shape)")
    }
  }

  /// The tensor of a slot that room was made for.
  public subscript(slot: Int) -> Tensor {
    get {
      requireRoom(slot)
      return tensors[slot]!
    }
    _modify {
      requireRoom(slot)
      yield &tensors[slot]!
    }
  }

  private func requireRoom(_ slot: Int) {
    guard tensors.indices.contains(slot), tensors[slot] != nil else {
      stop("SlotState", expected: "a slot that update was called with", received: "slot \(slot)")
    }
  }

  /// Throws when a number is negative: squares, and sums and means of them, are not.
  public func checkNotNegative(_ name: String, of optimizer: String) throws {
    for (slot, tensor) in tensors.enumerated() {
      guard let tensor, tensor.count > 0, tensor.min() < 0 else { continue }
      throw CourseError(
        .format, "\(optimizer): a \(name) below 0", expected: "numbers of at least 0",
        received: "\(tensor.min())", location: "parameter \(slot)")
    }
  }

  /// Shows the tensor of every slot that has one, under `name`: what `Optimizer.forEachState` asks for.
  public mutating func forEach(
    named name: String,
    _ body: (_ name: String, _ slot: Int, _ state: inout Tensor) throws -> Void
  ) rethrows {
    for slot in tensors.indices where tensors[slot] != nil {
      try body(name, slot, &tensors[slot]!)
    }
  }
}
