/// Why the text of a value is not accepted.
struct ValueProblem: Error, Equatable {
  /// What would have been right: "a whole number from 1 to 1000".
  var expected: String
  /// Close relatives of what was written, best first.
  var suggestions: [String] = []
}

/// A type of value that an option takes: how it is called, and how it is read.
struct ValueKind<Value: Sendable>: Sendable {
  let placeholder: String
  let read: @Sendable (String) throws(ValueProblem) -> Value
}

extension ValueKind where Value == Int {
  /// A whole number within a range.
  static func integer(in range: ClosedRange<Int>) -> ValueKind {
    let expected =
      range.upperBound == .max
      ? "a whole number, at least \(range.lowerBound)"
      : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return ValueKind(placeholder: "N") { text throws(ValueProblem) in
      guard let value = Int(text), range.contains(value) else {
        throw ValueProblem(expected: expected)
      }
      return value
    }
  }
}

extension ValueKind where Value == UInt64 {
  /// A seed of random numbers.
  static var seed: ValueKind {
    ValueKind(placeholder: "N") { text throws(ValueProblem) in
      // Not above what JSON readers keep exactly as a whole number.
      guard let value = UInt64(text), value <= UInt64(Int.max) else {
        throw ValueProblem(expected: "a whole number from 0 to \(Int.max)")
      }
      return value
    }
  }
}

extension ValueKind where Value == Float {
  /// A finite number above zero and not above `limit`.
  static func positive(upTo limit: Float = .greatestFiniteMagnitude) -> ValueKind {
    let expected =
      limit == .greatestFiniteMagnitude
      ? "a number above 0" : "a number above 0, at most \(shortNumber(limit))"
    return ValueKind(placeholder: "X") { text throws(ValueProblem) in
      guard let value = Float(text), value.isFinite, value > 0, value <= limit else {
        throw ValueProblem(expected: expected)
      }
      return value
    }
  }
}

extension ValueKind where Value == Float {
  /// A finite number of at least zero.
  static var notNegative: ValueKind {
    ValueKind(placeholder: "X") { text throws(ValueProblem) in
      guard let value = Float(text), value.isFinite, value >= 0 else {
        throw ValueProblem(expected: "a number, at least 0")
      }
      return value
    }
  }
}

extension ValueKind where Value == [Int] {
  /// Sizes separated by commas; `none` is the empty list.
  static func sizes(in range: ClosedRange<Int>) -> ValueKind {
    ValueKind(placeholder: "N,N,...") { text throws(ValueProblem) in
      if text == "none" { return [] }
      var sizes: [Int] = []
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        guard let size = Int(part), range.contains(size) else {
          throw ValueProblem(
            expected: "sizes from \(range.lowerBound) to \(range.upperBound) separated by commas, "
              + "such as 64,32, or none")
        }
        sizes.append(size)
      }
      return sizes
    }
  }
}

extension ValueKind where Value == String {
  /// Any text that is not empty.
  static func text(_ placeholder: String) -> ValueKind {
    ValueKind(placeholder: placeholder) { text throws(ValueProblem) in
      guard !text.isEmpty else { throw ValueProblem(expected: "a text that is not empty") }
      return text
    }
  }
}

extension ValueKind where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
  /// One of the cases of an enumeration, by name.
  static func choice(_ placeholder: String) -> ValueKind {
    let names = Value.allCases.map(\.rawValue)
    return ValueKind(placeholder: placeholder) { text throws(ValueProblem) in
      guard let value = Value(rawValue: text) else {
        throw ValueProblem(
          expected: names.joined(separator: ", "), suggestions: suggestions(for: text, among: names)
        )
      }
      return value
    }
  }
}
