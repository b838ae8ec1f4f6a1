import CourseTraining
import Foundation
import Networks

extension OutputFile {
  /// - Parameters:
  ///   - path: the path to write to
  ///   - force: whether an existing file may be replaced
  ///   - replacesOwn: whether an existing file belongs to this run already
  ///   - inputs: the inputs of the command, which are never replaced
  /// - Throws: `CourseError` when a file exists or cannot be written, or is an input.
  convenience init(
    _ path: String, force: Bool, replacesOwn: Bool = false, inputs: [String]
  ) throws {
    try OutputFile.checkName(path)
    for input in inputs { try OutputFile.check(path, isNot: input) }
    try self.init(path, force: force, replacesOwn: replacesOwn)
  }

  /// Throws if the output is an input of the command, under any name.
  private static func check(_ path: String, isNot input: String) throws {
    guard let output = FileIdentity(of: path), let identity = FileIdentity(of: input) else {
      return
    }
    var isInput = output.isSameFile(as: identity)
    var status = stat()
    if stat(input, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      isInput = isRead(URL(filePath: path), inFolder: URL(filePath: input))
    }
    guard isInput else { return }
    throw CourseError(
      .file, "the output would overwrite an input",
      expected: "a name different from the inputs",
      received: input, location: path, remedy: "Choose another name.")
  }

  /// Whether a file belongs to a data folder: an image or labels in it or below it.
  private static func isRead(_ file: URL, inFolder folder: URL) -> Bool {
    let inner = file.resolvingSymlinksInPath().standardizedFileURL.pathComponents
    let outer = folder.resolvingSymlinksInPath().standardizedFileURL.pathComponents
    guard inner.count > outer.count, inner.starts(with: outer) else { return false }
    let ending = file.pathExtension.lowercased()
    guard PixelImage.fileExtensions.contains(ending) || ending == "npy" else {
      return ending != "safetensors"
    }
    let isNumbered = Int(file.deletingPathExtension().lastPathComponent) != nil
    return isNumbered || inner.count > outer.count + 1
  }
}
