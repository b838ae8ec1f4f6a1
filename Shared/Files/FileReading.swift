import Foundation

/// The whole content of a file; errors name the path and what is wrong with it.
/// - Parameter content: what should be in it, such as "a CSV file", for the message
func readFile(at path: String, content: String) throws -> Data {
  var status = stat()
  guard stat(path, &status) == 0 else {
    let code = errno
    throw CourseError(
      .file, "cannot open the file", expected: content, received: systemMessage(code),
      location: path,
      remedy: code == ENOENT || code == ENOTDIR
        ? "Check the spelling; relative paths start at \(currentFolder)."
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
  do {
    return try Data(contentsOf: URL(filePath: path))
  } catch {
    throw CourseError(
      .file, "cannot read the file", expected: content, received: reason(of: error),
      location: path, remedy: "Check the permissions of the file.")
  }
}

/// The system's words for an error number.
func systemMessage(_ code: Int32) -> String {
  String(cString: strerror(code)).prefix(1).lowercased()
    + String(cString: strerror(code)).dropFirst()
}

private var currentFolder: String { FileManager.default.currentDirectoryPath }

private func reason(of error: any Error) -> String {
  let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
  if let underlying, underlying.domain == NSPOSIXErrorDomain {
    return systemMessage(Int32(underlying.code))
  }
  return error.localizedDescription
}
