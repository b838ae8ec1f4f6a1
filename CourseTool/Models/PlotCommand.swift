import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// `course plot KIND MODEL [DATA]`
enum PlotCommand: Command {
  /// A kind of picture.
  private enum Kind: String, CaseIterable {
    case boundary, curves
    case learningRate = "learning-rate"
    case confusion, roc
    case precisionRecall = "precision-recall"
    case weights, activations, gradients, outputs, mistakes, scatter, series, network

    var abstract: String {
      switch self {
      case .boundary: "the decision over the plane of two features, with the data"
      case .curves: "loss and metrics of each epoch, training and validation"
      case .learningRate: "the learning rate of each epoch"
      case .confusion: "the confusion matrix"
      case .roc: "the ROC curve of two classes"
      case .precisionRecall: "precision over recall, of two classes"
      case .weights: "the distribution of the weights of each layer"
      case .activations: "the distribution of the outputs of each layer"
      case .gradients: "the distribution of the gradients of each layer"
      case .outputs: "the outputs in two dimensions (principal components)"
      case .mistakes: "the worst mistakes, with prediction and truth"
      case .scatter: "predicted over true numbers, of a regression"
      case .series: "predicted and true numbers of a series over time"
      case .network: "the layers, their output shapes and parameters"
      }
    }

    var needsData: Bool {
      switch self {
      case .curves, .learningRate, .weights, .network: false
      default: true
      }
    }
  }

  private static let output = Option(
    "output", short: "o", .text("FILE"),
    "the picture, .svg or .png (default: KIND.svg in the current folder)")
  private static let dark = Flag("dark", "draw a PNG file light on dark")

  static let description = CommandDescription(
    name: "plot", abstract: "Draw a picture of a trained network.",
    discussion: "Kinds:\n"
      + Kind.allCases.map { kind in
        "  " + kind.rawValue.padding(toLength: 18, withPad: " ", startingAt: 0) + kind.abstract
      }.joined(separator: "\n") + """


        An SVG file needs no library and follows the reader's choice of light or dark.

        Examples:
          course train moons && course plot boundary moons.safetensors -o moons.png
          course plot curves digits-mlp.safetensors
        """,
    operands: [
      Operand("KIND", .one, Kind.allCases.map(\.rawValue).joined(separator: ", ")),
      Operand("MODEL", .one, "a trained network (.safetensors)"),
      Operand(
        "DATA", .optional,
        "labelled data, as for 'course evaluate' (default: the test part of the training data)"),
    ],
    options: [
      output, dark, EvaluateCommand.label, EvaluateCommand.text, RunOptions.skipBroken,
      RunOptions.force,
      CommonOptions.quiet,
    ])

