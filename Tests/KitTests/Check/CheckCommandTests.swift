import CourseCommandLine
import CourseTestSupport
import Foundation
import Synchronization
import Testing

@testable import CourseKit

@Suite(.watched) struct CheckCommandTests {
  /// The status and what was written to the two streams.
  private func run(_ arguments: String...) -> (status: Int32, output: String, errors: String) {
    let (output, errors) = (Texts(), Texts())
    let features = TerminalFeatures()
    let terminal = Terminal(
      output: TextStream(features: features) { output.add($0) },
      error: TextStream(features: features) { errors.add($0) }, command: "./course")
    let status = kitTool.run(arguments, on: terminal)
    return (status, output.text, errors.text)
  }

  private final class Texts: Sendable {
    private let content = Mutex("")
    var text: String { content.withLock { $0 } }
    func add(_ text: String) { content.withLock { $0 += text } }
  }

  @Test(arguments: ["9.9", "phase7", "dense"])
  func anUnknownTaskIsAWrongArgument(name: String) {
    let result = run("check", name)
    #expect(result.status == 2)
    #expect(result.errors.contains(name))
    #expect(result.errors.contains("expected"))
    #expect(run("try", name).status == 2)
  }

  @Test func watchingGoesWithoutReports() {
    let result = run("check", "1.1", "--watch", "--json")
    #expect(result.status == 2)
    #expect(result.errors.contains("--watch and --json do not go together"))
  }

  @Test func helpFitsATerminal() {
    for command in kitTool.commands {
      let help = run("help", command.description.name).output
      for line in help.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }

  // MARK: Texts

  private func text(
    showsAll: Bool = false, toDo: [CourseTask] = TaskVerdictTests.tasks
  ) -> CheckText {
    let stream = TextStream(features: TerminalFeatures()) { _ in }
    return CheckText(
      terminal: Terminal(output: stream, error: stream, command: "./course"),
      tasks: TaskVerdictTests.tasks, toDo: toDo, showsAll: showsAll)
  }

  @Test func aFailedTaskShowsOneMistakeAndWhatToDo() throws {
    let verdict = TaskVerdict(
      task: try TaskVerdictTests.task("1.2"),
      tests: [
        TaskVerdictTests.test("a()", .failed, "the bias is missing\n  expected 1\n  got 2"),
        TaskVerdictTests.test("b()", .failed, "another mistake"),
        TaskVerdictTests.test("c()", .waiting, "first make a() pass"),
      ])
    let details = text().details(verdict)
    #expect(details.contains("the bias is missing"))
    #expect(!details.contains("another mistake"))
    #expect(details.contains("1 more test fails, 1 test waits for this one (--all shows them)"))
    #expect(text(showsAll: true).details(verdict).contains("another mistake"))
    let advice = text().advice(after: verdict, next: nil)
    #expect(advice.contains("Phase1-FeedForward/Dense.swift"))
    #expect(advice.contains("Protocols/Phase1-FeedForward.md#task-12-dense"))
    #expect(advice.contains("./course hint 1.2"))
  }

  /// The full package holds the solutions: it leads to the tasks that a student begins there, not through all.
  @Test func whereNoTaskIsLeftItSaysWhatToDo() throws {
    #expect(text().end == "All tasks are done.\n  Check all: ./course check all")
    let first = TaskVerdictTests.tasks[0].number
    #expect(
      text(toDo: []).end == """
        This package holds all solutions.
          Begin one: ./course reset \(first)
          Check all: ./course check all
        """)
    let begun = [try TaskVerdictTests.task("1.2")]
    #expect(text(toDo: begun).end.hasPrefix("All tasks that you have begun pass.\n"))
    #expect(text(toDo: begun).end.contains("reset 1.3\n"))
    let verdict = TaskVerdict(task: begun[0], tests: [TaskVerdictTests.test("a()", .passed)])
    #expect(text(toDo: begun).advice(after: verdict, next: nil).contains("reset 1.3\n"))
  }

  @Test func hiddenTestsAreMentioned() throws {
    var verdict = TaskVerdict(
      task: try TaskVerdictTests.task("1.2"), tests: [TaskVerdictTests.test("a()", .passed)])
    #expect(text().row(verdict).contains("1 test passed"))
    verdict.hasHiddenTests = true
    #expect(text().row(verdict).contains("1 public test passed"))
    #expect(text().row(verdict).contains("8 / 8 points"))
  }

  @Test func whatIsStillToWriteIsListed() throws {
    var verdict = TaskVerdict(
      task: try TaskVerdictTests.task("1.2"),
      tests: [
        TaskVerdictTests.test("a()", .passed),
        TaskVerdictTests.test("b()", .notWritten, "not written yet: task 1.2", unwritten: "1.2"),
      ])
    verdict.unwritten = ["dX = dZ · Wᵀ."]
    #expect(text().row(verdict).contains("partly written, 1 of 2 passed"))
    #expect(text().details(verdict) == "  To write: dX = dZ · Wᵀ.")
  }

  @Test func anErrorInTheFileOfAnotherTaskSaysSo() throws {
    let verdict = TaskVerdict(
      task: try TaskVerdictTests.task("1.3"),
      errors: [
        Diagnostic(
          file: "Phase1-FeedForward/Dense.swift", line: 1, column: 2, text: "no", source: [])
      ])
    #expect(text().details(verdict).contains("this one belongs to task 1.2"))
    #expect(text().advice(after: verdict, next: nil).contains("hint 1.2"))
  }
}

@Suite(.watched) struct ScratchTests {
  @Test func anExampleIsPrinted() throws {
    let text = Scratch.example(of: try TaskVerdictTests.task("1.2"))
    #expect(text.contains("@testable import Phase1FeedForward\n"))
    #expect(text.contains("var layer = Dense(inputSize: 2, outputSize: 3)\n"))
    #expect(text.contains("show(\"y\", y)\n"))
    #expect(text.contains("show(\"layer.bias.gradient\", layer.bias.gradient)\n"))
  }

  @Test func aConstantOfSeveralLinesIsPrintedBelowThem() throws {
    let text = Scratch.example(of: try TaskVerdictTests.task("1.7"))
    #expect(text.contains("  epochs: 2, batchSize: 1, seed: 1)\nshow(\"losses\", losses)\n"))
    #expect(!text.contains("show(\"network\""))
  }

  @Test func everyTaskHasAnExample() {
    for task in TaskVerdictTests.tasks { #expect(!task.example.isEmpty, "\(task.number)") }
  }

  @Test func onlyWhatIsImportedIsBuilt() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "main.swift")
      try Data("import Shared\n@testable import Phase2CNN\n// import Generator later\n".utf8).write(
        to: file)
      #expect(try Scratch(package: folder).scopes(importedBy: [file]) == [.phase2])
    }
  }
}
