import Foundation
import Shared

/// The contents of a folder, in no meaningful order.
///
///     let root = try FolderListing(of: "flowers")
///     root.folders                                    // ["tulip", "daisy"]
///     try FolderListing(of: "flowers/daisy").files    // ["2.jpg", "10.jpg", "1.jpg"]
///
/// A file system lists in an order of its own, which on some is the sorted one. So names are listed backwards
/// here: code that forgets to sort is wrong on every machine, and not only where it is handed on to.
///
/// Hidden entries, whose names begin with a dot, are left out, and so are names that are not UTF-8, which no
/// path of text leads to. Of a link, its target counts.
package struct FolderListing: Sendable {
  /// The path of the folder.
  package let path: String
  /// The names of the folders in it.
  package private(set) var folders: [String] = []
  /// The names of everything else in it.
  package private(set) var files: [String] = []
  /// The folders and images whose names are not UTF-8, as far as they can be shown.
  let unreadableNames: [String]
  /// Identifies the folder, whichever path leads to it.
  let identity: Identity

  struct Identity: Hashable, Sendable {
    var device: UInt64
    var number: UInt64
  }

  /// Lists a folder.
  /// - Throws: a `CourseError` when it is not there, is no folder, or may not be read
  package init(of path: String) throws {
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
    var unreadable: [String] = []
    while let entry = readdir(folder) {
      let (name, isUTF8) = FolderListing.name(of: entry)
      if name.hasPrefix(".") { continue }
      var isFolder = Int(entry.pointee.d_type) == Int(DT_DIR)
      guard isUTF8 else {
        if isFolder || FolderListing.isImage(name) { unreadable.append(name) }
        continue
      }
      if !isFolder, Int(entry.pointee.d_type) != Int(DT_REG) {
        // A link, or a file system that does not tell the kinds of its entries.
        isFolder = stat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      }
      if isFolder { folders.append(name) } else { files.append(name) }
    }
    folders.sort { precedes($1, $0) }
    files.sort { precedes($1, $0) }
    unreadableNames = unreadable.sorted(by: precedes)
  }

  /// The name, which may be shorter than the field that the type has for it; repaired where it is not UTF-8.
  private static func name(of entry: UnsafeMutablePointer<dirent>) -> (String, isUTF8: Bool) {
    let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
    let bytes = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
    return String(validatingCString: bytes).map { ($0, true) } ?? (String(cString: bytes), false)
  }

  /// An error for each name that is not UTF-8.
  var nameErrors: [CourseError] {
    unreadableNames.map { name in
      CourseError(
        .file, "a name that is not UTF-8", expected: "a name in UTF-8", received: name,
        location: path, remedy: "Rename it, for example with 'convmv -f latin1 -t utf8'.")
    }
  }
}

extension FolderListing {
  /// The paths of all images below a folder, at any depth, in no particular order.
  /// - Parameters:
  ///   - isWanted: decides by its name whether a file is looked for
  ///   - failed: receives the errors of folders further down, which are thrown without it
  /// - Throws: when a folder cannot be read, and when links lead in a circle
  package static func images(
    below path: String, failed: ((CourseError) -> Void)? = nil,
    where isWanted: (String) -> Bool = { isImage($0) }
  ) throws -> [String] {
    var result: [String] = []
    func visit(_ path: String, ancestors: [Identity: String]) throws {
      let listing = try FolderListing(of: path)
      if let known = ancestors[listing.identity] {
        throw CourseError(
          .file, "this folder contains itself", expected: "folders without a circle of links",
          received: "a link back to \(known)", location: path, remedy: "Remove the link.")
      }
      result += listing.files.filter(isWanted).map { "\(path)/\($0)" }
      for error in listing.nameErrors {
        guard let failed else { throw error }
        failed(error)
      }
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
    fileExtension(of: name).map(PixelImage.fileExtensions.contains) ?? false
  }
}

/// Whether a text comes before another in the order of their bytes, which is the order of their code
/// points: the same on every system, and the one that Python's `sorted` has.
package func precedes(_ first: String, _ second: String) -> Bool {
  first.utf8.lexicographicallyPrecedes(second.utf8)
}
