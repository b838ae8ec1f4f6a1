import Foundation
import Shared

/// The progress of a download.
public struct DownloadProgress: Sendable, Equatable {
  /// The file.
  public let file: RemoteFile
  /// The number of bytes that have arrived, in an earlier attempt or now.
  public let received: Int
  /// The mirror.
  public let host: String

  /// Describes the progress of a download.
  public init(file: RemoteFile, received: Int, host: String) {
    (self.file, self.received, self.host) = (file, received, host)
  }
}

/// Downloads files so that each is there completely and unchanged, or not at all.
///
///     let path = try Downloader().fetch(file, into: folder) { progress in
///       print(progress.received, "of", progress.file.size)
///     }
///
/// Bytes go to `NAME.part`, which stays when the connection breaks: the next attempt continues it. The file
/// gets its name only when its size and checksums are right. Mirrors are tried in order.
public struct Downloader: Sendable {
  /// The way in which a file came to be there.
  public enum Outcome: Sendable, Equatable {
    /// It was there already.
    case present
    /// It was downloaded from this host.
    case downloaded(host: String)
  }

  /// The number of seconds after which a mirror that sends less than 1000 bytes a second is given up.
  public var patience: Double = 30
  /// The number of attempts with a mirror that breaks off, each time after it sent something.
  public var attempts = 5

  /// Creates a downloader.
  public init() {}

  /// Makes sure that all files of a data set are in its folder.
  /// - Parameters:
  ///   - data: the folder for the folder of the data set, which is created if need be
  ///   - progress: called about ten times a second on this thread; when it throws, the download ends and
  ///     can be continued later
  ///   - finished: called for each file that is there
  /// - Throws: `CourseError(.file)` with the failures of all mirrors, and with the addresses of the missing
  ///   files and the folder to put them into by hand
  public func fetch(
    _ dataset: RemoteDataset, into data: URL = DataFolder.standard,
    progress: (DownloadProgress) throws -> Void = { _ in },
    finished: (RemoteFile, Outcome) -> Void = { _, _ in }
  ) throws {
    try fetch(
      dataset.files, of: dataset.name, into: dataset.folder(in: data), progress: progress,
      finished: finished)
  }

  /// Makes sure that a file is in a folder, which is created if need be.
  /// - Throws: as `fetch(_:into:progress:finished:)`.
  @discardableResult
  public func fetch(
    _ file: RemoteFile, into folder: URL, progress: (DownloadProgress) throws -> Void = { _ in }
  ) throws -> Outcome {
    var outcome = Outcome.present
    try fetch([file], of: file.name, into: folder, progress: progress) { outcome = $1 }
    return outcome
  }

