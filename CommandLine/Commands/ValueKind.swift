/// Why the text of a value is not accepted.
package struct ValueProblem: Error, Equatable {
  /// A description of valid values: "a whole number from 1 to 1000".
  package var expected: String
  /// Valid values that resemble the text, best first.
  package var suggestions: [String]

  package init(expected: String, suggestions: [String] = []) {
    (self.expected, self.suggestions) = (expected, suggestions)
  }
}

/// A type of option values: its placeholder in usage texts, and the conversions from and to text.
package struct ValueKind<Value: Sendable>: Sendable {
  package let placeholder: String
  package let read: @Sendable (String) throws(ValueProblem) -> Value
  package let text: @Sendable (Value) -> String

  package init(
    _ placeholder: String, text: @escaping @Sendable (Value) -> String,
    read: @escaping @Sendable (String) throws(ValueProblem) -> Value
  ) {
    self.placeholder = placeholder
    self.text = text
    self.read = read
  }

  /// Values that `parse` makes of a text, or refuses as `nil`.
  /// - Parameters:
  ///   - expected: a description of valid values
  ///   - names: valid values to suggest in place of a similar one
  package init(
    _ placeholder: String, expected: String, names: [String] = [],
    text: @escaping @Sendable (Value) -> String, parse: @escaping @Sendable (String) -> Value?
  ) {
    self.init(placeholder, text: text) { written throws(ValueProblem) in
      if let value = parse(written) { return value }
      throw ValueProblem(
        expected: expected, suggestions: suggestions(for: written, among: names))
    }
  }
}

/// A value that is written as one text, on the command line and in JSON: `32+32,64`, `l2:0.0001`.
package protocol TextValue: Encodable, Equatable, Sendable {
  init?(_ text: String)
  var text: String { get }
}

extension TextValue {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension ValueKind where Value: TextValue {
  /// A value with a notation of its own.
  package static func notation(
    _ placeholder: String, expected: String, names: [String] = []
  ) -> ValueKind {
    ValueKind(placeholder, expected: expected, names: names, text: \.text) { Value($0) }
  }
}

extension ValueKind where Value == Int {
  /// A whole number within a range.
  package static func integer(in range: ClosedRange<Int>) -> ValueKind {
    let expected =
      range.upperBound == .max
      ? "a whole number, at least \(range.lowerBound)"
      : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return ValueKind("N", expected: expected, text: { "\($0)" }) { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension ValueKind where Value == UInt64 {
  /// A random seed: at most the largest whole number that every JSON reader keeps exactly.
  package static var seed: ValueKind {
    ValueKind("N", expected: "a whole number from 0 to \(Int.max)", text: { "\($0)" }) { text in
      UInt64(text).flatMap { $0 <= UInt64(Int.max) ? $0 : nil }
    }
  }
}

extension ValueKind where Value: BinaryFloatingPoint & LosslessStringConvertible {
  /// - Parameter limit: the largest number, which `expected` names unless it is infinite
  private static func number(
    _ expected: String, upTo limit: Value, where isValid: @escaping @Sendable (Value) -> Bool
  ) -> ValueKind {
    ValueKind("X", text: shortNumber) { text throws(ValueProblem) in
      let value = Value(text)
      if let value, value.isFinite, value <= limit, isValid(value) { return value }
      // Of 1e99, which no Float can be, it does not help to hear that it must be above 0.
      let isTooLarge = value == .infinity && limit == .infinity
      throw ValueProblem(
        expected: expected + (isTooLarge ? ", at most \(Value.greatestFiniteMagnitude)" : ""))
    }
  }

  /// A number above 0, at most `limit`.
  package static func positive(upTo limit: Value = .infinity) -> ValueKind {
    let bound = limit == .infinity ? "" : ", at most \(shortNumber(limit))"
    return number("a number above 0\(bound)", upTo: limit) { $0 > 0 }
  }

  /// A number, at least 0.
  package static var notNegative: ValueKind {
    number("a number, at least 0", upTo: .infinity) { $0 >= 0 }
  }

  /// A number from 0 to below 1.
  package static var fraction: ValueKind {
    number("a number from 0 to below 1, such as 0.5", upTo: 1) { (0..<1).contains($0) }
  }
}

extension ValueKind where Value == [Int] {
  /// Sizes separated by commas; `none` is the empty list.
  package static func sizes(in range: ClosedRange<Int>) -> ValueKind {
    ValueKind(
      "N,N,...",
      expected: "sizes from \(range.lowerBound) to \(range.upperBound) separated by commas, "
        + "such as 64,32, or none",
      text: { $0.isEmpty ? "none" : $0.map(String.init).joined(separator: ",") }
    ) { text in
      if text == "none" { return [] }
      let sizes = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      let valid = sizes.compactMap { $0 }.filter(range.contains)
      return valid.count == sizes.count ? valid : nil
    }
  }
}

extension ValueKind where Value == Bool {
  /// Yes or no; in JSON true or false.
  package static var yesOrNo: ValueKind {
    ValueKind(
      "yes|no", expected: "yes or no (in JSON true or false)", text: { $0 ? "yes" : "no" }
    ) { ["yes": true, "true": true, "no": false, "false": false][$0] }
  }
}

extension ValueKind where Value == String {
  /// Any text that is not empty.
  package static func text(_ placeholder: String) -> ValueKind {
    ValueKind(placeholder, expected: "a text that is not empty", text: { $0 }) {
      $0.isEmpty ? nil : $0
    }
  }
}

extension ValueKind where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
  /// One of the cases of an enumeration, by name.
  package static func choice(_ placeholder: String = "NAME") -> ValueKind {
    let names = Value.allCases.map(\.rawValue)
    return ValueKind(
      placeholder, expected: names.joined(separator: ", "), names: names, text: \.rawValue
    ) { Value(rawValue: $0) }
  }
}
