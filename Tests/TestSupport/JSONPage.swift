import Foundation
import Shared

/// The fields of JSON documents as `Protocols/JSON.md` lists them, to compare with documents.
///
/// A type is a table below a heading, with rows `| name | type | unit | meaning |`. The type of a field is `string`,
/// `integer`, `number`, `boolean`, `any`, the name of another table, `[T]` for a list, or `{T}` for an object with
/// names of its own; a question mark behind it says that the field may be missing.
package struct JSONPage {
  struct Field {
    var type: String
    var isOptional: Bool
  }

  private var types: [String: [String: Field]] = [:]
  /// The chapter of each type: the heading of the second level above it.
  private var chapters: [String: String] = [:]
  private var seen: Set<String> = []

  /// Reads the tables of a page.
  package init(_ text: String) {
    var type: String?
    var chapter = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("#") {
        let heading = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)
        if line.hasPrefix("## ") { chapter = heading }
        type = heading
      } else if line.hasPrefix("| `"), let type {
        let cells = line.split(separator: "|").map {
          $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
        }
        guard cells.count >= 2 else { continue }
        let isOptional = cells[1].hasSuffix("?")
        let name = isOptional ? String(cells[1].dropLast()) : cells[1]
        chapters[type] = chapter
        types[type, default: [:]][cells[0]] = Field(type: name, isOptional: isOptional)
      }
    }
  }

  /// The differences between a document and the page.
  /// - Parameters:
  ///   - type: the type of the document, `[T]` for a list
  ///   - place: where the value is, for messages
  package mutating func problems(
    of value: JSONValue, as type: String, at place: String
  ) -> [String] {
    if type.hasPrefix("["), type.hasSuffix("]") {
      guard case .array(let values) = value else { return ["\(place): expected a list"] }
      let element = String(type.dropFirst().dropLast())
      return values.flatMap { problems(of: $0, as: element, at: place + "[]") }
    }
    if type.hasPrefix("{"), type.hasSuffix("}") {
      guard case .object(let values) = value else { return ["\(place): expected an object"] }
      let element = String(type.dropFirst().dropLast())
      return values.sorted { $0.key < $1.key }.flatMap {
        problems(of: $0.value, as: element, at: "\(place).\($0.key)")
      }
    }
    switch (type, value) {
    case ("any", _), ("string", .string), ("integer", .integer), ("boolean", .bool),
      ("number", .integer), ("number", .number):
      return []
    case ("number", .string(let text)) where ["nan", "inf", "-inf"].contains(text): return []
    default: break
    }
    guard let fields = types[type], case .object(let values) = value else {
      return ["\(place): expected \(type), got \(value)"]
    }
    var result: [String] = []
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      guard let field = fields[name] else {
        result.append("\(place): the page does not list `\(name)` in \(type)")
        continue
      }
      seen.insert("\(type).\(name)")
      if value == .null, field.isOptional { continue }
      result += problems(of: value, as: field.type, at: "\(place).\(name)")
    }
    for (name, field) in fields where !field.isOptional && values[name] == nil {
      result.append("\(place): `\(name)` is missing, which the page lists in \(type)")
    }
    return result
  }

  /// The fields that no document had, as "Type.field".
  /// - Parameter isCounted: whether the types of a chapter count
  package func unseenFields(inChapters isCounted: (String) -> Bool) -> [String] {
    types.filter { isCounted(chapters[$0.key] ?? "") }
      .flatMap { type, fields in fields.keys.map { "\(type).\($0)" } }
      .filter { !seen.contains($0) }.sorted()
  }
}
