import Foundation
import Shared
import Synchronization

/// A folder that is being filled with drawn images: new or empty before, and complete or empty afterwards.
struct NewFolder {
  let path: String

  /// Makes the folder, and lets `body` fill it.
  /// - Throws: when the folder has something in it already, or cannot be written, and the errors of `body`; the files
  ///   written until then are removed
  static func write(
    _ path: String, subfolders: [String], _ body: (NewFolder) throws -> Void
  ) throws {
    let wasThere = FileManager.default.fileExists(atPath: path)
    if wasThere { try requireEmpty(path) }
    do {
      for name in [""] + subfolders.map({ "/" + $0 }) { try make(path + name) }
      try body(NewFolder(path: path))
    } catch {
      let written = wasThere ? try? FileManager.default.contentsOfDirectory(atPath: path) : [""]
      for name in written ?? [] {
        try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
      }
      throw error
    }
  }

  /// Draws images on all threads.
  /// - Parameter draw: draws and writes the image with a number
  /// - Throws: the first error, and `.interrupted` when it was cancelled
  func draw(
    _ count: Int, _ isCancelled: @Sendable () -> Bool, _ draw: (Int) throws -> Void
  ) throws {
    let failure = Mutex<(any Error)?>(nil)
    parallelFor((count + 15) / 16) { piece in
      for index in (piece * 16)..<min(count, (piece + 1) * 16) {
        guard failure.withLock({ $0 == nil }) else { return }
        do {
          guard !isCancelled() else {
            throw CourseError(.interrupted, "drawing images was cancelled", location: path)
          }
          try draw(index)
        } catch {
          failure.withLock { if $0 == nil { $0 = error } }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Writes a file; not atomically: the folder is new, and thousands of small files would each wait for the disk.
  /// - Parameter name: its name, or its path within the folder
  func write(_ data: Data, _ name: String) throws {
    do {
      try data.write(to: URL(filePath: "\(path)/\(name)"))
    } catch {
      throw CourseError(
        .file, "cannot write the file", received: error.localizedDescription,
        location: "\(path)/\(name)", remedy: "Free some space, or write to another disk.")
    }
  }

  private static func requireEmpty(_ path: String) throws {
    // Hidden files, too: whatever is there afterwards is ours.
    _ = try FolderListing(of: path)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard names.isEmpty else {
      throw CourseError(
        .file, "the folder is not empty", expected: "a new or empty folder",
        received: names.count == 1 ? "1 entry" : "\(names.count) entries", location: path,
        remedy: "Name another folder, or remove this one.")
    }
  }

  private static func make(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw CourseError(
        .file, "cannot make the folder", received: error.localizedDescription,
        location: path, remedy: "Check the permissions of the folder above it.")
    }
  }
}
