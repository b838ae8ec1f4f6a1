import CourseCommandLine
import CourseTraining
import Foundation
import Networks
import Pictures

/// `course predict MODEL FILE|FOLDER... --output FOLDER`, for a network that names a class for each pixel.
enum MaskPrediction {
  private struct Prediction: Encodable {
    var file: String
    var mask: String
    var overlay: String
    /// The share of each class in the pixels that the network has seen.
    var shares: [Float]
  }

  private struct Record: Encodable {
    var model: String
    var classNames: [String]
    var predictions: [Prediction]
  }

  static func run(
    _ network: NeuralNetwork, path: String, _ arguments: Arguments, on terminal: Terminal
  ) throws {
    guard let input = try network.imageInput ?? ImageInput(inputShape: network.inputShape) else {
      throw CourseError(
        .invalidArgument, "the network does not take images",
        expected: "an input of shape [C, H, W]", received: "\(network.inputShape)", location: path)
    }
    // A pixel of a mask is a byte, whose largest value does not count.
    guard network.outputShape[0] <= Int(AnnotatedImage.ignored) else {
      throw CourseError(
        .invalidArgument, "the network has more classes than a mask has values",
        expected: "at most \(AnnotatedImage.ignored)", received: "\(network.outputShape[0])",
        location: path)
    }
    guard arguments[PredictCommand.top] == nil, !arguments[PredictCommand.probabilities],
      arguments[EvaluateCommand.label] == nil
    else {
      throw UsageError(
        "'--top', '--probabilities' and '--label' apply to one class for each example, and \(path) names a class for each pixel"
      )
    }
    guard let folder = arguments[PredictCommand.output] else {
      throw UsageError("masks are files: give a folder for them with --output FOLDER")
    }
    let files = try arguments.operands.dropFirst().flatMap(PredictCommand.images(in:))
    let targets = try targets(of: files, in: folder)
    // A folder with some of the masks would look complete: nothing is written unless all images can be read.
    if !arguments[RunOptions.skipBroken] {
      for file in files { _ = try PixelImage(contentsOf: file) }
    }
    let sheetFile = try arguments[PredictCommand.sheet].map {
      try PictureFile(
        $0, option: "--sheet", force: arguments[RunOptions.force], inputs: [path] + files)
    }
    try prepare(folder, for: targets, inputs: files, force: arguments[RunOptions.force])
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }

