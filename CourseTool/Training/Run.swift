import CourseCommandLine
import Foundation
import Networks

/// The options of `train` and `demo` that do not belong to the recipe.
enum RunOptions {
  static let threads = Option(
    "threads", .integer(in: 1...1024), "number of threads (does not change the results)")
  static let output = Option("output", short: "o", .text("FILE"), "file to save the network to")
  static let force = Flag("force", "overwrite existing output files")
  static let skipBroken = Flag("skip-broken", "skip and report images that cannot be read")
}

/// Trains, saves, evaluates and reports an experiment, for `train` and `demo`.
///
/// - Returns: the report of the run, and the evaluation on the test part. After a signal, when the network has been
///   saved, there is no evaluation; the caller ends with `Interruption.status`.
func run(
  _ experiment: inout Experiment, output: OutputFile, arguments: Arguments, on terminal: Terminal
) throws -> (report: RunReport, test: Evaluation?) {
  let quiet = arguments[CommonOptions.quiet]
  let json = arguments[CommonOptions.json]
  let printer = RunPrinter(terminal: json ? terminal.withoutOutput : terminal)
  printer.opening(experiment, quiet: quiet)

  let earlierEpochs = experiment.isResumed ? experiment.network.progress?.epoch ?? 0 : 0
  let start = ContinuousClock.now
  let wasInterrupted = try experiment.train(
    output: output, progress: terminal.progress(for: arguments), warnings: terminal.error)
  let path = output.path
  let seconds = (ContinuousClock.now - start) / .seconds(1)
  let network = experiment.network
  let progress = network.progress
  var report = RunReport(
    recipe: experiment.recipe, output: path, interrupted: wasInterrupted,
    epochs: progress?.epoch ?? 0, newEpochs: (progress?.epoch ?? 0) - earlierEpochs,
    seconds: seconds, parameters: network.parameterCount,
    threads: Parallelism.threadCount, instructionSet: Parallelism.instructionSet,
    classNames: network.classNames, history: progress?.history.epochs ?? [])
  let isText = experiment.recipe.isText
  if isText { report.perplexities = report.history.map(RunReport.Perplexities.init) }

  if wasInterrupted {
    if json { try terminal.output.json(report) }
    terminal.error.clearLine()  // the ^C
    let isComplete = report.epochs == experiment.recipe.epochs
    terminal.error.line(
      "Interrupted \(isComplete ? "after" : "in") epoch \(report.epochs + (isComplete ? 0 : 1)) of "
        + "\(experiment.recipe.epochs). Saved to \(path); "
        + (isComplete ? "evaluate it with\n  " : "resume with\n  ")
        + "\(terminal.command) \(isComplete ? "evaluate" : "train --resume") \(shellQuoted(path))")
    return (report, nil)
  }
  func measured(
    _ data: Dataset?, _ part: String, keepingPredictions: Bool = false
  ) throws -> Evaluation? {
    guard let data else { return nil }
    return try network.evaluate(
      data, "evaluating on \(part)", keepingPredictions: keepingPredictions,
      showing: terminal.progress(for: arguments))
  }
  // With its predictions, which the demo shows.
  let test = try measured(experiment.test, "test data", keepingPredictions: true)
  report.train = try measured(experiment.parts.train, "training data").map {
    PartReport($0, examples: experiment.parts.train.count, isText: isText)
  }
  report.validation = try measured(experiment.validation, "validation data").map {
    PartReport($0, examples: experiment.parts.validation.count, isText: isText)
  }
  report.test = test.map {
    PartReport($0, examples: experiment.parts.test.count, details: true, isText: isText)
  }
  if json {
    try terminal.output.json(report)
  } else {
    printer.results(report, test: isText ? nil : test)
  }
  return (report, test)
}
