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
