import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct TaskVerdictTests {
  static let tasks = (try? Catalogue(package: packageFolder))?.tasks ?? []

  static func task(_ number: String) throws -> CourseTask {
    try #require(tasks.first { "\($0.number)" == number })
  }

  static func test(
    _ name: String, _ outcome: TestVerdict.Outcome, _ words: String = "", line: Int = 1,
    unwritten: String? = nil
  ) -> TestVerdict {
    TestVerdict(
      id: "M.DenseTests/\(name)/DenseTests.swift:\(line):4", name: name,
      file: "Tests/M/DenseTests.swift", line: line, outcome: outcome,
      messages: words.isEmpty
        ? [] : [.init(text: words, file: "Tests/M/DenseTests.swift", line: line + 1)],
      seconds: 0.25, unwritten: unwritten.flatMap { CourseTask.Number($0) })
  }

  @Test func pointsComeWithTheLastTest() throws {
    let task = try Self.task("1.2")
    let passed = TaskVerdict(
      task: task, tests: [Self.test("a()", .passed), Self.test("b()", .passed)])
    #expect(passed.outcome == .passed)
    #expect(passed.points == 8)
    for outcome in [TestVerdict.Outcome.failed, .crashed, .timedOut, .waiting, .notRun] {
      let verdict = TaskVerdict(
        task: task, tests: [Self.test("a()", .passed), Self.test("b()", outcome)])
      #expect(verdict.outcome == .failed, "\(outcome)")
      #expect(verdict.points == 0)
    }
    #expect(TaskVerdict(task: task, tests: []).outcome == .notWritten)
  }

  @Test func aMessageThatNamesTheMistakeComesFirst() throws {
    let verdict = TaskVerdict(
      task: try Self.task("1.2"),
      tests: [
        Self.test("numbers()", .failed, "y: 3 of 4 elements are off by more than 0.0001", line: 5),
        Self.test("words()", .failed, "the bias is added to the columns", line: 9),
      ])
    #expect(verdict.failures.map(\.name) == ["words()", "numbers()"])
  }

  @Test func aTaskWhoseTestsNeedAnEarlierOneHasNotPassed() throws {
    let tests = [
      Self.test("alone()", .passed), Self.test("together()", .notWritten, unwritten: "0.1"),
      Self.test("more()", .waiting),
    ]
    let verdict = TaskVerdict(task: try Self.task("1.2"), tests: tests)
    #expect(verdict.outcome == .waiting)
    #expect(verdict.points == 0)
    #expect(verdict.summary == "2 tests need task 0.1, which is not written yet.")
    let empty = TaskVerdict(task: try Self.task("1.2"), tests: Array(tests.dropFirst()))
    #expect(empty.outcome == .waiting)
  }

  @Test func whatALaterTaskHasToDoDoesNotCount() throws {
    let tests = [
      Self.test("forward()", .passed), Self.test("backward()", .notWritten, unwritten: "2.2"),
      Self.test("more()", .waiting),
    ]
    let forward = TaskVerdict(task: try Self.task("2.1"), tests: tests)
    #expect(forward.outcome == .passed)
    #expect(forward.otherTask?.tests == 2)
    #expect(forward.otherTask?.task == CourseTask.Number("2.2"))
    #expect(try TaskVerdict(task: Self.task("2.2"), tests: tests).outcome == .notWritten)
    let wrong = TaskVerdict(
      task: try Self.task("2.1"), tests: tests + [Self.test("shape()", .failed, "wrong")])
    #expect(wrong.outcome == .failed)
    #expect(wrong.tests.count == 3, "what waits may wait for this task")
  }
}

@Suite(.watched) struct ProgressFileTests {
  @Test func aTaskIsDoneUntilItFails() throws {
    try withTemporaryFolder { folder in
      var progress = ProgressFile(package: folder)
      #expect(progress.done.isEmpty)
      let (first, second) = (try TaskVerdictTests.task("1.1"), try TaskVerdictTests.task("1.2"))
      let passed = [TaskVerdictTests.test("a()", .passed)]
      progress.note(TaskVerdict(task: first, tests: passed))
      progress.note(TaskVerdict(task: second, tests: passed))
      progress.note(TaskVerdict(task: first, unwritten: ["w"]))
      try progress.write(package: folder)
      #expect(ProgressFile(package: folder).done == [second.number])
      let file = folder.appending(path: ".course/progress")
      #expect(
        try String(contentsOf: file, encoding: .utf8)
          == "# Tasks that pass, as ./course check found them last.\n1.2\n")
      try Data("1.2\nnonsense\n\u{0}1.x\n3.4 \n".utf8).write(to: file)
      #expect(ProgressFile(package: folder).done == [second.number])
    }
  }

  @Test func theNextTaskFollowsTheLastOne() throws {
    let tasks = ["1.1", "1.2", "1.3"].compactMap { try? TaskVerdictTests.task($0) }
    var progress = ProgressFile(package: URL(filePath: "/nowhere"))
    #expect(progress.next(in: tasks)?.number == tasks[0].number)
    progress.note(TaskVerdict(task: tasks[1], tests: [TaskVerdictTests.test("a()", .passed)]))
    #expect(progress.next(in: tasks, after: tasks[1])?.number == tasks[2].number)
    progress.note(TaskVerdict(task: tasks[2], tests: [TaskVerdictTests.test("a()", .passed)]))
    #expect(progress.next(in: tasks, after: tasks[2])?.number == tasks[0].number)
    progress.note(TaskVerdict(task: tasks[0], tests: [TaskVerdictTests.test("a()", .passed)]))
    #expect(progress.next(in: tasks) == nil)
  }
}
