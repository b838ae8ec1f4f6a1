import Foundation
import Shared

/// A second package beside the first, in which some folders are copies, with other files in them, and others are links.
///
/// A file that stays as it was keeps its age, so that only changes are compiled. The folder needs the name of the
/// package: the compiler looks at it.
struct PackageCopy {
  let package: URL
  /// The folder of the second package.
  let folder: URL

  /// Copies folders, and removes from the copies what they no longer hold.
  /// - Parameter changed: the texts of files that are others there, by their paths
  func copy(_ folders: [String], changed: [String: String] = [:]) throws {
    var wanted = Set(changed.keys)
    for path in folders.flatMap({ files(in: $0, of: package) }) where wanted.insert(path).inserted {
      try write(Data(contentsOf: package.appending(path: path)), to: path)
    }
    for (path, text) in changed { try write(Data(text.utf8), to: path) }
    for path in folders.flatMap({ files(in: $0, of: folder) }) where !wanted.contains(path) {
      try FileManager.default.removeItem(at: folder.appending(path: path))
    }
  }

  /// Makes links to files and folders.
  func link(_ paths: String...) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for path in paths {
      let (link, target) = (folder.appending(path: path), package.appending(path: path))
      if (try? FileManager.default.destinationOfSymbolicLink(atPath: link.path)) == target.path {
        continue
      }
      try? FileManager.default.removeItem(at: link)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: target)
    }
  }

  /// Writes a file, unless it has that content.
  func write(_ data: Data, to path: String) throws {
    let file = folder.appending(path: path)
    if (try? Data(contentsOf: file)) == data { return }
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try AtomicFile.write(data, to: file)
  }

  /// The paths of all files in a folder of one of the two packages.
  private func files(in name: String, of root: URL) -> [String] {
    SourceModule.files(in: root.appending(path: name)).filter {
      (try? $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) != true
    }.map { String($0.path.dropFirst(root.path.count).drop { $0 == "/" }) }
  }
}
