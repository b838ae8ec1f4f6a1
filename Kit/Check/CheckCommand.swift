import CourseCommandLine
import Foundation
import Shared

/// `course check [TASK...]`
struct CheckCommand: Command {
  static let all = Flag("all", "show every failing test, not only the first of a task")
  static let watch = Flag("watch", "check again whenever a file is saved")
  static let junit = Option("junit", .text("FILE"), "write the results as JUnit XML")
  static let gradescope = Option("gradescope", .text("FILE"), "write results.json for Gradescope")
  static let github = Flag("github", "print annotations for GitHub Actions")

  static let description = CommandDescription(
    name: "check", abstract: "Run the tests of a task, and say what to do next.",
    discussion: """
      TASK is a number such as 1.2, a part such as phase1, or all. Without it, the
      next task is checked: the first one that does not pass yet. In the full
      package, which holds the solutions, that is one that you began with reset.

      Only what the task needs is built: after an edit, a check takes a few seconds.
      A test that crashes or does not end costs nothing but itself. The status is 0
      if all tests passed, 1 if not.

        course check              the next task
        course check 1.2 1.3      two tasks
        course check phase1       all tasks of a phase
        course check --watch      again after each save
      """,
    operands: [Operand("TASK", .zeroOrMore, "a task, a part of the course, or all")],
    options: [all, watch, junit, gradescope, github])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let package = try packageRoot()
    let catalogue = try Catalogue(package: package)
    var progress = ProgressFile(package: package)
    let toDo = StudentState(package: package).tasksToDo(of: catalogue)
    let tasks = try tasks(named: arguments.operands, in: catalogue, next: progress.next(in: toDo))
    let text = CheckText(
      terminal: terminal, tasks: catalogue.tasks, toDo: toDo, showsAll: arguments[all])
    guard !tasks.isEmpty else { return terminal.output.line(text.end) }
    if arguments[watch] {
      return try CheckCommand.watch(
        tasks, text, arguments, package: package, catalogue: catalogue, on: terminal)
    }
    let outputs = Outputs(arguments, tasks: tasks, package: package, text: text)
    var verdicts: [TaskVerdict] = []
    try outputs.write(verdicts)
    try Interruption.watched {
      for task in tasks {
        let verdict = try CheckCommand.check(task, in: package, on: terminal)
        verdicts.append(verdict)
        progress.note(verdict)
        try progress.write(package: package)
        try outputs.write(verdicts)
      }
    }
    try outputs.finish(verdicts, next: progress.next(in: toDo, after: verdicts.last?.task))
    if verdicts.contains(where: { $0.outcome != .passed }) { throw ExitStatus(code: 1) }
  }

  /// The tasks that some names mean, each once; without a name, the next one.
  private static func tasks(
    named names: [String], in catalogue: Catalogue, next: CourseTask?
  ) throws -> [CourseTask] {
    guard !names.isEmpty else { return next.map { [$0] } ?? [] }
    var seen = Set<CourseTask.Number>()
    do {
      return try names.flatMap { try catalogue.tasks(named: $0) }
        .filter { seen.insert($0.number).inserted }
    } catch let error as CourseError where error.kind == .invalidArgument {
      throw UsageError("\(error)")
    }
  }

  /// Watches: one task and all that follow, or several alone.
  private static func watch(
    _ tasks: [CourseTask], _ text: CheckText, _ arguments: Arguments, package: URL,
    catalogue: Catalogue, on terminal: Terminal
  ) throws {
    let isJSON = arguments[CommonOptions.json]
    if let option = ["junit", "gradescope", "github"].first(where: arguments.isGiven)
      ?? (isJSON ? "json" : nil)
    {
      throw UsageError("--watch and --\(option) do not go together")
    }
    let progress = ProgressFile(package: package)
    var loop = WatchLoop(
      package: package, catalogue: catalogue,
      tasks: tasks.count > 1
        ? tasks : catalogue.tasks.filter { text.toDo.contains($0) || $0 == tasks[0] },
      from: progress.next(in: tasks) ?? tasks[0], text: text, terminal: terminal)
    try Interruption.watched { try loop.run() }
  }

  /// Checks a task, with a line of progress on the terminal.
  static func check(
    _ task: CourseTask, in package: URL, on terminal: Terminal
  ) throws -> TaskVerdict {
    let line = BuildLine(on: terminal.error)
    defer { line.clear() }
    return try Checker(package: package, report: line.show).check(task)
  }
}

