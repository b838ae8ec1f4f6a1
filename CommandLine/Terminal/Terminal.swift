import Foundation

/// The streams of a command: results go to `output`, progress and errors to `error`.
///
/// It is a value passed to every command and not a global, so that tests can run commands in process and read
/// their output.
package struct Terminal: Sendable {
  package var output: TextStream
  package var error: TextStream
  /// The name of the tool in messages that show a command.
  package var command: String

  package init(output: TextStream, error: TextStream, command: String = "course") {
    (self.output, self.error, self.command) = (output, error, command)
  }

  /// The standard streams of this process.
  package static var process: Terminal {
    let environment = ProcessInfo.processInfo.environment
    return Terminal(
      output: .process(STDOUT_FILENO, environment: environment),
      error: .process(STDERR_FILENO, environment: environment),
      command: environment["COURSE_COMMAND"] ?? "course")
  }

  /// The same without results: with `--json`, the document is the only output.
  package var withoutOutput: Terminal {
    var copy = self
    copy.output = TextStream(features: output.features) { _ in }
    return copy
  }

  /// Disables colours.
  package mutating func removeColors() {
    output.features.usesColor = false
    error.features.usesColor = false
  }
}

/// The abilities of a stream.
package struct TerminalFeatures: Sendable, Equatable {
  /// Whether it is a terminal, on which lines can be overwritten.
  package var isTerminal = false
  package var usesColor = false
  /// Whether it shows block characters.
  package var usesUnicode = true
  package var width = 80
  /// How long work has to take before its progress is shown.
  package var progressDelay: Duration = .milliseconds(300)

  package init(isTerminal: Bool = false, environment: [String: String] = [:], width: Int? = nil) {
    func isSet(_ name: String) -> Bool { environment[name].map { !$0.isEmpty } ?? false }
    let isForced = ["FORCE_COLOR", "CLICOLOR_FORCE"].contains {
      isSet($0) && environment[$0] != "0"
    }
    let isDumb = environment["TERM"] == "dumb"
    self.isTerminal = isTerminal && !isDumb
    // no-color.org: present and not empty; it overrides variables that force colours.
    usesColor = !isSet("NO_COLOR") && !isDumb && (isTerminal || isForced)
    // Without a locale, as in many containers, UTF-8 is assumed.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].first(where: isSet).flatMap { environment[$0] }
    usesUnicode =
      locale.map { name in
        let name = name.lowercased()
        return name.contains("utf-8") || name.contains("utf8")
      } ?? true
    self.width = width ?? environment["COLUMNS"].flatMap(Int.init).map { max(20, $0) } ?? 80
  }
}
