import CourseCommandLine
import Foundation
import Shared

/// `course solution 1.2`
enum SolutionCommand: Command {
  static let giveUp = Flag("give-up", "show it although the task does not pass yet")
  static let file = Option("file", .text("FILE"), "the solutions that your instructor gave you")

  static let description = CommandDescription(
    name: "solution", abstract: "Show the solution of a task that passes.",
    discussion: """
      A handout holds no solutions. They are in a file that your instructor gives
      you: put it beside Package.swift as solutions.json, or name it with --file.
      """,
    operands: [Operand("TASK", .one, "the number of a task, such as 1.2")],
    options: [giveUp, file])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    try run(arguments, in: try packageRoot(), on: terminal)
  }

  static func run(_ arguments: Arguments, in package: URL, on terminal: Terminal) throws {
    let task = try Catalogue(package: package).task(arguments.operands[0])
    guard arguments[giveUp] || StudentState(package: package).hasPassed(task.number) else {
      throw CourseError(
        .invalidArgument, "task \(task.number) does not pass yet",
        expected: "a check that passes", location: task.files[0],
        remedy: "Check it: \(terminal.command) check \(task.number)\n"
          + "  A hint: \(terminal.command) hint \(task.number)\n"
          + "  All the same: \(terminal.command) solution \(task.number) --give-up")
    }
    let solutions = try solutions(of: task, in: package, file: arguments[file])
    let style = terminal.output.style
    for solution in solutions {
      terminal.output.line(style.bold(solution.file))
      terminal.output.line(style.dim("// \(solution.work)"))
      terminal.output.line(solution.code + "\n")
    }
  }

  /// From the file that is named, from `solutions.json`, or from the package itself.
  private static func solutions(
    of task: CourseTask, in package: URL, file: String?
  ) throws -> [SolutionsFile.Solution] {
    let usual = package.appending(path: "solutions.json")
    var found: [SolutionsFile.Solution] = []
    if let place = file.map({ URL(filePath: $0) })
      ?? (FileManager.default.fileExists(atPath: usual.path) ? usual : nil)
    {
      found = try SolutionsFile(contentsOf: place).solutions.filter { $0.task == "\(task.number)" }
    } else if !Handout.isHandout(package) {
      let kept = package.appending(path: SolutionsFile.kept)
      if FileManager.default.fileExists(atPath: kept.path) {
        found = try SolutionsFile(contentsOf: kept).solutions.filter { $0.task == "\(task.number)" }
      }
      if found.isEmpty { found = try SolutionsFile(of: [task], in: package).solutions }
    }
    guard !found.isEmpty else {
      throw CourseError(
        .invalidArgument, "the solution of task \(task.number) is not here",
        expected: file ?? "solutions.json beside Package.swift",
        remedy: "Ask your instructor for the file, and name it with --file.")
    }
    return found
  }
}
