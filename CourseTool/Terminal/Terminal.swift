import Foundation

/// Where a command writes: results to `output`, progress and complaints to `error`.
///
/// A value that is handed to every command and never a global, so that tests run commands in process
/// and read what they wrote.
struct Terminal: Sendable {
  var output: TextStream
  var error: TextStream
  /// How the user calls the tool, for messages that show a command.
  var command = "course"

  /// The standard streams of this process.
  static var process: Terminal {
    let environment = ProcessInfo.processInfo.environment
    return Terminal(
      output: .process(STDOUT_FILENO, environment: environment),
      error: .process(STDERR_FILENO, environment: environment),
      command: environment["COURSE_COMMAND"] ?? "course")
  }

  /// The same without results: with `--json` the one document is all of the output.
  var withoutOutput: Terminal {
    var copy = self
    copy.output = TextStream(features: output.features) { _ in }
    return copy
  }

  /// Writes no escape sequences for colours from here on.
  mutating func removeColors() {
    output.features.usesColor = false
    error.features.usesColor = false
  }
}

/// What a stream can show.
struct TerminalFeatures: Sendable, Equatable {
  /// Whether a person looks at it: only then lines are overwritten.
  var isTerminal = false
  var usesColor = false
  /// Whether block characters and the like arrive as such.
  var usesUnicode = true
  var width = 80

  init(isTerminal: Bool = false, environment: [String: String] = [:], width: Int? = nil) {
    func isSet(_ name: String) -> Bool { environment[name].map { !$0.isEmpty } ?? false }
    let isForced = ["FORCE_COLOR", "CLICOLOR_FORCE"].contains {
      isSet($0) && environment[$0] != "0"
    }
    let isDumb = environment["TERM"] == "dumb"
    self.isTerminal = isTerminal && !isDumb
    // no-color.org: present and not an empty string; it outranks what forces colours.
    usesColor = !isSet("NO_COLOR") && !isDumb && (isTerminal || isForced)
    // Only a locale that says so is taken to be without UTF-8: containers often set none at all.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].first(where: isSet).flatMap { environment[$0] }
    usesUnicode =
      locale.map { name in
        let name = name.lowercased()
        return name.contains("utf-8") || name.contains("utf8")
      } ?? true
    self.width = width ?? environment["COLUMNS"].flatMap(Int.init).map { max(20, $0) } ?? 80
  }
}

/// One stream of text with what it can show.
struct TextStream: Sendable {
  var features: TerminalFeatures
  private let send: @Sendable (String) -> Void

  init(features: TerminalFeatures, send: @escaping @Sendable (String) -> Void) {
    self.features = features
    self.send = send
  }

  /// A standard stream of this process.
  static func process(_ descriptor: Int32, environment: [String: String]) -> TextStream {
    let isTerminal = isatty(descriptor) == 1
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col >= 20
    let features = TerminalFeatures(
      isTerminal: isTerminal, environment: environment, width: isKnown ? Int(size.ws_col) : nil)
    return TextStream(features: features) { writeAll($0, to: descriptor) }
  }

  /// The colours of this stream.
  var style: Style { Style(isOn: features.usesColor) }

  /// Writes a text as it is.
  func write(_ text: String) { send(text) }
  /// Writes a text and ends the line.
  func line(_ text: String = "") { send(text + "\n") }

  /// Empties the line that the cursor is in, where that is possible.
  func clearLine() {
    if features.isTerminal { write("\r\u{1B}[K") }
  }

  /// Writes a value as one JSON document.
  func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    line(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}

/// Writes to a descriptor of this process until all is written.
///
/// A reader that has gone away (`course ... | head`) ends the process without a word, with the status
/// that the signal would give; a full disk behind standard output is a failure that must not pass for
/// success.
private func writeAll(_ text: String, to descriptor: Int32) {
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    if written >= 0 {
      bytes = bytes.dropFirst(written)
    } else if errno == EAGAIN {
      usleep(1000)
    } else if errno == EPIPE {
      _exit(128 + SIGPIPE)
    } else if errno != EINTR {
      let reason = String(cString: strerror(errno))
      if descriptor != STDERR_FILENO {
        writeAll("error: cannot write to standard output: \(reason)\n", to: STDERR_FILENO)
      }
      _exit(1)
    }
  }
}
