import Foundation
import Shared

/// How far a download has come.
public struct DownloadProgress: Sendable, Equatable {
  /// The file.
  public let file: RemoteFile
  /// The number of bytes that are here, those of an earlier attempt included.
  public let received: Int
  /// The mirror.
  public let host: String

  /// Describes how far a download has come.
  public init(file: RemoteFile, received: Int, host: String) {
    self.file = file
    self.received = received
    self.host = host
  }
}

/// Downloads files so that each is there completely and unchanged, or not at all.
///
///     let path = try Downloader().fetch(file, into: folder) { progress in
///       print(progress.received, "of", progress.file.size)
///     }
///
/// Bytes go to `NAME.part`, which stays when the connection breaks: the next attempt continues it. Only
/// when size and checksums are right does the file get its name. Mirrors are tried in order.
public struct Downloader: Sendable {
  /// How a file came to be there.
  public enum Outcome: Sendable, Equatable {
    /// It was there already.
    case present
    /// It was downloaded from this host.
    case downloaded(host: String)
  }

  /// A mirror that sends less than 1000 bytes a second for so many seconds is given up.
  public var patience: Double = 30
  /// How often a mirror may break off, each time after it sent something, before the next one's turn.
  public var attempts = 5

  /// Creates a downloader.
  public init() {}

  /// Makes sure that all files of a data set are in its folder.
  /// - Parameters:
  ///   - data: where the folder of the data set is, or is created
  ///   - progress: called about ten times a second on this thread; when it throws, the download ends and
  ///     can be continued later
  ///   - finished: called for each file that is there
  /// - Throws: `CourseError(.file)` with what each mirror said, and which files to put where by hand.
  public func fetch(
    _ dataset: RemoteDataset, into data: URL = DataFolder.standard,
    progress: (DownloadProgress) throws -> Void = { _ in },
    finished: (RemoteFile, Outcome) -> Void = { _, _ in }
  ) throws {
    let folder = dataset.folder(in: data)
    var missing: [RemoteFile] = []
    var complaints: [String] = []
    // A host that does not answer would cost its time again for every file.
    var silent: Set<String> = []
    for file in dataset.files {
      do {
        finished(file, try fetch(file, into: folder, avoiding: silent, progress: progress))
      } catch let failures as MirrorFailures {
        missing.append(file)
        silent.formUnion(failures.all.filter(\.isSilent).map(\.host))
        complaints += failures.all.map(\.words).filter { !complaints.contains($0) }
      }
    }
    if !missing.isEmpty {
      throw Downloader.failure(dataset.name, missing, in: folder, complaints: complaints)
    }
  }

  /// Makes sure that a file is in a folder, which is created if need be.
  /// - Throws: as `fetch(_:into:progress:finished:)`.
  @discardableResult
  public func fetch(
    _ file: RemoteFile, into folder: URL, progress: (DownloadProgress) throws -> Void = { _ in }
  ) throws -> Outcome {
    do {
      return try fetch(file, into: folder, avoiding: [], progress: progress)
    } catch let failures as MirrorFailures {
      throw Downloader.failure(file.name, [file], in: folder, complaints: failures.all.map(\.words))
    }
  }

  private static func failure(
    _ name: String, _ missing: [RemoteFile], in folder: URL, complaints: [String]
  ) -> CourseError {
    let byHand = missing.map { file in
      let address = file.mirrors.first { $0.hasPrefix("https:") } ?? file.mirrors.first
      return "  \(address ?? file.name)\n    (\(file.fingerprint))"
    }
    let (these, them) = missing.count == 1 ? ("this file", "it") : ("these files", "them")
    let advice = "Without a network, get \(these) elsewhere and put \(them) into \(folder.path):"
    return CourseError(
      .file, "cannot download \(name)",
      remedy: (complaints + [advice] + byHand).joined(separator: "\n  "))
  }

