import Shared

/// The lengths of sequences that are padded to one length: the side input `"lengths"` of the layers that leave the padding
/// out.
///
///     let data = try data.with(sideInputs: ["lengths": Tensor([[2], [5], [3]])])      // [N, 1]
public struct PaddedLengths: Sendable {
  /// "lengths"
  public static let sideInput = "lengths"
  /// One number for each example.
  public static let sideInputShapes = [sideInput: [1]]

  private var lengths: [Int]?

  /// No lengths yet.
  public init() {}

  /// Takes the lengths out of side inputs.
  public mutating func take(_ sideInputs: [String: Tensor]) {
    lengths = sideInputs[Self.sideInput].map { $0.scalars.map { Int(exactly: $0) ?? 0 } }
  }

  /// Throws unless the lengths are whole numbers from 1 to the number of steps.
  public static func check(_ sideInputs: [String: Tensor], steps: Int, firstExample: Int) throws {
    guard let lengths = sideInputs[sideInput]?.scalars,
      let wrong = lengths.firstIndex(where: { length in
        Int(exactly: length).map { !(1..<(steps + 1)).contains($0) } ?? true
      })
    else { return }
    throw CourseError(
      .invalidData, "the length of a sequence is out of range",
      expected: "a whole number from 1 to \(steps), the number of steps",
      received: "\(lengths[wrong])", location: "example \(firstExample + wrong)",
      remedy: lengths[wrong] >= 1
        ? "Count the steps before the padding." : "Leave empty sequences out.")
  }

  /// The lengths of a batch; stops unless there is one for each example, from 1 to the number of steps.
  /// - Parameters:
  ///   - method: the layer and its method, for the message
  ///   - count: the number of examples
  func values(for method: String, count: Int, steps: Int) -> [Int] {
    guard let lengths, count == lengths.count,
      lengths.allSatisfy((1..<(steps + 1)).contains)
    else {
      stop(
        method, expected: "the side input \"lengths\", from 1 to \(steps) for each example",
        received: lengths.map { "\($0)" } ?? "none")
    }
    return lengths
  }
}
