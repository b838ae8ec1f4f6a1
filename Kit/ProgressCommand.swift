import CourseCommandLine
import Foundation
import Shared

/// `course progress`
enum ProgressCommand: Command {
  static let description = CommandDescription(
    name: "progress", abstract: "List the tasks.")

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let catalogue = try Catalogue(package: try packageRoot())
    let style = terminal.output.style
    for scope in CourseTask.Scope.allCases {
      let tasks = catalogue.tasks.filter { $0.scope == scope }
      guard !tasks.isEmpty else { continue }
      terminal.output.line(style.bold(scope.rawValue))
      for task in tasks { terminal.output.line("  \(task.number)  \(task.title)  \(task.link)") }
    }
  }
}
