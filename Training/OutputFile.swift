import CourseCommandLine
import Foundation
import Shared

/// An output file of a command, which never replaces another file of the user.
///
/// The path is checked before the work begins: it must be free and writable. A long run
/// checks again each time it writes: a file that appeared in the meantime is not its own and stays, unless
/// `--force` was given; the run then writes to another name beside it.
package final class OutputFile {
  /// The path of the file.
  package private(set) var path: String
  /// The same for every way to write it.
  package var absolutePath: String {
    URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }
  private let force: Bool
  /// The file of that name that may be replaced; `nil` while there is none.
  private var own: FileIdentity?
  /// The last epoch that was saved.
  private var savedEpoch: Int?

  /// - Parameters:
  ///   - path: the path to write to
  ///   - force: whether an existing file may be replaced
  ///   - replacesOwn: whether an existing file belongs to this run already
  /// - Throws: `CourseError` when a file exists or cannot be written.
  package init(_ path: String, force: Bool, replacesOwn: Bool = false) throws {
    self.path = path
    self.force = force
    try OutputFile.checkName(path)
    own = FileIdentity(of: path)
    guard own == nil || force || replacesOwn || OutputFile.isLeftover(path) else {
      throw CourseError(
        .file, "the output file already exists", location: path,
        remedy: "Overwrite it with --force, or choose another name.")
    }
  }

  /// Lets `body` write the file; under another name if the file at the path is not the run's own.
  package func write(warnings: TextStream, _ body: (URL) throws -> Void) throws {
    let claim = force ? nil : try claimName(warnings: warnings)
    let isClaimed = claim != nil
    defer { if let claim { close(claim) } }
    do {
      try body(URL(filePath: path))
    } catch {
      if isClaimed, FileIdentity(of: path) == own {
        unlink(path)
        own = nil
      }
      throw error
    }
    own = FileIdentity(of: path)
  }

  /// The content of a claimed file. It is locked while the run lives, so that without a lock it is a leftover.
  private static let claim = Data("A run was ended before it had written this file.\n".utf8)

  /// Claims the name with a file of its own, which only one of two simultaneous runs can create; under another name
  /// if a foreign file has this one.
  /// - Returns: the descriptor of a file that was created
  private func claimName(warnings: TextStream) throws -> Int32? {
    let wanted = path
    defer {
      if path != wanted {
        warnings.clearLine()
        warnings.line(
          warnings.style.yellow(
            warnings.wrapped(
              "note: \(wanted) was created or changed by another program; writing to \(path) instead"
            ))
        )
      }
    }
    while true {
      if let there = FileIdentity(of: path) {
        if there == own { return nil }
        path = try OutputFile.freeName(beside: wanted)
      }
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 {
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        try? AtomicFileOutput(descriptor: descriptor, path: path).write(Self.claim)
        own = FileIdentity(of: path)
        return descriptor
      }
      // Other problems show up when the file is written.
      guard errno == EEXIST else { return nil }
    }
  }

  /// Whether a killed run has claimed the name of a file, and has not written it.
  private static func isLeftover(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      && status.st_size == claim.count && flock(descriptor, LOCK_EX | LOCK_NB) == 0
      && (try? Data(contentsOf: URL(filePath: path))) == claim
  }

  // MARK: Networks

  /// Saves a network while it is being trained.
  package func save(_ network: NeuralNetwork, warnings: TextStream) throws {
    try write(warnings: warnings) { try network.save(to: $0) }
    savedEpoch = network.progress?.epoch
  }

  /// Saves a network after its training; elsewhere if that fails.
  /// - Throws: the error, with the other location as its remedy.
  package func saveTrained(_ network: NeuralNetwork, warnings: TextStream) throws {
    do {
      try save(network, warnings: warnings)
    } catch var error as CourseError where error.kind == .file {
      // Without the extension, no command would take the file for a network.
      var name = (path as NSString).lastPathComponent
      if (name as NSString).pathExtension.isEmpty { name += ".safetensors" }
      for folder in [
        FileManager.default.currentDirectoryPath, FileManager.default.temporaryDirectory.path,
      ] where !folder.isEmpty {
        guard let other = try? OutputFile.freeName(beside: "\(folder)/\(name)"),
          (try? network.save(to: URL(filePath: other))) != nil
        else { continue }
        error.remedy =
          "The trained network was saved to \(shellQuoted(other)) instead."
          + (Interruption.isRequested
            ? " Go on with its training by 'course train --resume \(shellQuoted(other))'." : "")
        throw error
      }
      if let savedEpoch {
        error.remedy =
          "\(path) holds epoch \(savedEpoch): free some space, then resume with "
          + "'course train --resume \(shellQuoted(path))'."
      }
      throw error
    }
  }

  // MARK: Checks

  /// Throws if a path cannot be written.
  package static func checkName(_ path: String) throws {
    func refuse(_ what: String, _ remedy: String, received: String? = nil) -> CourseError {
      CourseError(.file, what, received: received, location: path, remedy: remedy)
    }
    var status = stat()
    if path.hasSuffix("/") || stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR {
      let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
      throw CourseError(
        .file, "the output path is a folder", expected: "a file name", location: path,
        remedy: "Name a file in it: \(shellQuoted(folder + "/NAME")).")
    }
    if stat(path, &status) != 0 {
      if errno == ENAMETOOLONG {
        throw refuse("the output file name is too long", "Choose a shorter name.")
      }
      // Following a broken link would create a file in a place that the user did not name.
      if lstat(path, &status) == 0 {
        throw refuse(
          "the output path is a broken symbolic link", "Remove it, or choose another name.",
          received: try? FileManager.default.destinationOfSymbolicLink(atPath: path))
      }
    }
    let folder = URL(filePath: path).deletingLastPathComponent().path
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw CourseError(
        .file, "the output folder does not exist", location: folder,
        remedy: "Create it, or choose another name.")
    }
    guard access(folder, W_OK) == 0 else {
      throw CourseError(
        .file, "the output folder is not writable",
        received: systemMessage(errno), location: folder, remedy: "Choose another folder.")
    }
  }

  /// The first unused name of `name-2.ending`, `name-3.ending`, ...
  private static func freeName(beside path: String) throws -> String {
    var status = stat()
    if lstat(path, &status) != 0 { return path }
    let (folder, name) = (
      (path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent
    )
    let (stem, ending) = (
      (name as NSString).deletingPathExtension, (name as NSString).pathExtension
    )
    for number in 2..<10_000 {
      let candidate = "\(stem)-\(number)" + (ending.isEmpty ? "" : ".\(ending)")
      let other = folder.isEmpty ? candidate : "\(folder)/\(candidate)"
      if lstat(other, &status) != 0, errno == ENOENT { return other }
    }
    throw CourseError(.file, "no unused file name in the output folder", location: path)
  }
}

/// The identity of a file and its state.
package struct FileIdentity: Equatable {
  private let device: UInt64
  private let number: UInt64
  private let size: Int64
  private let seconds: Int
  private let nanoseconds: Int

  /// `nil` when there is no such file.
  package init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
    size = Int64(status.st_size)
    #if canImport(Darwin)
      let changed = status.st_mtimespec
    #else
      let changed = status.st_mtim
    #endif
    (seconds, nanoseconds) = (changed.tv_sec, changed.tv_nsec)
  }

  /// Whether both are the same file, in any state.
  package func isSameFile(as other: FileIdentity) -> Bool {
    device == other.device && number == other.number
  }
}
