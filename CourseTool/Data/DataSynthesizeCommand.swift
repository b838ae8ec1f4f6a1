import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course data synthesize DIR`, `course data synthesize --scene DIR`, `course data synthesize --table NAME FILE.csv`
enum DataSynthesizeCommand: Command {
  private static let count = Option(
    "count", .integer(in: 1...1_000_000),
    "number of images or rows (default: 100 images, 1000 rows)")
  private static let seed = Option("seed", .seed, "random seed").defaulting(to: 1)
  private static let sides = 16...1024
  private static let sceneSides = 32...1024
  /// Which of the two limits counts is known when all options have been read, so an error states both.
  private static let size = Option(
    "size",
    ValueKind<Int>(
      "N",
      expected: "a whole number from \(sides.lowerBound) to \(sides.upperBound), of scenes from "
        + "\(sceneSides.lowerBound) to \(sceneSides.upperBound)", text: { "\($0)" }
    ) { Int($0).flatMap { sides.contains($0) ? $0 : nil } },
    "height and width in pixels (default: 32, of scenes 64)")
  private static let format = Option<ImageFileFormat>(
    "format", .choice(), "npy, which requires no codec, or png (default: npy, of scenes png)")
  private static let table = Option<SyntheticTable>(
    "table", .choice(),
    "write a table in place of images: passengers (words, gaps, yes or no), houses (semicolons, "
      + "decimal commas, prices), weather (a daily series)")
  private static let scene = Flag(
    "scene", "draw scenes of several figures, each with a mask and boxes, in place of one figure")
  private static let figures = Option(
    "figures", .integer(in: 1...8), "largest number of figures of a scene (default: 4)")
  private static let masks = Flag(
    "masks", "add segmentation masks masks/N.npy: 0 for background, 1 + class for the figure")
  private static let boxes = Flag("boxes", "add Boxes.json: the bounding box of each figure")
  private static let folders = Flag(
    "folders", "make a subfolder for each class instead of numbered images and Labels.json")

  static let description = CommandDescription(
    name: "data synthesize",
    abstract: "Generate images of simple figures in ten classes, or a table.",
    discussion: """
      Writes 0.npy, 1.npy, ... with Labels.json ({"0": 6, "1": 9, ...}) and
      Classes.txt to the folder DIR, which must be new or empty. The same seed gives
      the same images. With --table the file is a CSV file of invented rows.

      With --scene, the pictures show 1 to 4 figures of five classes, which cover each
      other: images/000000.png, masks/000000.png (the class of each pixel as its grey
      value, 0 for the background), classes.txt (the names of these values), boxes of
      the visible parts in annotations.json (as in COCO), and preview.png to look at.

      Examples:
        course data synthesize --count 10000 --seed 1 figures
        course data synthesize --count 500 --masks --boxes --size 64 figures
        course data synthesize --scene --count 2000 scenes
        course data synthesize --table passengers passengers.csv
      """,
    operands: [Operand("DIR|FILE.csv", .one, "the folder, or the table, to create")],
    options: [
      table, scene, figures, count, seed, size, format, masks, boxes, folders, RunOptions.force,
      CommonOptions.quiet,
    ])

  private struct Record: Encodable {
    var folder: String
    var images: Int
    var seed: UInt64
    var size: Int
    var classes: [String]
  }

  private struct TableRecord: Encodable {
    var file: String
    var table: SyntheticTable
    var rows: Int
    var seed: UInt64
    var columns: [String]
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    if let table = arguments[table] { return try write(table, arguments, on: terminal) }
    guard !arguments[RunOptions.force] else {
      throw UsageError("'--force' is for --table: a folder of images must be new or empty")
    }
    let folder = arguments.operands[0]
    if arguments[scene] { return try writeScenes(to: folder, arguments, on: terminal) }
    if let number = arguments[figures] {
      throw UsageError("'--figures \(number)' is for scenes: use --scene, or omit it")
    }
    let images = SyntheticImages(
      count: arguments[count] ?? 100, seed: arguments[seed], size: arguments[size] ?? 32)
    guard !(arguments[folders] && (arguments[masks] || arguments[boxes])) else {
      throw UsageError("'--folders' excludes --masks and --boxes")
    }
    // Folders of classes are searched for PNG and JPEG files only.
    let format = arguments[format] ?? (arguments[folders] ? .png : .npy)
    guard !(arguments[folders] && format == .npy) else {
      throw UsageError(
        "'--folders' requires '--format png': .npy files are not read from class folders")
    }
    var options: SyntheticImages.FileOptions = []
    if arguments[masks] { options.insert(.masks) }
    if arguments[boxes] { options.insert(.boxes) }
    if arguments[folders] { options.insert(.classFolders) }
    try draw(images.count, arguments, on: terminal) {
      try images.write(toFolder: folder, format: format, options, isCancelled: $0)
    }
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(
          folder: folder, images: images.count, seed: images.seed, size: images.size,
          classes: images.classNames))
    }
    terminal.output.line(
      "\(folder): \(counted(images.count, "image")) of \(images.size) x \(images.size) in "
        + "\(images.classNames.count) classes: \(images.classNames.joined(separator: ", "))")
  }

  /// Draws images with a progress line, until a signal.
  private static func draw(
    _ count: Int, _ arguments: Arguments, on terminal: Terminal,
    _ write: (_ isCancelled: @Sendable () -> Bool) throws -> Void
  ) throws {
    let progress = ProgressLine(
      "drawing", total: count, unit: "images", on: terminal.progress(for: arguments))
    defer { progress.clear() }
    do {
      try Interruption.watched {
        try write {
          progress.advance()
          return Interruption.isRequested
        }
      }
    } catch let error as CourseError where error.kind == .interrupted {
      terminal.error.clearLine()
      terminal.error.line("Interrupted. No images were kept.")
      throw Interruption.status
    }
  }

  private static func writeScenes(
    to folder: String, _ arguments: Arguments, on terminal: Terminal
  ) throws {
    if let other = [masks, boxes, folders].first(where: { arguments[$0] }) {
      throw UsageError(
        "'--\(other.name)' is for images of one figure: scenes have masks and boxes, and no class")
    }
    let size = arguments[size] ?? 64
    guard sceneSides.contains(size) else {
      throw UsageError(
        "'--size \(size)': a scene has \(sceneSides.lowerBound) to \(sceneSides.upperBound) pixels a side"
      )
    }
    let scenes = SyntheticScenes(
      size: size, count: arguments[count] ?? 100, seed: arguments[seed],
      figures: arguments[figures] ?? 4)
    try draw(scenes.count, arguments, on: terminal) {
      try scenes.write(toFolder: folder, format: arguments[format] ?? .png, isCancelled: $0)
    }
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(
          folder: folder, images: scenes.count, seed: scenes.seed, size: scenes.size,
          classes: scenes.classNames))
    }
    terminal.output.line(
      "\(folder): \(counted(scenes.count, "scene")) of \(size) x \(size) with figures of "
        + "\(scenes.classNames.count) classes: \(scenes.classNames.joined(separator: ", "))")
  }

  private static func write(
    _ table: SyntheticTable, _ arguments: Arguments, on terminal: Terminal
  ) throws {
    let ofImages = [
      scene.name, figures.name, size.name, format.name, masks.name, boxes.name, folders.name,
    ]
    if let other = ofImages.first(where: arguments.isGiven) {
      throw UsageError("'--\(other)' is for images: omit it, or --table \(table.rawValue)")
    }
    let file = try OutputFile(arguments.operands[0], force: arguments[RunOptions.force])
    let rows = arguments[count] ?? 1000
    let text = table.text(rows: rows, seed: arguments[seed])
    try file.write(warnings: terminal.error) { try AtomicFile.write(Data(text.utf8), to: $0) }
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        TableRecord(
          file: file.path, table: table, rows: rows, seed: arguments[seed], columns: table.columns))
    }
    terminal.output.line(
      "\(file.path): \(counted(rows, "row")) of \(table.columns.joined(separator: ", "))")
  }
}
