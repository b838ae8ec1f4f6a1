import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course train RECIPE --search SETTING=VALUES ...`: trains with all combinations of some settings, or a random
/// choice of them, and compares them on the validation part.
enum SettingSearch {
  static let search = Option(
    "search", .text("SETTING=VALUES"),
    "compare settings on the validation data: learning-rate=0.1,0.01 'hidden=32|64,32'")
  static let trials = Option(
    "trials", .integer(in: 1...10_000), "of a search, a random choice of N combinations")

  private static let trialLimit = 10_000
  /// Settings that change the validation part, on which all are compared.
  private static let unsearched = ["data", "label", "validation", "test", "split", "seed"]

  private struct Record: Encodable {
    var recipe: Recipe
    var output: String
    var seconds: Double
    /// The scores of the validation part by which the trials are sorted, the first of them first.
    var sortedBy: [String]
    /// The best first.
    var trials: [RunResult]
    var command: String
  }

  /// Throws when arguments do not go together.
  static func check(_ arguments: Arguments) throws(UsageError) {
    guard arguments[search] != nil else {
      if arguments[trials] != nil { throw UsageError("'--trials' is for --search") }
      if let extra = arguments.operand(1) { throw UsageError("unexpected argument '\(extra)'") }
      return
    }
    let others =
      TrainingFiles.options.map(\.name) + [
        RepeatedTraining.repeats.name, CrossValidation.folds.name,
      ]
    if let other = others.first(where: arguments.isGiven) {
      throw UsageError("'--\(other)' does not apply to a search: omit it, or --search")
    }
  }

  /// Trains every combination and prints the results, the best first.
  /// - Parameter name: the recipe as the user wrote it
  static func run(
    _ recipe: Recipe, name: String, arguments: Arguments, on terminal: Terminal
  ) throws {
    guard recipe.validation > 0 else {
      throw UsageError("a search compares on the validation data: use --validation 0.15")
    }
    let axes = try self.axes(arguments)
    let trials = try self.trials(recipe, axes, arguments)
    let settings = axes.map(\.setting.name)
    let start = ContinuousClock.now
    var series = try SeriesFile(
      "search", of: "trial", columns: settings, runs: trials,
      standard: "\(recipe.recipe)-search.csv",
      inputs: recipe.inputFiles + (Recipes.named(name) == nil ? [name] : []),
      arguments: arguments,
      result: { run in
        RunResult(settings: Dictionary(uniqueKeysWithValues: zip(settings, run.values)))
      })
    try series.train(title: "searching", isTested: false, arguments: arguments, on: terminal)
    let scores = decidingScores(series.results.values.compactMap(\.validation))
    let order = series.results.keys.sorted().sorted {
      isBetter(series.results[$0]!, than: series.results[$1]!, by: scores)
    }
    guard let best = order.first, series.results[best]?.problem == nil else {
      throw CourseError(
        .diverged, "no trial of the search could be trained",
        received: series.results.values.compactMap(\.problem).first,
        location: series.output.path,
        remedy: "Search smaller values: --search learning-rate=0.001,0.0001.")
    }
    series.remarks.report(on: terminal.error)
    let record = Record(
      recipe: recipe, output: series.output.path,
      seconds: (ContinuousClock.now - start) / .seconds(1), sortedBy: scores.map(\.key),
      trials: order.compactMap { series.results[$0] },
      command: try trials[best].recipe.command(name: name, on: terminal))
    if arguments[CommonOptions.json] { return try terminal.output.json(record) }
    let out = terminal.output
    let sorting = scores.map { "\($0.isHigherBetter ? "highest" : "lowest") \($0.title)" }
    out.line(
      "\(recipe.recipe) on \(recipe.data.printable): \(counted(trials.count, "trial")), the best first\n"
        + "(\(sorting.joined(separator: ", then ")) on the validation data)\n")
    out.line(table(record, settings, scores).text(style: out.style))
    if order.count > 30 { out.line("... and \(order.count - 30) more") }
    out.line("\nAll results are in \(record.output). Train the best with\n  \(record.command)")
  }

  /// The scores that sort trials: the first metric that they have, and then the loss. Where numbers are predicted, the
  /// loss is none of them, since it may be searched.
  private static func decidingScores(_ reports: [PartReport]) -> [PartReport.Score] {
    let known = PartReport.scores.filter { score in
      reports.contains { score.get($0) != nil }
    }
    guard let metric = known.first(where: { $0.key != "loss" }) else { return known }
    return [metric] + (metric.isHigherBetter ? known.filter { $0.key == "loss" } : [])
  }

  /// By the scores; without results the last.
  private static func isBetter(
    _ a: RunResult, than b: RunResult, by scores: [PartReport.Score]
  ) -> Bool {
    for score in scores {
      func rank(_ result: RunResult) -> Double {
        let value = result.validation.flatMap(score.get) ?? .nan
        return value.isNaN ? .infinity : score.isHigherBetter ? -value : value
      }
      if rank(a) != rank(b) { return rank(a) < rank(b) }
    }
    return false
  }

  /// The first trials.
  private static func table(
    _ record: Record, _ settings: [String], _ scores: [PartReport.Score]
  ) -> StudyTable {
    let columns =
      scores.first?.isHigherBetter == true
      ? [("train loss", 0, "loss"), ("val. loss", 1, "loss")] : []
    let shown =
      columns.map { title, part, key in
        (title: title, part: RunResult.parts[part], key: key)
      }
      + scores.prefix(1).flatMap { score in
        score.isHigherBetter
          ? [(title: "val. \(score.title)", part: RunResult.parts[1], key: score.key)]
          : [
            (title: "train \(score.title)", part: RunResult.parts[0], key: score.key),
            (title: "val. \(score.title)", part: RunResult.parts[1], key: score.key),
          ]
      }
    var table = StudyTable(columns: settings + ["epochs"] + shown.map(\.title))
    for row in record.trials.prefix(30) {
      let epochs: StudyTable.Cell =
        row.epochs.map { .count($0) } ?? .missing(row.problem == nil ? "-" : "diverged")
      let cells = shown.map { column -> StudyTable.Cell in
        let score = PartReport.scores.first { $0.key == column.key }
        let value = column.part.get(row).flatMap { score?.get($0) }
        return value.map { .text(metricText($0)) } ?? .missing("-")
      }
      table.rows.append(settings.map { .text(row.settings?[$0] ?? "") } + [epochs] + cells)
    }
    return table
  }

  // MARK: Combinations

  private static func axes(
    _ arguments: Arguments
  ) throws -> [(setting: Setting, values: [String])] {
    let words = [arguments[search] ?? ""] + arguments.operands.dropFirst()
    var axes: [(setting: Setting, values: [String])] = []
    for word in words.flatMap({ $0.split(separator: " ") }) {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw UsageError(
          "'--search \(word)': expected SETTING=VALUES, such as learning-rate=0.1,0.01")
      }
      let name = parts[0].hasPrefix("--") ? String(parts[0].dropFirst(2)) : parts[0]
      let names = Recipe.settings.map(\.name)
      guard let setting = Recipe.settings.first(where: { $0.name == name }) else {
        throw UsageError(
          "'--search': unknown setting '\(name)'."
            + didYouMean(suggestions(for: name, among: names)))
      }
      guard !unsearched.contains(name) else {
        throw UsageError(
          "'--search \(name)': it changes the validation data, on which the settings are compared")
      }
      guard !arguments.isGiven(name) else {
        throw UsageError("'--\(name)' is searched: omit the option, or take it out of --search")
      }
      guard !axes.contains(where: { $0.setting.name == name }) else {
        throw UsageError("'--search': \(name) appears twice")
      }
      let values = try self.values(parts[1], of: setting)
      guard values.count > 1, Set(values).count == values.count else {
        throw UsageError(
          "'--search \(word)': expected different values, as in learning-rate=0.1,0.01 or "
            + "'hidden=32|64,32'")
      }
      guard name != "learning-rate" || !values.contains("find") else {
        throw UsageError(
          "'--search \(word)': a range test finds one learning rate: use '--learning-rate find', or search numbers"
        )
      }
      axes.append((setting, values))
    }
    return axes
  }

  /// Values are separated by `|`; by commas as well, where a value has none.
  private static func values(_ text: String, of setting: Setting) throws -> [String] {
    var values: [String] = []
    for part in text.split(separator: "|").map(String.init) {
      if (try? setting.read(part)) != nil {
        values.append(part)
        continue
      }
      for piece in part.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
        do {
          _ = try setting.read(piece)
        } catch {
          throw UsageError(
            "'--search \(setting.name)': expected \(error.expected), got '\(piece)'."
              + didYouMean(error.suggestions))
        }
        values.append(piece)
      }
    }
    return values
  }

  /// All combinations, the last setting changing fastest, or a random choice of them in this order.
  private static func trials(
    _ recipe: Recipe, _ axes: [(setting: Setting, values: [String])], _ arguments: Arguments
  ) throws -> [SeriesFile.Run] {
    let count = axes.reduce(1.0) { $0 * Double($1.values.count) }
    guard count <= (arguments[trials] == nil ? Double(trialLimit) : 1e6) else {
      throw UsageError(
        "the search has \(String(format: "%.0f", count)) combinations: choose some with --trials 50"
      )
    }
    var places = Array(0..<Int(count))
    if let wanted = arguments[trials], wanted < places.count {
      let key = RandomKey(seed: recipe.seed).folded("search")
      places = key.permutation(of: places.count).prefix(wanted).sorted()
    }
    return try places.map { place in
      var (trial, values) = (recipe, [String]())
      var rest = place
      for axis in axes.reversed() {
        let value = axis.values[rest % axis.values.count]
        rest /= axis.values.count
        values.insert(value, at: 0)
        try axis.setting.apply(value, to: &trial)
      }
      let given = arguments.givenSettings.union(axes.map(\.setting.name))
      trial.dropUnused(given: given)
      do {
        try trial.check(given: given)
      } catch let error as UsageError {
        let combination = zip(axes, values).map { "\($0.setting.name)=\($1)" }
        throw UsageError("'--search \(combination.joined(separator: " "))': \(error.message)")
      }
      return try SeriesFile.Run(trial, values: values)
    }
  }
}