    let classCount = network.outputShape[0]
    let names =
      network.classNames.isEmpty ? (0..<classCount).map(String.init) : network.classNames
    var predictions: [Prediction] = []
    var tiles: [TileSheet.Tile] = []
    var remarks = DataRemarks()
    let values = network.maskValues ?? (0..<classCount).map { UInt8($0) }
    // Where 255 is a class, no value is left for pixels that do not count.
    let unseen = values.contains(AnnotatedImage.ignored) ? values[0] : AnnotatedImage.ignored
    var cropped = 0
    let progress = ProgressLine(
      "predicting", total: files.count, unit: "files", on: terminal.progress(for: arguments))
    defer { progress.clear() }
    for (file, target) in zip(files, targets) {
      defer { progress.advance() }
      let image: PixelImage
      do {
        image = try PixelImage(contentsOf: file)
      } catch let error as CourseError
        where arguments[RunOptions.skipBroken] && error.kind != .invalidArgument
      {
        remarks.skipped.append(error)
        continue
      }
      let mask = try mask(of: image, file: file, by: network, input)
      let overlay = image.overlaid(with: mask)
      var counts = [Int](repeating: 0, count: names.count)
      for value in mask.pixels where value != AnnotatedImage.ignored { counts[Int(value)] += 1 }
      let written = PixelImage(
        width: mask.width, height: mask.height, channels: 1,
        pixels: mask.pixels.map { $0 == AnnotatedImage.ignored ? unseen : values[Int($0)] })
      try write(written, target.mask)
      try write(overlay, target.overlay)
      let seen = counts.reduce(0, +)
      if seen < mask.pixels.count { cropped += 1 }
      predictions.append(
        Prediction(
          file: file, mask: target.mask, overlay: target.overlay,
          shares: counts.map { Float($0) / Float(seen) }))
      if sheetFile != nil, tiles.count < 3 * AnswerSheet.limit {
        tiles += [
          .init(image.reduced(toSide: 176), captions: [AnswerSheet.shortened(file: file)]),
          .init(mask.coloredMask.reduced(toSide: 176), captions: ["prediction"]),
          .init(overlay.reduced(toSide: 176), captions: ["overlay"]),
        ]
      }
    }
    progress.clear()
    if cropped > 0 {
      remarks.notes.append(
        "\(counted(cropped, "image")) cropped to \(input.height) x \(input.width) (--fit crop): pixels beside that "
          + (unseen == AnnotatedImage.ignored
            ? "are 255 in the mask, which does not count" : "are background in the mask"))
    }
    remarks.report(on: terminal.error)
    try remarks.requireRead(of: files.count, for: "to segment")
    if let sheetFile {
      let title = "Masks by \(URL(filePath: path).lastPathComponent.printable)"
      var sheet = TileSheet(title: title, groups: [.init("", tiles)])
      sheet.key = Segmentations.key(of: names, withIgnored: cropped > 0)
      try sheetFile.write(sheet, warnings: terminal.error)
      if !arguments[CommonOptions.quiet] {
        terminal.error.line("The masks are drawn in \(sheetFile.path).")
      }
    }
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(model: path, classNames: names, predictions: predictions))
    }
    let rows = predictions.map { prediction in
      [prediction.file, prediction.mask] + prediction.shares.map { fixed($0, 4) }
    }
    terminal.output.content(
      ([["file", "mask"] + names.map { "share of \($0)" }] + rows).map {
        $0.map(csvField).joined(separator: ",") + "\n"
      }.joined())
  }

  /// The mask of an image, in the size of the image.
  private static func mask(
    of image: PixelImage, file: String, by network: NeuralNetwork, _ input: ImageInput
  ) throws -> PixelImage {
    let fitted: PixelImage
    do {
      fitted = try input.fitted(image)
    } catch var error as CourseError {
      error.location = file
      throw error
    }
    let output = try network.predict(fitted.tensor.reshaped(to: [1] + network.inputShape))
    if output.firstNonFiniteIndex != nil {
      throw CourseError(
        .invalidData, "the prediction for this image is not finite",
        expected: "a number for each class",
        received: "NaN or infinity", location: file,
        remedy:
          "The weights of the network are too large: train it again, with a smaller --learning-rate."
      )
    }
    let classes = output.argmax(axis: 1)
    let mask = PixelImage(
      width: output.shape[3], height: output.shape[2], channels: 1,
      pixels: classes.map { UInt8($0) })
    return input.restored(mask, height: image.height, width: image.width)
  }

  /// The files for each image, none of which is that of another one.
  private static func targets(
    of files: [String], in folder: String
  ) throws -> [(mask: String, overlay: String)] {
    var known: [String: String] = [:]
    return try files.map { file in
      let name = URL(filePath: file).deletingPathExtension().lastPathComponent
      let paths = (mask: "\(folder)/\(name).png", overlay: "\(folder)/\(name)-overlay.png")
      for path in [paths.mask, paths.overlay] {
        guard let other = known.updateValue(file, forKey: path) else { continue }
        throw CourseError(
          .file, "two images would have the same file", expected: "different names",
          received: "\(other) and \(file)", location: path,
          remedy: "Predict them in two runs, to two folders.")
      }
      return paths
    }
  }

  /// Makes the folder, and checks the files in it, before the work begins.
  private static func prepare(
    _ folder: String, for targets: [(mask: String, overlay: String)], inputs: [String], force: Bool
  ) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw CourseError(
        .file, "cannot make the folder",
        received: FileManager.default.fileExists(atPath: folder)
          ? "a file of that name" : error.localizedDescription,
        location: folder, remedy: "Name another folder.")
    }
    for target in targets {
      for path in [target.mask, target.overlay] {
        _ = try OutputFile(path, force: force, inputs: inputs)
      }
    }
  }

  private static func write(_ image: PixelImage, _ path: String) throws {
    try image.write(to: URL(filePath: path))
  }
}
