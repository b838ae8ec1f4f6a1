import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course train RECIPE --repeats N`: mean and deviation over the seeds.
enum RepeatedTraining {
  static let repeats = Option(
    "repeats", .integer(in: 2...1000),
    "train with N seeds, from --seed on, and show mean and standard deviation")

  private struct Record: Encodable {
    var recipe: Recipe
    var output: String
    var seconds: Double
    var runs: [RunResult]
    var mean: [String: [String: Double]]
    var standardDeviation: [String: [String: Double]]
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
    var runs: [Int: RunResult] = [:]
    var first: (network: NeuralNetwork, remarks: DataRemarks)?
    var interruption: ExitStatus?
    do {
      try RunSeries.train(
        recipes, title: "training \(count) networks", skipBroken: arguments[RunOptions.skipBroken],
        progress: terminal.progress(for: arguments)
      ) { index, result in
        let outcome = try result.get()
        if index == 0 { first = (outcome.network, outcome.remarks) }
        var run = RunResult(seed: recipes[index].seed)
        try run.take(result)
        runs[index] = run
      }
    } catch let status as ExitStatus {
      terminal.error.clearLine()
      terminal.error.line(
        "Interrupted after \(runs.count) of \(count) runs"
          + (runs.isEmpty ? ": nothing was saved." : ". These are their results."))
      guard !runs.isEmpty else { throw status }
      interruption = status
    }
    if let first {
      first.remarks.report(on: terminal.error)
      try output.saveTrained(first.network, warnings: terminal.error)
    }
    let statistics = RunStatistics(recipes.indices.compactMap { runs[$0] })
    let record = Record(
      recipe: recipe, output: output.path, seconds: (ContinuousClock.now - start) / .seconds(1),
      runs: statistics.results, mean: statistics.mean,
      standardDeviation: statistics.standardDeviation)
    if arguments[CommonOptions.json] {
      try terminal.output.json(record)
      if let interruption { throw interruption }
      return
    }
    let out = terminal.output
    out.line(
      "\(recipe.recipe) on \(recipe.data.printable): \(counted(runs.count, "run")) in \(durationText(record.seconds))\n"
    )
    out.line(statistics.table("seed") { "\($0.seed ?? 0)" }.text(style: out.style))
    out.line(
      first == nil
        ? "\nThe network of seed \(recipe.seed) was not trained to its end, and is not saved."
        : "\nSaved the network of seed \(recipe.seed) to \(output.path).")
    if let interruption { throw interruption }
  }
}
