import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Networks

/// `course evaluate` with a network that was pretrained without labels: how well its features tell classes apart.
enum RepresentationEvaluation {
  private struct Record: Encodable {
    var model: String
    var data: String
    var part: String
    var classNames: [String]
    var representation: RepresentationFigures?
    /// The loss of the pretext task.
    var test: PartReport
  }

  static func run(
    _ network: NeuralNetwork, _ recipe: Recipe, path: String, _ arguments: Arguments,
    on terminal: Terminal
  ) throws {
    guard arguments[MistakesFile.option] == nil, arguments[EvaluateCommand.label] == nil else {
      throw UsageError(
        "'--mistakes' and '--label' do not apply to networks that were pretrained without labels")
    }
    let progress = terminal.progress(for: arguments)
    let (images, source) = try recipe.labelledImages(
      arguments.operand(1), for: network, path: path, skipBroken: arguments[RunOptions.skipBroken],
      progress: progress, on: terminal)
    let evaluation = try network.evaluate(
      recipe.views(of: images.test, "test", of: source), keepingPredictions: false,
      showing: progress)
    let report = PartReport(evaluation, examples: images.test.count, details: true)
    let result = try RepresentationResult(of: network, recipe, on: images, progress: progress)
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(
          model: path, data: source, part: "test", classNames: result?.classNames ?? [],
          representation: result?.figures, test: report))
    }
    let out = terminal.output
    out.line("\(path) on the test part of \(source)\n")
    out.line("images     \(report.examples)")
    out.line("loss       \(lossText(Float(report.loss)))  of the pretext task")
    if let accuracy = report.accuracy {
      out.line("accuracy   \(fixed(accuracy, 4))  of the pretext task, on four turns of each image")
    }
    if let deviation = evaluation.metrics[EmbeddingDeviation().name] {
      out.line("deviation  \(fixed(deviation, 4))  of the embeddings; 0 is a collapse")
    }
    out.line(
      "\n"
        + (result?.text(style: out.style)
          ?? "The images have no classes, so there is nothing to read off the representation."))
  }
}

extension Recipe {
  /// Labelled images for a pretrained network, in parts: those of its training, or others that are divided in the same way.
  /// - Parameter given: data; `nil` for those of the training
  func labelledImages(
    _ given: String?, for network: NeuralNetwork, path: String, skipBroken: Bool,
    progress: TextStream?, on terminal: Terminal
  ) throws -> (parts: DatasetSplit, source: String) {
    var recipe = self
    guard let given else {
      guard test > 0 else {
        throw UsageError("\(path) has no test part of its own: give DATA")
      }
      let loaded = try recordedData(
        of: network, skipBroken: skipBroken, progress: progress,
        remedy: "Give labelled images, or restore the original data.")
      loaded.remarks.report(on: terminal.error)
      return (try split(loaded), data)
    }
    recipe.data = given
    recipe.validation = 0
    if recipe.test == 0 { recipe.test = 0.15 }
    let loaded = try recipe.loadData(
      form: ImageForm(of: network.encoder()), skipBroken: skipBroken, progress: progress)
    loaded.remarks.report(on: terminal.error)
    var parts: DatasetSplit
    do {
      parts = try recipe.split(loaded)
    } catch var error as CourseError {
      // The options of a training, which chose its parts, do not help here.
      error.remedy =
        "Use more images: they are divided into those with labels, and those to test on."
      throw error
    }
    if let scaler = DataSource.brightening(of: given, forTrainingOn: data) {
      parts = DatasetSplit(
        train: scaler.applied(to: parts.train), validation: scaler.applied(to: parts.validation),
        test: scaler.applied(to: parts.test))
    }
    let shape = try network.encoder().inputShape
    guard parts.train.inputShape == shape else {
      throw CourseError(
        .shapeMismatch, "images that do not fit the network", expected: "shape \(shape)",
        received: "\(parts.train.inputShape)", location: given)
    }
    return (parts, given)
  }
}
