import CourseCommandLine
import CourseTraining
import Foundation
import Networks
import Pictures

/// `course study [NAME]`
enum StudyCommand: Command {
  private static let output = Option(
    "output", short: "o", .text("DIR"),
    "folder for NAME.csv, NAME.svg and NAME.gif (default: the current folder)")
  private static let seed = Option(
    "seed", .seed, "random seed for data, initial weights and shuffling"
  ).defaulting(to: 1)
  private static let epochs = Option(
    "epochs", .integer(in: 1...1_000_000), "maximum number of epochs of each run")
  private static let examples = Option(
    "examples", .integer(in: 1...10_000_000), "number of training examples")
  private static let repeats = Option(
    "repeats", .integer(in: 1...1000), "number of runs with different seeds")
  private static let length = Option(
    "length", .integer(in: 2...100_000), "sequence length, for adding-problem (default: 100)")
  private static let noise = Option<Double>(
    "noise", .fraction, "fraction of wrong labels, for regularisation-study (default: 0.2)")

  private static let data = Option(
    "data", .text("NAME|FOLDER|FILE"),
    "images or texts, for labels (default: synthetic-figures)")
  private static let text = Option(
    "text", .text("COLUMN"), "column of the texts, for labels on a CSV file")
  private static let label = Option(
    "label", .text("COLUMN"), "column of the classes, for labels on a CSV file")

  static let description = CommandDescription(
    name: "study", abstract: "Run an experiment that compares training methods.",
    discussion: "Prints a table, and writes a plot and a CSV file. After Ctrl-C (or SIGTERM,\n"
      + "SIGHUP) the results of completed runs are saved in NAME-unfinished.csv.\n\nStudies:\n"
      + allStudies.map {
        "  \($0.name)\n    " + Help.wrapped($0.abstract, to: 76).joined(separator: "\n    ")
      }
      .joined(separator: "\n") + "\n\nWithout NAME, 'course study' describes them in detail.",
    operands: [
      Operand("NAME", .optional, allStudies.map { $0.name }.joined(separator: ", "))
    ],
    options: [
      output, RunOptions.force, seed, epochs, examples, repeats, length, noise, data, text,
      label, RunOptions.threads,
      CommonOptions.quiet,
    ])

  private struct ListRecord: Encodable {
    var name: String
    var abstract: String
    var explanation: String
  }

  private struct Record: Encodable {
    var study: String
    var settings: StudySettings
    var seconds: Double
    var files: [String]
    var table: StudyTable
    var data: StudyTable
    var conclusion: String
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let json = arguments[CommonOptions.json]
    let out = terminal.output
    guard let name = arguments.operand(0) else {
      let list = allStudies.map {
        ListRecord(name: $0.name, abstract: $0.abstract, explanation: $0.explanation)
      }
      if json { return try out.json(["studies": list]) }
      for study in list {
        out.line(out.style.bold(study.name) + ": " + study.abstract)
        out.line(Help.wrapped(study.explanation, to: 78).map { "  " + $0 }.joined(separator: "\n"))
        out.line()
      }
      return out.line("Run one with '\(terminal.command) study NAME'.")
    }
    let names = allStudies.map { $0.name }
    guard let study = allStudies.first(where: { $0.name == name }) else {
      throw UsageError(
        "unknown study '\(name)'." + didYouMean(suggestions(for: name, among: names))
          + "\n  Expected \(names.joined(separator: ", ")).")
    }
    guard arguments[length] == nil || study == AddingProblemStudy.self else {
      throw UsageError("'--length' applies to adding-problem only")
    }
    guard arguments[noise] == nil || study == RegularisationStudy.self else {
      throw UsageError("'--noise' applies to regularisation-study only")
    }
    for option in [data, text, label] {
      guard arguments[option] == nil || study == LabelsStudy.self else {
        throw UsageError("'--\(option.name)' applies to labels only")
      }
    }
    let folder = URL(filePath: arguments[output] ?? ".", directoryHint: .isDirectory)
    let force = arguments[RunOptions.force]
    func file(_ ending: String) throws -> OutputFile {
      try OutputFile(folder.appending(path: "\(name).\(ending)").relativePath, force: force)
    }
    let (table, plot) = (try file("csv"), try file("svg"))
    let film = study.isAnimated ? try file("gif") : nil
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    let settings = StudySettings(
      seed: arguments[seed], epochs: arguments[epochs], examples: arguments[examples],
      repeats: arguments[repeats], length: arguments[length], noise: arguments[noise],
      data: arguments[data], text: arguments[text], label: arguments[label])

    let quiet = arguments[CommonOptions.quiet]
    if !quiet, isDebugBuild {
      terminal.error.line("note: debug build, many times slower than a release build")
    }
    let start = ContinuousClock.now
    var session = StudySession(on: terminal.progress(for: arguments))
    var result: StudyResult?
    do {
      try Interruption.watched { result = try study.run(settings, session: &session) }
    } catch let stop as ExitStatus {
      terminal.error.clearLine()
      guard let rows = session.finished, !rows.rows.isEmpty else {
        terminal.error.line("Interrupted. Nothing was written.")
        throw stop
      }
      // Not under the name of a complete study.
      let partial = try OutputFile(
        folder.appending(path: "\(name)-unfinished.csv").relativePath, force: true)
      try partial.write(warnings: terminal.error) {
        try AtomicFile.write(Data(rows.csv.utf8), to: $0)
      }
      terminal.error.line("Interrupted. The completed runs are in \(partial.path).")
      throw stop
    }
    guard let result else { return }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var problem: (any Error)?
    var paths = [table.path, plot.path]
    do {
      try table.write(warnings: terminal.error) {
        try AtomicFile.write(Data(result.data.csv.utf8), to: $0)
      }
      try plot.write(warnings: terminal.error) {
        try AtomicFile.write(Data(result.picture.svg.utf8), to: $0)
      }
      if let film, let animation = result.animation {
        paths += try write(
          animation, to: film, progress: terminal.progress(for: arguments), errors: terminal.error)
      }
    } catch {
      // The results are printed nevertheless.
      problem = error
    }
    if problem != nil { paths = [] }
    if json {
      try out.json(
        Record(
          study: name, settings: settings, seconds: seconds, files: paths, table: result.table,
          data: result.data, conclusion: result.conclusion))
    } else {
      out.line(result.table.text(style: out.style))
      out.line("\n" + Help.wrapped(result.conclusion, to: 80).joined(separator: "\n"))
      out.line(
        "\nTook \(durationText(seconds))."
          + (problem == nil ? " Written: \(paths.joined(separator: ", "))" : ""))
    }
    if let problem { throw problem }
  }

  /// Writes an animation, or says why there is none: a study is complete without it.
  /// - Returns: the path of the file that was written
  private static func write(
    _ animation: Animation, to file: OutputFile, progress: TextStream?, errors: TextStream
  ) throws -> [String] {
    let gif: Data
    do {
      gif = try animation.gif(showing: progress)
    } catch let error as CourseError where error.kind == .file {
      errors.line(errors.wrapped("note: no animation: \(error.description)"))
      return []
    }
    try file.write(warnings: errors) { try AtomicFile.write(gif, to: $0) }
    return [file.path]
  }
}
