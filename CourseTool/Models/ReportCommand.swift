import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// `course report MODEL [DATA]`
enum ReportCommand: Command {
  private static let output = Option(
    "output", short: "o", .text("FILE.html"), "the page"
  ).defaulting(to: "report.html")

  static let description = CommandDescription(
    name: "report", abstract: "Write a page about a trained network and its results.",
    discussion: """
      The page shows results, training curves, the worst mistakes, the network, its
      data and its settings. It is one file without scripts, which loads nothing from
      elsewhere. 'course train RECIPE --report FILE.html' writes it after training.

      Example:
        course report digits-mlp.safetensors -o digits.html
      """,
    operands: [
      Operand("MODEL", .one, "a trained network (.safetensors)"),
      Operand(
        "DATA", .optional,
        "labelled data, as for 'course evaluate' (default: the test part of the training data)"),
    ],
    options: [
      output, EvaluateCommand.label, EvaluateCommand.text, RunOptions.skipBroken,
      RunOptions.threads, RunOptions.force,
      CommonOptions.quiet,
    ])

  private struct Record: Encodable {
    var model: String
    var data: String
    var file: String
    var test: PartReport
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let path = arguments.operands[0]
    let file = try reportFile(
      arguments[output], option: "--output", force: arguments[RunOptions.force],
      inputs: [path] + (arguments.operand(1).map(DataSource.files) ?? []))
    let network = try savedNetwork(path)
    let recipe = try Recipe(notedIn: network, path: path)
    try EvaluateCommand.checkText(arguments, recipe)
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    let progress = terminal.progress(for: arguments)
    let report: ModelReport
    if let recipe, recipe.isDetector {
      let (images, source, part) = try recipe.detectionData(
        arguments.operand(1), for: network, path: path, terminal: terminal, arguments: arguments)
      report = try ModelReport(
        of: network, recipe, path: path, command: terminal.command,
        on: .init(
          data: recipe.detectionBatches(of: images).dataset(), source: source, part: part),
        detection: DetectionResult(of: network, on: images, progress: progress),
        showing: progress)
    } else if let recipe, recipe.isPretraining {
      let (images, source) = try recipe.labelledImages(
        arguments.operand(1), for: network, path: path,
        skipBroken: arguments[RunOptions.skipBroken], progress: progress, on: terminal)
      var page = try ModelReport(
        of: network, recipe, path: path, command: terminal.command,
        on: .init(
          data: recipe.views(of: images.test, "test", of: source), source: source, part: "test"),
        showing: progress)
      page.images = images
      page.representation = try RepresentationResult(
        of: network, recipe, on: images, progress: progress)
      report = page
    } else if let recipe, arguments.operand(1) == nil, arguments[EvaluateCommand.label] == nil,
      arguments[EvaluateCommand.text] == nil
    {
      let loaded = try recipe.recordedData(
        of: network, skipBroken: arguments[RunOptions.skipBroken], progress: progress,
        remedy:
          "Give the data to report on: '\(terminal.command) report \(shellQuoted(path)) DATA', "
          + "or restore the original data.")
      loaded.remarks.report(on: terminal.error)
      report = try ModelReport(
        of: network, recipe, path: path, command: terminal.command, parts: recipe.split(loaded),
        showing: progress)
    } else {
      let (data, source, part) = try labelledData(
        arguments.operand(1), label: arguments[EvaluateCommand.label],
        text: arguments[EvaluateCommand.text], for: network, recipe, path: path,
        skipBroken: arguments[RunOptions.skipBroken], purpose: "report on",
        command: "report \(shellQuoted(path)) DATA", progress: progress, on: terminal)
      report = try ModelReport(
        of: network, recipe, path: path, command: terminal.command,
        on: .init(data: data, source: source, part: part), showing: progress)
    }
    try write(report, to: file, warnings: terminal.error)
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(
          model: path, data: report.measured.source, file: file.path,
          test: report.scores[report.scores.count - 1].report))
    }
    terminal.output.line("The report is in \(file.path).")
  }

  /// The file of a report, checked before the work begins.
  static func reportFile(
    _ path: String, option: String, force: Bool, inputs: [String]
  ) throws -> OutputFile {
    guard ["html", "htm"].contains(URL(filePath: path).pathExtension.lowercased()) else {
      throw UsageError("'\(option) \(path)': a report is a file that ends in .html")
    }
    return try OutputFile(path, force: force, inputs: inputs)
  }

  /// Writes the page.
  static func write(_ report: ModelReport, to file: OutputFile, warnings: TextStream) throws {
    let html = try report.page().html
    try file.write(warnings: warnings) { try AtomicFile.write(Data(html.utf8), to: $0) }
  }
}