  private struct Record: Encodable {
    var kind: String
    var model: String
    var data: String?
    var file: String
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let (name, path) = (arguments.operands[0], arguments.operands[1])
    let names = Kind.allCases.map(\.rawValue)
    guard let kind = Kind(rawValue: name) else {
      throw UsageError(
        "unknown kind of picture '\(name)'." + didYouMean(suggestions(for: name, among: names))
          + "\n  Expected \(names.joined(separator: ", ")).")
    }
    let target = arguments[output] ?? "\(name).svg"
    guard kind.needsData || arguments.operand(2) == nil else {
      throw UsageError("a picture of kind \(name) takes no DATA")
    }
    let file = try PictureFile(
      target, option: "--output", force: arguments[RunOptions.force],
      inputs: [path] + (arguments.operand(2).map(DataSource.files) ?? []))
    guard !arguments[dark] || target.lowercased().hasSuffix(".png") else {
      throw UsageError("'--dark' draws a PNG file: an SVG file has the colours of its page")
    }
    var network = try savedNetwork(path)
    var source: String?
    var data: Dataset?
    let recipe = try Recipe(notedIn: network, path: path)
    try EvaluateCommand.checkText(arguments, recipe)
    if kind == .outputs, let recipe, recipe.isPretraining {
      // Its outputs are made for its own task; the representation is what shows classes.
      let images = try recipe.labelledImages(
        arguments.operand(2), for: network, path: path,
        skipBroken: arguments[RunOptions.skipBroken],
        progress: terminal.progress(for: arguments), on: terminal)
      (data, source) = (images.parts.test, images.source)
      network = try network.encoder()
      network.classNames = images.parts.test.classNames
    } else if kind.needsData {
      let labelled = try labelledData(
        arguments.operand(2), label: arguments[EvaluateCommand.label],
        text: arguments[EvaluateCommand.text], for: network, recipe, path: path,
        skipBroken: arguments[RunOptions.skipBroken],
        purpose: "draw", command: "plot \(name) \(shellQuoted(path)) DATA",
        progress: terminal.progress(for: arguments), on: terminal)
      (data, source) = (labelled.data, labelled.source)
    }
    let picture = try self.picture(
      kind, of: network, recipe, data, path: path, showing: terminal.progress(for: arguments))
    try file.write(picture, theme: arguments[dark] ? .dark : .light, warnings: terminal.error)
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(kind: name, model: path, data: source, file: file.path))
    }
    terminal.output.line("\(file.path): \(kind.abstract)" + (source.map { ", on \($0)" } ?? ""))
  }

  private static func picture(
    _ kind: Kind, of network: NeuralNetwork, _ recipe: Recipe?, _ data: Dataset?, path: String,
    showing progress: TextStream?
  ) throws -> any Picture {
    func history() throws -> TrainingHistory {
      guard let history = network.progress?.history, !history.epochs.isEmpty else {
        throw CourseError(
          .invalidArgument, "the network has no training history",
          expected: "a network saved by 'course train'", location: path)
      }
      return history
    }
    let isRegression = network.preparation?.predictsNumbers ?? false
    let isOfClasses = [
      .boundary, .mistakes, .outputs, .confusion, .roc, .precisionRecall,
    ].contains(kind)
    if isOfClasses { try network.requireClasses(path) }
    if kind == .activations { try network.requireInputsAlone(path) }
    switch kind {
    case .scatter:
      guard isRegression, let data, case .values(let truth) = data.targets else {
        throw CourseError(
          .invalidArgument, "the network does not predict numbers", expected: "a regression",
          location: path, remedy: "Train one, for example with 'course train csv-regression'.")
      }
      let figures = scatter(of: try network.predict(data.features), truth, network)
      return figures.count == 1 ? figures[0] : Panels(figures, columns: 2)
    case .series:
      guard network.preparation?.window != nil, let data else {
        throw CourseError(
          .invalidArgument, "the network does not predict a series",
          expected: "a network of the recipe csv-sequence", location: path,
          remedy: isRegression
            ? "Draw predicted numbers with 'course plot scatter \(shellQuoted(path))'."
            : "Train one, for example with 'course train csv-sequence'.")
      }
      let figures = series(of: try network.predict(data.features), on: data, network)
      return figures.count == 1 ? figures[0] : Panels(figures, columns: 1)
    case .boundary:
      return try DecisionBoundary(of: data!).figure(
        of: network, title: "Decision boundary of \(URL(filePath: path).lastPathComponent)")
    case .curves:
      return Panels.curves(of: try history(), perplexity: recipe?.perplexity)
    case .learningRate: return Figure.learningRate(of: try history())
    case .confusion:
      guard let matrix = try network.evaluate(data!, showing: progress).confusionMatrix else {
        throw CourseError(
          .invalidArgument, "the network does not classify", expected: "a classifier",
          location: path)
      }
      return try Figure.confusionMatrix(matrix)
    case .roc, .precisionRecall:
      let probabilities = try network.classProbabilities(data!.features)
      guard probabilities.rank == 2, probabilities.shape[1] == 2 else {
        throw CourseError(
          .invalidArgument, "a curve of two classes", expected: "a network with two classes",
          received: "outputs of shape \(network.outputShape)", location: path,
          remedy: "'course plot confusion' shows any number of classes.")
      }
      let classes = Set(data!.targets.classIndices)
      guard classes.count == 2 else {
        throw CourseError(
          .invalidData, "a curve of two classes", expected: "examples of both",
          received: "examples of \(classes.count)", location: data!.name)
      }
      let curves = try TwoClassCurves(
        probabilities: probabilities.slice(axis: 1, at: 1).scalars,
        labels: data!.targets.classIndices,
        className: network.classNames.dropFirst().first?.printable)
      return kind == .roc ? curves.roc : curves.precisionRecall
    case .weights: return Figure.weights(of: network)
    case .activations:
      return try Figure.activations(
        of: network, for: sample(of: data!, for: network, limit: 256).features)
    case .gradients:
      return try Figure.gradients(of: network, for: sample(of: data!, for: network, limit: 256))
    case .mistakes:
      return try Mistakes(of: network, on: data!)
        .picture(imageShape: imageShape(of: network, recipe))
    case .outputs:
      let classCount = data!.classCount ?? 0
      // Images without labels are of one class, which means nothing.
      let classNames =
        !network.classNames.isEmpty
        ? network.classNames : classCount == 1 ? [""] : (0..<classCount).map { "class \($0)" }
      // Scores as they leave the last layer: probabilities lie in the corners.
      var layers = network
      layers.resetState()
      let batch = sample(of: data!, for: network, limit: 1000)
      let (examples, targets) = (batch.features, batch.targets)
      // All that can be wrong with the examples.
      _ = try network.predict(examples, batchSize: targets.count)
      let features = network.preprocessing?(examples) ?? examples
      // A sequence with an answer at each step has as many outputs.
      let labels = targets.classIndices
      let outputs = layers.forward(features, mode: .inference).reshaped(to: [labels.count, -1])
      let known = labels.indices.filter { labels[$0] != Target.ignored }
      return try Figure.projection(
        of: outputs.rows(at: known), labels: known.map { labels[$0] }, classNames: classNames)
    case .network: return NetworkDiagram(network)
    }
  }
  /// Some of the examples, of all classes: data may be sorted. Of a network that carries its state, a batch.
  private static func sample(
    of data: Dataset, for network: NeuralNetwork, limit: Int
  ) -> TrainingBatch {
    if network.carriesState {
      let size = network.progress?.options.batchSize ?? limit
      return data.batch(at: 0..<min(data.count, size))
    }
    return data.batch(
      at: RandomKey(seed: 0).permutation(of: data.count).prefix(limit).sorted())
  }
}
