import CourseCommandLine
import Foundation
import Shared

/// `course progress`
enum ProgressCommand: Command {
  static let list = Flag("list", "list all tasks")
  static let description = CommandDescription(
    name: "progress", abstract: "Show which tasks are done, and the next one.",
    discussion: """
      A task is done when its tests passed in the last 'course check'.
      """, options: [list])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let package = try packageRoot()
    let catalogue = try Catalogue(package: package)
    let progress = ProgressFile(package: package)
    let toDo = StudentState(package: package).tasksToDo(of: catalogue)
    let next = progress.next(in: toDo)
    if arguments[CommonOptions.json] {
      return try terminal.output.json(Document(catalogue.tasks, progress, next: next))
    }
    let style = terminal.output.style
    let unicode = terminal.output.features.usesUnicode
    let titles = catalogue.tasks.map(\.title.count).max() ?? 0
    for scope in CourseTask.Scope.allCases {
      let tasks = catalogue.tasks.filter { $0.scope == scope }
      guard !tasks.isEmpty else { continue }
      terminal.output.line(summary(tasks, progress, name: scope.rawValue, on: terminal))
      guard arguments[list] else { continue }
      for task in tasks {
        let isDone = progress.done.contains(task.number)
        let mark = isDone ? style.green(unicode ? "✔" : "+") : style.dim(unicode ? "○" : "o")
        let number = "\(task.number)".padding(toLength: 5, withPad: " ", startingAt: 0)
        let title = task.title.padding(toLength: titles, withPad: " ", startingAt: 0)
        terminal.output.line("  \(mark) \(number)\(title)  \(style.dim(task.text))")
      }
    }
    terminal.output.line(
      summary(catalogue.tasks, progress, name: "all", on: terminal) + "\n")
    let text = CheckText(terminal: terminal, tasks: catalogue.tasks, toDo: toDo)
    guard let next else { return terminal.output.line(text.end) }
    terminal.output.line("Next: \(next.number) \(next.title)\n\(text.place(next))")
    terminal.output.line("  Check:  \(terminal.command) check \(next.number)")
  }

  /// `phase1            ████▌         4 of  9 tasks    16 of  36 points`
  private static func summary(
    _ tasks: [CourseTask], _ progress: ProgressFile, name: String, on terminal: Terminal
  ) -> String {
    let done = tasks.filter { progress.done.contains($0.number) }
    let (points, sum) = (done.reduce(0) { $0 + $1.points }, tasks.reduce(0) { $0 + $1.points })
    let bar = ProgressBar.text(
      Double(done.count) / Double(max(1, tasks.count)), width: 20,
      unicode: terminal.output.features.usesUnicode)
    func right(_ number: Int) -> String {
      String(repeating: " ", count: max(0, 3 - "\(number)".count)) + "\(number)"
    }
    let style = terminal.output.style
    return style.bold(name.padding(toLength: 17, withPad: " ", startingAt: 0)) + style.green(bar)
      + " \(right(done.count)) of \(right(tasks.count)) tasks  \(right(points)) of \(right(sum)) points"
  }

  /// The output of `--json`.
  struct Document: Encodable {
    let done: [CourseTask.Number]
    let points: Int
    let maximumPoints: Int
    let next: CourseTask.Number?

    init(_ tasks: [CourseTask], _ progress: ProgressFile, next: CourseTask?) {
      let finished = tasks.filter { progress.done.contains($0.number) }
      done = finished.map(\.number)
      points = finished.reduce(0) { $0 + $1.points }
      maximumPoints = tasks.reduce(0) { $0 + $1.points }
      self.next = next?.number
    }
  }
}
