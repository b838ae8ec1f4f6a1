import Foundation
import Networks

/// The images that a command is given: a folder, or data with a name.
func openImages(_ source: String) throws -> any ImageSource {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: source, isDirectory: &isFolder), isFolder.boolValue
  else {
    let data = try DataSource.load(source, label: nil).examples
    let isDigits = source == "digits"
    return try DatasetSource(
      isDigits ? data.reshaped(to: [1, 8, 8]) : data, range: 0...DataSource.brightest(of: source))
  }
  let files = try FileManager.default.contentsOfDirectory(atPath: source)
  return files.contains {
    Int(URL(filePath: $0).deletingPathExtension().lastPathComponent) != nil
      && $0.contains(".")
  }
    ? try NumberedFolder(source) : try ImageFolder(source)
}
