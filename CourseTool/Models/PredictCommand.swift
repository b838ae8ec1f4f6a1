import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course predict MODEL FILE|FOLDER...`
enum PredictCommand: Command {
  static let sheet = Option(
    "sheet", .text("FILE"), "draw the images with their answers, as .png or .svg")

  static let probabilities = Flag(
    "probabilities", "add a column with the probability of each class")
  static let top = Option(
    "top", .integer(in: 1...65_536), "list the N most probable classes of each example")
  static let data = Option(
    "data", .text("NAME|FILE|FOLDER"),
    "training images of a network without labels, if they lie elsewhere now")
  static let output = Option(
    "output", short: "o", .text("FILE|FOLDER"),
    "file for the predictions (default: standard output), or folder for masks")

  static let description = CommandDescription(
    name: "predict", abstract: "Predict the class, labels or numbers of each example in a file.",
    discussion: """
      A CSV file has one example per row. With a header row, columns are found by
      name, in any order, and unknown columns are ignored; without one they must
      have the order of the training data. A label column is optional. '-' stands
      for standard input. A .npy file holds a tensor [N, features] or a single
      example. An image (PNG, JPEG, WebP) is one example, which a network that was
      trained on a folder brings to its size; of a folder, all images in it are
      taken, at any depth. The predictions are printed as CSV, with --json as JSON.

      A network of the recipe csv-sequence predicts the rows that follow the last
      one of a table; one of sort-transformer sorts six digits, given as they are or
      in the lines of a file; one of definitions or csv-text takes a text as it is,
      or the lines of a text file or of standard input (with --text or --label, a
      CSV file).

      One of figures-unet writes the mask of each image, in the image's size, to the
      folder --output: NAME.png, with the grey values of the masks that it was
      trained on (255 where a crop has cut the image off), and in colours over the
      image NAME-overlay.png. A detector lists the boxes in each image; --sheet
      draws them. A network that was pretrained without labels lists the images of
      its training that are most similar, as many as --top says.

      Examples:
        course predict csv-mlp.safetensors new.csv
        course predict csv-mlp.safetensors a.csv b.csv --probabilities -o answers.csv
        course predict images.safetensors photos --sheet answers.png
        course predict sort-transformer.safetensors "4 2 0 1 1 3"
        course predict definitions.safetensors "a small sweet cake" --top 3
        course predict figures-unet.safetensors photos --output masks
      """,
    operands: [
      Operand("MODEL", .one, "a trained network (.safetensors)"),
      Operand(
        "FILE|FOLDER", .oneOrMore,
        "a file of examples (.csv, .npy, .png, .jpg, .webp, .txt), a folder of images, or a text"),
    ],
    options: [
      EvaluateCommand.label, EvaluateCommand.text, data, probabilities, top, output, sheet,
      RunOptions.skipBroken, RunOptions.threads, RunOptions.force, CommonOptions.quiet,
    ])

  private struct Prediction: Encodable {
    var file: String
    var row: Int
    var `class`: String
    var probability: Float
    var probabilities: [Float]
    /// With --top, the most probable classes.
    var top: [Answer]?
  }

  private struct Answer: Encodable {
    var `class`: String
    var probability: Float
  }

  /// The labels that a row is given.
  private struct Labels: Encodable {
    var file: String
    var row: Int
    /// Those with a probability of at least one half, the most probable first; with --top, the N most probable.
    var labels: [Answer]
    var probabilities: [Float]
  }

  private struct LabelsRecord: Encodable {
    var model: String
    var labels: [String]
    var predictions: [Labels]
  }

  private struct Record: Encodable {
    var model: String
    var classNames: [String]
    var predictions: [Prediction]
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let path = arguments.operands[0]
    let network = try savedNetwork(path)
    let recipe = try Recipe(notedIn: network, path: path)
    try EvaluateCommand.checkText(arguments, recipe)
    if recipe?.isSorting == true {
      return try sort(arguments.operands, by: network, arguments, on: terminal)
    }
    if let recipe, recipe.isPretraining {
      return try NeighbourPrediction.run(network, recipe, path: path, arguments, on: terminal)
    }
    if arguments[data] != nil {
      throw UsageError("'--data' applies to networks that were pretrained without labels")
    }
    if network.outputShape.count == 3 {
      return try MaskPrediction.run(network, path: path, arguments, on: terminal)
    }
    if let recipe, recipe.isDetector {
      guard arguments[top] == nil, !arguments[probabilities],
        arguments[EvaluateCommand.label] == nil
      else {
        throw UsageError("'--top', '--probabilities' and '--label' do not apply to detectors")
      }
      let files = try arguments.operands.dropFirst().flatMap(images(in:))
      return try DetectionPrediction.run(
        network, recipe, path: path, files: files, sheet: arguments[sheet],
        output: arguments[output], arguments, on: terminal)
    }
    guard network.outputShape.count == 1, let classCount = network.outputShape.first else {
      throw CourseError(
        .invalidArgument, "the network is not a classifier", expected: "one output per class",
        received: "output shape \(network.outputShape)", location: path,
        remedy: network.outputShape.count == 2
          ? "Generate text with a character model by 'course sample'." : nil)
    }
    let reader = try TextReader(
      network, recipe, label: arguments[EvaluateCommand.label],
      text: arguments[EvaluateCommand.text])
    let names =
      network.classNames.isEmpty ? (0..<classCount).map(String.init) : network.classNames
    let files =
      try reader == nil
      ? arguments.operands.dropFirst().flatMap(images(in:)) : Array(arguments.operands.dropFirst())
    let sheetFile = try arguments[sheet].map { target in
      guard files.contains(where: ImageExample.isImage) else {
        throw UsageError("'--sheet \(target)' draws images, and there are none to predict")
      }
      return try PictureFile(
        target, option: "--sheet", force: arguments[RunOptions.force], inputs: [path] + files)
    }
    let outputFile = try arguments[output].map {
      try OutputFile($0, force: arguments[RunOptions.force], inputs: [path] + files)
    }
    if let outputFile, outputFile.absolutePath == sheetFile?.absolutePath {
      throw UsageError("--output and --sheet need different files")
    }
    if let count = arguments[top], count > names.count {
      throw UsageError("'--top \(count)': the network knows \(counted(names.count, "class"))")
    }
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    let isRegression = network.preparation?.predictsNumbers ?? false
    guard !isRegression || arguments[top] == nil && !arguments[probabilities] else {
      throw UsageError(
        "'--top' and '--probabilities' apply to classes, and \(path) predicts numbers")
    }

    // All files are read before anything is printed: a partial output would look complete.
    var predictions: [Prediction] = []
    var numbers: [Numbers] = []
    var labels: [Labels] = []
    var answers = AnswerSheet()
    var remarks = DataRemarks()
    let progress = ProgressLine(
      "predicting", total: files.count, unit: "files", on: terminal.progress(for: arguments))
    defer { progress.clear() }
    for file in files {
      let features: Tensor
      var rowNumbers: [Int]?
      var image: PixelImage?
      if let preparation = network.preparation, preparation.window != nil {
        let forecast = try forecast(of: file, by: network, preparation)
        DataRemarks(notes: forecast.notes).report(on: terminal.error)
        numbers += forecast.rows
        progress.advance()
        continue
      }
      if let reader {
        let (texts, numbers, notes) = try reader.features(of: file)
        DataRemarks(notes: notes).report(on: terminal.error)
        (features, rowNumbers) = (texts, numbers)
      } else if ImageExample.isImage(file) {
        do {
          let read = try PixelImage(contentsOf: file)
          features = try ImageExample.tensor(
            read, path: file, for: network,
            brightest: DataSource.brightest(of: recipe?.data ?? ""))
          image = read
        } catch let error as CourseError
          where arguments[RunOptions.skipBroken] && error.kind != .invalidArgument
        {
          remarks.skipped.append(error)
          progress.advance()
          continue
        }
      } else {
        let (rows, notes) = try table(
          in: file, for: network, recipe: recipe, label: arguments[EvaluateCommand.label])
        DataRemarks(notes: notes).report(on: terminal.error)
        features = rows
      }
      let probabilities: Tensor
      do {
        probabilities = try network.predict(features)
      } catch var error as CourseError {
        error.location = [file, error.location].compactMap { $0 }.joined(separator: ", ")
        throw error
      }
      try requireFinite(probabilities, file: file, classNames: names)
      if isRegression {
        numbers += (0..<probabilities.shape[0]).map { row in
          Numbers(file: file, row: row + 1, values: probabilities.rows(at: [row]).scalars)
        }
        progress.advance()
        continue
      }
      if network.preparation?.labels != nil {
        labels += (0..<probabilities.shape[0]).map { row in
          let values = probabilities.rows(at: [row]).scalars
          let order = values.indices.sorted { values[$0] > values[$1] }
          let chosen =
            arguments[top].map { Array(order.prefix($0)) } ?? order.filter { values[$0] >= 0.5 }
          return Labels(
            file: file, row: row + 1,
            labels: chosen.map { Answer(class: names[$0], probability: values[$0]) },
            probabilities: values)
        }
        progress.advance()
        continue
      }
      let classes = probabilities.argmax(axis: -1)
      for (row, best) in classes.enumerated() {
        let values = probabilities.rows(at: [row]).scalars
        predictions.append(
          Prediction(
            file: file, row: rowNumbers?[row] ?? row + 1, class: names[best],
            probability: values[best], probabilities: values,
            top: arguments[top].map { count in
              // Sorting is stable: of equals the first counts, as it does for the class.
              values.indices.sorted { values[$0] > values[$1] }.prefix(count).map {
                Answer(class: names[$0], probability: values[$0])
              }
            }))
        if let image, sheetFile != nil {
          answers.add(image, file: file, class: names[best], probability: values[best])
        }
      }
      progress.advance()
    }
    progress.clear()
    remarks.report(on: terminal.error)
    try remarks.requireRead(of: files.count, for: "to classify")
    if let sheetFile {
      guard answers.count > 0 else {
        throw CourseError(
          .invalidData, "no image could be read", expected: "images to draw with --sheet",
          received: "\(counted(remarks.skipped.count, "broken image"))")
      }
      try sheetFile.write(
        answers.picture(model: URL(filePath: path).lastPathComponent), warnings: terminal.error)
      if !arguments[CommonOptions.quiet] {
        terminal.error.line("The answers are drawn in \(sheetFile.path).")
      }
    }
    let text =
      network.preparation?.labels != nil
      ? try self.text(of: labels, network: network, path: path, arguments)
      : isRegression
        ? try self.text(of: numbers, network: network, path: path, arguments)
        : arguments[CommonOptions.json]
          ? try JSONCoding.text(
            Record(model: path, classNames: names, predictions: predictions), isPretty: true) + "\n"
          : csv(predictions, classNames: names, arguments)
    try finish(text, to: outputFile, arguments, on: terminal)
  }

  /// Prints the digits of each line in order, or writes them to a file.
  private static func sort(
    _ operands: [String], by network: NeuralNetwork, _ arguments: Arguments, on terminal: Terminal
  ) throws {
    guard arguments[top] == nil, !arguments[probabilities], arguments[EvaluateCommand.label] == nil,
      arguments[sheet] == nil
    else {
      throw UsageError(
        "'--top', '--probabilities', '--label' and '--sheet' do not apply to sorted digits")
    }
    let outputFile = try arguments[output].map {
      try OutputFile($0, force: arguments[RunOptions.force], inputs: operands)
    }
    let predictions = try DigitSorter(network).predictions(for: Array(operands.dropFirst()))
    let record = DigitSorter.Record(model: operands[0], predictions: predictions)
    try finish(
      arguments[CommonOptions.json]
        ? JSONCoding.text(record, isPretty: true) + "\n"
        : predictions.map { $0.sorted.map(String.init).joined(separator: " ") + "\n" }.joined(),
      to: outputFile, arguments, on: terminal)
  }

  /// Prints the predictions, or writes them to a file.
  static func finish(
    _ text: String, to outputFile: OutputFile?, _ arguments: Arguments, on terminal: Terminal
  ) throws {
    guard let outputFile else { return terminal.output.content(text) }
    try outputFile.write(warnings: terminal.error) {
      try AtomicFile.write(Data(text.utf8), to: $0)
    }
    if !arguments[CommonOptions.quiet] {
      terminal.error.line("The predictions are in \(outputFile.path).")
    }
  }

  /// The class and its probability, then what was asked for: the next classes, the probabilities of all.
  private static func csv(
    _ predictions: [Prediction], classNames: [String], _ arguments: Arguments
  ) -> String {
    let listed = arguments[top] ?? 1
    var head = ["file", "row", "class", "probability"]
    if listed > 1 { head += (2...listed).flatMap { ["class \($0)", "probability \($0)"] } }
    if arguments[probabilities] { head += classNames.map { "probability of \($0)" } }
    let rows = predictions.map { prediction in
      var row = [prediction.file, "\(prediction.row)", prediction.class]
      row.append(fixed(prediction.probability, 4))
      for answer in (prediction.top ?? []).dropFirst() {
        row += [answer.class, fixed(answer.probability, 4)]
      }
      if arguments[probabilities] { row += prediction.probabilities.map { "\($0)" } }
      return row
    }
    return ([head] + rows).map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
  }

  /// The labels of each row, as CSV or JSON.
  private static func text(
    of rows: [Labels], network: NeuralNetwork, path: String, _ arguments: Arguments
  ) throws -> String {
    let names = network.classNames
    if arguments[CommonOptions.json] {
      return try JSONCoding.text(
        LabelsRecord(model: path, labels: names, predictions: rows), isPretty: true) + "\n"
    }
    // As the table has them, where it lists them.
    let separator = network.preparation?.labels?.separator ?? ";"
    var head = ["file", "row", "labels", "probabilities"]
    if arguments[probabilities] { head += names.map { "probability of \($0)" } }
    let lines = rows.map { row in
      [
        row.file, "\(row.row)", row.labels.map(\.class).joined(separator: separator),
        row.labels.map { fixed($0.probability, 4) }.joined(separator: separator),
      ] + (arguments[probabilities] ? row.probabilities.map { "\($0)" } : [])
    }
    return ([head] + lines).map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
  }

  /// Throws for an example without a finite prediction: a row whose numbers overflow in the network.
  static func requireFinite(
    _ probabilities: Tensor, file: String, classNames: [String]
  ) throws {
    guard let place = probabilities.firstNonFiniteIndex else { return }
    let (row, column) = place.quotientAndRemainder(dividingBy: classNames.count)
    throw CourseError(
      .invalidData, "the prediction for this example is not finite",
      expected: "a number for \(classNames[column])",
      received: "\(probabilities.rows(at: [row]).scalars[column])",
      location: "\(file), example \(row + 1)",
      remedy: "Its values are too large for the network: correct them, or remove the example.")
  }

  /// The images of a folder, in the order of their paths; another path as it is.
  static func images(in path: String) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return [path] }
    let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    let images = try FolderListing.images(below: trimmed).sorted(by: precedes)
    guard !images.isEmpty else {
      throw CourseError(
        .invalidData, "there are no images in this folder",
        expected: PixelImage.fileExtensions.map { ".\($0)" }.joined(separator: ", "),
        received: "none", location: path,
        remedy: "Give a folder with images in it, or the images themselves.")
    }
    return images
  }

  /// The rows of a table or an array, `[N] + inputShape`, and notes for the user.
  private static func table(
    in file: String, for network: NeuralNetwork, recipe: Recipe?, label: String?
  ) throws -> (features: Tensor, notes: [String]) {
    let shape = network.inputShape
    if file.lowercased().hasSuffix(".npy") {
      let tensor = try Tensor(npy: URL(filePath: file))
      return (tensor.shape == shape ? tensor.reshaped(to: [1] + shape) : tensor, [])
    }
    let expected = ExpectedData(of: network, recipe)
    let label = label.map { LabelColumn(argument: $0) }
    let table = try DataSource.table(file, label: label, expected: expected)
    let columns = try expected.preparation.find(
      in: table, classNames: expected.classNames ?? [], label: label)
    // Every row is to have its answer.
    let reading = try expected.preparation.read(
      table, columns: columns.features, of: CompleteRows(rows: Array(0..<table.rowCount)))
    return (
      reading.features.reshaped(to: [-1] + shape),
      DataSource.encodingNotes(table)
        + DataSource.unusedNote(columns, of: table, for: expected.preparation) + reading.notes
    )
  }
}
