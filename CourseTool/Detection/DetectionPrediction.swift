import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// `course predict` with a detector: the boxes in each image.
enum DetectionPrediction {
  /// A detection, in pixels of its image.
  struct Found: Encodable {
    var file: String
    var `class`: String
    var score: Float
    /// left, top, right, bottom
    var box: [Float]
  }

  private struct Record: Encodable {
    var model: String
    var classNames: [String]
    var detections: [Found]
  }

  static func run(
    _ network: NeuralNetwork, _ recipe: Recipe, path: String, files: [String], sheet: String?,
    output: String?, _ arguments: Arguments, on terminal: Terminal
  ) throws {
    let force = arguments[RunOptions.force]
    if let other = files.first(where: { !ImageExample.isImage($0) }) {
      throw CourseError(
        .invalidArgument, "a detector takes images", expected: "a PNG, JPEG or WebP file",
        received: other)
    }
    let sheetFile = try sheet.map {
      try PictureFile($0, option: "--sheet", force: force, inputs: [path] + files)
    }
    let outputFile = try output.map {
      try OutputFile($0, force: force, inputs: [path] + files)
    }
    if let outputFile, outputFile.absolutePath == sheetFile?.absolutePath {
      throw UsageError("--output and --sheet need different files")
    }
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    let detector = try Detector(network)
    var (found, tiles) = ([Found](), [TileSheet.Tile]())
    var remarks = DataRemarks()
    let progress = ProgressLine(
      "detecting", total: files.count, unit: "files", on: terminal.progress(for: arguments))
    defer { progress.clear() }
    for file in files {
      let image: PixelImage
      do {
        image = try PixelImage(contentsOf: file)
      } catch let error as CourseError
        where arguments[RunOptions.skipBroken] && error.kind != .invalidArgument
      {
        remarks.skipped.append(error)
        progress.advance()
        continue
      }
      let input = try ImageExample.tensor(image, path: file, for: network, brightest: 1)
      let proposals = recipe.proposals.proposals(in: input)
      let detections = try detector.detect(in: input, proposals: proposals)[0].filter {
        $0.score >= DetectionResult.shownScore
      }
      let scale = (
        x: Float(image.width) / Float(network.inputShape[2]),
        y: Float(image.height) / Float(network.inputShape[1])
      )
      found += detections.map { detection in
        let box = detection.box
        return Found(
          file: file, class: detector.classNames[detection.label], score: detection.score,
          box: [box.x1 * scale.x, box.y1 * scale.y, box.x2 * scale.x, box.y2 * scale.y])
      }
      if sheetFile != nil, tiles.count < AnswerSheet.limit {
        // The image itself, of which the network saw a square.
        let shown = image.reduced(toSide: 192)
        let (x, y) = (
          Float(shown.width) / Float(network.inputShape[2]),
          Float(shown.height) / Float(network.inputShape[1])
        )
        let boxes = detections.map { detection in
          let box = detection.box
          return Detection(
            box: Box(x1: box.x1 * x, y1: box.y1 * y, x2: box.x2 * x, y2: box.y2 * y),
            label: detection.label, score: detection.score)
        }
        tiles.append(
          TileSheet.Tile(
            shown.showing(boxes, classNames: detector.classNames),
            captions: DetectionResult.captions(of: detections, classNames: detector.classNames)
              + [AnswerSheet.shortened(file: file)]))
      }
      progress.advance()
    }
    progress.clear()
    remarks.report(on: terminal.error)
    try remarks.requireRead(of: files.count, for: "to look for things in")
    if let sheetFile {
      let title = "Detections of \(URL(filePath: path).lastPathComponent.printable)"
      try sheetFile.write(
        TileSheet(title: title, groups: [.init("", tiles)], side: 192), warnings: terminal.error)
      if !arguments[CommonOptions.quiet] {
        terminal.error.line("The detections are drawn in \(sheetFile.path).")
      }
    }
    let text = try text(
      found, model: path, classNames: detector.classNames, isJSON: arguments[CommonOptions.json])
    try PredictCommand.finish(text, to: outputFile, arguments, on: terminal)
  }

  /// The detections as JSON or CSV.
  static func text(
    _ found: [Found], model: String, classNames: [String], isJSON: Bool
  ) throws -> String {
    if isJSON {
      let record = Record(model: model, classNames: classNames, detections: found)
      return try JSONCoding.text(record, isPretty: true) + "\n"
    }
    let head = ["file", "class", "score", "left", "top", "right", "bottom"]
    let rows = found.map { row in
      [row.file, row.class, fixed(row.score, 4)] + row.box.map { fixed($0, 1) }
    }
    return ([head] + rows).map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
  }
}
