import Foundation
import Networks

/// An argument that is a text itself, where users may have meant the path of a file.
enum TextOperand {
  /// The endings of files that hold texts, tables, images and networks.
  private static let endings: Set =
    Set(["csv", "tsv", "txt", "md", "json", "npy", "npz", "safetensors", "svg", "html"])
    .union(PixelImage.fileExtensions)

  /// Whether an argument looks like a path: it ends as the names of files do, or is one word with a slash.
  static func looksLikePath(_ argument: String) -> Bool {
    let ending = URL(filePath: argument).pathExtension.lowercased()
    return endings.contains(ending)
      || argument.contains("/") && !argument.contains(where: \.isWhitespace)
  }

  /// Throws when an argument looks like the path of a file that does not exist, which would be taken for a text.
  /// - Parameter expected: what the command takes
  static func requireNoMissingFile(_ argument: String, expected: String) throws {
    guard looksLikePath(argument), !FileManager.default.fileExists(atPath: argument) else { return }
    throw CourseError(
      .file, "the file does not exist", expected: expected, location: argument,
      remedy: "If it is a text, put a space behind it.")
  }

  /// Throws when an argument looks like the path of a file, where only a text itself is taken.
  static func requireText(_ argument: String) throws {
    try requireNoMissingFile(argument, expected: "a text")
    guard looksLikePath(argument) else { return }
    throw CourseError(
      .invalidArgument, "the text itself is wanted, and this is a file", expected: "a text",
      received: "a path", location: argument,
      remedy: "Give a text of the file; if this is a text, put a space behind it.")
  }
}
