import CourseCommandLine
import Foundation
import Networks

extension Recipe {
  /// A recipe by name, or from a recipe file.
  static func find(_ nameOrPath: String) throws -> Recipe {
    if let named = Recipes.named(nameOrPath) { return named.settings }
    let isFile =
      nameOrPath.lowercased().hasSuffix(".json")
      || FileManager.default.fileExists(atPath: nameOrPath)
    guard isFile else {
      throw UsageError(
        "unknown recipe '\(nameOrPath)'."
          + didYouMean(suggestions(for: nameOrPath, among: Recipes.names))
          + "\n  Expected \(Recipes.names.joined(separator: ", ")), or the path of a recipe file (.json)."
      )
    }
    guard !isSavedNetwork(nameOrPath) else {
      throw UsageError(
        "\(nameOrPath) is a trained network, not a recipe file: continue its training with "
          + "'--resume \(shellQuoted(nameOrPath))'")
    }
    return try Recipe(json: JSONValue(contentsOf: nameOrPath), name: nameOrPath)
  }

  /// Reads settings from JSON; the others come from the recipe that it names.
  /// - Parameter name: the name of the file in errors
  init(json: JSONValue, name: String) throws {
    func refuse(
      _ what: String, expected: String? = nil, received: String? = nil, remedy: String? = nil
    ) -> CourseError {
      CourseError(
        .format, what, expected: expected, received: received, location: name, remedy: remedy)
    }
    guard let values = json.object else {
      throw refuse(
        "not a recipe file", expected: "a JSON object",
        remedy: "'course recipes \(Recipes.names[0]) --json' prints one.")
    }
    let base = values["recipe"].map { $0.string ?? "\($0)" } ?? "csv-mlp"
    guard let named = Recipes.named(base) else {
      throw refuse(
        "unknown recipe", expected: Recipes.names.joined(separator: ", "), received: "\"\(base)\"",
        remedy: remedy(didYouMean(suggestions(for: base, among: Recipes.names))))
    }
    self = named.settings
    let names = Recipe.settings.map(\.name)
    for (key, value) in values.sorted(by: { $0.key < $1.key }) where key != "recipe" {
      guard let setting = Recipe.settings.first(where: { $0.name == key }) else {
        throw refuse(
          "unknown setting \"\(key)\"", expected: names.joined(separator: ", "),
          remedy: remedy(didYouMean(suggestions(for: key, among: names))))
      }
      // A setting without a value may be written out: the label of bundled data, the data of csv-mlp.
      if value == .null || value == .string("") && setting.text(self).isEmpty { continue }
      do {
        try setting.apply(value.argument, to: &self)
      } catch {
        throw refuse(
          "setting \"\(key)\"", expected: error.expected, received: "\(value)",
          remedy: remedy(didYouMean(error.suggestions)))
      }
    }
    dropUnused(given: Set(values.filter { $0.value != .null }.keys))
  }
}

/// A suggestion as a remedy: nothing when there is none.
private func remedy(_ suggestion: String) -> String? {
  suggestion.isEmpty ? nil : String(suggestion.drop { $0 == " " })
}

extension JSONValue {
  /// The value as it would be written on the command line.
  fileprivate var argument: String {
    switch self {
    case .string(let text): text
    case .array(let values):
      values.isEmpty ? "none" : values.map(\.argument).joined(separator: ",")
    default: "\(self)"
    }
  }
}
