import CourseCommandLine
import Foundation
import Shared

/// `course handout PART... DIR`
enum HandoutCommand: Command {
  static let given = Option(
    "given", .text("PARTS"), "parts to hand out complete, with commas between")
  static let withoutTool = Flag("without-tool", "leave out 'course train' and what only it needs")
  static let instructor = Flag("instructor", "add Solutions/ and the hidden tests")
  static let withSolutions = Option(
    "with-solutions", .text("FILE"), "write the solutions into a file, for 'course solution'")

  static let description = CommandDescription(
    name: "handout", abstract: "Make a package for students, without the solutions.",
    discussion: """
      PART is first-principles, phase1, phase2, phase3, generator, explorations, or
      all. DIR is a new folder, or an empty one; it gets a complete Swift package,
      ready for Git.

        course handout first-principles phase1 ~/handout
        course handout phase3 --given phase1,phase2 ~/handout
        course handout all --instructor ~/for-the-assistants

      part            code      text, tests
      named           stubs     included
      with --given    complete  left out
      any other one   stubs     left out
      the same with --without-tool: left out

      A stub says "not written yet" and names its task. The tests of a part need
      no other one. 'course train' and the other commands that train networks are
      included: they work as far as the code that they need is written.
      """,
    operands: [
      Operand("PART", .oneOrMore, "what the students write"),
      Operand("DIR", .one, "the folder of the handout"),
    ],
    options: [given, withoutTool, instructor, withSolutions])

  static func run(_ arguments: Arguments, on terminal: Terminal) throws {
    try run(arguments, in: try packageRoot(), on: terminal)
  }

  static func run(_ arguments: Arguments, in package: URL, on terminal: Terminal) throws {
    guard let last = arguments.operands.last, arguments.operands.count >= 2 else {
      throw UsageError("missing operands: expected one or more parts and a folder")
    }
    let parts = try scopes(arguments.operands.dropLast().map { String($0) })
    let givenNames = (arguments[given] ?? "").split(separator: ",").map { String($0) }
    let plan = try HandoutPlan(
      tasks: parts, given: try scopes(givenNames), hasTool: !arguments[withoutTool],
      isForInstructors: arguments[instructor])
    let folder = URL(filePath: last, directoryHint: .isDirectory).standardized
    let handout = try Handout(plan, of: package)
    let solutions = arguments[withSolutions].map { URL(filePath: $0) }
    if let solutions, FileManager.default.fileExists(atPath: solutions.path) {
      throw CourseError(
        .file, "the file for the solutions exists", location: solutions.path,
        remedy: "Choose another name.")
    }
    try handout.write(to: folder)
    if let solutions {
      try SolutionsFile(of: handout.tasks, in: package).write(to: solutions)
    }
    try report(handout, in: last, arguments, on: terminal)
  }

  /// The parts with these names; `all` is every one.
  private static func scopes(_ names: [String]) throws -> Set<CourseTask.Scope> {
    var result: Set<CourseTask.Scope> = []
    for name in names {
      if name.lowercased() == "all" {
        result.formUnion(CourseTask.Scope.allCases)
      } else if let scope = CourseTask.Scope(rawValue: name.lowercased()) {
        result.insert(scope)
      } else {
        let known = CourseTask.Scope.allCases.map(\.rawValue) + ["all"]
        throw UsageError(
          "unknown part '\(name)'." + didYouMean(suggestions(for: name, among: known))
            + "\n  Expected: " + known.joined(separator: ", "))
      }
    }
    return result
  }

  struct Document: Encodable {
    let files: Int
    let tasks: [CourseTask.Number]
  }

  private static func report(
    _ handout: Handout, in folder: String, _ arguments: Arguments, on terminal: Terminal
  ) throws {
    let tasks = handout.tasks
    if arguments[CommonOptions.json] {
      return try terminal.output.json(
        Document(files: handout.files.count, tasks: tasks.map(\.number)))
    }
    let style = terminal.output.style
    terminal.output.line(
      style.bold(folder) + ": \(tasks.count) tasks, \(handout.files.count) files")
    for scope in CourseTask.Scope.allCases {
      let words =
        switch handout.plan.share(of: scope) {
        case .task: "stubs, text and tests"
        case .given: "complete"
        case .unfinished: "stubs, without text and tests"
        case .absent: "left out"
        }
      terminal.output.line("  " + scope.rawValue.padded(right: 18) + words)
    }
    if let file = arguments[withSolutions] { terminal.output.line("Solutions: \(file)") }
    terminal.output.line("Next: cd \(folder) && git init && ./course progress")
  }
}