  private func fetch(
    _ files: [RemoteFile], of name: String, into folder: URL,
    progress: (DownloadProgress) throws -> Void, finished: (RemoteFile, Outcome) -> Void
  ) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw CourseError(
        .file, "cannot create the folder", received: error.localizedDescription,
        location: folder.path, remedy: DataFolder.remedy)
    }
    var missing: [RemoteFile] = []
    var failures: [MirrorFailure] = []
    for file in files {
      let path = folder.appending(path: file.name).path
      if let outcome = try fetch(file, to: path, failures: &failures, progress: progress) {
        finished(file, outcome)
      } else {
        missing.append(file)
      }
    }
    guard !missing.isEmpty else { return }
    var lines: [String] = []
    for failure in failures.map({ "\($0.host): \($0.reason)" }) where !lines.contains(failure) {
      lines.append(failure)
    }
    let (these, them) = missing.count == 1 ? ("this file", "it") : ("these files", "them")
    lines.append(
      "Without a network, get \(these) elsewhere and put \(them) into \(folder.path):")
    for file in missing {
      let address = file.mirrors.first { $0.hasPrefix("https:") } ?? file.mirrors.first
      lines.append("  \(address ?? file.name)\n    (\(file.fingerprint))")
    }
    throw CourseError(
      .file, "cannot download \(name)", remedy: lines.joined(separator: "\n  "))
  }

  /// Downloads a file from the first mirror that has it; `nil` when none has.
  private func fetch(
    _ file: RemoteFile, to path: String, failures: inout [MirrorFailure],
    progress: (DownloadProgress) throws -> Void
  ) throws -> Outcome? {
    if FileManager.default.fileExists(atPath: path) {
      try file.verify(path)
      return .present
    }
    let part = try PartialFile(path + ".part", of: file.name)
    defer { part.close() }
    // Another process may have finished it meanwhile.
    if FileManager.default.fileExists(atPath: path) {
      try file.verify(path)
      return .present
    }
    // A host that does not answer would cost its time again for every file.
    let silent = failures.filter(\.isSilent).map(\.host)
    for mirror in file.mirrors where !silent.contains(URL(string: mirror)?.host() ?? "") {
      do {
        let host = try fetch(file, from: mirror, to: part, progress: progress)
        guard rename(part.path, path) == 0 else {
          throw CourseError(
            .file, "cannot rename the file", received: systemMessage(errno), location: part.path)
        }
        return .downloaded(host: host)
      } catch let failure as MirrorFailure {
        failures.append(failure)
      }
    }
    return nil
  }

  /// Downloads from one mirror, in as many attempts as make sense.
  private func fetch(
    _ file: RemoteFile, from mirror: String, to part: PartialFile,
    progress: (DownloadProgress) throws -> Void
  ) throws -> String {
    guard let url = URL(string: mirror), let host = url.host(), HTTPTransfer.isOnTheWeb(url) else {
      throw MirrorFailure(
        host: mirror, reason: "not an address that begins with http:// or https://")
    }
    var isRestarted = false
    var reason = ""
    for _ in 0..<max(1, attempts) {
      let before = part.count
      if before < file.size {
        do {
          try HTTPTransfer.run(url, into: part, size: file.size, patience: patience) {
            try progress(DownloadProgress(file: file, received: $0, host: host))
          }
        } catch let failure as MirrorFailure where failure.isTemporary && part.count > before {
          // It broke off after it sent something, which the next attempt continues.
          reason = failure.reason
          continue
        }
      }
      do {
        try file.verify(part.path)
        return host
      } catch let error as CourseError where error.kind == .format {
        // The beginning may have come from somewhere else: once more, from the start.
        try part.clear()
        guard before > 0, !isRestarted else {
          throw MirrorFailure(
            host: host,
            reason: "a wrong file: expected \(error.expected ?? ""), got \(error.received ?? "")")
        }
        isRestarted = true
      }
    }
    throw MirrorFailure(
      host: host, reason: "given up after \(counted(max(1, attempts), "attempt")): \(reason)")
  }
}

/// The bytes of a file that have arrived, in `NAME.part`: locked, so that two processes do not download one
/// file. The system takes the lock off when the process ends, however it ends.
struct PartialFile {
  let path: String
  let descriptor: Int32

  init(_ path: String, of name: String) throws {
    while true {
      let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw CourseError(
          .file, "cannot write the file", received: systemMessage(errno), location: path,
          remedy: DataFolder.remedy)
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let code = errno
        Foundation.close(descriptor)
        throw CourseError(
          .file, "cannot download \(name)",
          received: code == EWOULDBLOCK
            ? "another process that is downloading it" : systemMessage(code), location: path,
          remedy: "Wait until it is done.")
      }
      // The previous owner of the lock may have renamed the file that is now locked.
      var (ours, named) = (stat(), stat())
      if fstat(descriptor, &ours) == 0, stat(path, &named) == 0, ours.st_ino == named.st_ino {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      Foundation.close(descriptor)
    }
  }

  /// The number of bytes.
  var count: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Removes all bytes.
  func clear() throws {
    guard ftruncate(descriptor, 0) == 0 else {
      throw CourseError(
        .file, "cannot write the file", received: systemMessage(errno), location: path)
    }
  }

  /// Takes the lock off; a file without bytes is removed.
  func close() {
    if count == 0 { unlink(path) }
    Foundation.close(descriptor)
  }
}
