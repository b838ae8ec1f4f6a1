import Foundation
import Networks

/// `course predict MODEL FILE...`
enum PredictCommand: Command {
  static let description = CommandDescription(
    name: "predict", abstract: "Let a saved network answer for examples in files.",
    discussion: """
      A CSV file has one example a row; a header and the label column of training may
      be there or not. With a header the columns are found by name, whatever their
      order, and others may be there; without one they stand as in training. '-' is
      the standard input. A .npy
      file holds a tensor [N, features], or one example alone. An image (PNG, JPEG) is
      one example: it must have the size that the network was trained on, and be
      bright where the training images are. Answers are printed as CSV.
      """,
    operands: [
      Operand("MODEL", .one, "a network that train or demo saved"),
      Operand("FILE", .oneOrMore, "examples: .csv, .npy, .png or .jpg"),
    ],
    options: [EvaluateCommand.label, RunOptions.threads])

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
        .invalidArgument, "the network is not a classifier", expected: "one output for each class",
        received: "output shape \(network.outputShape)", location: path,
        remedy: network.outputShape.count == 2
          ? "A network of characters writes texts: 'course sample'." : nil)
    }
    let names =
      network.classNames.isEmpty ? (0..<classCount).map(String.init) : network.classNames
    let recipe = try Recipe(notedIn: network, path: path)
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }

    // All files are read before anything is printed: half an output would pass for all of it.
    var predictions: [Prediction] = []
    for file in arguments.operands.dropFirst() {
      let (features, notes) = try features(
        in: file, for: network, recipe: recipe, label: arguments[EvaluateCommand.label])
      ImageRemarks(notes: notes).report(on: terminal.error)
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
    }
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(model: path, classNames: names, predictions: predictions))
    }
    var text = "file,row,class,probability\n"
    for answer in predictions {
      text +=
        "\(csvField(answer.file)),\(answer.row),\(csvField(answer.class)),"
        + "\(fixed(answer.probability, 4))\n"
    }
    terminal.output.content(text)
  }

  /// Throws where the network has no answer: a row of a file whose numbers overflow on their way.
  private static func requireFinite(
    _ probabilities: Tensor, file: String, classNames: [String]
  ) throws {
    guard let place = probabilities.firstNonFiniteIndex else { return }
    let (row, column) = place.quotientAndRemainder(dividingBy: classNames.count)
    throw CourseError(
      .invalidData, "the network has no answer for this example",
      expected: "a probability for the class \(classNames[column])",
      received: "\(probabilities.rows(at: [row]).scalars[column])",
      location: "\(file), example \(row + 1)",
      remedy: "Its numbers are too large for the network: correct them or leave the example out.")
  }

  /// The examples in a file, `[N] + inputShape`, and what the user should know about them.
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

/// A text as a field of a CSV file (RFC 4180).
func csvField(_ text: String) -> String {
  text.contains { ",\"\n\r".contains($0) }
    ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
}
