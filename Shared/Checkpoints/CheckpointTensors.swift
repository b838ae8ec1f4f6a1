import Foundation

/// The tensors of a checkpoint that is being read. Their shapes are known from the header; the numbers of
/// one are read once its shape has been found to be the right one.
struct CheckpointTensors {
  /// Which numbers a tensor may hold.
  enum Numbers {
    /// None that is NaN or infinite.
    case finite
    /// The state of an optimizer: the square of a large gradient is infinite, while the weights are not.
    case orInfinite
    /// The same, where the numbers are squares, or sums or means of them.
    case notNegativeOrInfinite
  }

  private let reader: SafetensorsReader
  private var entries: [String: SafetensorsReader.Entry]
  /// The number of elements of the largest tensor, and of all tensors.
  let (largest, total): (Int, Int)

  init(_ reader: SafetensorsReader) throws {
    self.reader = reader
    entries = try Dictionary(uniqueKeysWithValues: reader.entries().map { ($0.name, $0) })
    let counts = entries.values.map { $0.shape.reduce(1, *) }
    (largest, total) = (counts.max() ?? 0, counts.reduce(0, +))
  }

  /// The names of the tensors that nothing has taken so far, in order.
  var names: [String] { entries.keys.sorted() }

  /// The shape of a tensor that nothing has taken so far.
  func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// Leaves a tensor out.
  mutating func drop(_ name: String) { entries[name] = nil }

  /// Takes a tensor out.
  /// - Parameter like: a tensor of the shape that it must have. A first size of 0 there stands for any number
  ///   of rows: a carried state has one for each example of the last batch.
  mutating func take(
    _ name: String, like old: [Int], _ numbers: Numbers = .finite
  ) throws -> Tensor {
    guard let entry = entries.removeValue(forKey: name) else {
      throw damagedCheckpoint("no tensor \(name), which the model needs")
    }
    let isRight =
      old.first == 0
      ? old.count == 1
        || entry.shape.count == old.count && entry.shape.dropFirst() == old.dropFirst()
      : entry.shape == old
    guard isRight else {
      throw damagedCheckpoint("tensor \(name) of shape \(entry.shape) where the model has \(old)")
    }
    let tensor = try reader.tensor(entry)
    switch numbers {
    case .finite:
      guard tensor.isFinite else { throw damagedCheckpoint("NaN or infinity in tensor \(name)") }
    case .orInfinite, .notNegativeOrInfinite:
      guard !tensor.hasNaN else { throw damagedCheckpoint("NaN in tensor \(name)") }
    }
    if numbers == .notNegativeOrInfinite, tensor.count > 0, tensor.min() < 0 {
      throw damagedCheckpoint(
        "\(tensor.min()) in tensor \(name)", expected: "numbers of at least 0")
    }
    return tensor
  }
}

/// The error for a file that no `save` can have written.
func damagedCheckpoint(_ received: String, expected: String? = nil) -> CourseError {
  CourseError(
    .format, "damaged checkpoint", expected: expected, received: received,
    remedy: "Use another copy of the file, or train again.")
}

extension Tensor {
  /// Whether an element is no number.
  var hasNaN: Bool { !isFinite && scalars.contains { $0.isNaN } }
}
