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

  /// A combination of settings.
  private struct Trial {
    var recipe: Recipe
    var values: [String]
    /// Identifies all settings of the trial, in the file of an unfinished search.
    var key: String
  }

  /// The result of a trial.
  private struct Row: Encodable {
    var settings: [String: String]
    var epochs: Int?
    var seconds: Double?
    var trainingLoss: Double?
    var trainingAccuracy: Double?
    var validationLoss: Double?
    var validationAccuracy: Double?
    /// The reason why there are no results.
    var problem: String?

    /// The highest accuracy, then the lowest loss; without results the last.
    func isBetter(than other: Row) -> Bool {
      (-(validationAccuracy ?? -1), validationLoss ?? .infinity)
        < (-(other.validationAccuracy ?? -1), other.validationLoss ?? .infinity)
    }
  }

  private struct Record: Encodable {
    var recipe: Recipe
    var output: String
    var seconds: Double
    /// The best first.
    var trials: [Row]
    var command: String
  }

  /// Throws when arguments do not go together.
  static func check(_ arguments: Arguments) throws(UsageError) {
    guard arguments[search] != nil else {
      if arguments[trials] != nil { throw UsageError("'--trials' is for --search") }
      if let extra = arguments.operand(1) { throw UsageError("unexpected argument '\(extra)'") }
      return
    }
    let others = TrainingFiles.options.map(\.name) + [RepeatedTraining.repeats.name]
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
    let given = arguments[TrainCommand.resume]
    let inputs = DataSource.files(of: recipe.data) + (Recipes.named(name) == nil ? [name] : [])
    let path = arguments[RunOptions.output] ?? given ?? "\(recipe.recipe)-search.csv"
    guard path.lowercased().hasSuffix(".csv") else {
      throw UsageError("'\(path)': the results of a search are a file that ends in .csv")
    }
    var rows = try given.map { try read($0, settings, trials) } ?? [:]
    let output = try OutputFile(
      path, force: arguments[RunOptions.force], replacesOwn: path == given, inputs: inputs)
    let start = ContinuousClock.now
    let left = trials.indices.filter { rows[$0] == nil }
    do {
      try RunSeries.train(
        left.map { trials[$0].recipe }, title: "searching", isTested: false,
        skipBroken: arguments[RunOptions.skipBroken], progress: terminal.progress(for: arguments)
      ) { place, result in
        rows[left[place]] = try row(result, settings, trials[left[place]])
        try output.write(warnings: terminal.error) {
          try AtomicFile.write(Data(csv(trials, settings, rows).utf8), to: $0)
        }
      }
    } catch let status as ExitStatus {
      terminal.error.clearLine()
      guard !rows.isEmpty else {
        terminal.error.line(
          "Interrupted before the first of \(counted(trials.count, "trial")) ended.")
        throw status
      }
      terminal.error.line(
        "Interrupted: \(rows.count) of \(counted(trials.count, "trial")) are in \(output.path). Go on "
          + "with the same command and '--resume \(shellQuoted(output.path))'.")
      throw status
    }
    let order = rows.keys.sorted()
      .sorted { rows[$0]!.isBetter(than: rows[$1]!) }
    guard let best = order.first, rows[best]?.problem == nil else {
      throw CourseError(
        .diverged, "no trial of the search could be trained",
        received: rows.values.compactMap(\.problem).first, location: output.path,
        remedy: "Search smaller values: --search learning-rate=0.001,0.0001.")
    }
    let command = try self.command(trials[best].recipe, name: name, terminal)
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(
          recipe: recipe, output: output.path,
          seconds: (ContinuousClock.now - start) / .seconds(1),
          trials: order.compactMap { rows[$0] },
          command: command))
    }
    let out = terminal.output
    out.line(
      "\(recipe.recipe) on \(recipe.data.printable): \(counted(trials.count, "trial")), the best first\n"
    )
    var table = StudyTable(columns: settings + ["epochs", "train loss", "valid. loss", "accuracy"])
    for row in order.prefix(30).compactMap({ rows[$0] }) {
      table.rows.append(
        settings.map { .text(row.settings[$0] ?? "") }
          + [row.epochs.map { .count($0) } ?? .missing(row.problem == nil ? "-" : "diverged")]
          + [row.trainingLoss, row.validationLoss, row.validationAccuracy].map {
            $0.map { .number($0, digits: 4) } ?? .missing("-")
          })
    }
    out.line(table.text(style: out.style))
    if order.count > 30 { out.line("... and \(order.count - 30) more") }
    out.line("\nAll results are in \(output.path). Train the best with\n  \(command)")
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
  ) throws -> [Trial] {
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
      var trial = Trial(recipe: recipe, values: [], key: "")
      var rest = place
      for axis in axes.reversed() {
        let value = axis.values[rest % axis.values.count]
        rest /= axis.values.count
        trial.values.insert(value, at: 0)
        try axis.setting.apply(value, to: &trial.recipe)
      }
      do {
        try trial.recipe.check()
      } catch let error as UsageError {
        let combination = zip(axes, trial.values).map { "\($0.setting.name)=\($1)" }
        throw UsageError("'--search \(combination.joined(separator: " "))': \(error.message)")
      }
      trial.key = fingerprint(try JSONCoding.text(trial.recipe))
      return trial
    }
  }

  /// FNV-1a.
  private static func fingerprint(_ text: String) -> String {
    let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return String(hash, radix: 16)
  }

  // MARK: Results

  /// - Throws: errors but a divergence, which is a result.
  private static func row(
    _ result: Result<RunSeries.Outcome, any Error>, _ settings: [String], _ trial: Trial
  ) throws -> Row {
    var row = Row(settings: Dictionary(uniqueKeysWithValues: zip(settings, trial.values)))
    do {
      let outcome = try result.get()
      (row.epochs, row.seconds) = (outcome.epochs, outcome.seconds)
      (row.trainingLoss, row.trainingAccuracy) = (outcome.train.loss, outcome.train.accuracy)
      row.validationLoss = outcome.validation?.loss
      row.validationAccuracy = outcome.validation?.accuracy
    } catch let error as CourseError where error.kind == .diverged {
      row.problem = error.oneLine
    }
    return row
  }

  private static let results = [
    "epochs", "seconds", "training loss", "training accuracy", "validation loss",
    "validation accuracy", "problem",
  ]

  private static func csv(_ trials: [Trial], _ settings: [String], _ rows: [Int: Row]) -> String {
    let lines = trials.indices.compactMap { index in
      rows[index].map { row in
        [trials[index].key] + trials[index].values
          + [
            row.epochs.map { "\($0)" } ?? "", row.seconds.map { String(format: "%.3f", $0) } ?? "",
          ]
          + [row.trainingLoss, row.trainingAccuracy, row.validationLoss, row.validationAccuracy].map
        {
          $0.map { "\($0)" } ?? ""
        } + [row.problem ?? ""]
      }
    }
    return ([["trial"] + settings + results] + lines)
      .map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
  }

  /// The results of an unfinished search.
  private static func read(
    _ path: String, _ settings: [String], _ trials: [Trial]
  ) throws -> [Int: Row] {
    func refuse(_ what: String, received: String? = nil) -> CourseError {
      CourseError(
        .invalidArgument, what, expected: "the file of this search, begun with the same settings",
        received: received, location: path, remedy: "Begin a new search, without --resume.")
    }
    let table = try CSVTable(contentsOf: path, header: .present, delimiter: ",")
    guard table.columnNames == ["trial"] + settings + results else {
      throw refuse("this is not the file of a search of \(settings.joined(separator: ", "))")
    }
    var rows: [Int: Row] = [:]
    for line in (0..<table.rowCount).map(table.texts(ofRow:)) {
      guard let index = trials.firstIndex(where: { $0.key == line[0] }) else {
        throw refuse(
          "the settings of the search have changed", received: line.joined(separator: ","))
      }
      let numbers = line.dropFirst(1 + settings.count).map { Double($0) }
      rows[index] = Row(
        settings: Dictionary(uniqueKeysWithValues: zip(settings, trials[index].values)),
        epochs: numbers[0].flatMap { Int(exactly: $0) }, seconds: numbers[1],
        trainingLoss: numbers[2], trainingAccuracy: numbers[3], validationLoss: numbers[4],
        validationAccuracy: numbers[5], problem: line.last.flatMap { $0.isEmpty ? nil : $0 })
    }
    return rows
  }

  /// The command that trains with the settings of a recipe.
  private static func command(
    _ recipe: Recipe, name: String, _ terminal: Terminal
  ) throws -> String {
    let base = try Recipe.find(name)
    let options = Recipe.settings.filter { $0.text(recipe) != $0.text(base) }
      .map { "--\($0.name) \(shellQuoted($0.text(recipe)))" }
    return ([terminal.command, "train", shellQuoted(name)] + options).joined(separator: " ")
  }
}
