import Foundation
import Networks

extension Recipe {
  /// A recipe by name, or from a config file.
  static func find(_ nameOrPath: String) throws -> Recipe {
    if let named = Recipes.named(nameOrPath) { return named.settings }
    let isFile =
      nameOrPath.lowercased().hasSuffix(".json")
      || FileManager.default.fileExists(atPath: nameOrPath)
    guard isFile else {
      throw UsageError(
        "unknown recipe '\(nameOrPath)'."
          + didYouMean(suggestions(for: nameOrPath, among: Recipes.names))
          + "\n  There are: \(Recipes.names.joined(separator: ", ")); or the path of a JSON file.")
    }
    guard !isSavedNetwork(nameOrPath) else {
      throw UsageError(
        "\(nameOrPath) is a saved network and no config file: '--resume \(shellQuoted(nameOrPath))' "
          + "trains it on")
    }
    return try Recipe(json: JSONValue(contentsOf: nameOrPath), name: nameOrPath)
  }

  /// Takes settings from JSON; those that are not given are the ones of the recipe that it names.
  /// - Parameter name: stands for the file in errors
  init(json: JSONValue, name: String) throws {
    func refuse(
      _ what: String, expected: String? = nil, received: String? = nil, remedy: String? = nil
    ) -> CourseError {
      CourseError(
        .format, what, expected: expected, received: received, location: name, remedy: remedy)
    }
    guard let values = json.object else {
      throw refuse(
        "not a config file", expected: "a JSON object",
        remedy: "'course recipes \(Recipes.names[0]) --json' prints one.")
    }
    let base = values["recipe"].map { $0.string ?? "\($0)" } ?? "csv-mlp"
    guard let named = Recipes.named(base) else {
      throw refuse(
        "unknown recipe", expected: Recipes.names.joined(separator: ", "), received: "\"\(base)\"",
        remedy: remedy(didYouMean(suggestions(for: base, among: Recipes.names))))
    }
    self = named.settings
    let names = RecipeOptions.settings.map(\.option.name)
    for (key, value) in values.sorted(by: { $0.key < $1.key }) where key != "recipe" {
      guard let setting = RecipeOptions.settings.first(where: { $0.option.name == key }) else {
        throw refuse(
          "unknown setting \"\(key)\"", expected: names.joined(separator: ", "),
          remedy: remedy(didYouMean(suggestions(for: key, among: names))))
      }
      // What is not set may be written out: the label of bundled data, the data of csv-mlp.
      if value == .null || value == .string("") && setting.text(self).isEmpty { continue }
      do {
        setting.set(try setting.option.read(value.argument), &self)
      } catch {
        throw refuse(
          "setting \"\(key)\"", expected: error.expected, received: "\(value)",
          remedy: remedy(didYouMean(error.suggestions)))
      }
    }
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
