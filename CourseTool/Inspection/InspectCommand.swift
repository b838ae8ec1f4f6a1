import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// `course inspect MODEL --filters OUT`, `course inspect MODEL --feature-maps IMAGE OUT`, ...
enum InspectCommand: Command {
  private static let filters = Option(
    "filters", .text("OUT"), "draw the filters of the first convolution")
  private static let featureMaps = Option(
    "feature-maps", .text("IMAGE"), "draw the feature maps of each layer for an image, to OUT")
  private static let saliency = Option(
    "saliency", .text("INPUT"),
    "draw how much the score of the answer changes with each pixel, character or word, to OUT")
  private static let occlusion = Option(
    "occlusion", .text("INPUT"),
    "draw how much the probability of the answer falls when a part of the input is covered, to OUT")
  private static let attention = Option(
    "attention", .text("INPUT"), "draw which steps each attention head reads, to OUT")
  private static let className = Option(
    "class", .text("NAME"),
    "the answer that --saliency or --occlusion explains (default: the most probable one)")

  static let description = CommandDescription(
    name: "inspect", abstract: "Draw what a network has learned, and what its answers rest on.",
    discussion: """
      OUT is an .svg or .png file. IMAGE is a PNG, JPEG or WebP file, or the index of
      an example in the test part of the training data. INPUT is such an image, or,
      for a network that reads text, the text itself. The picture names the
      prediction, and for an example the true class. In an occlusion map, orange
      speaks for the answer, blue against it. Of a detector, a map explains the most
      certain box of a class.

      Examples:
        course inspect lenet-mnist.safetensors --filters filters.png
        course inspect lenet-mnist.safetensors --feature-maps 7 seven.png
        course inspect lenet-mnist.safetensors --occlusion 7 why-seven.png
        course inspect lenet-mnist.safetensors --occlusion 7 --class 1 why-not.png
        course inspect definitions.safetensors --occlusion "a sweet drink" words.png
        course inspect char-transformer.safetensors --saliency "To be, or not" be.png
        course inspect char-transformer.safetensors --attention "To be, or" heads.png
      """,
    operands: [
      Operand("MODEL", .one, "a trained network (.safetensors)"),
      Operand("OUT", .optional, "the file for all pictures but the filters"),
    ],
    options: [
      filters, featureMaps, saliency, occlusion, attention, className, RunOptions.skipBroken,
      RunOptions.force, CommonOptions.quiet,
    ])

  private struct Record: Encodable {
    var file: String
    /// The shape of the filters, of each layer's feature maps, of the map, or of each layer's attention.
    var shapes: [[Int]]
    /// The answer that a map explains.
    var answer: Inspection.Answer?
    /// The characters or words of a text.
    var parts: [Inspection.Part]?
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let path = arguments.operands[0]
    let inspections: [(option: String, input: String?)] = [
      ("feature-maps", arguments[featureMaps]), ("saliency", arguments[saliency]),
      ("occlusion", arguments[occlusion]), ("attention", arguments[attention]),
    ]
    let asked = inspections.compactMap { option, input in
      input.map { (option: option, input: $0) }
    }
    guard arguments[filters] != nil || !asked.isEmpty else {
      throw UsageError(
        "nothing to draw: --filters OUT, or --feature-maps, --saliency, --occlusion or --attention "
          + "with an input and OUT")
    }
    guard asked.count <= 1 else {
      throw UsageError(
        "--\(asked[0].option) and --\(asked[1].option) need a picture each: call the command twice")
    }
    let outPath = arguments.operand(1)
    guard asked.isEmpty == (outPath == nil) else {
      let option = asked.first?.option ?? "feature-maps"
      let (operand, name) =
        option == "feature-maps" ? ("IMAGE", "an image") : ("INPUT", "an input")
      throw UsageError(
        "--\(option) requires \(name) and an output file: --\(option) \(operand) OUT")
    }
    if arguments[className] != nil, !["saliency", "occlusion"].contains(asked.first?.option) {
      throw UsageError("--class applies to --saliency and --occlusion")
    }
    let inputs = [path] + asked.map(\.input)
    func output(_ path: String?, _ option: String) throws -> PictureFile? {
      try path.map {
        try PictureFile($0, option: option, force: arguments[RunOptions.force], inputs: inputs)
      }
    }
    let filtersFile = try output(arguments[filters], "--filters")
    let outFile = try output(outPath, asked.first.map { "--\($0.option) \($0.input)" } ?? "")
    guard filtersFile == nil || filtersFile?.absolutePath != outFile?.absolutePath else {
      throw UsageError("--filters and --\(asked[0].option) need two different output files")
    }
    let saved = try savedNetwork(path)
    let encoder = try? saved.encoder()
    if encoder != nil, let option = asked.first?.option, option != "feature-maps" {
      try saved.requireClasses(path)
    }
    // Of a network that was pretrained without labels, the part that takes one image.
    let network = encoder ?? saved
    let filtersSheet = TileSheet.filters(of: network)
    if filtersSheet == nil, filtersFile != nil || asked.first?.option == "feature-maps" {
      throw CourseError(
        .invalidArgument, "the network has no convolution of images",
        expected: "a convolutional network",
        received: network.layers.map { type(of: $0).typeName }.joined(separator: ", "),
        location: path, remedy: "Train one, for example with 'course train digits-cnn'.")
    }
    // The example first: nothing is written if it cannot be read.
    let drawn = try asked.first.map { option, input in
      // Of a detector, a map explains what it finds in one box.
      if option != "saliency", option != "occlusion" { try network.requireInputsAlone(path) }
      let example = try InspectedExample(
        input, for: network, path: path, skipBroken: arguments[RunOptions.skipBroken],
        progress: terminal.progress(for: arguments))
      if !arguments[CommonOptions.quiet] {
        DataRemarks(notes: example.notes).report(on: terminal.error)
      }
      let inspection = Inspection(network: network, path: path, example: example)
      let label = try arguments[className].map(inspection.label(named:))
      return try located(at: input) {
        switch option {
        case "saliency": try inspection.saliency(of: label)
        case "occlusion": try inspection.occlusion(of: label)
        case "attention": try inspection.attention()
        default: try inspection.featureMaps()
        }
      }
    }
    var records: [Record] = []
    if let filtersFile, let filtersSheet, let kernels = network.firstFilters {
      try filtersFile.write(filtersSheet, warnings: terminal.error)
      records.append(Record(file: filtersFile.path, shapes: [kernels.shape]))
    }
    if let drawn, let outFile {
      try outFile.write(drawn.picture, warnings: terminal.error)
      records.append(
        Record(
          file: outFile.path, shapes: drawn.shapes, answer: drawn.answer, parts: drawn.parts))
    }
    if arguments[CommonOptions.json] { return try terminal.output.json(["images": records]) }
    for record in records {
      let shapes = record.shapes.map { "\($0)" }.joined(separator: ", ")
      terminal.output.line("\(record.file): from \(shapes)")
    }
  }

  /// Puts the input in the place of an error that has none.
  private static func located<Result>(at input: String, _ body: () throws -> Result) throws
    -> Result
  {
    do {
      return try body()
    } catch var error as CourseError {
      error.location = error.location ?? input
      throw error
    }
  }
}
