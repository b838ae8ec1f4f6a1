import Shared

extension Int {
  /// 2²⁰: a float holds whole numbers up to 2²⁴ only, so a count is saved as two of them.
  private static let base = 1 << 20

  /// A count of training passes as a state of a checkpoint, `[2]`: the count in units of 2²⁰, and the rest.
  ///
  /// Numbers that are no count set it to -1, which `checkCount(of:)` refuses.
  var asState: Tensor {
    get {
      let (high, low) = quotientAndRemainder(dividingBy: Self.base)
      return Tensor([Float(high), Float(low)])
    }
    set {
      guard newValue.count == 2, let high = Int(exactly: newValue[0]),
        let low = Int(exactly: newValue[1]), (0..<1 << 40).contains(high),
        (0..<Self.base).contains(low)
      else {
        self = -1
        return
      }
      self = high * Self.base + low
    }
  }

  /// Throws when a file gave numbers that are no count.
  func checkCount(of layer: String) throws {
    guard self < 0 else { return }
    throw CourseError(
      .format, "\(layer): invalid number of training passes",
      expected: "two whole numbers of at least 0, the second below \(Self.base)",
      received: "other numbers")
  }
}
