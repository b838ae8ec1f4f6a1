import Foundation
import Networks

/// A file that a command writes, which must not cost the user another one.
///
/// It is checked before the work begins: whether something is in the way, whether the name can be written,
/// whether it is that of an input. A long run asks again each time it writes: a file that appeared in the
/// meantime is not the run's own, and stays as it is unless `--force` was given; the run then writes beside it.
final class OutputFile {
  /// Where the content goes.
  private(set) var path: String
  private let force: Bool
  /// The file of that name that may be replaced; `nil` while there is none.
  private var own: FileIdentity?
  /// The last epoch that was saved.
  private var savedEpoch: Int?

  /// - Parameters:
  ///   - path: where to write
  ///   - force: whether a file of that name may be replaced
  ///   - replacesOwn: whether the file that has the name now belongs to this run already
  ///   - inputs: what the command reads, which is never replaced
  /// - Throws: `CourseError` when the file is in the way or cannot be written.
  init(_ path: String, force: Bool, replacesOwn: Bool = false, inputs: [String] = []) throws {
    self.path = path
    self.force = force
    try OutputFile.checkName(path)
    for input in inputs { try OutputFile.check(path, isNot: input) }
    own = FileIdentity(of: path)
    guard own == nil || force || replacesOwn else {
      throw CourseError(
        .file, "the output exists already", location: path,
        remedy: "--force overwrites it, another name leaves it.")
    }
  }

  /// Lets `body` write the file; beside the one of that name, where that is not the run's own.
  func write(warnings: TextStream, _ body: (URL) throws -> Void) throws {
    let isClaimed = force ? false : try claimName(warnings: warnings)
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

  /// Sees to it that the name is the run's own: by an empty file, which of two runs that write at the same
  /// moment only one can make; under another name, where another file has this one.
  /// - Returns: whether there is such an empty file now
  private func claimName(warnings: TextStream) throws -> Bool {
    let wanted = path
    defer {
      if path != wanted {
        warnings.clearLine()
        warnings.line(
          warnings.style.yellow(
            "note: \(wanted) has appeared or changed in the meantime and stays as it is; writing to "
              + "\(path) instead"))
      }
    }
    while true {
      if let there = FileIdentity(of: path) {
        if there == own { return false }
        path = try OutputFile.freeName(beside: wanted)
      }
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 {
        close(descriptor)
        own = FileIdentity(of: path)
        return true
      }
      // What else is wrong, writing will tell.
      guard errno == EEXIST else { return false }
    }
  }

  // MARK: Networks

  /// Saves a network while it is being trained.
  func save(_ network: NeuralNetwork, warnings: TextStream) throws {
    try write(warnings: warnings) { try network.save(to: $0) }
    savedEpoch = network.progress?.epoch
  }

  /// Saves a network whose training has ended; when that fails, elsewhere.
  /// - Throws: the error, which says where the network is now.
  func saveTrained(_ network: NeuralNetwork, warnings: TextStream) throws {
    do {
      try save(network, warnings: warnings)
    } catch var error as CourseError where error.kind == .file {
      // An ending, without which no command takes it for a network.
      var name = (path as NSString).lastPathComponent
      if (name as NSString).pathExtension.isEmpty { name += ".safetensors" }
      for folder in [
        FileManager.default.currentDirectoryPath, FileManager.default.temporaryDirectory.path,
      ] {
        guard let other = try? OutputFile.freeName(beside: "\(folder)/\(name)"),
          (try? network.save(to: URL(filePath: other))) != nil
        else { continue }
        error.remedy = "The trained network was saved to \(shellQuoted(other)) instead."
        throw error
      }
      if let savedEpoch {
        error.remedy =
          "\(path) holds epoch \(savedEpoch): free some space, then go on with "
          + "'course train --resume \(shellQuoted(path))'."
      }
      throw error
    }
  }

  // MARK: Checks

  /// Throws when nothing can be written under a name.
  private static func checkName(_ path: String) throws {
    func refuse(_ what: String, _ remedy: String, received: String? = nil) -> CourseError {
      CourseError(.file, what, received: received, location: path, remedy: remedy)
    }
    var status = stat()
    if path.hasSuffix("/") || stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR {
      let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
      throw CourseError(
        .file, "the output is a folder", expected: "a file name", location: path,
        remedy: "\(shellQuoted(folder + "/NAME")) writes into it.")
    }
    if stat(path, &status) != 0 {
      if errno == ENAMETOOLONG {
        throw refuse("the name of the output is too long", "Choose a shorter one.")
      }
      // Following a link that leads nowhere would create a file in a place that the user did not name.
      if lstat(path, &status) == 0 {
        throw refuse(
          "the output is a link that leads nowhere", "Remove it, or choose another name.",
          received: try? FileManager.default.destinationOfSymbolicLink(atPath: path))
      }
    }
    let folder = URL(filePath: path).deletingLastPathComponent().path
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw CourseError(
        .file, "the folder of the output does not exist", location: folder,
        remedy: "Create it, or choose another name.")
    }
    guard access(folder, W_OK) == 0 else {
      throw CourseError(
        .file, "nothing can be written to the folder of the output",
        received: systemMessage(errno), location: folder, remedy: "Choose another folder.")
    }
  }

  /// Throws when the output is a file that the command reads, however either is called.
  private static func check(_ path: String, isNot input: String) throws {
    guard let output = FileIdentity(of: path), let identity = FileIdentity(of: input) else {
      return
    }
    var isInput = output.isSameFile(as: identity)
    var status = stat()
    if stat(input, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      isInput = isRead(URL(filePath: path), inFolder: URL(filePath: input))
    }
    guard isInput else { return }
    throw CourseError(
      .file, "the output would replace what is read",
      expected: "another name than that of an input",
      received: input, location: path, remedy: "Choose another name.")
  }

  /// Whether a file is one that the reader of a folder of data takes: images in it or below it, labels
  /// beside them.
  private static func isRead(_ file: URL, inFolder folder: URL) -> Bool {
    let inner = file.resolvingSymlinksInPath().standardizedFileURL.pathComponents
    let outer = folder.resolvingSymlinksInPath().standardizedFileURL.pathComponents
    guard inner.count > outer.count, inner.starts(with: outer) else { return false }
    let ending = file.pathExtension.lowercased()
    guard PixelImage.fileExtensions.contains(ending) || ending == "npy" else {
      return ending != "safetensors"
    }
    let isNumbered = Int(file.deletingPathExtension().lastPathComponent) != nil
    return isNumbered || inner.count > outer.count + 1
  }

  /// The first of `name-2.ending`, `name-3.ending`, ... that no file has.
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
    throw CourseError(.file, "there is no free name beside the output", location: path)
  }
}

/// What tells one state of a file from another.
struct FileIdentity: Equatable {
  private let device: UInt64
  private let number: UInt64
  private let size: Int64
  private let seconds: Int
  private let nanoseconds: Int

  /// `nil` when there is no such file.
  init?(of path: String) {
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

  /// Whether two names are those of one file, whatever is in it.
  func isSameFile(as other: FileIdentity) -> Bool {
    device == other.device && number == other.number
  }
}
