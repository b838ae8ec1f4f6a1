import CourseCommandLine
import Foundation
import Shared

/// `course grade`
enum GradeCommand: Command {
  static let csv = Option("csv", .text("FILE"), "write the points of each task as a table")
  static let pages = Option("pages", .text("DIR"), "write a page for each student, in Markdown")
  static let tasks = Option(
    "tasks", .text("TASKS"), "grade these: phase1,0.3 (default: what is handed in)")
  static let again = Flag("again", "grade all again, not only what is new or has changed")

  static let description = CommandDescription(
    name: "grade", abstract: "Grade the submissions of a class.",
    discussion: """
      Each DIR is the submission of a student, and its name that of the student: the
      package, or only the files of the tasks. Everything else is taken from this
      package. A task has its points if its tests pass and if its code computes the
      numbers of the solution for random inputs.

      Submissions run apart, with limits. After an interruption the command goes on
      where it was. Protocols/Instructors.md says against what it guards.

      Examples:
        course grade submissions/* --csv grades.csv
        course grade submissions/* --tasks phase1 --csv phase1.csv --pages pages
      """,
    operands: [Operand("DIR", .oneOrMore, "the folder of a submission")],
    options: [csv, pages, tasks, again])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    let package = try packageRoot()
    let catalogue = try Catalogue(package: package)
    let chosen = try arguments[tasks].map { try chosenTasks($0, catalogue) }
    let folders = try folders(arguments.operands, on: terminal)
    let results = Grader.folder(in: package).appending(path: "results")
    let line = BuildLine(on: terminal.error)
    defer { line.clear() }
    var session = Session(
      folders: folders, book: GradeBook(folder: results), arguments, on: terminal)
    try Interruption.watched {
      let lock = try Checker(package: package, report: line.show).lock()
      defer { close(lock) }
      #if os(Linux)
        try BaseBuild(package: package, report: line.show).update()
      #endif
      let isolation = Isolation(trying: Bundle.main.executablePath)
      for words in isolation.missing { terminal.error.line("Not available here: \(words).") }
      let grader = Grader(
        package: package, catalogue: catalogue, chosen: chosen, isolation: isolation,
        seeds: session.book.seeds, report: line.show)
      try session.run(grader, results: results) { line.clear() }
      let open = grader.tasksWithoutProbe.map { "\($0)" }.joined(separator: ", ")
      if !open.isEmpty {
        terminal.error.line("Without a probe, by the tests alone: \(open).")
      }
    }
    line.clear()
    try session.finish()
  }

  private static func chosenTasks(_ text: String, _ catalogue: Catalogue) throws -> [CourseTask] {
    do {
      let numbers = Set(
        try text.split(separator: ",").flatMap { try catalogue.tasks(named: String($0)) }
          .map(\.number))
      return catalogue.tasks.filter { numbers.contains($0.number) }
    } catch let error as CourseError where error.kind == .invalidArgument {
      throw UsageError("--tasks: \(error)")
    }
  }

  /// The folders among the operands, in the order of their names.
  private static func folders(_ operands: [String], on terminal: Terminal) throws -> [URL] {
    var folders: [URL] = []
    for operand in operands {
      let folder = URL(filePath: operand, directoryHint: .isDirectory).standardizedFileURL
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
        throw CourseError(
          .file, "there is no such submission", expected: "a folder", location: operand)
      }
      // `submissions/*` can name other files too.
      if isFolder.boolValue {
        folders.append(folder)
      } else {
        terminal.error.line("Left out, since it is no folder: \(operand)")
      }
    }
    guard !folders.isEmpty else { throw UsageError("none of the submissions is a folder") }
    folders.sort {
      $0.lastPathComponent.localizedStandardCompare($1.lastPathComponent) == .orderedAscending
    }
    for (folder, next) in zip(folders, folders.dropFirst())
    where folder.lastPathComponent == next.lastPathComponent {
      throw UsageError(
        "two submissions have the same name: \(folder.path) and \(next.path)")
    }
    return folders
  }
}

