import Foundation
import Networks
import Synchronization

/// One stream of text with what it can show.
///
/// A text for a person is written by `write` and `line`, which put control characters that come from data
/// (a class name with an escape sequence) as escapes; what another program reads is written by `content`.
///
/// A stream whose reader has gone (`course train ... | head`) takes no more, and that is all: a run goes on
/// to where its work is saved. The tool ends with the status of the failure then.
struct TextStream: Sendable {
  var features: TerminalFeatures
  private let send: @Sendable (String) -> Void
  private let state = State()

  /// Shared by all copies of a stream.
  private final class State: Sendable {
    let failure = Atomic<Int32>(0)
  }

  /// - Parameter send: takes what is to be written
  init(features: TerminalFeatures, send: @escaping @Sendable (String) -> Void) {
    self.features = features
    self.send = send
  }

  private init(features: TerminalFeatures, descriptor: Int32) {
    self.features = features
    let state = state
    send = { text in
      guard state.failure.load(ordering: .relaxed) == 0 else { return }
      state.failure.store(writeAll(text, to: descriptor), ordering: .relaxed)
    }
  }

  /// A standard stream of this process.
  static func process(_ descriptor: Int32, environment: [String: String]) -> TextStream {
    let isTerminal = isatty(descriptor) == 1
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col >= 20
    let features = TerminalFeatures(
      isTerminal: isTerminal, environment: environment, width: isKnown ? Int(size.ws_col) : nil)
    return TextStream(features: features, descriptor: descriptor)
  }

  /// The system's number of the error after which nothing more was written; `nil` when there was none.
  var failure: Int32? {
    let code = state.failure.load(ordering: .relaxed)
    return code == 0 ? nil : code
  }

  /// The colours of this stream.
  var style: Style { Style(isOn: features.usesColor) }

  /// Writes a text for a person.
  func write(_ text: String) { send(Style.rendered(text.escapingControls(inLine: false))) }
  /// Writes a text for a person and ends the line.
  func line(_ text: String = "") { write(text + "\n") }
  /// Writes what another program reads, as it is; with escapes where it goes to a terminal after all.
  func content(_ text: String) {
    send(features.isTerminal ? text.escapingControls(inLine: false) : text)
  }

  /// Overwrites the line that the cursor is in.
  func overwriteLine(_ text: String) {
    send("\r" + Style.rendered(text.escapingControls(inLine: false)) + "\u{1B}[K")
  }
  /// Empties the line that the cursor is in, where that is possible.
  func clearLine() {
    if features.isTerminal { send("\r\u{1B}[K") }
  }

  /// Writes a value as one JSON document, numbers that are not finite as "nan", "inf" or "-inf".
  func json(_ value: some Encodable) throws {
    content(try JSONCoding.text(value, isPretty: true) + "\n")
  }
}

/// Writes to a descriptor of this process until all is written.
/// - Returns: the number of the error that came in between; 0 for none.
private func writeAll(_ text: String, to descriptor: Int32) -> Int32 {
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    if written >= 0 {
      bytes = bytes.dropFirst(written)
    } else if errno == EAGAIN {
      usleep(1000)
    } else if errno != EINTR {
      return errno
    }
  }
  return 0
}
