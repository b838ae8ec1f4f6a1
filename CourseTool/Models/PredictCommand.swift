import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course predict MODEL FILE...`
enum PredictCommand: Command {
  static let description = CommandDescription(
    name: "predict", abstract: "Predict the class of each example in a file.",
    discussion: """
      A CSV file has one example per row. With a header row, columns are found by
      name, in any order, and unknown columns are ignored; without one they must have
      the order of the training data. A label column is optional. '-' stands for
      standard input. A .npy file holds a tensor [N, features] or a single example. An
      image (PNG, JPEG) is one example, of the same size and brightness as the
      training images. The predictions are printed as CSV.
      """,
    operands: [
      Operand("MODEL", .one, "a trained network (.safetensors)"),
      Operand("FILE", .oneOrMore, "a file of examples: .csv, .npy, .png or .jpg"),
    ],
    options: [EvaluateCommand.label, RunOptions.threads, CommonOptions.quiet])

  private struct Prediction: Encodable {
    var file: String
    var row: Int
    var `class`: String
    var probability: Float
    var probabilities: [Float]
  }

  private struct Record: Encodable {
    var model: String
    var classNames: [String]
    var predictions: [Prediction]
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let path = arguments.operands[0]
    let network = try savedNetwork(path)
    guard network.outputShape.count == 1, let classCount = network.outputShape.first else {
      throw CourseError(
        .invalidArgument, "the network is not a classifier", expected: "one output per class",
        received: "output shape \(network.outputShape)", location: path,
        remedy: network.outputShape.count == 2
          ? "Generate text with a character model by 'course sample'." : nil)
    }
    let names =
      network.classNames.isEmpty ? (0..<classCount).map(String.init) : network.classNames
    let recipe = try Recipe(notedIn: network, path: path)
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }

    // All files are read before anything is printed: a partial output would look complete.
    var predictions: [Prediction] = []
    let progress = ProgressLine(
      "predicting", total: arguments.operands.count - 1, unit: "files",
      on: terminal.progress(for: arguments))
    defer { progress.clear() }
    for file in arguments.operands.dropFirst() {
      let (features, notes) = try features(
        in: file, for: network, recipe: recipe, label: arguments[EvaluateCommand.label])
      DataRemarks(notes: notes).report(on: terminal.error)
      let probabilities: Tensor
      do {
        probabilities = try network.predict(features)
      } catch var error as CourseError {
        error.location = [file, error.location].compactMap { $0 }.joined(separator: ", ")
        throw error
      }
      try requireFinite(probabilities, file: file, classNames: names)
      let classes = probabilities.argmax(axis: -1)
      for (row, best) in classes.enumerated() {
        let values = probabilities.rows(at: [row]).scalars
        predictions.append(
          Prediction(
            file: file, row: row + 1, class: names[best], probability: values[best],
            probabilities: values))
      }
      progress.advance()
    }
    progress.clear()
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(model: path, classNames: names, predictions: predictions))
    }
    var text = "file,row,class,probability\n"
    for prediction in predictions {
      text +=
        "\(csvField(prediction.file)),\(prediction.row),\(csvField(prediction.class)),"
        + "\(fixed(prediction.probability, 4))\n"
    }
    terminal.output.content(text)
  }

  /// Throws for an example without a finite prediction: a row whose numbers overflow in the network.
  private static func requireFinite(
    _ probabilities: Tensor, file: String, classNames: [String]
  ) throws {
    guard let place = probabilities.firstNonFiniteIndex else { return }
    let (row, column) = place.quotientAndRemainder(dividingBy: classNames.count)
    throw CourseError(
      .invalidData, "the prediction for this example is not finite",
      expected: "a probability of class \(classNames[column])",
      received: "\(probabilities.rows(at: [row]).scalars[column])",
      location: "\(file), example \(row + 1)",
      remedy: "Its values are too large for the network: correct them, or remove the example.")
  }

  /// The examples in a file, `[N] + inputShape`, and notes for the user.
  private static func features(
    in file: String, for network: NeuralNetwork, recipe: Recipe?, label: String?
  ) throws -> (features: Tensor, notes: [String]) {
    let shape = network.inputShape
    if ImageExample.isImage(file) {
      let brightest = DataSource.brightest(of: recipe?.data ?? "")
      return (try ImageExample.tensor(file, for: network, brightest: brightest), [])
    }
    if file.lowercased().hasSuffix(".npy") {
      let tensor = try Tensor(npy: URL(filePath: file))
      return (tensor.shape == shape ? tensor.reshaped([1] + shape) : tensor, [])
    }
    let schema = DataSource.schema(of: network, recipe)
    let label = label.map { LabelColumn(argument: $0) }
    let table = try DataSource.table(file, label: label, schema: schema)
    let columns = try table.columns(for: schema, label: label)
    return (
      try table.numbers(inColumns: columns.features).reshaped([-1] + shape),
      DataSource.unusedNote(columns, of: table)
    )
  }
}
