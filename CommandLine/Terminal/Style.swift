/// Colours, or none on a stream without colours.
package struct Style: Sendable, Equatable {
  package let isOn: Bool

  package init(isOn: Bool) { self.isOn = isOn }

  package static let plain = Style(isOn: false)

  package func bold(_ text: String) -> String { wrap(text, 1) }
  package func dim(_ text: String) -> String { wrap(text, 2) }
  package func red(_ text: String) -> String { wrap(text, 31) }
  package func green(_ text: String) -> String { wrap(text, 32) }
  package func yellow(_ text: String) -> String { wrap(text, 33) }
  package func cyan(_ text: String) -> String { wrap(text, 36) }

  private func wrap(_ text: String, _ code: Int) -> String {
    isOn ? Style.code(code) + text + Style.code(0) : text
  }

  // The delimiters of a code within the tool: two code points for private use, which are escaped in names. A stream
  // turns them into escape sequences after it has escaped control characters, so that data cannot control the
  // terminal.
  private static let (begin, end) = ("\u{10FFFC}", "\u{10FFFD}")

  /// A colour code for streams.
  package static func code(_ numbers: Int...) -> String {
    begin + numbers.map(String.init).joined(separator: ";") + end
  }

  /// A text with its codes as escape sequences.
  package static func rendered(_ text: String) -> String {
    text.contains(begin) ? text.replacing(begin, with: "\u{1B}[").replacing(end, with: "m") : text
  }
}
