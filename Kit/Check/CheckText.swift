import CourseCommandLine
import Foundation

/// The results of checks for people.
struct CheckText {
  let terminal: Terminal
  /// The tasks there are.
  let tasks: [CourseTask]
  /// Those to do: see `StudentState.tasksToDo`.
  let toDo: [CourseTask]
  /// Whether every failing test is shown, not only the first of a task.
  var showsAll = false

  private var style: Style { terminal.output.style }
  private var marks: (right: String, wrong: String, open: String) {
    terminal.output.features.usesUnicode ? ("✔", "✘", "○") : ("+", "x", "o")
  }

  /// One line for a task: `✔ 1.2  Dense   19 tests passed   8 / 8 points`.
  func row(_ verdict: TaskVerdict) -> String {
    let task = verdict.task
    let (mark, words) =
      switch verdict.outcome {
      case .passed:
        (
          style.green(marks.right),
          "\(count(verdict.tests.count, verdict.hasHiddenTests ? "public test" : "test")) passed"
        )
      case .failed: (style.red(marks.wrong), failedWords(verdict))
      case .notWritten:
        (
          style.yellow(marks.open),
          verdict.tests.isEmpty
            ? "not written yet"
            : "partly written, \(verdict.passedCount) of \(verdict.tests.count) passed"
        )
      case .waiting:
        (
          style.yellow(marks.open),
          verdict.tests.isEmpty
            ? "waits for task \(verdict.otherTask!.task)"
            : "\(verdict.passedCount) passed, \(verdict.otherTask!.tests) waiting"
        )
      case .doesNotCompile: (style.red(marks.wrong), "does not compile")
      }
    let titles = tasks.map(\.title.count).max() ?? 0
    let number = "\(task.number)".padding(toLength: 5, withPad: " ", startingAt: 0)
    let title = task.title.padding(toLength: titles, withPad: " ", startingAt: 0)
    let points = "\(verdict.points) / \(task.points) points"
    let result = words.padding(toLength: max(30, words.count), withPad: " ", startingAt: 0)
    return "\(mark) \(number)\(style.bold(title))  \(result)  \(style.dim(points))"
  }

  private func failedWords(_ verdict: TaskVerdict) -> String {
    let groups: [(TestVerdict.Outcome, String)] = [
      (.failed, "failed"), (.crashed, "crashed"), (.timedOut, "timed out"),
      (.notWritten, "not written"), (.waiting, "waiting"), (.notRun, "not run"),
    ]
    let counts = groups.compactMap { outcome, word -> String? in
      let number = verdict.tests.count { $0.outcome == outcome }
      return number == 0 ? nil : "\(number) \(word)"
    }
    return "\(verdict.passedCount) of \(verdict.tests.count) passed: "
      + counts.joined(separator: ", ")
  }

  /// What is wrong, and what to do next.
  func details(_ verdict: TaskVerdict) -> String {
    var lines: [String] = []
    switch verdict.outcome {
    case .passed:
      if let other = verdict.otherTask {
        lines.append("  \(count(other.tests, "further test")) wait for task \(other.task).")
      }
    case .notWritten:
      let words =
        verdict.unwritten.isEmpty
        ? verdict.tests.flatMap(\.messages).prefix(1).map(\.text) : verdict.unwritten
      lines += words.map { terminal.output.wrapped("  To write: \($0)") }
      if let other = verdict.otherTask, verdict.tests.isEmpty {
        lines.append("  Its tests wait for task \(other.task), which is not written yet.")
      }
    case .waiting: lines.append(terminal.output.wrapped("  " + verdict.waitingWords))
    case .doesNotCompile: lines += compileErrors(verdict)
    case .failed: lines += failures(verdict)
    }
    return lines.joined(separator: "\n")
  }

