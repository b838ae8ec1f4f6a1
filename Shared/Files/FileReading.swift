import Foundation

/// The whole content of a file; errors name the path and what is wrong with it.
/// - Parameter content: what should be in it, such as "a CSV file", for the message
func readFile(at path: String, content: String) throws -> Data {
  try requireReadable(path, content: content)
  do {
    return try Data(contentsOf: URL(filePath: path))
  } catch {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    throw CourseError(
      .file, "cannot read the file", expected: content,
      received: (cause ?? error as NSError).localizedDescription, location: path)
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
