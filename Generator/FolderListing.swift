import Foundation
import Shared

/// What is in a folder, as the file system gives it: in no particular order.
///
///     let root = try FolderListing(of: "flowers")
///     root.folders                                    // ["tulip", "daisy"]
///     try FolderListing(of: "flowers/daisy").files    // ["2.jpg", "1.jpg", "10.jpg"]
///
/// Hidden entries, whose names begin with a dot, are left out; what a link points to counts, not the
/// link.
public struct FolderListing: Sendable {
  /// The path of the folder.
  public let path: String
  /// The names of the folders in it.
  public private(set) var folders: [String] = []
  /// The names of everything else in it.
  public private(set) var files: [String] = []
  /// What tells the folder from all others, whatever path leads to it.
  let identity: Identity

  struct Identity: Hashable, Sendable {
    var device: UInt64
    var number: UInt64
  }

  /// Lists a folder.
  /// - Throws: a `CourseError` when it is not there, is no folder, or may not be read
  public init(of path: String) throws {
    self.path = path
    guard let folder = opendir(path) else {
      let code = errno
      throw CourseError(
        .file, "cannot open the folder", expected: "a folder with images",
        received: code == ENOTDIR && access(path, F_OK) == 0 ? "a file" : systemMessage(code),
        location: path,
        remedy: code == EACCES
          ? "Check the permissions of the folder and of those above it."
          : "Check the spelling; relative paths start at "
            + "\(FileManager.default.currentDirectoryPath).")
    }
    defer { closedir(folder) }
    var status = stat()
    guard fstat(dirfd(folder), &status) == 0 else {
      throw CourseError(
        .file, "cannot read the folder", received: systemMessage(errno), location: path)
    }
    identity = Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(status.st_ino))
    while let entry = readdir(folder) {
      let name = FolderListing.name(of: entry)
      if name.hasPrefix(".") { continue }
      switch Int(entry.pointee.d_type) {
      case Int(DT_DIR): folders.append(name)
      case Int(DT_REG): files.append(name)
      default:
        // A link, or a file system that does not say what it has.
        let isFolder =
          stat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        if isFolder { folders.append(name) } else { files.append(name) }
      }
    }
  }

  /// The name, which may be shorter than the field that the type has for it.
  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
    return String(
      cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
  }
}

extension FolderListing {
  /// The paths of all images below a folder, at any depth, in no particular order.
  /// - Parameters:
  ///   - failed: gets what is wrong with a folder further down; without it, that is thrown
  /// - Throws: when a folder cannot be read, and when links lead in a circle
  static func images(
    below path: String, failed: ((CourseError) -> Void)? = nil
  ) throws -> [String] {
    var result: [String] = []
    func visit(_ path: String, ancestors: [Identity: String]) throws {
      let listing = try FolderListing(of: path)
      if let known = ancestors[listing.identity] {
        throw CourseError(
          .file, "this folder contains itself", expected: "folders without a circle of links",
          received: "a link back to \(known)", location: path, remedy: "Remove the link.")
      }
      result += listing.files.filter(isImage).map { "\(path)/\($0)" }
      var ancestors = ancestors
      ancestors[listing.identity] = path
      for folder in listing.folders {
        do {
          try visit("\(path)/\(folder)", ancestors: ancestors)
        } catch let error as CourseError {
          guard let failed else { throw error }
          failed(error)
        }
      }
    }
    try visit(path, ancestors: [:])
    return result
  }

  /// Whether a file has the name of an image.
  static func isImage(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return PixelImage.fileExtensions.contains(name[name.index(after: dot)...].lowercased())
  }
}

/// Whether a text comes before another in the order of their bytes, which is the order of their code
/// points: the same on every system, and the one that Python's `sorted` has.
func precedes(_ first: String, _ second: String) -> Bool {
  first.utf8.lexicographicallyPrecedes(second.utf8)
}