/// The submissions of a call, and the files that it writes.
private struct Session {
  let folders: [URL]
  var book: GradeBook
  private let csv: URL?
  private let pages: URL?
  private let isAgain, isJSON: Bool
  private let terminal: Terminal
  /// The results, by the number of the folder.
  private var grades: [Int: SubmissionGrade] = [:]
  private var inOrder: [SubmissionGrade] { grades.sorted { $0.key < $1.key }.map(\.value) }

  init(folders: [URL], book: GradeBook, _ arguments: Arguments, on terminal: Terminal) {
    (self.folders, self.book, self.terminal) = (folders, book, terminal)
    csv = arguments[GradeCommand.csv].map { URL(filePath: $0) }
    pages = arguments[GradeCommand.pages].map { URL(filePath: $0) }
    isAgain = arguments[GradeCommand.again]
    isJSON = arguments[CommonOptions.json]
  }

  /// Grades all: first those are noted that have not changed since the last run.
  mutating func run(_ grader: Grader, results: URL, clear: () -> Void) throws {
    var open: [(index: Int, submission: Submission, fingerprint: String)] = []
    for (index, folder) in folders.enumerated() {
      let (submission, fingerprint) = try grader.read(folder)
      if !isAgain, let known = book.grade(of: submission.name, fingerprint: fingerprint) {
        grades[index] = known
      } else {
        open.append((index, submission, fingerprint))
      }
    }
    // A table of an earlier run stays until there is a better one.
    if let csv, !grades.isEmpty || !FileManager.default.fileExists(atPath: csv.path) {
      try writeTable()
    }
    for (number, (index, submission, fingerprint)) in open.enumerated() {
      grader.place = "\(number + 1) of \(open.count)"
      let grade = try grader.grade(submission, fingerprint: fingerprint)
      book.note(grade)
      try book.write(folder: results)
      grades[index] = grade
      try writeTable()
      clear()
      if !isJSON { terminal.output.line(row(grade)) }
    }
    if !isJSON, open.count < folders.count {
      terminal.output.line("\(folders.count - open.count) of \(folders.count) have not changed.")
    }
  }

  /// Writes the pages, and says where everything is.
  func finish() throws {
    for grade in inOrder {
      guard let pages else { break }
      try FileManager.default.createDirectory(at: pages, withIntermediateDirectories: true)
      try AtomicFile.write(
        Data(StudentPage.text(grade).utf8),
        to: pages.appending(path: StudentPage.name(of: grade.student)))
    }
    if isJSON { return try terminal.output.json(inOrder) }
    terminal.output.line()
    if let csv { terminal.output.line("The table: \(csv.relativePath)") }
    if let pages { terminal.output.line("The pages: \(pages.relativePath)") }
  }

  private func writeTable() throws {
    guard let csv else { return }
    try AtomicFile.write(Data(GradeTable.csv(inOrder).utf8), to: csv)
  }

  private func row(_ grade: SubmissionGrade) -> String {
    let style = terminal.output.style
    let name = grade.student.padding(
      toLength: max(20, grade.student.count), withPad: " ", startingAt: 0)
    let points = "\(grade.points) of \(grade.maximum) points"
    var lines = ["\(style.bold(name))  \(points)  \(style.dim("\(fixed(grade.seconds, 1)) s"))"]
    let groups = Dictionary(grouping: grade.tasks) { $0.outcome }
    for task in grade.tasks where ![.passed, .notWritten, .missing].contains(task.outcome) {
      lines.append("  \(task.number) \(task.title) \(task.outcome.rawValue): \(task.headline)")
    }
    for outcome in [SubmissionGrade.Outcome.notWritten, .missing] {
      let numbers = (groups[outcome] ?? []).map { "\($0.number)" }.joined(separator: ", ")
      if !numbers.isEmpty { lines.append("  \(outcome.rawValue): \(numbers)") }
    }
    lines += grade.remarks.map { "  \($0)" }
    return lines.joined(separator: "\n")
  }
}
