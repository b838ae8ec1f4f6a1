import CCourseCodecs
import Foundation
import Shared

/// One request for a file or for the rest of it. All of it happens on the thread that asks.
final class HTTPTransfer {
  /// Why a transfer did not bring all of the file.
  struct Failure: Error, Equatable {
    var reason: String
    /// Whether what has come so far is worth continuing.
    var isTemporary: Bool
    /// Whether the host did not answer at all.
    var isSilent = false
  }

  /// Bytes a second; the slowest modems have some thousand.
  private static let leastSpeed = 1000.0
  private static let mostRedirects = 10

  private let descriptor: Int32
  private let offset: Int
  private let size: Int
  private let patience: Double
  private let progress: (Int) throws -> Void
  /// How many bytes of the file are here.
  private var received: Int
  /// Where the time that is looked at began.
  private var start: (received: Int, time: ContinuousClock.Instant)
  private var lastProgress = ContinuousClock.now
  private var head = Head()
  private var failure: Failure?
  /// What `progress` threw.
  private var stop: (any Error)?

  /// The head of an answer, as far as it matters.
  private struct Head {
    var status = 0
    var fields: [String: String] = [:]
  }

  private init(
    descriptor: Int32, offset: Int, size: Int, patience: Double,
    progress: @escaping (Int) throws -> Void
  ) {
    self.descriptor = descriptor
    self.offset = offset
    self.size = size
    self.patience = patience
    self.progress = progress
    received = offset
    start = (offset, .now)
  }

  /// Whether an address is one for this kind of transfer.
  static func isOnTheWeb(_ url: URL) -> Bool {
    ["http", "https"].contains(url.scheme?.lowercased() ?? "") && url.host() != nil
  }