  private func fetch(
    _ file: RemoteFile, into folder: URL, avoiding silent: Set<String>,
    progress: (DownloadProgress) throws -> Void
  ) throws -> Outcome {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw CourseError(
        .file, "cannot create the folder", received: error.localizedDescription,
        location: folder.path, remedy: "COURSE_DATA=FOLDER names another place.")
    }
    let path = folder.appending(path: file.name).path
    if FileManager.default.fileExists(atPath: path) {
      try file.verify(path)
      return .present
    }
    let lock = try FolderLock(path + ".lock", what: file.name)
    defer { lock.release() }
    // Whoever held the lock may have finished meanwhile.
    if FileManager.default.fileExists(atPath: path) {
      try file.verify(path)
      return .present
    }
    // A beginning of no bytes is of no use.
    defer { if fileSize(path + ".part") == 0 { unlink(path + ".part") } }
    var failures = MirrorFailures()
    for mirror in file.mirrors {
      if let host = URL(string: mirror)?.host(), silent.contains(host) { continue }
      do {
        return .downloaded(host: try fetch(file, from: mirror, to: path, progress: progress))
      } catch let failure as MirrorFailure {
        failures.all.append(failure)
      }
    }
    throw failures
  }

  /// Why one mirror did not do.
  private struct MirrorFailure: Error {
    var host: String
    var reason: String
    /// Whether the host did not answer at all.
    var isSilent = false
    var words: String { "\(host): \(reason)" }
  }

  /// Why no mirror did.
  private struct MirrorFailures: Error {
    var all: [MirrorFailure] = []
  }

  /// Downloads from one mirror, as often as it makes sense.
  private func fetch(
    _ file: RemoteFile, from mirror: String, to path: String,
    progress: (DownloadProgress) throws -> Void
  ) throws -> String {
    guard let url = URL(string: mirror), let host = url.host(), HTTPTransfer.isOnTheWeb(url) else {
      throw MirrorFailure(
        host: mirror, reason: "not an address that begins with http:// or https://")
    }
    let part = path + ".part"
    var isRestarted = false
    var lastReason = ""
    for _ in 0..<max(1, attempts) {
      let before = fileSize(part) ?? 0
      if before < file.size {
        let failure = try HTTPTransfer.run(
          url, appendingTo: part, from: before, size: file.size, patience: patience
        ) { received in
          try progress(DownloadProgress(file: file, received: received, host: host))
        }
        if let failure {
          // It broke off and sent something: what is here continues. Otherwise there is no point.
          if failure.isTemporary, fileSize(part) ?? 0 > before {
            lastReason = failure.reason
            continue
          }
          throw MirrorFailure(host: host, reason: failure.reason, isSilent: failure.isSilent)
        }
      }
      do {
        try file.verify(part)
        guard rename(part, path) == 0 else {
          throw CourseError(
            .file, "cannot rename the file", received: systemMessage(errno), location: part)
        }
        return host
      } catch let error as CourseError where error.kind == .format {
        // The beginning may have come from somewhere else: once more, from the start.
        unlink(part)
        if before > 0, !isRestarted {
          isRestarted = true
          continue
        }
        throw MirrorFailure(
          host: host,
          reason: "a wrong file: expected \(error.expected ?? ""), got \(error.received ?? "")")
      }
    }
    throw MirrorFailure(
      host: host, reason: "given up after \(counted(max(1, attempts), "attempt")): \(lastReason)")
  }
}

/// A lock that ends with the process, whatever happens to it.
private struct FolderLock {
  private let path: String
  private let descriptor: Int32

  init(_ path: String, what: String) throws {
    self.path = path
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw CourseError(
          .file, "cannot write into the folder", received: systemMessage(errno), location: path,
          remedy: "COURSE_DATA=FOLDER names another place.")
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let code = errno
        close(descriptor)
        throw CourseError(
          .file, "cannot download \(what)",
          received: code == EWOULDBLOCK
            ? "another process that is downloading it" : systemMessage(code), location: path,
          remedy: "Wait until it is done.")
      }
      // The one before us may have deleted the file that we have just locked.
      var (ours, named) = (stat(), stat())
      if fstat(descriptor, &ours) == 0, stat(path, &named) == 0, ours.st_ino == named.st_ino {
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
  }

  func release() {
    unlink(path)
    close(descriptor)
  }
}
