import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// `course predict` with a pretrained network: the images of its training that are most similar to others.
enum NeighbourPrediction {
  /// A similar image.
  struct Found: Encodable {
    var file: String
    /// 1 for the most similar one.
    var rank: Int
    /// Its number in the training part.
    var image: Int
    /// Its file; absent where it has none of its own.
    var imageFile: String?
    /// Absent where the images have no labels.
    var `class`: String?
    /// That of the angle between the features: `1 − cos`.
    var distance: Float
  }

  private struct Record: Encodable {
    var model: String
    var classNames: [String]
    var neighbours: [Found]
  }

  static func run(
    _ network: NeuralNetwork, _ recipe: Recipe, path: String, _ arguments: Arguments,
    on terminal: Terminal
  ) throws {
    guard !arguments[PredictCommand.probabilities], arguments[EvaluateCommand.label] == nil else {
      throw UsageError(
        "'--probabilities' and '--label' do not apply to networks that were pretrained without labels"
      )
    }
    let force = arguments[RunOptions.force]
    let files = try arguments.operands.dropFirst().flatMap(PredictCommand.images(in:))
    if let other = files.first(where: { !ImageExample.isImage($0) }) {
      throw CourseError(
        .invalidArgument, "the network looks for images that are similar to an image",
        expected: "a PNG, JPEG or WebP file", received: other)
    }
    let sheetFile = try arguments[PredictCommand.sheet].map {
      try PictureFile($0, option: "--sheet", force: force, inputs: [path] + files)
    }
    let outputFile = try arguments[PredictCommand.output].map {
      try OutputFile($0, force: force, inputs: [path] + files)
    }
    if let outputFile, outputFile.absolutePath == sheetFile?.absolutePath {
      throw UsageError("--output and --sheet need different files")
    }
    if let threads = arguments[RunOptions.threads] { Parallelism.threadCount = threads }
    let progress = terminal.progress(for: arguments)
    let encoder = try network.encoder()
    var recipe = recipe
    if let data = arguments[PredictCommand.data] { recipe.data = data }
    let loaded = try recipe.recordedData(
      of: network, isGivenNow: arguments[PredictCommand.data] != nil,
      skipBroken: arguments[RunOptions.skipBroken], progress: progress,
      remedy:
        "Say where the original data are (--data): similar images are looked for among them.")
    let images = try recipe.split(loaded).train
    let classNames = images.classNames
    let count = arguments[PredictCommand.top] ?? TileSheet.shownNeighbours
    guard count <= images.count else {
      throw UsageError(
        "'--top \(count)': the training part has \(counted(images.count, "image"))")
    }

    var remarks = DataRemarks()
    var (queries, names, tiles) = ([Tensor](), [String](), [TileSheet.Tile]())
    for file in files {
      do {
        let image = try PixelImage(contentsOf: file)
        queries.append(
          try ImageExample.tensor(
            image, path: file, for: encoder, brightest: DataSource.brightest(of: recipe.data)))
        names.append(file)
        tiles.append(
          TileSheet.Tile(
            image.reduced(toSide: 176), captions: [AnswerSheet.shortened(file: file)]))
      } catch let error as CourseError
        where arguments[RunOptions.skipBroken] && error.kind != .invalidArgument
      {
        remarks.skipped.append(error)
      }
    }
    remarks.report(on: terminal.error)
    try remarks.requireRead(of: files.count, for: "to compare")
    let line = ProgressLine("encoding", total: images.count, unit: "images", on: progress)
    defer { line.clear() }
    var features: [Tensor] = []
    for start in stride(from: 0, to: images.count, by: 1000) {
      if Interruption.isRequested { throw Interruption.status }
      let end = min(start + 1000, images.count)
      features.append(try encoder.predict(images.batch(at: start..<end).features))
      line.show(end)
    }
    line.clear()
    let nearest = try NearestNeighbours(features: Tensor(concatenating: features))
      .neighbours(of: encoder.predict(Tensor(concatenating: queries)), count: count)
    let labels = images.targets.classIndices
    let found = zip(names, nearest).flatMap { file, neighbours in
      neighbours.enumerated().map { place, neighbour in
        Found(
          file: file, rank: place + 1, image: neighbour.index,
          imageFile: images.files.isEmpty ? nil : images.files[neighbour.index],
          class: classNames.isEmpty ? nil : classNames[labels[neighbour.index]],
          distance: neighbour.distance)
      }
    }
    if let sheetFile {
      let shown = min(tiles.count, 40)
      try sheetFile.write(
        TileSheet.neighbours(
          title: "Images that \(AnswerSheet.shortened(file: path)) takes for similar",
          of: Array(tiles.prefix(shown)),
          nearest.prefix(shown).map {
            Array($0.prefix(TileSheet.shownNeighbours))
          },
          among: images, classNames: classNames),
        warnings: terminal.error)
      if !arguments[CommonOptions.quiet] {
        terminal.error.line("The similar images are drawn in \(sheetFile.path).")
      }
    }
    let text: String
    if arguments[CommonOptions.json] {
      text =
        try JSONCoding.text(
          Record(model: path, classNames: classNames, neighbours: found), isPretty: true) + "\n"
    } else {
      let rows = found.map { row in
        [row.file, "\(row.rank)", "\(row.image)"] + (row.class.map { [$0] } ?? [])
          + [fixed(row.distance, 4)] + (row.imageFile.map { [$0] } ?? [])
      }
      let head =
        ["file", "rank", "image"] + (classNames.isEmpty ? [] : ["class"]) + ["distance"]
        + (images.files.isEmpty ? [] : ["image file"])
      text = ([head] + rows).map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
    }
    guard let outputFile else { return terminal.output.content(text) }
    try outputFile.write(warnings: terminal.error) {
      try AtomicFile.write(Data(text.utf8), to: $0)
    }
    if !arguments[CommonOptions.quiet] {
      terminal.error.line("The similar images are listed in \(outputFile.path).")
    }
  }
}
