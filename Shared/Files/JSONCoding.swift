import Foundation

/// The encoding of values as JSON and back: one way for checkpoints and for the output of commands.
///
/// JSON has no word for a number that is not finite. It is written as the text `"nan"`, `"inf"` or
/// `"-inf"`, which Python's `float` reads as well: a validation loss that overflowed must not cost the
/// network that was trained.
package enum JSONCoding {
  private static let (infinity, negativeInfinity, nan) = ("inf", "-inf", "nan")

  /// An encoder with sorted keys, so that equal values give equal texts.
  package static func encoder(isPretty: Bool = false) -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: infinity, negativeInfinity: negativeInfinity, nan: nan)
    return encoder
  }

  /// A text that is not the JSON of a type.
  package struct Mismatch: Error {
    /// The problem, such as "with an unknown field: layers.0.size".
    package let words: String
  }

  /// The value of a JSON text.
  ///
  /// Read first as a `JSONValue`, which finds keys that occur twice, has limits for numbers and depth, and
  /// names line and column. A field that the type has no place for is an error.
  /// - Parameter configure: prepares the decoder
  /// - Throws: `Mismatch`, and the errors that the type throws itself
  package static func decode<Value: Codable>(
    _ type: Value.Type, from text: String, configure: (JSONDecoder) -> Void = { _ in }
  ) throws -> Value {
    func cannotRead(_ problem: String) -> Mismatch {
      Mismatch(words: "that cannot be read: \(problem)")
    }
    let document: JSONValue
    do {
      document = try JSONValue(parsing: text, name: "its JSON text")
    } catch {
      throw cannotRead("\(error)")
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: infinity, negativeInfinity: negativeInfinity, nan: nan)
    configure(decoder)
    let value: Value
    do {
      value = try decoder.decode(type, from: Data(text.utf8))
    } catch let error as DecodingError {
      throw cannotRead(error.words)
    }
    let copy = try JSONValue(parsing: self.text(value), name: "its JSON text")
    if let field = document.firstField(missingIn: copy) {
      throw Mismatch(words: "with an unknown field: \(field)")
    }
    return value
  }

  /// The value as a JSON text in UTF-8.
  package static func text(_ value: some Encodable, isPretty: Bool = false) throws -> String {
    String(decoding: try encoder(isPretty: isPretty).encode(value), as: UTF8.self)
  }
}

extension JSONValue {
  /// The path of the first field that another value does not have; `nil` when it has all. An empty object
  /// has any field: it stands for a part that is left out.
  fileprivate func firstField(missingIn other: JSONValue) -> String? {
    switch (self, other) {
    case (.object(let members), .object(let others)) where !others.isEmpty:
      for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
        guard let other = others[key] else { return key }
        if let path = value.firstField(missingIn: other) { return "\(key).\(path)" }
      }
    case (.array(let values), .array(let others)):
      for (index, (value, other)) in zip(values, others).enumerated() {
        if let path = value.firstField(missingIn: other) { return "\(index).\(path)" }
      }
    default: break
    }
    return nil
  }
}

extension DecodingError {
  /// The path of the value that does not fit, and the reason.
  fileprivate var words: String {
    let context: Context? =
      switch self {
      case .typeMismatch(_, let context), .valueNotFound(_, let context),
        .keyNotFound(_, let context), .dataCorrupted(let context):
        context
      @unknown default: nil
      }
    guard let context else { return "\(self)" }
    if case .keyNotFound(let key, _) = self {
      let path = (context.codingPath + [key]).map { $0.intValue.map(String.init) ?? $0.stringValue }
      return "the field \(path.joined(separator: ".")) is missing"
    }
    // The text is JSON; Foundation calls a number that does not fit otherwise.
    if case .dataCorrupted = self, context.codingPath.isEmpty {
      return "a number does not fit its field, such as 1.5 where a whole one belongs"
    }
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return (path.isEmpty ? "" : path.joined(separator: ".") + ": ") + context.debugDescription
  }
}
