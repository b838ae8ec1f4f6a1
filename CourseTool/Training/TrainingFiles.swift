import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// The files that `train` writes on request, besides the network: checked before the training, written as far as
/// it came.
struct TrainingFiles {
  static let animate = Option(
    "animate", .text("FILE.gif"),
    "draw the decision boundary while the network learns (data of two features)")
  static let report = Option(
    "report", .text("FILE.html"), "write a page about the network and its results")
  static let history = Option(
    "history", .text("FILE.csv"),
    "log learning rate, losses, metrics and time of each epoch, as soon as it ends")
  static let plot = Option(
    "plot", .text("FILE"), "draw loss and metrics of each epoch (.svg or .png)")

  static let options: [any OptionDescription] = [report, plot, history, animate]

  private var film: (recorder: BoundaryRecorder, file: OutputFile)?
  private var page: OutputFile?
  private var log: History?
  private var curves: PictureFile?

  /// Checks the files that the arguments name, and lets the training record what they need.
  ///
  /// - Parameter output: the file of the network
  /// - Throws: what makes one of them impossible: a file that cannot be written or is there, data that are not of two
  ///   features for an animation, a build without the libraries
  init(
    _ arguments: Arguments, for experiment: inout Experiment, output: OutputFile,
    on terminal: Terminal
  ) throws {
    let force = arguments[RunOptions.force]
    let inputs =
      experiment.recipe.inputFiles
      + [arguments[TrainCommand.resume]].compactMap { $0 }
    if let path = arguments[Self.animate] {
      guard path.lowercased().hasSuffix(".gif") else {
        throw UsageError("'--animate \(path)': an animation is a file that ends in .gif")
      }
      let file = try OutputFile(path, force: force, inputs: inputs)
      try Animation.requireLibraries()
      let recorder = try BoundaryRecorder(data: experiment.parts.train, frameLimit: 80)
      experiment.run.callbacks.append(recorder)
      film = (recorder, file)
    }
    page = try arguments[Self.report].map {
      try ReportCommand.reportFile($0, option: "--report", force: force, inputs: inputs)
    }
    curves = try arguments[Self.plot].map {
      try PictureFile($0, option: "--plot", force: force, inputs: inputs)
    }
    log = try arguments[Self.history].map { path in
      guard path.lowercased().hasSuffix(".csv") else {
        throw UsageError("'--history \(path)': a history is a file that ends in .csv")
      }
      return History(try OutputFile(path, force: force, inputs: inputs))
    }
    let paths =
      [output, film?.file, page, log?.file].compactMap { $0?.absolutePath }
      + [curves?.absolutePath].compactMap { $0 }
    guard Set(paths).count == paths.count else {
      let names =
        ["--output"] + Self.options.map(\.name).filter(arguments.isGiven).map { "--\($0)" }
      throw UsageError(
        "\(names.dropLast().joined(separator: ", ")) and \(names.last!) need different files")
    }
    if let log { experiment.run.callbacks.append(log.callback(warnings: terminal.error)) }
  }

  /// The file of `--history`: a row for each epoch, as soon as it ends. A file that cannot be written (on a full disk) does
  /// not end the training.
  private final class History {
    let file: OutputFile
    private var text = ""
    private var handle: FileHandle?
    private var hasFailed = false

    init(_ file: OutputFile) { self.file = file }

    func callback(warnings: TextStream) -> CSVLog {
      CSVLog { [self] line in
        text += line
        guard !hasFailed else { return }
        do {
          if handle == nil {
            try file.write(warnings: warnings) { try AtomicFile.write(Data(), to: $0) }
            handle = try FileHandle(forWritingTo: URL(filePath: file.path))
          }
          try handle?.write(contentsOf: Data(line.utf8))
        } catch {
          hasFailed = true
          // A part of a row may be there.
          try? handle?.truncate(atOffset: UInt64(text.utf8.count - line.utf8.count))
          let reason =
            (error as? CourseError)?.oneLine ?? "\(file.path): \(error.localizedDescription)"
          warnings.clearLine()
          warnings.line(
            warnings.style.yellow(
              "warning: \(reason); training continues, and the history is written at its end"))
        }
      }
    }

    /// Writes the whole history where an epoch failed.
    func finish(warnings: TextStream) throws {
      guard hasFailed else { return }
      try file.write(warnings: warnings) { [text] in try AtomicFile.write(Data(text.utf8), to: $0) }
    }
  }

  /// The options that a resumed training needs again to write the same files, with a space before them.
  static func resumeOptions(_ arguments: Arguments) -> String {
    let files = [report, plot, history, animate].compactMap { option in
      arguments[option].map { " --\(option.name) \(shellQuoted($0))" }
    }
    return (arguments[RunOptions.skipBroken] ? " --\(RunOptions.skipBroken.name)" : "")
      + files.joined() + (files.isEmpty ? "" : " --\(RunOptions.force.name)")
  }

  /// Writes the files after a training, or as far as it came, and notes them in the report of the run.
  /// - Returns: a line about each file
  func write(
    after run: inout RunReport, of experiment: Experiment, detection: DetectionResult? = nil,
    representation: RepresentationResult? = nil, output: OutputFile,
    arguments: Arguments, on terminal: Terminal
  ) throws -> [String] {
    let progress = terminal.progress(for: arguments)
    var lines: [String] = []
    func note(_ option: Option<String>, _ title: String, _ path: String) {
      run.files[option.name] = path
      lines.append("The \(title) in \(path).")
    }
    if let film, !film.recorder.frames.isEmpty {
      let gif = try film.recorder.animation().gif(showing: progress)
      try film.file.write(warnings: terminal.error) { try AtomicFile.write(gif, to: $0) }
      note(Self.animate, "animation is", film.file.path)
    }
    guard run.epochs > 0 else { return lines }
    if let curves, let history = experiment.run.network.progress?.history {
      try curves.write(
        Panels.curves(
          of: history, perplexity: experiment.recipe.perplexity,
          rangeTest: experiment.run.rangeTest),
        warnings: terminal.error)
      note(Self.plot, "curves are", curves.path)
    }
    if let page {
      var report = try ModelReport(
        of: experiment.run.network, experiment.recipe, path: output.path, command: terminal.command,
        parts: experiment.parts, after: run, showing: progress)
      report.detection = detection
      report.representation = representation
      report.images = experiment.images
      try ReportCommand.write(report, to: page, warnings: terminal.error)
      note(Self.report, "report is", page.path)
    }
    // Last: where the disk is still full, the others are there.
    if let log {
      try log.finish(warnings: terminal.error)
      note(Self.history, "history is", log.file.path)
    }
    return lines
  }
}
