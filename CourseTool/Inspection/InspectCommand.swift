import CourseCommandLine
import CourseTraining
import Foundation
import Networks
import Pictures

/// `course inspect MODEL --filters OUT`, `course inspect MODEL --feature-maps IMAGE OUT`
enum InspectCommand: Command {
  private static let filters = Option(
    "filters", .text("OUT"), "draw the filters of the first convolution")
  private static let featureMaps = Option(
    "feature-maps", .text("IMAGE"), "draw the feature maps of each layer for an image, to OUT")

  static let description = CommandDescription(
    name: "inspect", abstract: "Draw the filters and feature maps of a convolutional network.",
    discussion: """
      OUT is an .svg or .png file. IMAGE is a PNG or JPEG file, or the index of an
      example in the test part of the training data. The picture names the layers, the
      prediction, and for an example the true class.

      Examples:
        course inspect lenet-mnist.safetensors --filters filters.png
        course inspect lenet-mnist.safetensors --feature-maps 7 seven.png
        course inspect lenet-mnist.safetensors --feature-maps digit.png maps.png
      """,
    operands: [
      Operand("MODEL", .one, "a trained network (.safetensors)"),
      Operand("OUT", .optional, "the file for the feature maps"),
    ],
    options: [
      filters, featureMaps, RunOptions.skipBroken, RunOptions.force, CommonOptions.quiet,
    ])

  private struct Record: Encodable {
    var file: String
    /// The shape of the filters, or of each layer's feature maps.
    var shapes: [[Int]]
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let path = arguments.operands[0]
    let mapsPath = arguments.operand(1)
    guard arguments[filters] != nil || arguments[featureMaps] != nil else {
      throw UsageError("nothing to draw: --filters OUT, or --feature-maps IMAGE OUT")
    }
    guard (arguments[featureMaps] == nil) == (mapsPath == nil) else {
      throw UsageError(
        "--feature-maps requires an image and an output file: --feature-maps IMAGE OUT")
    }
    let inputs = [path] + [arguments[featureMaps]].compactMap { $0 }
    func output(_ path: String?, _ option: String) throws -> PictureFile? {
      try path.map {
        try PictureFile($0, option: option, force: arguments[RunOptions.force], inputs: inputs)
      }
    }
    let filtersFile = try output(arguments[filters], "--filters")
    let mapsFile = try output(mapsPath, "--feature-maps IMAGE")
    guard filtersFile == nil || filtersFile?.path != mapsFile?.path else {
      throw UsageError("--filters and --feature-maps need two different output files")
    }
    let network = try savedNetwork(path)
    guard let sheet = TileSheet.filters(of: network), let kernels = network.firstFilters else {
      throw CourseError(
        .invalidArgument, "the network has no convolution", expected: "a convolutional network",
        received: network.layers.map { type(of: $0).typeName }.joined(separator: ", "),
        location: path, remedy: "Train one, for example with 'course train digits-cnn'.")
    }
    var records: [Record] = []
    func write(_ sheet: TileSheet, to file: PictureFile, _ shapes: [[Int]]) throws {
      try file.write(sheet, warnings: terminal.error)
      records.append(Record(file: file.path, shapes: shapes))
    }
    // The example first: nothing is written if it cannot be read.
    let maps = try arguments[featureMaps].map { source in
      try network.requireInputsAlone(path)
      let example = try self.example(
        source, for: network, path: path, skipBroken: arguments[RunOptions.skipBroken],
        progress: terminal.progress(for: arguments))
      return (
        sheet: try TileSheet.featureMaps(
          of: network, for: example.features, name: example.name, actual: example.label),
        shapes: network.featureMaps(of: example.features).map(\.maps.shape)
      )
    }
    if let filtersFile { try write(sheet, to: filtersFile, [kernels.shape]) }
    if let maps, let mapsFile { try write(maps.sheet, to: mapsFile, maps.shapes) }
    if arguments[CommonOptions.json] { return try terminal.output.json(["images": records]) }
    for record in records {
      let shapes = record.shapes.map { "\($0)" }.joined(separator: ", ")
      terminal.output.line("\(record.file): from \(shapes)")
    }
  }

  /// An example for the network, in the range of its training data, with its class where that is known.
  private static func example(
    _ source: String, for network: NeuralNetwork, path: String, skipBroken: Bool,
    progress: TextStream?
  ) throws -> (features: Tensor, name: String, label: Int?) {
    let recipe = try Recipe(notedIn: network, path: path)
    if let number = Int(source) {
      guard let recipe, recipe.test > 0 else {
        throw UsageError("\(path) has no test part of its own: give an image file")
      }
      let data = try recipe.recordedData(
        of: network, skipBroken: skipBroken, progress: progress,
        remedy: "Give an image file instead of an index, or restore the original data.")
      let test = try recipe.split(data).test
      guard (0..<test.count).contains(number) else {
        throw UsageError(
          "example \(number) is out of range: the test part has examples 0 to \(test.count - 1)")
      }
      let example = test.batch(at: [number])
      return (
        example.features, "Example \(number)",
        recipe.isSegmentation ? nil : example.targets.classIndices[0]
      )
    }
    let features = try ImageExample.tensor(
      PixelImage(contentsOf: source), path: source, for: network,
      brightest: DataSource.brightest(of: recipe?.data ?? ""))
    return (features, URL(filePath: source).lastPathComponent, nil)
  }
}
