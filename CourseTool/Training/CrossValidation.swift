import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course train RECIPE --folds K`: K-fold cross-validation, which measures the settings on all examples.
enum CrossValidation {
  static let folds = Option(
    "folds", .integer(in: 2...1000),
    "cross-validation: test on each of K equal parts, trained on the others")

  private struct Record: Encodable {
    var recipe: Recipe
    var output: String
    var seconds: Double
    var folds: [RunResult]
    var mean: [String: [String: Double]]
    var standardDeviation: [String: [String: Double]]
    var command: String
  }

  /// Throws when arguments do not go together.
  static func check(_ arguments: Arguments) throws(UsageError) {
    guard let count = arguments[folds] else { return }
    let others = TrainingFiles.options.map(\.name) + [RepeatedTraining.repeats.name]
    if let other = others.first(where: arguments.isGiven) {
      throw UsageError(
        "'--\(other)' does not apply to a cross-validation: omit it, or --folds \(count)")
    }
    if arguments.isGiven("test") {
      throw UsageError(
        "'--test' conflicts with '--folds \(count)': each fold is the test part once")
    }
    if let path = arguments[TrainCommand.resume], !path.lowercased().hasSuffix(".csv") {
      throw UsageError(
        "'--resume \(path)': a cross-validation goes on from its file of results (.csv); for more epochs of a "
          + "network omit --folds")
    }
  }

  /// Throws when the folds and the validation part take all examples.
  private static func check(_ recipe: Recipe, folds count: Int) throws(UsageError) {
    guard recipe.validation + 1 / Double(count) < 1 else {
      throw UsageError(
        "'--validation \(shortNumber(recipe.validation))' and '--folds \(count)' leave no training data"
      )
    }
  }

  /// Trains a network for each fold, and prints the results.
  /// - Parameter name: the recipe as the user wrote it
  static func run(
    _ recipe: Recipe, name: String, count: Int, arguments: Arguments, on terminal: Terminal
  ) throws {
    try check(recipe, folds: count)
    let start = ContinuousClock.now
    let runs = try (0..<count).map { index in
      var copy = recipe
      copy.fold = Fold(index: index, count: count)
      copy.test = 1 / Double(count)
      return try SeriesFile.Run(copy, values: ["\(index + 1)"])
    }
    var series = try SeriesFile(
      "cross-validation", of: "fold", columns: ["fold"], runs: runs,
      standard: "\(recipe.recipe)-folds.csv",
      inputs: recipe.inputFiles + (Recipes.named(name) == nil ? [name] : []),
      arguments: arguments, result: { RunResult(fold: Int($0.values[0])) })
    try series.train(
      title: "training \(count) folds", isTested: true, arguments: arguments, on: terminal)
    let results = runs.indices.compactMap { series.results[$0] }
    if let problem = results.first(where: { $0.problem != nil }) {
      throw CourseError(
        .diverged, "the training of fold \(problem.fold ?? 0) diverged",
        received: problem.problem, location: series.output.path,
        remedy:
          "Lower the --learning-rate (try a tenth); numbers of a table far from 1 also need --scaling."
      )
    }
    series.remarks.report(on: terminal.error)
    let statistics = RunStatistics(results)
    let command = try recipe.command(name: name, on: terminal)
    let record = Record(
      recipe: recipe, output: series.output.path,
      seconds: (ContinuousClock.now - start) / .seconds(1), folds: results, mean: statistics.mean,
      standardDeviation: statistics.standardDeviation, command: command)
    if arguments[CommonOptions.json] { return try terminal.output.json(record) }
    let out = terminal.output
    out.line(
      "\(recipe.recipe) on \(recipe.data.printable): \(count)-fold cross-validation in "
        + "\(durationText(record.seconds))\n")
    out.line(statistics.table("fold") { "\($0.fold ?? 0)" }.text(style: out.style))
    out.line("\nThe results are in \(series.output.path). Train a network with\n  \(command)")
  }
}

extension Recipe {
  /// The command that trains with these settings.
  /// - Parameter name: the recipe as the user wrote it
  func command(name: String, on terminal: Terminal) throws -> String {
    let base = try Recipe.find(name)
    var changed = Recipe.settings
      .filter { !$0.text(self).isEmpty && $0.text(self) != $0.text(base) }
    // Not those that follow from others, as the scaling does from the encoder.
    for setting in changed {
      let others = changed.filter { $0.name != setting.name }
      var recipe = base
      for other in others { try other.apply(other.text(self), to: &recipe) }
      recipe.dropUnused(given: Set(others.map(\.name)))
      if Recipe.settings.allSatisfy({ $0.text(recipe) == $0.text(self) }) { changed = others }
    }
    let options = changed.map { "--\($0.name) \(shellQuoted($0.text(self)))" }
    return ([terminal.command, "train", shellQuoted(name)] + options).joined(separator: " ")
  }
}
