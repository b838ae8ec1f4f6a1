import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// `course generator preview SOURCE --augment LIST --output sheet.png`
enum GeneratorPreviewCommand: Command {
  static let augment = Option(
    "augment", .augmentations, "augmentations to apply, in this order (default: none)")
  static let size = Option(
    "size", .imageSize, "height and width of the images (default: as 'train' chooses them)")
  static let seed = Option("seed", .seed, "random seed for order and augmentation")
    .defaulting(to: 1)
  private static let count = Option("count", .integer(in: 1...1000), "number of images to draw")
    .defaulting(to: 36)
  private static let columns = Option(
    "columns", .integer(in: 1...100), "images per row (default: a square layout)")
  private static let copies = Option(
    "copies", .integer(in: 1...100), "augmented versions of each image"
  ).defaulting(to: 1)
  private static let fitting = Option<ImageFitting>(
    "fit", .choice("HOW"), "treatment of images of another size: crop, pad, stretch, refuse"
  ).defaulting(to: .pad)
  private static let channels = Option(
    "channels", .channels, "1 for grey images, 3 for colours (default: those of the images)")
  private static let output = Option(
    "output", short: "o", .text("FILE.png"), "output file"
  ).defaulting(to: "preview.png")
  private static let inOrder = Flag("in-order", "draw the first images instead of random ones")

  static let description = CommandDescription(
    name: "generator preview",
    abstract: "Draw a batch of images with their classes, augmented as in training.",
    discussion: """
      The images are drawn in the form in which 'train' takes them, which a note
      explains where they are of several sizes.

      LIST is separated by commas; @ and a number give the probability of one:

      \(Augmentation.texts.map { "  \($0.form.padded(right: 20))\($0.meaning)" }
        .joined(separator: "\n"))

      Examples:
        course generator preview flowers --augment mirror,rotate:15,crop:4
        course generator preview flowers --copies 6 --augment hue:0.1,cutout:16@0.5
      """,
    operands: [
      Operand(
        "SOURCE", .one,
        "a folder of images (a subfolder per class, or numbered), or a name from 'data list'")
    ],
    options: [
      augment, size, fitting, channels, count, columns, copies, inOrder, seed, output,
      RunOptions.skipBroken, RunOptions.force, CommonOptions.quiet,
    ])

  private struct Record: Encodable {
    var file: String
    var width: Int
    var height: Int
    var images: [Int]
    var copies: Int
    var classes: [String]
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let sheetFile = try OutputFile(
      arguments[output], force: arguments[RunOptions.force],
      inputs: DataSource.files(of: arguments.operands[0]))
    let (source, remarks) = try openImages(
      arguments.operands[0], skipBroken: arguments[RunOptions.skipBroken],
      progress: terminal.progress(for: arguments))
    remarks.report(on: terminal.error)
    let copies = arguments[copies]
    let seed = arguments[seed]
    let order =
      arguments[inOrder]
      ? Array(0..<source.count)
      : NeuralNetwork.order(epoch: 0, exampleCount: source.count, seed: seed)
    let wanted = arguments[count]
    let chosen = order.prefix(max(1, wanted / copies))
    let form = ImageForm.suiting(
      size: arguments[size], channels: arguments[channels], fitting: arguments[fitting])
    let (input, note) = try form.input(for: ImageShapes(of: source))
    if let note { DataRemarks(notes: [note]).report(on: terminal.error) }
    let progress = ProgressLine(
      "decoding", total: chosen.count * copies, unit: "images",
      on: terminal.progress(for: arguments))
    defer { progress.clear() }
    let images = ShownImages(ImageSubset(of: source, indices: chosen), counting: progress)
    // Each copy is an epoch of the chosen images. Threads of its own would make batches that are not drawn.
    let generator = try ImageGenerator(
      images, batchSize: chosen.count, imageSize: input.shape,
      augmentation: arguments[augment]?.list ?? [], shuffle: false, seed: seed,
      fitting: input.fitting, threads: 0)
    let batches = try (0..<copies).map { _ in try generator.next() }
    progress.clear()
    let layout = ContactSheet(columns: arguments[columns])
    let sheet =
      copies == 1
      ? generator.contactSheet(of: batches[0], sheet: layout)
      : generator.contactSheet(of: batches, sheet: layout)
    try sheetFile.write(warnings: terminal.error) { try sheet.write(to: $0) }
    let file = sheetFile.path
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Record(
          file: file, width: sheet.width, height: sheet.height, images: Array(chosen),
          copies: copies, classes: batches[0].labels.map { generator.className(of: $0) }))
    }
    let drawn = counted(chosen.count, "image") + (copies == 1 ? "" : ", \(copies) times each,")
    terminal.output.line(
      "\(file): \(drawn) of shape \(generator.imageSize) from "
        + "\(source.name), \(counted(source.count, "image")) in "
        + counted(source.classNames.count, "class"))
  }
}
