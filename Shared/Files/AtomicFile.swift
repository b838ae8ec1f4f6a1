import Foundation

/// Writing a file so that it is there completely or not at all.
///
/// The bytes go to a temporary file in the same folder, are forced to the disk and renamed. If
/// anything fails on the way (full disk, crash, loss of power), an earlier file of that name stays
/// unchanged. A leftover temporary file is removed by the next write to its folder.
package enum AtomicFile {
  /// Writes `data` as the whole content of the file.
  package static func write(_ data: Data, to url: URL) throws {
    try write(to: url) { try $0.write(data) }
  }

  /// Writes a file piece by piece, for content that should not lie in memory twice. When `body` throws,
  /// the file stays as it was.
  package static func write(to url: URL, _ body: (AtomicFileOutput) throws -> Void) throws {
    // A link stays a link: its target is replaced.
    let target = url.resolvingSymlinksInPath()
    let path = target.path
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists, status.st_mode & S_IFMT != S_IFREG {
      guard status.st_mode & S_IFMT != S_IFDIR else {
        throw CourseError(
          .file, "cannot write the file", expected: "the name of a file", received: "a folder",
          location: url.path, remedy: "Add a file name.")
      }
      // Devices and pipes cannot be replaced, and have nothing that could be lost.
      return try writeInPlace(path, body)
    }
    if exists, access(path, W_OK) != 0 { throw failure("write", errno, path) }

    let folder = target.deletingLastPathComponent().path
    // First, since the new file may need their space.
    PartFile.removeLeftovers(in: folder)
    guard let part = PartFile(in: folder) else { throw failure("create", errno, path) }
    // Its lock, too, goes only after it has its name.
    defer { close(part.descriptor) }
    do {
      if exists { fchmod(part.descriptor, status.st_mode & 0o777) }
      try body(AtomicFileOutput(descriptor: part.descriptor, path: path))
      guard fsync(part.descriptor) == 0 else { throw failure("write", errno, path) }
      guard rename(part.path, path) == 0 else { throw failure("replace", errno, path) }
    } catch {
      unlink(part.path)
      throw error
    }
    // The new name is in the folder, which has to reach the disk too. Not every file system can.
    let folderDescriptor = open(folder, O_RDONLY | O_CLOEXEC)
    if folderDescriptor >= 0 {
      fsync(folderDescriptor)
      close(folderDescriptor)
    }
  }

  private static func writeInPlace(
    _ path: String, _ body: (AtomicFileOutput) throws -> Void
  ) throws {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", errno, path) }
    defer { close(descriptor) }
    try body(AtomicFileOutput(descriptor: descriptor, path: path))
  }

  fileprivate static func failure(_ action: String, _ code: Int32, _ path: String) -> CourseError {
    let remedy =
      switch code {
      case ENOSPC, EDQUOT: "Free some space, or write to another disk. Nothing was changed."
      case ENOENT, ENOTDIR: "Create the folder first."
      case EACCES, EPERM, EROFS: "Check the permissions of the file and of its folder."
      default: "Nothing was changed."
      }
    return CourseError(
      .file, "cannot \(action) the file", received: systemMessage(code), location: path,
      remedy: remedy)
  }
}

/// The output of `AtomicFile.write(to:_:)`, which takes a file piece by piece.
package struct AtomicFileOutput {
  private let descriptor: Int32
  private let path: String

  /// An open file; `path` names it in errors.
  package init(descriptor: Int32, path: String) {
    (self.descriptor, self.path) = (descriptor, path)
  }

  /// Appends bytes.
  package func write(_ data: Data) throws {
    try data.withUnsafeBytes { try write($0) }
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while let start = rest.baseAddress, rest.count > 0 {
      // Qualified, because the name alone would find this method.
      let written = Foundation.write(descriptor, start, rest.count)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw AtomicFile.failure("write", errno, path) }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }
}
