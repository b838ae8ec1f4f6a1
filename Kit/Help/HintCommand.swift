import CourseCommandLine
import Foundation
import Shared

/// `course hint 1.2`
enum HintCommand: Command {
  static let restart = Flag("restart", "begin with the first hint again")
  static let description = CommandDescription(
    name: "hint", abstract: "Show the next hint for a task.",
    discussion: """
      Each task has three hints, which stand in its text as well: where to look, the
      idea, and nearly the code. Each call shows the next one; after the last, all.
      """,
    operands: [Operand("TASK", .one, "the number of a task, such as 1.2")], options: [restart])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    try run(arguments, in: try packageRoot(), on: terminal)
  }

  /// - Parameter again: how to see the next hint, where it is not this command
  static func run(
    _ arguments: Arguments, in package: URL, on terminal: Terminal, again: String? = nil
  ) throws {
    let task = try Catalogue(package: package).task(arguments.operands[0])
    let state = StudentState(package: package)
    guard !task.hints.isEmpty else {
      throw CourseError(
        .invalidData, "the text has no hints for task \(task.number)", location: task.text)
    }
    let shown = arguments[restart] ? 0 : min(state.hintsShown(task.number), task.hints.count)
    // After the last one, all of them once more.
    let range = shown == task.hints.count ? 0..<shown : shown..<shown + 1
    let style = terminal.output.style
    for index in range {
      terminal.output.line(
        style.bold("\(task.number) \(task.title), hint \(index + 1) of \(task.hints.count)"))
      terminal.output.line(plain(task.hints[index], on: terminal.output) + "\n")
    }
    try state.note(hintsShown: range.upperBound, of: task.number)
    let words =
      range.upperBound < task.hints.count
      ? "The next hint: \(again ?? "\(terminal.command) hint \(task.number)")"
      : "That was the last one. More about the task: \(task.link)"
    terminal.output.line(style.dim(words))
  }

  /// A hint without the marks of Markdown, in lines that fit the terminal.
  private static func plain(_ hint: String, on stream: TextStream) -> String {
    let text = hint.replacing(/\[([^\]]+)\]\([^)]*\)/) { String($0.1) }
      .replacing(/\*\*([^*]+)\*\*/) { String($0.1) }
      .trimmingCharacters(in: .newlines)
    var (lines, isCode, isOpen) = ([String](), false, false)
    for line in text.components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        (isCode, isOpen) = (!isCode, false)
      } else if isCode {
        lines.append(line)
      } else if isOpen, !line.isEmpty, !line.hasPrefix("- "), stream.features.isTerminal {
        // A paragraph is broken again, where the terminal ends.
        lines[lines.count - 1] += " " + line.drop { $0 == " " }.replacing("`", with: "")
      } else {
        lines.append(line.replacing("`", with: ""))
        isOpen = !line.isEmpty
      }
    }
    return lines.map { stream.wrapped($0, hanging: $0.hasPrefix("- ") ? 2 : 0) }
      .joined(separator: "\n")
  }
}
