import Foundation
import Networks

/// `course data synthesize --count N --seed S DIR`
enum DataSynthesizeCommand: Command {
  private static let count = Option(
    "count", .integer(in: 1...1_000_000), "how many images (default: 100)")
  private static let seed = Option("seed", .seed, "which images (default: 1)")
  private static let size = Option(
    "size", .integer(in: 16...1024), "height and width in pixels (default: 32)")
  private static let format = Option<ImageFileFormat>(
    "format", .choice("NAME"), "npy, which needs no codec, or png (default: npy)")
  private static let masks = Flag("masks", "add masks/N.npy: 0, or 1 + the class, for each pixel")
  private static let boxes = Flag("boxes", "add Boxes.json: where the figure of each image is")
  private static let folders = Flag(
    "folders", "one folder for each class instead of numbers and Labels.json")

  static let description = CommandDescription(
    name: "data synthesize",
    abstract: "Draw images of ten figures to learn from, in the form of the course.",
    discussion: """
      Makes 0.npy, 1.npy, ... with Labels.json ({"0": 6, "1": 9, ...}) and Classes.txt
      in the folder DIR, which must not be there or be empty. The same seed draws the
      same images.

      Examples:
        course data synthesize --count 10000 --seed 1 figures
        course data synthesize --count 500 --masks --boxes --size 64 figures
      """,
    operands: [Operand("DIR", .one, "the folder to make")],
    options: [count, seed, size, format, masks, boxes, folders])

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
      count: arguments[count] ?? 100, seed: arguments[seed] ?? 1, size: arguments[size] ?? 32)
    guard !(arguments[folders] && (arguments[masks] || arguments[boxes])) else {
      throw UsageError("'--folders' has no place for masks and boxes: leave one of them out")
    }
    // In a folder of classes, .npy files would not be found.
    let format = arguments[format] ?? (arguments[folders] ? .png : .npy)
    guard !(arguments[folders] && format == .npy) else {
      throw UsageError(
        "'--folders' needs '--format png': folders of classes are searched for those")
    }
    var options: SyntheticImages.FileOptions = []
    if arguments[masks] { options.insert(.masks) }
    if arguments[boxes] { options.insert(.boxes) }
    if arguments[folders] { options.insert(.classFolders) }
    do {
      try Interruption.watched {
        try images.write(toFolder: folder, format: format, options) { Interruption.isRequested }
      }
    } catch let error as CourseError where error.kind == .interrupted {
      terminal.error.clearLine()
      terminal.error.line("Interrupted. Nothing was kept.")
      throw Interruption.status
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
}
