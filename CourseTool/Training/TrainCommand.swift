import CourseCommandLine
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

  static let description = CommandDescription(
    name: "train", abstract: "Train a network from a recipe and test it on held-out data.",
    discussion: """
      The data are split at random into parts for training, validation and test, with
      the same proportion of each class. The network is saved to RECIPE.safetensors
      (see --output), with everything that evaluate, predict and --resume need. Ctrl-C
      saves and stops, as SIGTERM and SIGHUP do; a second one stops at once.

      Examples:
        course train moons --animate moons.gif
        course train digits-mlp --hidden 128 --epochs 60
        course train csv-mlp --data flowers.csv --label species
        course train --resume digits-mlp.safetensors --epochs 100
        course recipes digits-mlp --json > mine.json; course train mine.json
      """,
    operands: [
      Operand(
        "RECIPE|FILE.json", .optional, "a recipe ('course recipes' lists them), or a recipe file")
    ],
    options: Recipe.settings + [resume, animate, RunOptions.output, RunOptions.force]
      + [RunOptions.threads, RunOptions.quiet, RunOptions.skipBroken])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    var experiment: Experiment
    let output: OutputFile
    let force = arguments[RunOptions.force]
    if let path = arguments[resume] {
      experiment = try Experiment(resuming: path, arguments: arguments)
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
        recipe, author: "course train", skipBroken: arguments[RunOptions.skipBroken])
    }
    let film = try arguments[animate].map { try animation($0, of: &experiment, force: force) }
    experiment.remarks.report(on: terminal.error)
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    _ = try CourseTool.run(experiment, output: output, arguments: arguments, on: terminal)
    if let film {
      let gif = try film.recorder.animation().gif()
      try film.file.write(warnings: terminal.error) { try AtomicFile.write(gif, to: $0) }
    }
    if !arguments[CommonOptions.json] {
      terminal.output.line("\nSaved to \(output.path).")
      if let film { terminal.output.line("The animation is in \(film.file.path).") }
    }
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
    experiment.callbacks.append(recorder)
    return (recorder, file)
  }
}
