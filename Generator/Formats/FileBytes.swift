import Foundation
import Shared

/// The content of one file, in as few system calls as there can be: a source of images reads tens of
/// thousands of small files.
struct FileBytes: ~Copyable {
  /// The content.
  let bytes: UnsafeBufferPointer<UInt8>

  /// No image and no list of labels is larger.
  static let mostBytes = 1 << 30

  /// Reads a file.
  /// - Parameter content: what should be in it, for messages
  init(path: String, content: String) throws {
    // Without O_NONBLOCK, opening a pipe would wait for whoever writes to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG
    else {
      let code = errno
      if descriptor >= 0 { close(descriptor) }
      try requireReadable(path, content: content)
      throw CourseError(
        .file, "cannot read the file", expected: content,
        received: descriptor >= 0 ? "a pipe or device" : systemMessage(code), location: path,
        remedy: descriptor >= 0 ? "Name a file." : nil)
    }
    defer { close(descriptor) }
    let size = Int(status.st_size)
    guard size <= FileBytes.mostBytes else {
      throw CourseError(
        .file, "the file is too large",
        expected: "\(content), at most \(FileBytes.mostBytes) bytes",
        received: "\(size) bytes", location: path, remedy: "Check that it is the right file.")
    }
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(size, 1))
    var filled = 0
    while filled < size {
      let count = read(descriptor, memory.baseAddress! + filled, size - filled)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        let code = errno
        memory.deallocate()
        throw CourseError(
          .file, "cannot read the file", expected: content, received: systemMessage(code),
          location: path, remedy: "Check the disk that it lies on.")
      }
      // The file has become shorter meanwhile.
      if count == 0 { break }
      filled += count
    }
    bytes = UnsafeBufferPointer(rebasing: memory[..<filled])
    base = memory.baseAddress!
  }

  private let base: UnsafeMutablePointer<UInt8>

  deinit { base.deallocate() }

  /// A copy of the content.
  var data: Data { Data(buffer: bytes) }
}
