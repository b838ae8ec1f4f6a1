import Foundation
import Shared
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One request for a file or for the rest of it.
final class HTTPTransfer: NSObject, URLSessionDataDelegate, Sendable {
  /// Why a transfer did not bring all of the file.
  struct Failure: Error, Equatable {
    var reason: String
    /// Whether what has come so far is worth continuing.
    var isTemporary: Bool
    /// Whether the host did not answer at all.
    var isSilent = false
  }

  private struct State {
    var received: Int
    var redirects = 0
    var failure: Failure?
  }

  /// Bytes a second; the slowest modems have some thousand.
  private static let leastSpeed = 1000.0
  private static let mostRedirects = 10

  private let descriptor: Int32
  private let offset: Int
  private let size: Int
  private let state: Mutex<State>
  /// Signalled when the transfer is done.
  private let done = DispatchSemaphore(value: 0)

  private init(descriptor: Int32, offset: Int, size: Int) {
    self.descriptor = descriptor
    self.offset = offset
    self.size = size
    state = Mutex(State(received: offset))
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
    let transfer = HTTPTransfer(descriptor: descriptor, offset: offset, size: size)
    let configuration = URLSessionConfiguration.ephemeral
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    configuration.timeoutIntervalForRequest = max(patience, 1) + 5
    let session = URLSession(configuration: configuration, delegate: transfer, delegateQueue: nil)
    defer { session.invalidateAndCancel() }
    var request = URLRequest(url: url)
    // Packed for the way, the bytes that arrive would not be those of the file.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    if offset > 0 { request.setValue("bytes=\(offset)-", forHTTPHeaderField: "Range") }
    let task = session.dataTask(with: request)
    task.resume()

    // Where the time that is looked at began.
    var start = (received: offset, time: ContinuousClock.now)
    while transfer.done.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
      let (received, isRefused) = transfer.state.withLock { ($0.received, $0.failure != nil) }
      do {
        try progress(received)
      } catch {
        transfer.fail("stopped", isTemporary: true)
        transfer.end(task)
        throw error
      }
      // Some servers keep the connection open, or send more: the checksum decides. And Foundation leaves
      // it open behind an answer that was refused.
      if received == size || isRefused {
        transfer.end(task)
        break
      }
      let now = ContinuousClock.now
      guard now - start.time > .seconds(patience) else { continue }
      let (count, seconds) = (received - start.received, Int(patience.rounded(.up)))
      if Double(count) < leastSpeed * patience {
        transfer.fail(
          count == 0
            ? "nothing came for \(seconds) seconds"
            : "too slow: \(count) bytes came in \(seconds) seconds",
          isTemporary: count == 0)
        transfer.end(task)
        break
      }
      start = (received, now)
    }
    fsync(descriptor)
    let state = transfer.state.withLock { $0 }
    if state.received == size {
      try progress(size)
      return nil
    }
    return state.failure
      ?? Failure(
        reason: "the connection broke after \(state.received) of \(size) bytes", isTemporary: true)
  }

  /// Cancels and waits until nothing more comes; not for long, since nothing more is written anyway.
  private func end(_ task: URLSessionTask) {
    task.cancel()
    _ = done.wait(timeout: .now() + 1)
  }

  /// Notes the first thing that went wrong; what follows from it does not count.
  private func fail(_ reason: String, isTemporary: Bool, isSilent: Bool = false) {
    state.withLock { state in
      if state.failure == nil {
        state.failure = Failure(reason: reason, isTemporary: isTemporary, isSilent: isSilent)
      }
    }
  }

  // MARK: URLSessionDataDelegate

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    let problem = problem(with: response)
    if let problem { fail(problem, isTemporary: false) }
    completionHandler(problem == nil ? .allow : .cancel)
  }

  /// What is wrong with the head of an answer; begins anew when the server does not continue.
  private func problem(with response: URLResponse) -> String? {
    guard let response = response as? HTTPURLResponse else { return "no HTTP answer" }
    switch response.statusCode {
    case 200:
      if let length = response.value(forHTTPHeaderField: "Content-Length"),
        wholeNumber(length.utf8) != size
      {
        return "another file: expected \(size) bytes, got \(length.debugDescription)"
      }
      if offset > 0 {
        guard ftruncate(descriptor, 0) == 0 else { return systemMessage(errno) }
        state.withLock { $0.received = 0 }
      }
      return nil
    case 206:
      // "bytes 100-199/200"
      let range = response.value(forHTTPHeaderField: "Content-Range") ?? ""
      let words = range.split { " -/".contains($0) }
      guard words.count == 4, wholeNumber(words[1].utf8) == offset,
        wholeNumber(words[3].utf8) == size
      else {
        return "another part than was asked for: \(range.isEmpty ? "no range" : range)"
      }
      return nil
    case 404, 410: return "not found (\(response.statusCode))"
    case 401, 403: return "access refused (\(response.statusCode))"
    case let code: return "the server answered \(code)"
    }
  }

  /// Follows no way out of the web: Foundation would not find its way back from there.
  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping (URLRequest?) -> Void
  ) {
    let count = state.withLock { state in
      state.redirects += 1
      return state.redirects
    }
    // Foundation makes an address on the web of some that are none.
    let target = response.value(forHTTPHeaderField: "Location")
      .flatMap { URL(string: $0, relativeTo: response.url) }
    guard count <= HTTPTransfer.mostRedirects, target.map(HTTPTransfer.isOnTheWeb) ?? false else {
      fail(
        count > HTTPTransfer.mostRedirects
          ? "it leads elsewhere again and again"
          : "it leads to \(target?.absoluteString ?? "nowhere")", isTemporary: false)
      completionHandler(nil)
      task.cancel()
      return
    }
    completionHandler(request)
  }

  /// Whether an address is one for this kind of transfer.
  static func isOnTheWeb(_ url: URL) -> Bool {
    ["http", "https"].contains(url.scheme?.lowercased() ?? "") && url.host() != nil
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let isWanted = state.withLock { $0.failure == nil }
    guard isWanted else { return }
    let received = state.withLock { $0.received }
    let data = data.prefix(size - received)
    if let code = write(data) {
      fail("cannot write: \(systemMessage(code))", isTemporary: false)
      dataTask.cancel()
    } else {
      state.withLock { $0.received += data.count }
    }
  }

  /// Writes all of `data`; the error number when that does not work.
  private func write(_ data: Data) -> Int32? {
    data.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = UnsafeRawBufferPointer(rebasing: rest).withMemoryRebound(to: UInt8.self) {
          Foundation.write(descriptor, $0.baseAddress, $0.count)
        }
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return errno }
        rest = rest[(rest.startIndex + written)...]
      }
      return nil
    }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    if let error {
      let silent: [URLError.Code] = [.cannotFindHost, .cannotConnectToHost, .dnsLookupFailed]
      let isSilent = (error as? URLError).map { silent.contains($0.code) } ?? false
      fail(HTTPTransfer.words(for: error), isTemporary: true, isSilent: isSilent)
    }
    done.signal()
  }

  /// A network error as a user understands it.
  private static func words(for error: any Error) -> String {
    switch (error as? URLError)?.code {
    case .cannotFindHost?, .dnsLookupFailed?: "the host cannot be found (no network?)"
    case .cannotConnectToHost?: "no connection"
    case .notConnectedToInternet?: "there is no network"
    case .networkConnectionLost?: "the connection broke"
    case .timedOut?: "no answer in time"
    case .secureConnectionFailed?, .serverCertificateUntrusted?: "no secure connection"
    default: error.localizedDescription
    }
  }
}
