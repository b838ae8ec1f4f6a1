import CourseCommandLine
import CourseTraining
import Foundation
import Networks
import Pictures

/// The file of `evaluate --mistakes`: the picture that `plot mistakes` draws, or a table of all mistakes.
struct MistakesFile {
  static let option = Option(
    "mistakes", .text("FILE"),
    "write the mistakes, the worst first: a picture of 24 (.png, .svg), or a table of all (.csv)")

  private enum Kind {
    case picture(PictureFile)
    case table(OutputFile)
  }
  private let kind: Kind
  /// The path of the file.
  var path: String {
    switch kind {
    case .picture(let file): file.path
    case .table(let file): file.path
    }
  }

  /// The file that the arguments name, checked before the work begins; `nil` for none.
  init?(_ arguments: Arguments, inputs: [String]) throws {
    guard let path = arguments[Self.option] else { return nil }
    let force = arguments[RunOptions.force]
    switch URL(filePath: path).pathExtension.lowercased() {
    case "csv": kind = .table(try OutputFile(path, force: force, inputs: inputs))
    case "svg", "png":
      kind = .picture(
        try PictureFile(path, option: "--mistakes", force: force, inputs: inputs))
    default:
      throw UsageError(
        "'--mistakes \(path)': mistakes are written to a file that ends in .png, .svg or .csv")
    }
  }

  /// Writes the mistakes of a network on labelled data.
  func write(
    of network: NeuralNetwork, _ recipe: Recipe?, on data: Dataset, warnings: TextStream
  ) throws {
    if recipe?.isSegmentation == true {
      let all = try Segmentations(of: network, on: data)
      switch kind {
      case .picture(let file):
        try file.write(all.picture(ofWorst: 12), warnings: warnings)
      case .table(let file):
        try file.write(warnings: warnings) { try AtomicFile.write(Data(all.csv.utf8), to: $0) }
      }
      return
    }
    switch kind {
    case .picture(let file):
      try file.write(
        Mistakes(of: network, on: data).picture(imageShape: imageShape(of: network, recipe)),
        warnings: warnings)
    case .table(let file):
      let text = try Mistakes(of: network, on: data, limit: .max).csv
      try file.write(warnings: warnings) { try AtomicFile.write(Data(text.utf8), to: $0) }
    }
  }
}
