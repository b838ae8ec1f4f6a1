import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course data synthesize DIR`, `course data synthesize --table NAME FILE.csv`
enum DataSynthesizeCommand: Command {
  private static let count = Option(
    "count", .integer(in: 1...1_000_000),
    "number of images or rows (default: 100 images, 1000 rows)")
  private static let seed = Option("seed", .seed, "random seed").defaulting(to: 1)
  private static let size = Option("size", .integer(in: 16...1024), "height and width in pixels")
    .defaulting(to: 32)
  private static let format = Option<ImageFileFormat>(
    "format", .choice(), "npy, which requires no codec, or png (default: npy)")
  private static let table = Option<SyntheticTable>(
    "table", .choice(),
    "write a table in place of images: passengers (words, gaps, yes or no), houses (semicolons, "
      + "decimal commas, prices), weather (a daily series)")
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

      Examples:
        course data synthesize --count 10000 --seed 1 figures
        course data synthesize --count 500 --masks --boxes --size 64 figures
        course data synthesize --table passengers passengers.csv
      """,
    operands: [Operand("DIR|FILE.csv", .one, "the folder, or the table, to create")],
    options: [
      table, count, seed, size, format, masks, boxes, folders, RunOptions.force,
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
    let images = SyntheticImages(
      count: arguments[count] ?? 100, seed: arguments[seed], size: arguments[size])
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
    let progress = ProgressLine(
      "drawing", total: images.count, unit: "images", on: terminal.progress(for: arguments))
    defer { progress.clear() }
    do {
      try Interruption.watched {
        try images.write(toFolder: folder, format: format, options) {
          progress.advance()
          return Interruption.isRequested
        }
      }
    } catch let error as CourseError where error.kind == .interrupted {
      terminal.error.clearLine()
      terminal.error.line("Interrupted. No images were kept.")
      throw Interruption.status
    }
    progress.clear()
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

  private static func write(
    _ table: SyntheticTable, _ arguments: Arguments, on terminal: Terminal
  ) throws {
    let ofImages = [size.name, format.name, masks.name, boxes.name, folders.name]
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