  private func compileErrors(_ verdict: TaskVerdict) -> [String] {
    var lines: [String] = []
    let shown = showsAll ? verdict.errors[...] : verdict.errors.prefix(3)
    for error in shown {
      let place = "  \(error.file):\(error.line):\(error.column):"
      lines.append(
        terminal.output.wrapped("\(place) error: \(error.text)")
          .replacing("\(place) error:", with: "\(style.bold(place)) \(style.red("error:"))"))
      lines += error.source.map { "    \($0)" }
    }
    let hidden = verdict.errors.count - shown.count
    if hidden > 0 { lines.append("  and \(count(hidden, "more error")): --all shows them") }
    if let first = verdict.errors.first, !verdict.task.files.contains(first.file) {
      lines.append("  " + reason(for: first.file))
    }
    return lines
  }

  /// Why an error in another file keeps a task from being checked.
  private func reason(for file: String) -> String {
    if file.hasPrefix("Tests/") {
      return "The tests no longer fit the code: was a name or a type that is given changed?"
    }
    let owner = tasks.first { $0.files.contains(file) }
    return "All files of a phase are compiled together"
      + (owner.map { ": this one belongs to task \($0.number)." } ?? ".")
  }

  private func failures(_ verdict: TaskVerdict) -> [String] {
    var lines: [String] = []
    let failures = verdict.failures
    for test in showsAll ? failures[...] : failures.prefix(1) {
      lines.append(
        terminal.output.wrapped("  \(test.name)  \(test.file):\(test.line)")
          .replacing(test.name, with: style.bold(test.name), maxReplacements: 1))
      // A test with many cases repeats its message.
      for message in showsAll ? test.messages[...] : test.messages.prefix(1) {
        lines += message.text.split(separator: "\n").map { terminal.output.wrapped("    \($0)") }
      }
    }
    if failures.isEmpty, let test = verdict.tests.first(where: { $0.outcome != .passed }) {
      lines.append("  \(test.name)  \(test.file):\(test.line)")
      lines += test.messages.prefix(1).map { "    \($0.text)" }
    }
    let hidden = showsAll ? 0 : failures.count - 1
    let waiting = verdict.tests.count { $0.outcome == .waiting }
    var rest: [String] = []
    if hidden > 0 { rest.append("\(count(hidden, "more test")) \(hidden == 1 ? "fails" : "fail")") }
    if waiting > 0 {
      rest.append("\(count(waiting, "test")) \(waiting == 1 ? "waits" : "wait") for this one")
    }
    if !rest.isEmpty {
      lines.append(
        "  \(style.dim(rest.joined(separator: ", ") + (hidden > 0 ? " (--all shows them)" : "")))")
    }
    return lines
  }

  /// What to do next, after a task.
  func advice(after verdict: TaskVerdict, next: CourseTask?) -> String {
    let task = verdict.task
    switch verdict.outcome {
    case .passed:
      guard let next else { return end }
      return "Next: \(next.number) \(next.title)\n" + place(next)
    case .waiting:
      guard let other = tasks.first(where: { $0.number == verdict.otherTask?.task })
      else { return place(task) }
      return "First: \(other.number) \(other.title)\n" + place(other)
    case .notWritten:
      return place(task) + "\n  Stuck?  \(terminal.command) hint \(task.number)"
    case .failed, .doesNotCompile:
      // What does not compile may belong to another task.
      let owner = tasks.first { $0.files.contains(verdict.errors.first?.file ?? "") } ?? task
      return place(owner) + "\n  Stuck?  \(terminal.command) hint \(owner.number)"
        + "\n  Again:  \(terminal.command) check \(task.number)"
    }
  }

  /// What to do where no task is left.
  var end: String {
    let again = "  Check all: \(terminal.command) check all"
    let rest = tasks.filter { !toDo.contains($0) }
    let last = toDo.last?.number
    guard let next = rest.first(where: { $0.number > last ?? $0.number }) ?? rest.first else {
      return "All tasks are done.\n\(again)"
    }
    return """
      \(toDo.isEmpty ? "This package holds all solutions." : "All tasks that you have begun pass.")
        Begin one: \(terminal.command) reset \(next.number)
      \(again)
      """
  }

  /// Where a task is written and described.
  func place(_ task: CourseTask) -> String {
    "  Write:  \(task.files.joined(separator: ", "))\n  Text:   \(task.link)"
  }

  private func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}
