import Foundation
import Shared

/// The folder of the package that the kit works on: the one named by `COURSE_ROOT`, which the script `./course` sets,
/// else the nearest folder above the current one that holds `Package.swift` and `Protocols`.
package func packageRoot() throws -> URL {
  let files = FileManager.default
  if let named = ProcessInfo.processInfo.environment["COURSE_ROOT"], !named.isEmpty {
    return URL(filePath: named, directoryHint: .isDirectory)
  }
  var folder = URL(filePath: files.currentDirectoryPath, directoryHint: .isDirectory)
  while true {
    if ["Package.swift", "Protocols"].allSatisfy({
      files.fileExists(atPath: folder.appending(path: $0).path)
    }) {
      return folder
    }
    let above = folder.deletingLastPathComponent().standardized
    guard above.path != folder.path else { break }
    folder = above
  }
  throw CourseError(
    .file, "no course package in this folder or above it", expected: "Package.swift and Protocols",
    location: files.currentDirectoryPath, remedy: "Run the script ./course of the package.")
}
