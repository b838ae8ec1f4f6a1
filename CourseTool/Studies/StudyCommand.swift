import Foundation
import Networks

/// `course study [NAME]`
enum StudyCommand: Command {
  private static let output = Option(
    "output", short: "o", .text("DIR"),
    "the folder that NAME.csv and NAME.svg are written to (default: the current one)")
  private static let seed = Option("seed", .seed, "of data, weights and order (default: 1)")
  private static let epochs = Option(
    "epochs", .integer(in: 1...1_000_000), "the most epochs of each training")
  private static let examples = Option(
    "examples", .integer(in: 1...10_000_000), "how many examples are trained on")
  private static let repeats = Option(
    "repeats", .integer(in: 1...1000), "how often each training is repeated with another seed")
  private static let length = Option(
    "length", .integer(in: 2...100_000), "the length of the sequences (adding-problem)")

  private static let noise = Option(
    "noise", .share, "the share of wrong labels (regularisation-study; default: 0.2)")

  static let description = CommandDescription(
    name: "study", abstract: "Compare ways to train: a table, a plot and a CSV file.",
    discussion: "After Ctrl-C (or SIGTERM, SIGHUP), the trainings that were finished are kept in\n"
      + "NAME-unfinished.csv.\n\nStudies:\n"
      + allStudies.map { "  \($0.name)\n    \($0.abstract)" }
      .joined(separator: "\n") + "\n\nWithout NAME they are listed in more detail.",
    operands: [
      Operand("NAME", .optional, allStudies.map { $0.name }.joined(separator: ", "))
    ],
    options: [
      output, RunOptions.force, seed, epochs, examples, repeats, length, noise, RunOptions.threads,
      RunOptions.quiet,
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
      return out.line("'\(terminal.command) study NAME' runs one of them.")
    }
    let names = allStudies.map { $0.name }
    guard let study = allStudies.first(where: { $0.name == name }) else {
      throw UsageError(
        "unknown study '\(name)'." + didYouMean(suggestions(for: name, among: names))
          + "\n  There are: \(names.joined(separator: ", ")).")
    }
    guard arguments[length] == nil || study == AddingProblemStudy.self else {
      throw UsageError("'--length' only goes with adding-problem")
    }
    guard arguments[noise] == nil || study == RegularisationStudy.self else {
      throw UsageError("'--noise' only goes with regularisation-study")
    }
    let folder = URL(filePath: arguments[output] ?? ".", directoryHint: .isDirectory)
    let force = arguments[RunOptions.force]
    let (table, plot) = (
      try OutputFile(folder.appending(path: "\(name).csv").relativePath, force: force),
      try OutputFile(folder.appending(path: "\(name).svg").relativePath, force: force)
    )
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    let settings = StudySettings(
      seed: arguments[seed] ?? 1, epochs: arguments[epochs], examples: arguments[examples],
      repeats: arguments[repeats], length: arguments[length], noise: arguments[noise])

    let quiet = arguments[RunOptions.quiet]
    if !quiet, isDebugBuild {
      terminal.error.line("note: this is a debug build, many times slower than a release build")
    }
    let start = ContinuousClock.now
    var session = StudySession(on: quiet ? nil : terminal.error)
    var result: StudyResult?
    do {
      try Interruption.watched { result = try study.run(settings, session: &session) }
    } catch let stop as ExitStatus {
      terminal.error.clearLine()
      guard let rows = session.finished, !rows.rows.isEmpty else {
        terminal.error.line("Interrupted. Nothing was written.")
        throw stop
      }
      // Not under the name of a whole study, which it would pass for.
      let partial = try OutputFile(
        folder.appending(path: "\(name)-unfinished.csv").relativePath, force: true)
      try partial.write(warnings: terminal.error) {
        try AtomicFile.write(Data(rows.csv.utf8), to: $0)
      }
      terminal.error.line("Interrupted. What was finished is in \(partial.path).")
      throw stop
    }
    guard let result else { return }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var problem: (any Error)?
    do {
      try table.write(warnings: terminal.error) {
        try AtomicFile.write(Data(result.data.csv.utf8), to: $0)
      }
      try plot.write(warnings: terminal.error) {
        try AtomicFile.write(Data(result.svg.utf8), to: $0)
      }
    } catch {
      // What was found is printed all the same.
      problem = error
    }
    let paths = problem == nil ? [table.path, plot.path] : []
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
}
