import CCourseCodecs
import Foundation
import Shared

/// The reason why a mirror did not deliver a file.
struct MirrorFailure: Error {
  var host: String
  var reason: String
  /// Whether it is worth continuing with the bytes that have arrived.
  var isTemporary = false
  /// Whether the host did not answer at all.
  var isSilent = false
}

/// One request for a file or for the rest of it, on the calling thread.
final class HTTPTransfer {
  /// Bytes a second; the slowest modems have some thousand.
  private static let minimumSpeed = 1000.0
  private static let maximumRedirects = 10

  private let host: String
  private let part: PartialFile
  private let output: AtomicFileOutput
  private let offset: Int
  private let size: Int
  private let patience: Double
  private let progress: (Int) throws -> Void
  /// The number of bytes of the file that have arrived.
  private var received: Int
  /// The beginning of the period over which the speed is measured.
  private var period: (start: ContinuousClock.Instant, received: Int)
  private var lastProgress = ContinuousClock.now
  /// The status and the fields in the head of the answer.
  private var (status, fields): (Int, [String: String]) = (0, [:])
  /// The error that ends the transfer.
  private var error: (any Error)?

  private init(
    _ host: String, _ part: PartialFile, size: Int, patience: Double,
    progress: @escaping (Int) throws -> Void
  ) {
    (self.host, self.part, offset) = (host, part, part.count)
    output = AtomicFileOutput(descriptor: part.descriptor, path: part.path)
    (self.size, self.patience, self.progress) = (size, patience, progress)
    (received, period) = (offset, (.now, offset))
  }

  /// Whether an address is one for this kind of transfer.
  static func isOnTheWeb(_ url: URL) -> Bool {
    ["http", "https"].contains(url.scheme?.lowercased() ?? "") && url.host() != nil
  }

  /// Appends the missing bytes to a file; when the server cannot continue, it starts over.
  /// - Parameters:
  ///   - url: an address that begins with http or https
  ///   - size: the length of the whole file
  ///   - patience: after so many seconds with less than `minimumSpeed`, the transfer ends
  ///   - progress: called on this thread with the number of bytes that have arrived
  /// - Throws: `MirrorFailure`, and the error of `progress`
  static func run(
    _ url: URL, into part: PartialFile, size: Int, patience: Double,
    progress: (Int) throws -> Void
  ) throws {
    try withoutActuallyEscaping(progress) {
      try HTTPTransfer(url.host() ?? "", part, size: size, patience: patience, progress: $0).run(
        url)
    }
  }

  private func run(_ url: URL) throws {
    var message = [CChar](repeating: 0, count: 256)
    let code = withExtendedLifetime(self) {
      url.absoluteString.withCString { text in
        var request = CourseCodecWebRequest()
        request.url = text
        request.offset = Int64(offset)
        request.patience = Int(max(patience, 1) * 1000)
        request.maximumRedirects = HTTPTransfer.maximumRedirects
        request.context = Unmanaged.passUnretained(self).toOpaque()
        request.head = { context, bytes, count in
          HTTPTransfer.goesOn(context) {
            try $0.takeHead(UnsafeRawBufferPointer(start: bytes, count: count))
          }
        }
        request.body = { context, bytes, count in
          HTTPTransfer.goesOn(context) {
            try $0.take(UnsafeRawBufferPointer(start: bytes, count: count))
          }
        }
        request.goesOn = { context in HTTPTransfer.goesOn(context) { try $0.checkPace() } }
        return codec_web_fetch(&request, &message)
      }
    }
    fsync(part.descriptor)
    if let error { throw error }
    guard received == size else {
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw failure(of: code, String(decoding: text, as: UTF8.self))
    }
    try progress(size)
  }

