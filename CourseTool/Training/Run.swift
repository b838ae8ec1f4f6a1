import Foundation
import Networks

/// The options of `train` and `demo` that say how to run, not what.
enum RunOptions {
  static let threads = Option(
    "threads", .integer(in: 1...1024), "how many threads compute; the results do not depend on it")
  static let output = Option("output", short: "o", .text("FILE"), "where to save the network")
  static let force = Flag("force", "overwrite the output when it exists")
  static let quiet = Flag("quiet", short: "q", "no progress")
  static let skipBroken = Flag(
    "skip-broken", "leave out images that cannot be read; count and list them")
}

/// Trains an experiment, saves it, measures it and says so: what `train` and `demo` have in common.
///
/// - Returns: the experiment with the trained network, and the evaluation on the test part.
/// - Throws: `ExitStatus.interrupted` after Ctrl-C, when the network has been saved.
func run(
  _ experiment: Experiment, output path: String, arguments: Arguments, on terminal: Terminal
) throws -> (experiment: Experiment, test: Evaluation?, report: RunReport) {
  var experiment = experiment
  let quiet = arguments[RunOptions.quiet]
  let json = arguments[CommonOptions.json]
  let printer = RunPrinter(terminal: json ? terminal.withoutOutput : terminal)
  printer.opening(experiment, quiet: quiet)

  let earlierEpochs = experiment.isResumed ? experiment.network.progress?.epoch ?? 0 : 0
  let start = ContinuousClock.now
  let wasInterrupted = try experiment.train(
    output: URL(filePath: path), progress: quiet ? nil : terminal.error)
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
    terminal.error.line(
      "Interrupted in epoch \(report.epochs + 1) of \(experiment.recipe.epochs). Saved to \(path); "
        + "go on with\n  \(terminal.command) train --resume \(shellQuoted(path))")
    throw ExitStatus.interrupted
  }
  func measured(_ data: Dataset?) throws -> Evaluation? {
    try data.map { try network.evaluate($0, keepingPredictions: false) }
  }
  // The demo shows what the network predicts for it.
  let test = try experiment.test.map { try network.evaluate($0) }
  report.train = PartReport(
    try network.evaluate(experiment.parts.train, keepingPredictions: false),
    examples: experiment.parts.train.count, isText: isText)
  report.validation = try measured(experiment.validation).map {
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
  return (experiment, test, report)
}

/// Throws when a file is in the way or cannot be written; called before anything is trained.
func checkOutput(_ path: String, mayOverwrite: Bool) throws {
  var isFolder: ObjCBool = false
  let manager = FileManager.default
  if manager.fileExists(atPath: path, isDirectory: &isFolder) {
    guard !isFolder.boolValue else {
      throw CourseError(
        .file, "the output is a folder", expected: "a file name", location: path,
        remedy: "--output \(shellQuoted(path))/network.safetensors writes into it.")
    }
    guard mayOverwrite else {
      throw CourseError(
        .file, "the output exists already", location: path,
        remedy: "--force overwrites it, --output FILE writes elsewhere.")
    }
  }
  let folder = URL(filePath: path).deletingLastPathComponent().path
  guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
    throw CourseError(
      .file, "the folder of the output does not exist", location: folder,
      remedy: "Create it, or choose another --output.")
  }
  guard manager.isWritableFile(atPath: folder) else {
    throw CourseError(
      .file, "nothing can be written to the folder of the output", location: folder,
      remedy: "Choose another --output.")
  }
}

/// A path as a shell takes it.
func shellQuoted(_ path: String) -> String {
  let isPlain = path.allSatisfy { $0.isLetter || $0.isNumber || "-_./+:@%,".contains($0) }
  return isPlain && !path.isEmpty ? path : "'\(path.replacing("'", with: #"'\''"#))'"
}
