import Foundation
import Synchronization

/// An HTTP server on this machine that does what a test wants, even if that is wrong.
final class LocalServer: Sendable {
  /// What was asked for.
  struct Request: Sendable, Equatable {
    var path: String
    /// Where a range begins; `nil` without one.
    var offset: Int?
  }

  /// What comes back.
  struct Answer: Sendable {
    var status = 200
    var headers: [String] = []
    var body: [UInt8] = []
    /// Sent instead of the true length; `nil` for none at all.
    var claimedLength: Int?
    /// Whether to send nothing more and keep the connection open.
    var isStuck = false
    /// Seconds between one byte of the body and the next; all at once when 0.
    var pause = 0.0

    /// The whole file, or the part that was asked for.
    static func file(_ content: [UInt8], _ request: Request) -> Answer {
      guard let offset = request.offset else {
        return Answer(body: content, claimedLength: content.count)
      }
      return Answer(
        status: 206,
        headers: ["Content-Range: bytes \(offset)-\(content.count - 1)/\(content.count)"],
        body: Array(content[offset...]), claimedLength: content.count - offset)
    }

    static func status(_ status: Int) -> Answer { Answer(status: status, claimedLength: 0) }

    /// Says that the file is somewhere else.
    static func elsewhere(_ address: String) -> Answer {
      Answer(status: 302, headers: ["Location: \(address)"], claimedLength: 0)
    }

    /// The connection ends after so many bytes, whatever was promised.
    func breaking(after count: Int) -> Answer {
      var answer = self
      answer.body = Array(body.prefix(count))
      return answer
    }
  }

  private let listener: Int32
  let port: UInt16
  private let requests = Mutex<[Request]>([])
  private let answer: @Sendable (Request, _ number: Int) -> Answer

  /// All requests so far.
  var log: [Request] { requests.withLock { $0 } }

  func address(_ name: String) -> String { "http://127.0.0.1:\(port)/\(name)" }

  /// Starts a server. `answer` gets each request and its number, counted from 0.
  init(_ answer: @escaping @Sendable (Request, _ number: Int) -> Answer) throws {
    self.answer = answer
    #if canImport(Darwin)
      listener = socket(AF_INET, SOCK_STREAM, 0)
    #else
      listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #endif
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isReady = withUnsafeMutablePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 8) == 0
          && getsockname(listener, $0, &size) == 0
      }
    }
    guard isReady else { throw POSIXError(.EADDRNOTAVAIL) }
    port = UInt16(bigEndian: place.sin_port)
    let thread = Thread { [self] in serve() }
    thread.start()
  }

  /// Ends the server: `accept` fails from now on. Only the thread that serves closes the listener: closed
  /// here, its number could already be that of another test's server when `accept` is called again.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func serve() {
    defer { close(listener) }
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { return }
      let thread = Thread { [self] in
        respond(on: connection)
        close(connection)
      }
      thread.start()
    }
  }

  private func respond(on connection: Int32) {
    var head: [UInt8] = []
    var byte: UInt8 = 0
    while !head.suffix(4).elementsEqual([13, 10, 13, 10]), recv(connection, &byte, 1, 0) == 1 {
      head.append(byte)
    }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    guard let path = lines.first?.split(separator: " ").dropFirst().first else { return }
    let range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }
    let request = Request(
      path: String(path), offset: range.flatMap { Int($0.dropFirst(13).prefix { $0 != "-" }) })
    let number = requests.withLock { log in
      log.append(request)
      return log.count - 1
    }
    let answer = answer(request, number)
    var text = "HTTP/1.1 \(answer.status) Answer\r\nConnection: close\r\n"
    if let length = answer.claimedLength { text += "Content-Length: \(length)\r\n" }
    for header in answer.headers { text += header + "\r\n" }
    let start = Array((text + "\r\n").utf8)
    if answer.pause > 0 {
      var isHeard = send(start, on: connection)
      for byte in answer.body where isHeard {
        Thread.sleep(forTimeInterval: answer.pause)
        isHeard = send([byte], on: connection)
      }
    } else {
      _ = send(start + answer.body, on: connection)
    }
    // Until the other side gives up.
    if answer.isStuck { _ = recv(connection, &byte, 1, 0) }
  }

  /// - Returns: whether the other side still listens
  private func send(_ bytes: [UInt8], on connection: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      #if canImport(Darwin)
        let flags: Int32 = 0
      #else
        let flags = Int32(MSG_NOSIGNAL)
      #endif
      let sent = rest.withUnsafeBytes {
        Foundation.send(connection, $0.baseAddress, $0.count, flags)
      }
      guard sent > 0 else { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }
}
