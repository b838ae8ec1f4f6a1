import CourseCommandLine
import CourseTraining
import Foundation
import Networks
import Pictures

/// The output file of a picture, checked before the work begins: its ending, its path, and the libraries that a PNG
/// file needs.
struct PictureFile {
  private let file: OutputFile
  /// The path of the file.
  var path: String { file.path }
  /// The same for every way to write it.
  var absolutePath: String { file.absolutePath }

  /// - Parameter option: the option or operand that names the file, for messages
  init(_ path: String, option: String, force: Bool, inputs: [String]) throws {
    let ending = URL(filePath: path).pathExtension.lowercased()
    guard ["svg", "png"].contains(ending) else {
      throw UsageError("'\(option) \(path)': a picture is a file that ends in .svg or .png")
    }
    file = try OutputFile(path, force: force, inputs: inputs)
    if ending == "png" { try Animation.requireLibraries() }
  }

  /// Draws the picture.
  func write(_ picture: any Picture, theme: Theme = .light, warnings: TextStream) throws {
    let bytes =
      path.lowercased().hasSuffix(".png")
      ? try picture.png(theme: theme, scale: 2) : Data(picture.svg.utf8)
    try file.write(warnings: warnings) { try AtomicFile.write(bytes, to: $0) }
  }
}
