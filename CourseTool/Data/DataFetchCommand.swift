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
    options: [folder, mirror])

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
      wanted, into: folder ?? DataFolder.standard, json: arguments[CommonOptions.json], on: terminal
    )
  }

  /// Fetches data sets into folders of their own.
  static func fetch(
    _ datasets: [RemoteDataset], into data: URL, json: Bool, on terminal: Terminal
  ) throws {
    var records: [Record] = []
    var display = DownloadDisplay(on: terminal.error)
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
  private let stream: TextStream
  private var line: LiveLine
  private var file: String?
  private var start = (received: 0, time: ContinuousClock.now)

  init(on stream: TextStream) {
    self.stream = stream
    line = LiveLine(on: stream)
  }

  mutating func show(_ progress: DownloadProgress) {
    if file != progress.file.name || progress.received < start.received {
      file = progress.file.name
      start = (progress.received, .now)
    }
    guard line.isDue() else { return }
    let seconds = (ContinuousClock.now - start.time) / .seconds(1)
    let speed = seconds > 0.5 ? Double(progress.received - start.received) / seconds : 0
    line.show(text(progress, speed: speed))
  }

  mutating func clear() { line.clear() }

  /// `t10k-images-idx3-ubyte.gz ███▌       35%  0.6 of 1.6 MB  1.2 MB/s  1 s left`
  /// - Parameter speed: in bytes per second; 0 while it is unknown
  func text(_ progress: DownloadProgress, speed: Double) -> String {
    let file = progress.file
    let fraction = Double(progress.received) / Double(max(file.size, 1))
    var tail = " " + "\(Int(fraction * 100))%".padded(left: 4)
    let left = speed > 0 ? Double(file.size - progress.received) / speed : nil
    let parts =
      ["\(fixed(Double(progress.received) / 1e6, 1)) of \(sizeText(file.size))"]
      + (speed > 0 ? ["\(sizeText(Int(speed)))/s"] : [])
      + (left.map { [durationText($0) + " left"] } ?? [])
    // Room for the ^C that the terminal shows.
    let width = stream.features.width - 3
    for part in parts where file.name.count + 12 + tail.count + part.count <= width {
      tail += "  " + part
    }
    let room = width - file.name.count - 1 - tail.count
    let bar = ProgressBar.text(
      fraction, width: max(0, min(28, room)), unicode: stream.features.usesUnicode)
    return "\(file.name) \(stream.style.cyan(bar))\(tail)"
  }
}

/// A number of bytes for people: `4.5 kB`, `9.9 MB`.
func sizeText(_ bytes: Int) -> String {
  bytes < 1000
    ? "\(bytes) bytes"
    : bytes < 1_000_000
      ? "\(fixed(Double(bytes) / 1e3, 1)) kB" : "\(fixed(Double(bytes) / 1e6, 1)) MB"
}
