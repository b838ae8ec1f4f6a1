import Foundation

/// Calls `body` with a new, empty folder, which is deleted afterwards.
///
///     try withTemporaryFolder { folder in
///       try network.save(to: folder.appending(path: "network.safetensors"))
///     }
public func withTemporaryFolder<R>(_ body: (URL) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory.appending(
    path: "course-test-\(UUID().uuidString)", directoryHint: .isDirectory)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// The names of everything in a folder, hidden files included, sorted.
public func names(in folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}