/// Where the results go: to the terminal and to the files that the user asked for.
private struct Outputs {
  let tasks: [CourseTask]
  let package: URL
  let terminal: Terminal
  let isJSON: Bool
  let isGitHub: Bool
  let junit: URL?
  let gradescope: URL?
  let text: CheckText
  private let began = ContinuousClock.now

  init(_ arguments: Arguments, tasks: [CourseTask], package: URL, text: CheckText) {
    (self.tasks, self.package, self.text, terminal) = (tasks, package, text, text.terminal)
    isJSON = arguments[CommonOptions.json]
    isGitHub = arguments[CheckCommand.github]
    junit = arguments[CheckCommand.junit].map { URL(filePath: $0) }
    gradescope = arguments[CheckCommand.gradescope].map { URL(filePath: $0) }
  }

  /// Writes what is known after a task; before the first one, files that say that the check did not finish.
  func write(_ verdicts: [TaskVerdict]) throws {
    if let junit {
      try AtomicFile.write(Data(JUnitDocument(verdicts: verdicts).text.utf8), to: junit)
    }
    if let gradescope {
      let duration = ContinuousClock.now - began
      let seconds =
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
      try GradescopeResults(tasks: tasks, verdicts: verdicts, seconds: seconds).write(
        to: gradescope)
    }
    guard let verdict = verdicts.last, !isJSON else { return }
    terminal.output.line(text.row(verdict))
    let details = text.details(verdict)
    if !details.isEmpty { terminal.output.line(details) }
    if isGitHub {
      for line in Annotations(package: package).lines(for: verdict) {
        terminal.output.content(line + "\n")
      }
    }
  }

  /// Writes the sum, where there are several tasks, and what to do next.
  func finish(_ verdicts: [TaskVerdict], next: CourseTask?) throws {
    if isJSON { return try terminal.output.json(ResultsDocument(verdicts)) }
    if verdicts.count > 1 {
      let passed = verdicts.count { $0.outcome == .passed }
      let points = verdicts.reduce(0) { $0 + $1.points }
      let sum = verdicts.reduce(0) { $0 + $1.task.points }
      terminal.output.line(
        terminal.output.style.bold(
          "\n\(passed) of \(verdicts.count) tasks passed, \(points) of \(sum) points"))
    }
    guard let verdict = verdicts.first(where: { $0.outcome != .passed }) ?? verdicts.last else {
      return
    }
    terminal.output.line()
    terminal.output.line(text.advice(after: verdict, next: next))
  }
}

/// The line on a terminal that says what is being built, and for how long; on a file, one line for each step that takes
/// long.
final class BuildLine {
  private var line: LiveLine
  private let stream: TextStream
  private var text = ""
  private var began = ContinuousClock.now

  init(on stream: TextStream) {
    (self.stream, line) = (stream, LiveLine(on: stream))
  }

  /// Shows a new text; an empty one says that the last one still holds.
  func show(_ new: String) {
    let isNew = !new.isEmpty && new != text
    if isNew { (text, began) = (new, .now) }
    guard stream.features.isTerminal else {
      if isNew, text.hasPrefix("Building") || text.hasPrefix("Waiting") {
        stream.line(text + " ...")
      }
      return
    }
    guard isNew || line.isDue() else { return }
    let seconds = (ContinuousClock.now - began).components.seconds
    line.show(stream.style.dim(text + " ..." + (seconds == 0 ? "" : " \(seconds) s")))
  }

  func clear() { line.clear() }
}
