import Foundation

/// A JSON text as a tree (RFC 8259).
///
/// Unlike Foundation's reader this one refuses an object with the same key twice, says in which line
/// something is wrong, and limits the depth, so that no file can exhaust the stack.
///
///     let value = try JSONValue(parsing: #"{"epochs": 10}"#, name: "settings.json")
///     value["epochs"]?.integer   // 10
package enum JSONValue: Sendable, Equatable {
  /// `null`
  case null
  /// `true` or `false`
  case bool(Bool)
  /// A number without point and exponent that fits an `Int`.
  case integer(Int)
  /// Any other number.
  case number(Double)
  /// A text.
  case string(String)
  /// A list in brackets.
  case array([JSONValue])
  /// Names with values in braces.
  case object([String: JSONValue])

  /// Parses a text; `name` stands for the file in errors.
  package init(parsing text: String, name: String) throws {
    try self.init(parsing: Data(text.utf8), name: name)
  }

  /// Parses UTF-8 bytes, with or without a byte order mark; `name` stands for the file in errors.
  package init(parsing data: Data, name: String) throws {
    var parser = JSONParser(bytes: [UInt8](withoutByteOrderMark(data)), name: name)
    self = try parser.parseDocument()
  }

  /// Parses a file.
  package init(contentsOf path: String) throws {
    try self.init(parsing: readFile(at: path, content: "a JSON file"), name: path)
  }

  // MARK: Looking inside

  /// The value of a key; `nil` when this is no object or has no such key.
  package subscript(key: String) -> JSONValue? { object?[key] }
  /// The object; `nil` when this is something else.
  package var object: [String: JSONValue]? {
    if case .object(let value) = self { value } else { nil }
  }
  /// The list; `nil` when this is something else.
  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  /// The text; `nil` when this is something else.
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The whole number; `nil` when this is something else.
  package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  /// The truth value; `nil` when this is something else.
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The number, whole or not; `nil` when this is something else.
  package var number: Double? {
    switch self {
    case .number(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }
}

extension JSONValue: CustomStringConvertible {
  /// The value as JSON in one line, keys sorted, so that equal values give equal texts. Numbers that
  /// JSON cannot express (NaN and infinities) become `null`.
  package var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): value.isFinite ? "\(value)" : "null"
    case .string(let value): JSONValue.quoted(value)
    case .array(let values): "[" + values.map(\.description).joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }
        .map { "\(JSONValue.quoted($0.key)):\($0.value)" }.joined(separator: ",") + "}"
    }
  }

  /// A text in quotes, with escapes where JSON needs them.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        result += "\\u" + String(format: "%04x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
