import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct MutantTests {
  let catalogue: Catalogue

  init() throws { catalogue = try Catalogue(package: packageFolder) }

  // MARK: The files

  @Test func readsAnEntry() throws {
    let text = """
      # Wrong solutions of Phase 1.

      ## 1.2 the product is transposed
      - return a
      -   * b
      + return b
      - c
      + d
      in: 2
      + e
      in: 3
      says: not a · b

      ## 1.3 nothing
      + break
      equivalent: it is empty
      """
    let mutants = try Mutant.read(text, file: "m.txt")
    try #require(mutants.count == 2)
    #expect(mutants[0].task == CourseTask.Number("1.2"))
    #expect(mutants[0].name == "the product is transposed")
    #expect(
      mutants[0].changes == [
        .init(old: "return a\n  * b", new: "return b", region: 2),
        .init(old: "c", new: "d", region: 2), .init(old: nil, new: "e", region: 3),
      ])
    #expect(mutants[0].regions == [2, 3])
    #expect(mutants[0].says == "not a · b")
    #expect(mutants[0].line == 3)
    #expect(mutants[1].changes == [.init(old: nil, new: "break")])
    #expect(mutants[1].equivalent == "it is empty")
  }

  @Test(arguments: [
    ("- a\n+ b", "line 1"), ("## 1.2\n- a\n+ b", "line 1"), ("## 1.2 name\n* a", "line 2"),
    ("## 1.2 name\n- a\n## 1.3 name\n+ b", "line 3"), ("## 1.2 name\nsays: b", "line 1"),
    ("## 1.2 name\n- a\n+ b\nin: two", "line 4"), ("## x name\n- a\n+ b", "line 1"),
    ("## 1.2 name\nin: 2\n- a\n+ b", "line 2"),
    ("## 1.2 name\n- a\n+ b\nin: 2\n- c\n+ d", "line 1"),
  ])
  func namesTheLineOfAWrongEntry(text: String, place: String) {
    expectCourseError(.format, "m.txt", place) { try Mutant.read(text, file: "m.txt") }
  }

  @Test func changesAreMadeInOrderAndOnce() {
    let mutant = Mutant(
      task: CourseTask.Number("1.2")!, name: "", changes: [.init(old: "a", new: "b")], line: 1)
    #expect(mutant.body(of: nil, from: "a + a") == "b + a")
    #expect(mutant.body(of: nil, from: "c") == nil)
  }

  @Test(arguments: CourseTask.Scope.allCases)
  func everyMutantFitsItsTaskAndThereAreEnough(scope: CourseTask.Scope) throws {
    let tasks = try catalogue.tasks(named: scope.rawValue)
    let file = Verifier.file(of: scope)
    let mutants = try Verifier(package: packageFolder).mutants(of: scope)
    _ = try MutatedSources(mutants, of: tasks, package: packageFolder, place: file)
    for task in tasks {
      let own = mutants.filter { $0.task == task.number }
      #expect(own.count { $0.equivalent == nil } >= 8, "\(task.number)")
      #expect(Set(own.map(\.name)).count == own.count, "\(task.number): names are used once")
    }
    for mutant in mutants where !tasks.contains(where: { $0.number == mutant.task }) {
      Issue.record("\(file), line \(mutant.line): no task \(mutant.task)")
    }
  }

  // MARK: Sources

  @Test func buildsAllMutantsIntoOneSource() throws {
    try withTemporaryFolder { folder in
      let task = try #require(try catalogue.tasks(named: "1.1").first)
      let file = folder.appending(path: task.files[0])
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      let source = """
        func f() -> Int {
          // TODO(1.1): one.
          // BEGIN SOLUTION
          return 1
          // END SOLUTION
        }
        """
      try Data(source.utf8).write(to: file)
      func sources(_ text: String) throws -> String? {
        try MutatedSources(
          Mutant.read(text, file: "m"), of: [task], package: folder, place: "m"
        ).files[task.files[0]]
      }
      #expect(
        try sources("## 1.1 two\n- 1\n+ 2\n\n## 1.1 none\n+ return 0") == """
          func f() -> Int {
            // TODO(1.1): one.
            // BEGIN SOLUTION
            switch courseMutant {
            case 1:
              return 2
            case 2:
              return 0
            default:
              return 1
            }
            // END SOLUTION
          }
          """)
      expectCourseError(.format, "m, line 1", "return 1") { try sources("## 1.1 two\n- 3\n+ 2") }
      expectCourseError(.format, "m, line 1", "1 to 1") {
        try sources("## 1.1 two\n- 1\n+ 2\nin: 2")
      }
    }
  }

  @Test func aMutantChangesSeveralRegions() throws {
    try withTemporaryFolder { folder in
      let task = try #require(try catalogue.tasks(named: "1.1").first)
      let file = folder.appending(path: task.files[0])
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      let source = [1, 2, 3].map {
        "// TODO(1.1): one.\n// BEGIN SOLUTION\nf(\($0))\n// END SOLUTION\n"
      }.joined()
      try Data(source.utf8).write(to: file)
      let changed = try #require(
        try MutatedSources(
          Mutant.read("## 1.1 two\n- 3\n+ 33\nin: 3\n+ g()\nin: 1", file: "m"), of: [task],
          package: folder, place: "m"
        ).files[task.files[0]])
      let lines = changed.split(separator: "\n").map { $0.drop { $0 == " " } }
      #expect(
        lines.filter { $0.hasPrefix("f") || $0.hasPrefix("g") } == [
          "g()", "f(1)", "f(2)", "f(33)", "f(3)",
        ])
      #expect(lines.count { $0 == "case 1:" } == 2)
    }
  }

  // MARK: Verdicts

  /// The verdict on a mutant whose tests give an outcome with a message.
  private func outcome(
    _ outcome: TestVerdict.Outcome, _ message: String, says: String? = nil,
    equivalent: String? = nil
  ) throws -> Verifier.Verdict.Outcome {
    let task = try #require(try catalogue.tasks(named: "1.1").first)
    var test = TestVerdict(id: "T.S/a()", name: "a()", file: "T.swift", line: 1, outcome: outcome)
    if outcome != .passed { test.messages = [.init(text: message, file: "T.swift", line: 2)] }
    let mutant = Mutant(
      task: task.number, name: "m", says: says, equivalent: equivalent, line: 1)
    return Verifier.verdict(on: mutant, TaskVerdict(task: task, tests: [test])).outcome
  }

  @Test func judgesWhatTheTestsSay() throws {
    #expect(try outcome(.failed, "SGD: the sign\n is wrong", says: "the sign is wrong") == .named)
    #expect(try outcome(.failed, "3 elements are off", says: "the sign is wrong") == .caught)
    #expect(try outcome(.failed, "3 elements are off") == .caught)
    #expect(try outcome(.crashed, "Fatal error: the sign is wrong", says: "sign") == .crashed)
    #expect(try outcome(.timedOut, "It does not end") == .crashed)
    #expect(try outcome(.passed, "", says: "the sign is wrong") == .survived)
    #expect(try outcome(.passed, "", equivalent: "x + 0") == .equivalent)
    #expect(try outcome(.failed, "", equivalent: "x + 0") == .falseAlarm)
  }
}
