import CourseCommandLine
import Foundation
import Networks

/// `course inspect MODEL --filters OUT.png`, `course inspect MODEL --feature-maps IMAGE OUT.png`
enum InspectCommand: Command {
  private static let filters = Option(
    "filters", .text("OUT.png"), "draw the filters of the first convolution")
  private static let featureMaps = Option(
    "feature-maps", .text("IMAGE"), "draw the feature maps of each layer for an image, to OUT.png")

  static let description = CommandDescription(
    name: "inspect", abstract: "Draw the filters and feature maps of a convolutional network.",
    discussion: """
      IMAGE is a PNG or JPEG file of the network's input size, or the index of an
      example in the test part of the training data.

      Examples:
        course inspect lenet-mnist.safetensors --filters filters.png
        course inspect lenet-mnist.safetensors --feature-maps 7 seven.png
        course inspect lenet-mnist.safetensors --feature-maps digit.png maps.png
      """,
    operands: [
      Operand("MODEL", .one, "a trained network (.safetensors)"),
      Operand("OUT.png", .optional, "the file for the feature maps"),
    ],
    options: [filters, featureMaps, RunOptions.skipBroken, RunOptions.force])

  private struct Record: Encodable {
    var file: String
    var width: Int
    var height: Int
    /// The shape of the filters, or of each layer's feature maps.
    var shapes: [[Int]]
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let path = arguments.operands[0]
    let mapsPath = arguments.operand(1)
    guard arguments[filters] != nil || arguments[featureMaps] != nil else {
      throw UsageError("nothing to draw: --filters OUT.png, or --feature-maps IMAGE OUT.png")
    }
    guard (arguments[featureMaps] == nil) == (mapsPath == nil) else {
      throw UsageError(
        "--feature-maps requires an image and an output file: --feature-maps IMAGE OUT.png")
    }
    let inputs = [path] + [arguments[featureMaps]].compactMap { $0 }
    func output(_ path: String?) throws -> OutputFile? {
      try path.map {
        try OutputFile($0, force: arguments[RunOptions.force], inputs: inputs)
      }
    }
    let (filtersFile, mapsFile) = (try output(arguments[filters]), try output(mapsPath))
    guard filtersFile == nil || filtersFile?.path != mapsFile?.path else {
      throw UsageError("--filters and --feature-maps need two different output files")
    }
    let network = try savedNetwork(path)
    guard let image = network.filterImage(), let kernels = network.firstFilters else {
      throw CourseError(
        .invalidArgument, "the network has no convolution", expected: "a convolutional network",
        received: network.layers.map { type(of: $0).typeName }.joined(separator: ", "),
        location: path, remedy: "Train one, for example with 'course train digits-cnn'.")
    }
    var records: [Record] = []
    func write(_ image: PixelImage, to file: OutputFile, _ shapes: [[Int]]) throws {
      try file.write(warnings: terminal.error) { try image.write(to: $0) }
      records.append(
        Record(file: file.path, width: image.width, height: image.height, shapes: shapes))
    }
    // The example first: nothing is written if it cannot be read.
    let example = try arguments[featureMaps].map {
      try self.example($0, for: network, path: path, skipBroken: arguments[RunOptions.skipBroken])
    }
    if let filtersFile { try write(image, to: filtersFile, [kernels.shape]) }
    if let example, let mapsFile {
      try write(
        network.featureMapImage(of: example), to: mapsFile,
        network.featureMaps(of: example).map(\.maps.shape))
    }
    if arguments[CommonOptions.json] { return try terminal.output.json(["images": records]) }
    for record in records {
      let shapes = record.shapes.map { "\($0)" }.joined(separator: ", ")
      terminal.output.line(
        "\(record.file): \(record.width) x \(record.height) pixels, from \(shapes)")
    }
  }

  /// An example for the network, in the range of its training data.
  private static func example(
    _ source: String, for network: NeuralNetwork, path: String, skipBroken: Bool
  ) throws -> Tensor {
    let recipe = try Recipe(notedIn: network, path: path)
    if let number = Int(source) {
      guard let recipe, recipe.test > 0 else {
        throw UsageError("\(path) has no test part of its own: give an image file")
      }
      let data = try recipe.recordedData(
        of: network, skipBroken: skipBroken,
        remedy: "Give an image file instead of an index, or restore the original data.")
      let test = try recipe.split(data).test
      guard (0..<test.count).contains(number) else {
        throw UsageError(
          "example \(number) is out of range: the test part has examples 0 to \(test.count - 1)")
      }
      return test.batch(at: [number]).features
    }
    return try ImageExample.tensor(
      source, for: network, brightest: DataSource.brightest(of: recipe?.data ?? ""))
  }
}
