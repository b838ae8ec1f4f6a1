import CourseCommandLine
import Foundation
import Phase1FeedForward
import Shared

/// `course demo`
///
/// The program `course-demo` has this command alone, and needs no other phase than the first: what a newcomer
/// runs first is built first.
package enum DemoCommand: Command {
  package static let description = CommandDescription(
    name: "demo", abstract: "Train a digit classifier, test it, and show sample predictions.",
    discussion: """
      Runs the recipe digits-mlp; 'course train digits-mlp' does the same and accepts
      all its settings. Saves the network to digits.safetensors in the current folder;
      a file of that name is overwritten only if the demo wrote it.
      """,
    options: [RunOptions.epochs, RunOptions.seed, RunOptions.output, RunOptions.force]
      + [RunOptions.threads, CommonOptions.quiet])

  private static let author = "course demo"

  /// The settings of the recipe digits-mlp that say what the demo does. Together with that recipe they are all
  /// settings, so that `evaluate` and `train --resume` take the network for one of its networks.
  private struct Settings: Encodable {
    let recipe = "digits-mlp"
    let data = "digits"
    let scaling = "standardize-all"
    let hidden = [256]
    let optimizer = "sgd"
    let learningRate: Float = 0.15
    let schedule = "step"
    let decay: Float = 0.95
    let decayEvery = 1
    var epochs = 30
    let batchSize = 10
    let validation = 0.15
    let test = 0.15
    let split = "random"
    var seed: UInt64 = 1

    enum CodingKeys: String, CodingKey {
      case recipe, data, scaling, hidden, optimizer
      case learningRate = "learning-rate"
      case schedule, decay
      case decayEvery = "decay-every"
      case epochs
      case batchSize = "batch-size"
      case validation, test, split, seed
    }
  }

  package static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    var settings = Settings()
    settings.epochs = arguments[RunOptions.epochs] ?? settings.epochs
    settings.seed = arguments[RunOptions.seed] ?? settings.seed
    let path = arguments[RunOptions.output] ?? "digits.safetensors"
    let output = try OutputFile(
      path, force: arguments[RunOptions.force], replacesOwn: isFromDemo(path))
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }

    let parts = try Dataset.digits.split(
      train: 1 - settings.validation - settings.test, validation: settings.validation,
      test: settings.test, seed: settings.seed)
    var run = try TrainingRun(
      network(settings, for: parts.train), recipe: settings.recipe, settings: settings,
      train: parts.train, validation: parts.validation, test: parts.test,
      options: TrainingOptions(
        epochs: settings.epochs, batchSize: settings.batchSize,
        schedule: StepDecay(every: settings.decayEvery, factor: settings.decay)))
    let result = try run.perform(savingTo: output, arguments: arguments, on: terminal)
    if arguments[CommonOptions.json] { try terminal.output.json(result.report) }
    guard !result.report.interrupted else { throw Interruption.status }
    guard !arguments[CommonOptions.json], let evaluation = result.test else { return }

    let out = terminal.output
    out.line("\n" + out.style.bold("Sample predictions on the test set"))
    out.line(gallery(parts.test, evaluation.predictions, for: out))
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

  /// The network before training.
  private static func network(
    _ settings: Settings, for training: Dataset
  ) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: training.inputShape, loss: SoftmaxCrossEntropyLoss(),
      optimizer: SGD(learningRate: settings.learningRate), seed: settings.seed)
    var size = training.inputShape[0]
    for hiddenSize in settings.hidden {
      try network.append(Dense(inputSize: size, outputSize: hiddenSize))
      try network.append(ReLU())
      size = hiddenSize
    }
    try network.append(Dense(inputSize: size, outputSize: training.classNames.count))
    network.preprocessing = try .standardizingAll(training)
    network.classNames = training.classNames
    network.featureNames = training.featureNames
    network.dataFingerprint = Dataset.digits.fingerprint
    network.author = author
    return network
  }

  /// Whether an earlier demo wrote the file; `false` for a file that cannot be read.
  private static func isFromDemo(_ path: String) -> Bool {
    let network = try? NeuralNetwork(
      contentsOf: URL(filePath: path), layers: [Dense.self, ReLU.self], losses: nil,
      optimizers: nil, penalties: nil, schedules: nil)
    return network?.author == author
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
