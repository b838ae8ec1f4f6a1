import CourseCommandLine
import CourseTraining
import Foundation
import Networks
import Pictures

/// `course train RECIPE|FILE.json`, `course train --resume MODEL`
enum TrainCommand: Command {
  static let resume = Option(
    "resume", .text("MODEL"), "resume an interrupted run, or train for more --epochs")

  static let animate = Option(
    "animate", .text("FILE.gif"),
    "draw the decision boundary while the network learns (data of two features)")

  static let report = Option(
    "report", .text("FILE.html"), "write a page about the network and its results")

  static let description = CommandDescription(
    name: "train", abstract: "Train a network from a recipe and test it on held-out data.",
    discussion: """
      The data are split at random into parts for training, validation and test, with
      the same proportion of each class. The network is saved to RECIPE.safetensors
      (see --output), with everything that evaluate, predict and --resume need. Ctrl-C
      saves and stops, as SIGTERM and SIGHUP do; a second one stops at once.

      Examples:
        course train moons --animate moons.gif
        course train digits-mlp --hidden 128 --epochs 60 --report digits.html
        course train csv-mlp --data flowers.csv --label species
        course train --resume digits-mlp.safetensors --epochs 100
        course recipes digits-mlp --json > mine.json; course train mine.json
      """,
    operands: [
      Operand(
        "RECIPE|FILE.json", .optional, "a recipe ('course recipes' lists them), or a recipe file")
    ],
    options: Recipe.settings + [resume, animate, report, RunOptions.output, RunOptions.force]
      + [RunOptions.threads, CommonOptions.quiet, RunOptions.skipBroken])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    var experiment: Experiment
    let output: OutputFile
    let force = arguments[RunOptions.force]
    if let path = arguments[resume] {
      experiment = try Experiment(
        resuming: path, arguments: arguments, progress: terminal.progress(for: arguments))
      let recipe = experiment.recipe.recipe
      if let name = arguments.operand(0), name != recipe {
        throw UsageError(
          "'\(name)' conflicts with \(path), which was trained with \(recipe). Omit it.")
      }
      let target = arguments[RunOptions.output] ?? path
      // A resumed run may always replace its own file.
      output = try OutputFile(
        target, force: force, replacesOwn: target == path,
        inputs: DataSource.files(of: experiment.recipe.data))
    } else {
      guard let name = arguments.operand(0) else {
        throw UsageError(
          "missing RECIPE: expected \(Recipes.names.joined(separator: ", ")), or a recipe file (.json)"
        )
      }
      var recipe = try Recipe.find(name)
      recipe.apply(arguments)
      try recipe.check()
      output = try OutputFile(
        arguments[RunOptions.output] ?? "\(recipe.recipe).safetensors", force: force,
        inputs: DataSource.files(of: recipe.data) + (Recipes.named(name) == nil ? [name] : []))
      experiment = try Experiment(
        recipe, author: "course train", skipBroken: arguments[RunOptions.skipBroken],
        progress: terminal.progress(for: arguments))
    }
    let film = try arguments[animate].map { try animation($0, of: &experiment, force: force) }
    let page = try arguments[report].map {
      try ReportCommand.reportFile(
        $0, option: "--report", force: force,
        inputs: DataSource.files(of: experiment.recipe.data)
          + [arguments[resume]].compactMap { $0 })
    }
    let files = [output, film?.file, page].compactMap { $0?.absolutePath }
    guard Set(files).count == files.count else {
      throw UsageError("--output, --animate and --report need different files")
    }
    experiment.remarks.report(on: terminal.error)
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    let run = try experiment.run.perform(
      savingTo: output, arguments: arguments, on: terminal
    ).report

    var lines = run.interrupted ? [] : ["Saved to \(output.path)."]
    // After a signal, as far as the training came.
    if let film, !film.recorder.frames.isEmpty {
      let gif = try film.recorder.animation().gif(showing: terminal.progress(for: arguments))
      try film.file.write(warnings: terminal.error) { try AtomicFile.write(gif, to: $0) }
      lines.append("The animation is in \(film.file.path).")
    }
    if let page, run.epochs > 0 {
      let report = try ModelReport(
        of: experiment.run.network, experiment.recipe, path: output.path, command: terminal.command,
        parts: experiment.parts, after: run, showing: terminal.progress(for: arguments))
      try ReportCommand.write(report, to: page, warnings: terminal.error)
      lines.append("The report is in \(page.path).")
    }
    if run.interrupted {
      for line in lines { terminal.error.line(line) }
      throw Interruption.status
    }
    if !arguments[CommonOptions.json] { terminal.output.line("\n" + lines.joined(separator: "\n")) }
  }

  /// Lets the training be drawn.
  ///
  /// - Throws: what makes an animation impossible, before the training: data that are not of two features, a file
  ///   that cannot be written, a build without the libraries
  private static func animation(
    _ path: String, of experiment: inout Experiment, force: Bool
  ) throws -> (recorder: BoundaryRecorder, file: OutputFile) {
    guard path.lowercased().hasSuffix(".gif") else {
      throw UsageError("'--animate \(path)': an animation is a file that ends in .gif")
    }
    let file = try OutputFile(
      path, force: force, inputs: DataSource.files(of: experiment.recipe.data))
    try Animation.requireLibraries()
    let recorder = try BoundaryRecorder(data: experiment.parts.train, frameLimit: 80)
    experiment.run.callbacks.append(recorder)
    return (recorder, file)
  }
}
