import Foundation
import Shared

/// A file to download: its name, size and checksums, and its mirrors.
public struct RemoteFile: Sendable, Equatable {
  /// The name of the local file.
  public let name: String
  /// The number of bytes.
  public let size: Int
  /// The MD5 sum in hexadecimal, when its authors publish one.
  public let md5: String?
  /// The SHA-256 sum in hexadecimal.
  public let sha256: String?
  /// Addresses of the file, best first.
  public let mirrors: [String]

  /// Describes a file.
  public init(name: String, size: Int, md5: String?, sha256: String?, mirrors: [String]) {
    self.name = name
    self.size = size
    self.md5 = md5
    self.sha256 = sha256
    self.mirrors = mirrors
  }

  /// Whether a text is an address that files can be downloaded from: one that begins with http or https.
  public static func isAddress(_ text: String) -> Bool {
    URL(string: text).map(HTTPTransfer.isOnTheWeb) ?? false
  }

  /// The checksums to compare with, strongest first.
  private var checksums: [(Checksum.Method, String)] {
    [(.sha256, sha256), (.md5, md5)].compactMap { method, value in value.map { (method, $0) } }
  }

  /// Size and checksum, for messages.
  public var fingerprint: String {
    (["\(size) bytes"] + checksums.prefix(1).map { "\($0.0.rawValue) \($0.1)" })
      .joined(separator: ", ")
  }

  /// Whether a file of this name and size is in a folder; its content is not looked at.
  public func isPresent(in folder: URL) -> Bool {
    fileSize(folder.appending(path: name).path) == size
  }

  /// Throws unless the file at `path` is this one.
  public func verify(_ path: String) throws {
    let found = fileSize(path)
    guard found == size else {
      throw CourseError(
        .format, "size mismatch", expected: "\(size) bytes",
        received: found.map { "\($0)" } ?? "no file", location: path,
        remedy: "Delete it and download it again.")
    }
    for (method, expected) in checksums {
      let found = try Checksum.hex(method, ofFile: path)
      guard found == expected else {
        throw CourseError(
          .format, "checksum mismatch",
          expected: "\(method.rawValue) \(expected)", received: found, location: path,
          remedy: "Delete it and download it again.")
      }
    }
  }
}

/// The length of a file; `nil` when there is none.
func fileSize(_ path: String) -> Int? {
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
  return Int(status.st_size)
}
