import Foundation

/// A file or pipe that is open for reading. Errors name its path, and the content that was expected.
///
///     let file = try InputFile("digits.csv", content: "a CSV file")
///     let data = try file.readAll()
package final class InputFile {
  /// The path that it was opened by; "-" and "/dev/stdin" are the standard input.
  package let path: String
  /// The length; `nil` for a pipe, which has none.
  package let size: Int?
  private let content: String
  private let descriptor: Int32

  /// Opens a file.
  /// - Parameters:
  ///   - content: the content that is expected, such as "a CSV file", for the message
  ///   - allowsPipes: whether it may be a pipe or the standard input, whose bytes are gone once they are read; opening
  ///     a pipe waits until there is a writer
  ///   - maximumSize: the largest file of this kind that makes sense, in bytes
  package init(
    _ path: String, content: String, allowsPipes: Bool = true, maximumSize: Int = .max
  ) throws {
    (self.path, self.content) = (path, content)
    var status = stat()
    if path == "-" || path == "/dev/stdin" {
      // Also of a file that is the standard input: who reads on would miss what was read here.
      guard allowsPipes else {
        throw CourseError(
          .file, "cannot read the file", expected: content, received: "the standard input",
          location: path, remedy: "Name a file.")
      }
      // As it is: by its name, a socket for instance could not be opened.
      descriptor = 0
      fstat(0, &status)
      size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
      guard size != nil || isatty(0) == 0 else { throw failure(received: "a terminal") }
      return
    }
    // A pipe that is not allowed is never opened: a writer that waits for a reader would lose it at once.
    let isFile = !allowsPipes && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    if !isFile { try requireReadable(path, content: content) }
    guard allowsPipes || isFile else {
      throw CourseError(
        .file, "cannot read the file", expected: content, received: "a pipe or device",
        location: path, remedy: "Name a file.")
    }
    descriptor = open(path, O_RDONLY | O_CLOEXEC | (allowsPipes ? 0 : O_NONBLOCK))
    let code = errno
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      size = nil
      try requireReadable(path, content: content)
      throw failure(received: systemMessage(code))
    }
    size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    guard size ?? 0 <= maximumSize else {
      throw CourseError(
        .file, "the file is too large", expected: "\(content), at most \(maximumSize) bytes",
        received: counted(size ?? 0, "byte"), location: path,
        remedy: "Check that it is the right file.")
    }
  }

  deinit { if descriptor > 0 { close(descriptor) } }

  /// Fills a buffer as far as there are bytes; less only at the end.
  /// - Returns: the number of bytes
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      // Qualified, because the name alone would find this method.
      let count = Foundation.read(
        descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure(received: systemMessage(errno)) }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// The next bytes; fewer than `count` only at the end.
  package func read(atMost count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = try read(into: UnsafeMutableRawBufferPointer(buffer))
    }
  }

  /// All bytes up to the end: a pipe does not know its length, and brings them piece by piece.
  package func readAll() throws -> Data {
    // Some files of the system say that they are empty.
    var data = Data(count: size.map { max($0, 1) } ?? 1 << 16)
    var filled = 0
    while true {
      filled += try data.withUnsafeMutableBytes {
        try read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
      }
      if filled < data.count { return data.prefix(filled) }
      if filled == size { return data }
      data.append(Data(count: data.count))
    }
  }

  private func failure(received: String) -> CourseError {
    CourseError(
      .file, "cannot read the file", expected: content, received: received, location: path)
  }
}

/// The whole content of a file; the parameters are those of `InputFile`.
package func readFile(
  at path: String, content: String, allowsPipes: Bool = true, maximumSize: Int = .max
) throws -> Data {
  try InputFile(path, content: content, allowsPipes: allowsPipes, maximumSize: maximumSize)
    .readAll()
}

/// The content of a large file, which the system reads where it is looked at.
/// - Parameter content: the content that is expected, for the message
package func mapFile(at path: String, content: String) throws -> Data {
  try requireReadable(path, content: content)
  do {
    return try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
  } catch {
    throw CourseError(
      .file, "cannot read the file", expected: content, received: error.localizedDescription,
      location: path)
  }
}

/// Throws unless there is a file (or a pipe) that may be read.
package func requireReadable(_ path: String, content: String) throws {
  var status = stat()
  guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
    let code = errno
    throw CourseError(
      .file, "cannot open the file", expected: content, received: systemMessage(code),
      location: path,
      remedy: code == ENOENT || code == ENOTDIR
        ? "Check the spelling; relative paths start at \(FileManager.default.currentDirectoryPath)."
        : "Check the permissions of the file and of the folders above it.")
  }
  switch status.st_mode & S_IFMT {
  case S_IFREG, S_IFIFO: break
  case S_IFDIR:
    throw CourseError(
      .file, "cannot read the file", expected: content, received: "a folder", location: path,
      remedy: "Name a file inside it.")
  default:
    throw CourseError(
      .file, "cannot read the file", expected: content, received: "a device or socket",
      location: path)
  }
}

/// The system's words for an error number.
package func systemMessage(_ code: Int32) -> String {
  let message = String(cString: strerror(code))
  return message.prefix(1).lowercased() + message.dropFirst()
}
