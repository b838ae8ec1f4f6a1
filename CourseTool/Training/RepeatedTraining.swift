import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course train RECIPE --repeats N`: mean and deviation over the seeds.
enum RepeatedTraining {
  static let repeats = Option(
    "repeats", .integer(in: 2...1000),
    "train with N seeds, from --seed on, and show mean and standard deviation")

  private struct Run: Encodable {
    var seed: UInt64
    var epochs: Int
    var keptEpoch: Int?
    var seconds: Double
    var train: PartReport
    var validation: PartReport?
    var test: PartReport?
  }

  private struct Record: Encodable {
    var recipe: Recipe
    var output: String
    var seconds: Double
    var runs: [Run]
    /// Of each part, and in it of each score.
    var mean: [String: [String: Double]] = [:]
    var standardDeviation: [String: [String: Double]] = [:]
  }

  private static var parts: [(name: String, report: (Run) -> PartReport?)] {
    [("train", { $0.train }), ("validation", { $0.validation }), ("test", { $0.test })]
  }
  private static var scores: [(name: String, value: (PartReport) -> Double?)] {
    [
      ("loss", { $0.loss }), ("accuracy", { $0.accuracy }), ("RMSE", { $0.rmse }),
      ("R2", { $0.r2 }),
      ("perplexity", { $0.perplexity }),
    ]
  }

  /// Throws when arguments of one run are given.
  static func check(_ arguments: Arguments) throws(UsageError) {
    guard let count = arguments[repeats] else { return }
    let others = [TrainCommand.resume.name] + TrainingFiles.options.map(\.name)
    if let other = others.first(where: arguments.isGiven) {
      throw UsageError("'--\(other)' is for a single run: omit it, or --repeats \(count)")
    }
  }

  /// Trains, saves the network of the first seed, and prints the results.
  static func run(
    _ recipe: Recipe, count: Int, output: OutputFile, arguments: Arguments, on terminal: Terminal
  ) throws {
    guard recipe.seed <= UInt64(Int.max) - UInt64(count) else {
      throw UsageError("'--seed \(recipe.seed)' is too large for \(count) seeds from there on")
    }
    let recipes = (0..<count).map { index in
      var copy = recipe
      copy.seed += UInt64(index)
      return copy
    }
    let start = ContinuousClock.now
    var runs: [Int: Run] = [:]
    var first: (network: NeuralNetwork, remarks: DataRemarks)?
    do {
      try RunSeries.train(
        recipes, title: "training \(count) networks", skipBroken: arguments[RunOptions.skipBroken],
        progress: terminal.progress(for: arguments)
      ) { index, result in
        let outcome = try result.get()
        if index == 0 { first = (outcome.network, outcome.remarks) }
        runs[index] = Run(
          seed: recipes[index].seed, epochs: outcome.epochs, keptEpoch: outcome.keptEpoch,
          seconds: outcome.seconds, train: outcome.train, validation: outcome.validation,
          test: outcome.test)
      }
    } catch let status as ExitStatus {
      terminal.error.clearLine()
      terminal.error.line("Interrupted after \(runs.count) of \(count) runs: nothing was saved.")
      throw status
    }
    if let first {
      first.remarks.report(on: terminal.error)
      try output.saveTrained(first.network, warnings: terminal.error)
    }
    var record = Record(
      recipe: recipe, output: output.path, seconds: (ContinuousClock.now - start) / .seconds(1),
      runs: recipes.indices.compactMap { runs[$0] })
    for part in parts {
      for score in scores {
        let values = record.runs.compactMap { part.report($0).flatMap(score.value) }
        guard values.count == count else { continue }
        let (mean, deviation) = meanAndDeviation(values)
        record.mean[part.name, default: [:]][score.name] = mean
        record.standardDeviation[part.name, default: [:]][score.name] = deviation
      }
    }
    if arguments[CommonOptions.json] { return try terminal.output.json(record) }
    let out = terminal.output
    out.line(
      "\(recipe.recipe) on \(recipe.data.printable): \(count) runs in \(durationText(record.seconds))\n"
    )
    out.line(table(record).text(style: out.style))
    out.line("\nSaved the network of seed \(recipe.seed) to \(output.path).")
  }

  /// The mean, and the standard deviation of a sample: `√(Σ (x − x̄)² / (n − 1))`.
  static func meanAndDeviation(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(max(values.count - 1, 1))).squareRoot())
  }

  /// A row for each run, then the mean and the deviation.
  private static func table(_ record: Record) -> StudyTable {
    // The parts that were not trained on fill a line of 80 columns.
    let shown =
      record.mean["validation"] == nil && record.mean["test"] == nil
      ? parts : Array(parts.dropFirst())
    let columns = shown.flatMap { part in
      scores.filter { record.mean[part.name]?[$0.name] != nil }.map { (part: part, score: $0) }
    }
    let titles = ["train": "training", "validation": "valid.", "test": "test"]
    var table = StudyTable(
      columns: ["seed", "epochs"]
        + columns.map { "\(titles[$0.part.name] ?? "") \($0.score.name)" })
    for run in record.runs {
      let cells: [StudyTable.Cell] = columns.map { column in
        .number(column.part.report(run).flatMap(column.score.value) ?? .nan, digits: 4)
      }
      table.rows.append([.text("\(run.seed)"), .count(run.epochs)] + cells)
    }
    let epochs = meanAndDeviation(record.runs.map { Double($0.epochs) })
    for (name, numbers, epochs) in [
      ("mean", record.mean, epochs.mean), ("deviation", record.standardDeviation, epochs.deviation),
    ] {
      let cells: [StudyTable.Cell] = columns.map { column in
        .number(numbers[column.part.name]?[column.score.name] ?? .nan, digits: 4)
      }
      table.rows.append([.text(name), .number(epochs, digits: 1)] + cells)
    }
    return table
  }
}
