import CourseCommandLine
import Foundation
import Networks

/// `course demo`
enum DemoCommand: Command {
  static let description = CommandDescription(
    name: "demo", abstract: "Train a digit classifier, test it, and show sample predictions.",
    discussion: """
      Runs the recipe digits-mlp; 'course train digits-mlp' does the same and accepts
      all its settings. Saves the network to digits.safetensors in the current folder;
      a file of that name is overwritten only if the demo wrote it.
      """,
    options: Recipe.settings("epochs", "seed") + [RunOptions.output, RunOptions.force]
      + [RunOptions.threads, CommonOptions.quiet])

  private static let author = "course demo"

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    var recipe = try Recipe.find("digits-mlp")
    recipe.apply(arguments)
    let path = arguments[RunOptions.output] ?? "digits.safetensors"
    let output = try OutputFile(
      path, force: arguments[RunOptions.force], replacesOwn: isFromDemo(path))
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    var experiment = try Experiment(recipe, author: author)
    let result = try CourseTool.run(
      &experiment, output: output, arguments: arguments, on: terminal)
    guard !result.report.interrupted else { throw Interruption.status }
    guard !arguments[CommonOptions.json], let evaluation = result.test else { return }

    let out = terminal.output
    out.line("\n" + out.style.bold("Sample predictions on the test set"))
    out.line(gallery(experiment.parts.test, evaluation.predictions, for: out))
    out.line("\nSaved to \(output.path). Next steps:")
    let next = [
      ("evaluate \(shellQuoted(output.path))", "evaluate the saved network"),
      ("train digits-mlp --hidden 64,32", "train another network on the same data"),
      ("train csv-mlp --data FILE.csv --label COLUMN", "train on your own data"),
      ("help", "list all commands"),
    ].map { (command: "\(terminal.command) \($0.0)", text: $0.1) }
    let width = next.map(\.command.count).max() ?? 0
    for (command, text) in next {
      out.line("  \(out.style.cyan(command.padded(right: width)))   \(text)")
    }
  }

  /// Whether an earlier demo wrote the file; `false` for a file that cannot be read.
  private static func isFromDemo(_ path: String) -> Bool {
    guard let network = try? NeuralNetwork(contentsOf: URL(filePath: path)) else { return false }
    return network.notes[Experiment.authorNote] == author
  }

  /// The first test digits; the last one is the first mistake, if there is one.
  private static func gallery(
    _ test: Dataset, _ probabilities: Tensor, for stream: TextStream
  ) -> String {
    let drawing = DigitDrawing(side: 8, brightest: 16, features: stream.features)
    let style = stream.style
    let (right, predicted) = (test.targets.classIndices, probabilities.argmax(axis: -1))
    let places = max(1, min(4, (stream.features.width + 2) / (drawing.width + 2)))
    var chosen = Array(0..<min(places, test.count))
    if let mistake = right.indices.first(where: { right[$0] != predicted[$0] }),
      !chosen.contains(mistake)
    {
      chosen[chosen.count - 1] = mistake
    }
    return drawing.gallery(
      chosen.map { index in
        let answer = predicted[index]
        let percent = fixed(probabilities[index, answer] * 100, 1)
        let isRight = answer == right[index]
        let text = "says \(test.classNames[answer]) (\(percent) %)"
        return (
          pixels: test.features.rows(at: [index]).scalars,
          captions: [
            isRight ? style.green(text) : style.red(text),
            "it is \(test.classNames[right[index]])\(isRight ? "" : "  <- wrong")",
          ]
        )
      })
  }
}
