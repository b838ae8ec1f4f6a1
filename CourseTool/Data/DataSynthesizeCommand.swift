import CourseCommandLine
import Foundation
import Networks

/// `course data synthesize --count N --seed S DIR`
enum DataSynthesizeCommand: Command {
  private static let count = Option("count", .integer(in: 1...1_000_000), "number of images")
    .defaulting(to: 100)
  private static let seed = Option("seed", .seed, "random seed").defaulting(to: 1)
  private static let size = Option("size", .integer(in: 16...1024), "height and width in pixels")
    .defaulting(to: 32)
  private static let format = Option<ImageFileFormat>(
    "format", .choice(), "npy, which requires no codec, or png (default: npy)")
  private static let masks = Flag(
    "masks", "add segmentation masks masks/N.npy: 0 for background, 1 + class for the figure")
  private static let boxes = Flag("boxes", "add Boxes.json: the bounding box of each figure")
  private static let folders = Flag(
    "folders", "make a subfolder for each class instead of numbered images and Labels.json")

  static let description = CommandDescription(
    name: "data synthesize",
    abstract: "Generate a labelled data set of simple figures in ten classes.",
    discussion: """
      Writes 0.npy, 1.npy, ... with Labels.json ({"0": 6, "1": 9, ...}) and
      Classes.txt to the folder DIR, which must be new or empty. The same seed gives
      the same images.

      Examples:
        course data synthesize --count 10000 --seed 1 figures
        course data synthesize --count 500 --masks --boxes --size 64 figures
      """,
    operands: [Operand("DIR", .one, "the folder to create")],
    options: [count, seed, size, format, masks, boxes, folders, CommonOptions.quiet])

  private struct Record: Encodable {
    var folder: String
    var images: Int
    var seed: UInt64
    var size: Int
    var classes: [String]
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let folder = arguments.operands[0]
    let images = SyntheticImages(
      count: arguments[count], seed: arguments[seed], size: arguments[size])
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
}
