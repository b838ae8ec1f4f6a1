import Foundation
import Shared
import Synchronization

/// An output stream of text, with its abilities.
///
/// `write` and `line` write text for people and escape control characters from data (a class name with an escape
/// sequence); `content` writes text for other programs.
///
/// A stream whose reader has closed it (`course train ... | head`) discards further text, so that a run continues
/// until its work is saved. The tool then ends with the status of the failure.
package struct TextStream: Sendable {
  package var features: TerminalFeatures
  private let send: @Sendable (String) -> Void
  private let state = State()
  /// The descriptor of a standard stream.
  private var descriptor: Int32?

  /// Shared by all copies of a stream.
  private final class State: Sendable {
    let failure = Atomic<Int32>(0)
    /// Whether a line is shown that the next text removes.
    let hasLiveLine = Atomic<Bool>(false)
  }

  /// - Parameter send: writes a text
  package init(features: TerminalFeatures, send: @escaping @Sendable (String) -> Void) {
    self.features = features
    self.send = send
  }

  private init(features: TerminalFeatures, descriptor: Int32) {
    self.features = features
    self.descriptor = descriptor
    let state = state
    send = { text in
      guard state.failure.load(ordering: .relaxed) == 0 else { return }
      state.failure.store(writeAll(text, to: descriptor), ordering: .relaxed)
    }
  }

  /// A standard stream of this process.
  package static func process(_ descriptor: Int32, environment: [String: String]) -> TextStream {
    let features = TerminalFeatures(
      isTerminal: isatty(descriptor) == 1, environment: environment,
      width: terminalWidth(descriptor))
    return TextStream(features: features, descriptor: descriptor)
  }

  /// The number of columns now: a user may have changed the window since the program began.
  package var width: Int { descriptor.flatMap(terminalWidth) ?? features.width }

  /// The system's error number after a failed write; `nil` without one.
  package var failure: Int32? {
    let code = state.failure.load(ordering: .relaxed)
    return code == 0 ? nil : code
  }

  /// The colours of this stream.
  package var style: Style { Style(isOn: features.usesColor) }

  /// Writes text for people.
  package func write(_ text: String) {
    if hasLiveLine { clearLine() }
    send(Style.rendered(text.escapingControls(inLine: false)))
  }
  /// Writes a line of text for people.
  package func line(_ text: String = "") { write(text + "\n") }
  /// Writes text for other programs, unchanged; on a terminal with escapes.
  package func content(_ text: String) {
    send(features.isTerminal ? text.escapingControls(inLine: false) : text)
  }

  /// A line in pieces that fit the terminal, those after the first indented a little more. Elsewhere it is left whole.
  package func wrapped(_ line: String, hanging: Int = 2) -> String {
    guard features.isTerminal, line.count > width else { return line }
    let indent = String(line.prefix { $0 == " " }) + String(repeating: " ", count: hanging)
    var (pieces, rest) = ([String](), line[...])
    while rest.count > width,
      let cut = rest.prefix(width + 1).lastIndex(of: " "),
      rest[..<cut].contains(where: { $0 != " " })
    {
      pieces.append(String(rest[..<cut]))
      rest = indent + rest[cut...].drop { $0 == " " }
    }
    return (pieces + [String(rest)]).joined(separator: "\n")
  }

  /// A note for the user, in lines that fit the terminal.
  package func note(_ text: String) -> String {
    let title = "Note:"
    return style.yellow(title) + wrapped("\(title) \(text)").dropFirst(title.count)
  }

  /// Overwrites the current line, until other text is written or the line is cleared.
  package func overwriteLine(_ text: String) {
    state.hasLiveLine.store(true, ordering: .relaxed)
    if let descriptor { Interruption.eraseLine(on: descriptor) }
    send("\r" + Style.rendered(text.escapingControls(inLine: false)) + "\u{1B}[K")
  }
  /// Clears a terminal, and what was scrolled out of it.
  package func clearScreen() {
    if features.isTerminal { send("\u{1B}[H\u{1B}[2J\u{1B}[3J") }
  }
  /// Clears the current line on a terminal.
  package func clearLine() {
    guard features.isTerminal else { return }
    state.hasLiveLine.store(false, ordering: .relaxed)
    if descriptor != nil { Interruption.eraseLine(on: nil) }
    send("\r\u{1B}[K")
  }
  /// Whether a line is shown that will be overwritten.
  package var hasLiveLine: Bool { state.hasLiveLine.load(ordering: .relaxed) }

  /// Writes a value as a JSON document, with non-finite numbers as "nan", "inf" or "-inf".
  package func json(_ value: some Encodable) throws {
    content(try JSONCoding.text(value, isPretty: true) + "\n")
  }
}

/// The number of columns of a terminal; `nil` for a descriptor of something else.
private func terminalWidth(_ descriptor: Int32) -> Int? {
  var size = winsize()
  return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    ? Int(size.ws_col) : nil
}

/// Writes a text completely to a descriptor of this process.
/// - Returns: the error number; 0 for none.
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
