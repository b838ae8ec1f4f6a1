import Foundation
import Shared

/// A module that the checker compiles: the phase, the support of the tests, or the tests of a task.
struct SourceModule {
  let name: String
  let sources: [URL]
  /// The modules of the package that it imports, which are built before it.
  var imports: [String] = []
  /// Further flags of the compiler.
  var flags: [String] = []
  /// Whether others import it.
  var isImported = true
  /// Whether it has a `main.swift`.
  var isProgram = false

  /// All Swift files of a folder and the folders in it, in order.
  static func swiftFiles(in folder: URL) -> [URL] {
    files(in: folder).filter { $0.pathExtension == "swift" }
  }

  /// What lies directly in a folder.
  static func entries(of folder: URL) -> [URL] {
    let found = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return found ?? []
  }

  /// All files of a folder and the folders in it, in order.
  static func files(in folder: URL) -> [URL] {
    let found = FileManager.default.enumerator(
      at: folder, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
    // Of one form, so that they can be compared with paths that were remembered.
    return (found?.compactMap { ($0 as? URL).map { URL(filePath: $0.path) } } ?? [])
      .sorted { $0.path < $1.path }
  }
}

/// The time of the last change of a file or folder; `nil` if there is none.
func changeTime(of file: URL) -> TimeInterval? {
  var status = stat()
  guard stat(file.path, &status) == 0 else { return nil }
  #if canImport(Darwin)
    let time = status.st_mtimespec
  #else
    let time = status.st_mtim
  #endif
  return TimeInterval(time.tv_sec) + TimeInterval(time.tv_nsec) / 1e9
}

/// A file that says that something is up to date: it holds what it was made with, and is as old as the moment when the
/// making began, so that a change meanwhile is newer.
struct Stamp {
  let file: URL

  /// Whether the content is the same and none of the inputs is newer.
  func isCurrent(_ content: String, inputs: [URL]) -> Bool {
    guard let time = changeTime(of: file),
      (try? String(contentsOf: file, encoding: .utf8)) == content
    else { return false }
    return inputs.allSatisfy { input in changeTime(of: input).map { $0 <= time } ?? false }
  }

  func write(_ content: String, began: Date) throws {
    try AtomicFile.write(Data(content.utf8), to: file)
    try FileManager.default.setAttributes([.modificationDate: began], ofItemAtPath: file.path)
  }
}
