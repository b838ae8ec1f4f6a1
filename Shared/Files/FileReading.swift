import Foundation

/// The whole content of a file; errors name the path and what is wrong with it.
/// - Parameter content: what should be in it, such as "a CSV file", for the message
func readFile(at path: String, content: String) throws -> Data {
  // The standard input is read as it is: by its name, a socket for instance could not be opened.
  if path == "-" || path == "/dev/stdin" { return try readAll(of: 0, path: path, content: content) }
  try requireReadable(path, content: content)
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else {
    throw unreadable(path, content: content, received: systemMessage(errno))
  }
  defer { close(descriptor) }
  return try readAll(of: descriptor, path: path, content: content)
}

/// What there is to read up to the end: pipes do not know their length, and come piece by piece.
private func readAll(of descriptor: Int32, path: String, content: String) throws -> Data {
  var status = stat()
  guard fstat(descriptor, &status) == 0 else {
    throw unreadable(path, content: content, received: systemMessage(errno))
  }
  let isFile = status.st_mode & S_IFMT == S_IFREG
  guard isFile || isatty(descriptor) == 0 else {
    throw unreadable(path, content: content, received: "a terminal")
  }
  var data = Data(count: isFile ? Int(status.st_size) + 1 : 1 << 16)
  var filled = 0
  while true {
    if filled == data.count { data.append(Data(count: data.count)) }
    let count = data.withUnsafeMutableBytes {
      read(descriptor, $0.baseAddress! + filled, $0.count - filled)
    }
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else {
      throw unreadable(path, content: content, received: systemMessage(errno))
    }
    if count == 0 { return data.prefix(filled) }
    filled += count
  }
}

private func unreadable(_ path: String, content: String, received: String) -> CourseError {
  CourseError(
    .file, "cannot read the file", expected: content, received: received, location: path)
}

/// Text without the mark in front of it (EF BB BF) by which some programs say that it is UTF-8: it belongs to no
/// word of the text.
package func withoutByteOrderMark<Bytes: Collection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
  bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
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