  /// Appends what is missing to a file.
  /// - Parameters:
  ///   - url: an address that begins with http or https
  ///   - offset: the length of the file now; when the server cannot continue, it begins anew
  ///   - size: the length of the whole
  ///   - patience: after so many seconds that brought less than `leastSpeed`, the transfer ends
  ///   - progress: called on this thread with the number of bytes that are here
  /// - Returns: what went wrong on the way; `nil` when all bytes are here
  static func run(
    _ url: URL, appendingTo path: String, from offset: Int, size: Int, patience: Double,
    progress: (Int) throws -> Void
  ) throws -> Failure? {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw CourseError(
        .file, "cannot write the file", received: systemMessage(errno), location: path,
        remedy: "COURSE_DATA=FOLDER names another place.")
    }
    defer { close(descriptor) }
    return try withoutActuallyEscaping(progress) { progress in
      let transfer = HTTPTransfer(
        descriptor: descriptor, offset: offset, size: size, patience: patience, progress: progress)
      return try transfer.run(url)
    }
  }

  private func run(_ url: URL) throws -> Failure? {
    var message = [CChar](repeating: 0, count: 256)
    let code = withExtendedLifetime(self) {
      url.absoluteString.withCString { text in
        var request = CodecWebRequest()
        request.url = text
        request.offset = Int64(offset)
        request.patience = Int(max(patience, 1) * 1000)
        request.mostRedirects = HTTPTransfer.mostRedirects
        request.context = Unmanaged.passUnretained(self).toOpaque()
        request.head = {
          HTTPTransfer.of($0).takesHead(UnsafeRawBufferPointer(start: $1, count: $2))
        }
        request.body = { HTTPTransfer.of($0).takes(UnsafeRawBufferPointer(start: $1, count: $2)) }
        request.goesOn = { HTTPTransfer.of($0).goesOn() }
        return codec_web_fetch(&request, &message)
      }
    }
    fsync(descriptor)
    if let stop { throw stop }
    if received == size {
      try progress(size)
      return nil
    }
    let text = String(
      decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return failure ?? problem(code, text)
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> HTTPTransfer {
    Unmanaged.fromOpaque(context!).takeUnretainedValue()
  }

  // MARK: What comes

  /// A line of a head; the blank one behind it decides whether the rest is wanted.
  private func takesHead(_ line: UnsafeRawBufferPointer) -> Bool {
    let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    if text.hasPrefix("HTTP/") {
      head = Head()
      head.status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = text.firstIndex(of: ":") {
      head.fields[text[..<colon].lowercased()] = text[text.index(after: colon)...]
        .trimmingCharacters(in: .whitespaces)
    } else if text.isEmpty, let problem = problemOfHead() {
      failure = Failure(reason: problem, isTemporary: false)
      return false
    }
    return true
  }

  /// What is wrong with the head of an answer; begins anew when the server does not continue.
  private func problemOfHead() -> String? {
    switch head.status {
    case 100..<200: return nil
    case 300..<400 where head.fields["location"] != nil: return nil
    case 200:
      if let length = head.fields["content-length"], wholeNumber(length.utf8) != size {
        return "another file: expected \(size) bytes, got \(length.debugDescription)"
      }
      if offset > 0 {
        guard ftruncate(descriptor, 0) == 0 else { return systemMessage(errno) }
        received = 0
        start = (0, .now)
      }
      return nil
    case 206:
      // "bytes 100-199/200"
      let range = head.fields["content-range"] ?? ""
      let words = range.split { " -/".contains($0) }
      guard words.count == 4, wholeNumber(words[1].utf8) == offset,
        wholeNumber(words[3].utf8) == size
      else {
        return "another part than was asked for: \(range.isEmpty ? "no range" : range)"
      }
      return nil
    case 404, 410: return "not found (\(head.status))"
    case 401, 403: return "access refused (\(head.status))"
    case let code: return "the server answered \(code)"
    }
  }

  /// Bytes of the file. Some servers send more: the checksum decides.
  private func takes(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if let code = write(UnsafeRawBufferPointer(rebasing: bytes.prefix(size - received))) {
      failure = Failure(reason: "cannot write: \(systemMessage(code))", isTemporary: false)
      return false
    }
    received += min(bytes.count, size - received)
    // Some keep the connection open.
    return received < size
  }

  /// Writes all bytes; the error number when that does not work.
  private func write(_ bytes: UnsafeRawBufferPointer) -> Int32? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let written = Foundation.write(descriptor, piece.baseAddress, piece.count)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return errno }
      rest = rest.dropFirst(written)
    }
    return nil
  }

  /// Whether it is worth going on; tells `progress` about ten times a second.
  private func goesOn() -> Bool {
    let now = ContinuousClock.now
    if now - lastProgress > .milliseconds(100) {
      lastProgress = now
      do {
        try progress(received)
      } catch {
        stop = error
        return false
      }
    }
    guard now - start.time > .seconds(patience) else { return true }
    let (count, seconds) = (received - start.received, Int(patience.rounded(.up)))
    guard Double(count) >= HTTPTransfer.leastSpeed * patience else {
      failure = Failure(
        reason: count == 0
          ? "nothing came for \(seconds) seconds"
          : "too slow: \(count) bytes came in \(seconds) seconds", isTemporary: count == 0)
      return false
    }
    start = (received, now)
    return true
  }

  // MARK: What went wrong

  /// What a code of libcurl means for a user; `message` are its own words.
  private func problem(_ code: Int32, _ message: String) -> Failure {
    func final(_ reason: String) -> Failure { Failure(reason: reason, isTemporary: false) }
    func silent(_ reason: String) -> Failure {
      Failure(reason: reason, isTemporary: true, isSilent: true)
    }
    switch code {
    case Int32(codecWebUnavailable):
      return final("downloads need libcurl (libcurl.so.4), which is not here")
    case 1, 3: return final("it leads to \(head.fields["location"] ?? "nowhere")")
    case 5, 6: return silent("the host cannot be found (no network?)")
    case 7: return silent("no connection")
    case 28: return silent("no answer in time")
    case 35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 83, 90, 91:
      return Failure(reason: "no secure connection (\(message))", isTemporary: true)
    case 47: return final("it leads elsewhere again and again")
    case 0, 18, 52, 55, 56:
      return Failure(
        reason: "the connection broke after \(received) of \(size) bytes", isTemporary: true)
    default: return final(message.isEmpty ? "error \(code) of libcurl" : message)
    }
  }
}
