import Shared

/// A count of training passes that a checkpoint holds, as two floats: one alone is exact only up to 2²⁴.
struct PassCounter: Sendable {
  private static let base = 1 << 20

  /// The count in units of 2²⁰, and the rest.
  var words = Tensor(zeros: [2])

  /// The count; 0 where a damaged file gave something that is none.
  var count: Int {
    get { read() ?? 0 }
    set {
      let (high, low) = newValue.quotientAndRemainder(dividingBy: Self.base)
      words = Tensor([Float(high), Float(low)])
    }
  }

  private func read() -> Int? {
    guard words.count == 2, let high = Int(exactly: words[0]), let low = Int(exactly: words[1]),
      (0..<1 << 40).contains(high), (0..<Self.base).contains(low)
    else { return nil }
    return high * Self.base + low
  }

  /// Throws when the words, read from a file, make no count.
  func check(of layer: String) throws {
    guard read() == nil else { return }
    throw CourseError(
      .format, "\(layer): a count of passes that is none",
      expected: "two whole numbers of at least 0, the second below \(Self.base)",
      received: "\(words.scalars)")
  }
}
