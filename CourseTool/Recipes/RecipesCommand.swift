import CourseCommandLine
import Networks

/// `course recipes [NAME]`
enum RecipesCommand: Command {
  static let description = CommandDescription(
    name: "recipes", abstract: "List the recipes, or show the settings of one.",
    discussion: """
      'course recipes NAME --json' prints a recipe file, to edit and to train from.
      """,
    operands: [Operand("NAME", .optional, "the recipe to show")])

  private struct Record: Encodable {
    var name: String
    var abstract: String
    var settings: Recipe
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let out = terminal.output
    let json = arguments[CommonOptions.json]
    guard let name = arguments.operand(0) else {
      if json {
        return try out.json([
          "recipes": Recipes.all.map {
            Record(name: $0.name, abstract: $0.abstract, settings: $0.settings)
          }
        ])
      }
      for recipe in Recipes.all {
        out.line("\(out.style.bold(recipe.name.padded(right: 18)))\(recipe.abstract)")
      }
      return out.line("\nTrain with '\(terminal.command) train RECIPE'.")
    }
    guard let recipe = Recipes.named(name) else {
      throw UsageError(
        "unknown recipe '\(name)'." + didYouMean(suggestions(for: name, among: Recipes.names)))
    }
    if json { return try out.json(recipe.settings) }
    out.line("\(out.style.bold(recipe.name)): \(recipe.abstract)\n")
    let width = Recipe.settings.map(\.name.count).max() ?? 0
    for setting in Recipe.settings {
      let value = setting.text(recipe.settings)
      let name = setting.name.padded(right: width + 2)
      out.line("  --\(name)\(value.isEmpty ? "-" : value)")
    }
  }
}
