import CourseCommandLine
import Foundation
import Shared

/// `course try [TASK]`
struct TryCommand: Command {
  static let description = CommandDescription(
    name: "try", abstract: "Build and run Scratch/main.swift, a place to try things.",
    discussion: """
      With TASK, the file is made, with the example "By hand" of its text; your own
      file is kept in .course/backup. Without TASK, it is made where there is none,
      for the next task. The lines of the texts work in it, and so does

        print(checkGradients(of: ReLU(), inputShape: [5, 3]))

      Import Shared and the phases that you use: Phase1FeedForward, Phase2CNN,
      Phase3RNNRegularization, Generator. Only what is imported is built. Git ignores
      the folder.
      """,
    operands: [Operand("TASK", .optional, "the task whose example the file is to hold")])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let package = try packageRoot()
    let scratch = Scratch(package: package)
    try prepare(scratch, task: arguments.operand(0), on: terminal)
    var program: URL?
    try Interruption.watched {
      let line = BuildLine(on: terminal.error)
      defer { line.clear() }
      program = try build(scratch, line: line, on: terminal)
    }
    guard let program else { return }
    // A program that stops shows the line at which it did.
    setenv(
      "SWIFT_BACKTRACE",
      "enable=yes,interactive=no,preset=friendly,threads=crashed,registers=none,images=none,limit=8",
      1)
    // The program takes the place of this one: its streams, Ctrl-C and status are those of the command.
    var words = [strdup(program.path), nil]
    execv(program.path, &words)
    throw CourseError(
      .file, "the program cannot be started: \(systemMessage(errno))", location: program.path)
  }

  private static func prepare(_ scratch: Scratch, task name: String?, on terminal: Terminal) throws
  {
    let exists = FileManager.default.fileExists(atPath: scratch.file.path)
    if exists, name == nil { return }
    let catalogue = try Catalogue(package: scratch.package)
    let progress = ProgressFile(package: scratch.package)
    let tasks: [CourseTask]
    do {
      tasks = try name.map(catalogue.tasks(named:)) ?? catalogue.tasks
    } catch let error as CourseError where error.kind == .invalidArgument {
      throw UsageError("\(error)")
    }
    let candidates = tasks.filter { !$0.example.isEmpty }
    guard let task = progress.next(in: candidates) ?? candidates.last else {
      throw CourseError(.invalidArgument, "the task has no example", received: name)
    }
    // An example that was not touched is none of the student's work.
    let isOwn =
      try exists
      && !catalogue.tasks.map(Scratch.example).contains(
        String(decoding: try Data(contentsOf: scratch.file), as: UTF8.self))
    let backup =
      isOwn ? try StudentState(package: scratch.package).backUp("Scratch/main.swift") : nil
    try scratch.create(for: task)
    terminal.error.line(
      "Made Scratch/main.swift with the example of task \(task.number), \(task.title).")
    if let backup { terminal.error.line("  Your file: \(backup)") }
  }

  private static func build(
    _ scratch: Scratch, line: BuildLine, on terminal: Terminal
  ) throws -> URL {
    do {
      let checker = Checker(package: scratch.package, report: line.show)
      let lock = try checker.lock()
      defer { close(lock) }
      return try checker.quickly { try $0.scratch(scratch) }
    } catch let failure as CompileErrors {
      line.clear()
      for error in failure.errors.prefix(5) {
        let style = terminal.error.style
        terminal.error.line(
          "\(style.bold("\(error.file):\(error.line):\(error.column):")) \(style.red("error:")) \(error.text)"
        )
        for source in error.source { terminal.error.line("  \(source)") }
      }
      throw ExitStatus(code: 1)
    } catch let problem as QuickBuild.Unavailable {
      throw CourseError(
        .file, "Scratch cannot be built:\n\(problem.reason)", location: scratch.file.path,
        remedy: "Build the checker again: 'swift build --product course-kit'.")
    }
  }
}
