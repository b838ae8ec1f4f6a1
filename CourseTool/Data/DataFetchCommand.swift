import CourseCommandLine
import Foundation
import Networks

/// `course data fetch NAME...`
enum DataFetchCommand: Command {
  static let folder = Option(
    "folder", .text("DIR"), "parent of the folder NAME (default: $COURSE_DATA, or the user's cache)"
  )
  static let mirror = Option(
    "mirror", .text("URL"), "base URL of the files of NAME, to try first")

  static let description = CommandDescription(
    name: "data fetch", abstract: "Download data sets: mnist, fashion-mnist, cifar10.",
    discussion: """
      Sizes and checksums are verified. After a signal or a broken connection, the
      same command resumes the download. Complete files are verified and kept.
      """,
    operands: [
      Operand("NAME", .oneOrMore, RemoteDataset.all.map(\.name).joined(separator: ", "))
    ],
    options: [folder, mirror, CommonOptions.quiet])

  private struct Record: Encodable {
    var name: String
    var file: String
    var path: String
    var size: Int
    /// The host that it came from; `nil` for a file that was present already.
    var host: String?
  }

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let known = RemoteDataset.all
    let wanted = try arguments.operands.map { name in
      guard let match = known.first(where: { $0.name == name }) else {
        let names = known.map(\.name)
        throw UsageError(
          "unknown data set '\(name)'." + didYouMean(suggestions(for: name, among: names))
            + "\n  Expected \(names.joined(separator: ", ")).", command: description.name)
      }
      return arguments[mirror].map(match.trying(first:)) ?? match
    }
    if let address = arguments[mirror], !RemoteFile.isAddress(address) {
      throw UsageError(
        "'--mirror \(address)' is not a URL that begins with http:// or https://",
        command: description.name)
    }
    let folder = arguments[folder].map { URL(filePath: $0, directoryHint: .isDirectory) }
    try fetch(
      wanted, into: folder ?? DataFolder.standard, json: arguments[CommonOptions.json],
      progress: terminal.progress(for: arguments), on: terminal)
  }

  /// Fetches data sets into folders of their own.
  static func fetch(
    _ datasets: [RemoteDataset], into data: URL, json: Bool, progress stream: TextStream? = nil,
    on terminal: Terminal
  ) throws {
    var records: [Record] = []
    var display = DownloadDisplay(on: stream)
    defer { display.clear() }
    try Interruption.watched {
      for dataset in datasets {
        do {
          try Downloader().fetch(dataset, into: data) { progress in
            if Interruption.isRequested { throw Interruption.status }
            display.show(progress)
          } finished: { file, outcome in
            display.clear()
            var record = Record(
              name: dataset.name, file: file.name,
              path: dataset.folder(in: data).appending(path: file.name).path, size: file.size,
              host: nil)
            if case .downloaded(let host) = outcome { record.host = host }
            records.append(record)
            if json { return }
            terminal.output.line(
              "\(record.path)  \(sizeText(file.size)), "
                + (record.host.map { "from \($0)" } ?? "already present"))
          }
        } catch let stop as ExitStatus {
          display.clear()
          terminal.error.line(
            "Interrupted. Partial downloads are kept; run the same command to resume.")
          throw stop
        }
      }
    }
    if json { try terminal.output.json(["files": records]) }
  }
}

extension RemoteDataset {
  /// The same files, with another URL before the mirrors of each.
  fileprivate func trying(first address: String) -> RemoteDataset {
    let base = address.hasSuffix("/") ? address : address + "/"
    return RemoteDataset(
      name: name, abstract: abstract,
      files: files.map { file in
        RemoteFile(
          name: file.name, size: file.size, md5: file.md5, sha256: file.sha256,
          mirrors: [base + file.name] + file.mirrors)
      })
  }
}

/// Shows the progress of a download: a bar on a terminal, nothing elsewhere.
struct DownloadDisplay {
  private var line: LiveLine
  private var file: RemoteFile?
  private var progress = WorkProgress(total: 0)

  init(on stream: TextStream?) { line = LiveLine(on: stream) }

  mutating func show(_ download: DownloadProgress) {
    // A file that did not fit its checksum starts again.
    if file != download.file || Double(download.received) < progress.done {
      file = download.file
      progress = WorkProgress(total: download.file.size, done: Double(download.received))
    }
    progress.reach(Double(download.received))
    guard line.isDue() else { return }
    line.showBar(download.file.name, fraction: progress.fraction, parts: parts(progress))
  }

  mutating func clear() { line.clear() }

  /// Those of `t10k-images-idx3-ubyte.gz ███▌       35%  0.6 of 1.6 MB  1 s left  1.2 MB/s`.
  func parts(_ progress: WorkProgress) -> [[String]] {
    [["\(fixed(progress.done / 1e6, 1)) of \(sizeText(progress.total))"]]
      + (progress.secondsLeft.map { [[durationText($0) + " left"]] } ?? [])
      + (progress.rate.map { [["\(sizeText(Int($0)))/s"]] } ?? [])
  }
}

/// A number of bytes for people: `4.5 kB`, `9.9 MB`.
func sizeText(_ bytes: Int) -> String {
  bytes < 1000
    ? "\(bytes) bytes"
    : bytes < 1_000_000
      ? "\(fixed(Double(bytes) / 1e3, 1)) kB" : "\(fixed(Double(bytes) / 1e6, 1)) MB"
}
