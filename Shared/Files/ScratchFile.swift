import Foundation

/// Bytes on disk for data that are larger than memory: written from several threads, then read as if they lay in
/// memory.
///
///     let file = try ScratchFile(count: 3 << 30)
///     try file.write(bytes, at: offset)
///     let bytes = try file.mapped()         // the system reads what is looked at, and forgets it under pressure
///
/// The file has no name, so it vanishes with the process, however that ends. Space that is missing is an error of
/// `write`, never one of reading.
package final class ScratchFile: Sendable {
  private let descriptor: Int32
  private let count: Int
  private let folder: String

  /// A file of so many bytes, in the folder `$TMPDIR`, or in one that lies on disk.
  package init(count: Int) throws {
    self.count = count
    folder = ScratchFile.folder
    var template = Array("\(folder)/course-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw ScratchFile.failure(errno, in: folder, count: count) }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  /// Where `/tmp` may lie in memory, `/var/tmp` does not.
  private static var folder: String {
    if let given = ProcessInfo.processInfo.environment["TMPDIR"], !given.isEmpty { return given }
    let onDisk = "/var/tmp"
    return access(onDisk, W_OK) == 0 ? onDisk : FileManager.default.temporaryDirectory.path
  }

  private static func failure(_ code: Int32, in folder: String, count: Int) -> CourseError {
    CourseError(
      .file, "cannot keep the data on disk",
      expected: "\(SystemMemory.text(Double(count))) of space", received: systemMessage(code),
      location: folder, remedy: "Set TMPDIR to a folder with more space.")
  }

  /// Writes bytes at an offset; on any thread.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var written = 0
    while written < bytes.count {
      let step = pwrite(
        descriptor, bytes.baseAddress! + written, bytes.count - written, off_t(offset + written))
      if step < 0 && errno == EINTR { continue }
      guard step > 0 else { throw ScratchFile.failure(errno, in: folder, count: count) }
      written += step
    }
  }

  /// All bytes, once every one of them has been written.
  package func mapped() throws -> MappedBytes { try MappedBytes(descriptor, count: count, folder) }

  /// The bytes of a file, which the system reads where they are looked at.
  package final class MappedBytes: Sendable {
    // A pointer is not `Sendable`; these bytes never change.
    private let address: UInt
    private let count: Int

    fileprivate init(_ descriptor: Int32, count: Int, _ folder: String) throws {
      let start = mmap(nil, max(count, 1), PROT_READ, MAP_SHARED, descriptor, 0)
      guard let start, start != MAP_FAILED else {
        throw ScratchFile.failure(errno, in: folder, count: count)
      }
      (address, self.count) = (UInt(bitPattern: start), count)
    }

    deinit { munmap(UnsafeMutableRawPointer(bitPattern: address), max(count, 1)) }

    package func withBytes<Result>(
      _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result {
      try body(UnsafeBufferPointer(start: UnsafePointer(bitPattern: address), count: count))
    }
  }
}