  /// Whether the transfer goes on after a step.
  private static func goesOn(
    _ context: UnsafeMutableRawPointer?, _ step: (HTTPTransfer) throws -> Void
  ) -> Bool {
    let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context!).takeUnretainedValue()
    do {
      try step(transfer)
    } catch {
      transfer.error = error
    }
    // Some servers keep the connection open after the last byte.
    return transfer.error == nil && transfer.received < transfer.size
  }

  // MARK: Steps

  /// Takes a line of a head; at the blank one at its end, the head is checked.
  private func takeHead(_ line: UnsafeRawBufferPointer) throws {
    let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    if text.hasPrefix("HTTP/") {
      (status, fields) = (
        text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0, [:]
      )
    } else if let colon = text.firstIndex(of: ":") {
      fields[text[..<colon].lowercased()] = text[text.index(after: colon)...]
        .trimmingCharacters(in: .whitespaces)
    } else if text.isEmpty {
      try checkHead()
    }
  }

  /// Throws unless the answer is the file, or its rest from `offset` on; when it begins at the start, so does
  /// the file.
  private func checkHead() throws {
    func refuse(_ reason: String) -> MirrorFailure { MirrorFailure(host: host, reason: reason) }
    switch status {
    case 100..<200: break
    case 300..<400 where fields["location"] != nil: break
    case 200:
      if let length = fields["content-length"], wholeNumber(length.utf8) != size {
        throw refuse("a different file: expected \(size) bytes, got \(length.debugDescription)")
      }
      guard offset > 0 else { break }
      try part.clear()
      (received, period) = (0, (.now, 0))
    case 206:
      // "bytes 100-199/200"
      let range = fields["content-range"] ?? ""
      let words = range.split { " -/".contains($0) }
      guard words.count == 4, wholeNumber(words[1].utf8) == offset,
        wholeNumber(words[3].utf8) == size
      else { throw refuse("a different range: \(range.isEmpty ? "none" : range)") }
    case 404, 410: throw refuse("not found (\(status))")
    case 401, 403: throw refuse("access refused (\(status))")
    default: throw refuse("the server answered \(status)")
    }
  }

  /// Writes bytes of the file. Some servers send more: the checksum decides.
  private func take(_ bytes: UnsafeRawBufferPointer) throws {
    let wanted = UnsafeRawBufferPointer(rebasing: bytes.prefix(size - received))
    try output.write(wanted)
    received += wanted.count
  }

  /// Throws when the server is too slow; calls `progress` about ten times a second.
  private func checkPace() throws {
    let now = ContinuousClock.now
    if now - lastProgress > .milliseconds(100) {
      lastProgress = now
      try progress(received)
    }
    guard now - period.start > .seconds(patience) else { return }
    let count = received - period.received
    guard Double(count) >= HTTPTransfer.minimumSpeed * patience else {
      let time = counted(Int(patience.rounded(.up)), "second")
      throw MirrorFailure(
        host: host,
        reason: count == 0 ? "no data for \(time)" : "too slow: \(count) bytes in \(time)",
        isTemporary: count == 0)
    }
    period = (now, received)
  }

  // MARK: Codes of libcurl

  /// The meaning of a code for a user; `message` is libcurl's own.
  private func failure(of code: Int32, _ message: String) -> MirrorFailure {
    func final(_ reason: String) -> MirrorFailure { MirrorFailure(host: host, reason: reason) }
    func temporary(_ reason: String, isSilent: Bool = false) -> MirrorFailure {
      MirrorFailure(host: host, reason: reason, isTemporary: true, isSilent: isSilent)
    }
    return switch code {
    case Int32(codecWebUnavailable):
      final("downloads need libcurl (libcurl.so.4), which is not installed")
    case 1, 3: final("it redirects to \(fields["location"] ?? "nowhere")")
    case 5, 6: temporary("the host cannot be found (no network?)", isSilent: true)
    case 7: temporary("no connection", isSilent: true)
    case 28: temporary("no answer in time", isSilent: true)
    case 35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 83, 90, 91:
      temporary("no secure connection (\(message))")
    case 47: final("too many redirects")
    case 0, 18, 52, 55, 56:
      temporary("the connection broke after \(received) of \(size) bytes")
    default: final(message.isEmpty ? "error \(code) of libcurl" : message)
    }
  }
}
