import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import CourseKit

/// `Protocols/JSON.md` lists the fields of the documents about tasks, and no others.
@Suite(.watched) struct KitJSONPageTests {
  @Test func everyDocumentHasTheFieldsOfThePage() throws {
    var page = JSONPage(
      try String(contentsOf: packageFolder.appending(path: "Protocols/JSON.md"), encoding: .utf8))
    func compare(_ document: some Encodable, _ type: String) throws {
      let value = try JSONValue(parsing: try JSONCoding.text(document), name: type)
      #expect(page.problems(of: value, as: type, at: type) == [])
    }
    var verdicts = try ReportTests.verdicts()
    verdicts[1].tests.append(TaskVerdictTests.test("f()", .notWritten, unwritten: "1.1"))
    try compare(ResultsDocument(verdicts), "Check")

    let tasks = verdicts.map(\.task)
    try withTemporaryFolder { folder in
      try compare(
        ProgressCommand.Document(tasks, ProgressFile(package: folder), next: tasks[0]), "Progress")
    }
    try compare(HandoutCommand.Document(files: 3, tasks: tasks.map(\.number)), "Handout")
    let grade = SubmissionGrade(
      student: "ada",
      tasks: [
        .init(
          number: tasks[0].number, title: tasks[0].title, outcome: .passed, points: 2, maximum: 2)
      ])
    try compare([grade], "[Grade]")
    let mutant = Mutant(
      task: tasks[0].number, name: "no step", says: "the weights stay", line: 1)
    let verdict = Verifier.Verdict(mutant: mutant, outcome: .named, message: "m", test: "t()")
    try compare([VerifyCommand.Record(verdict)], "[MutantVerdict]")
    let seed = Verifier.SeedVerdict(
      task: tasks[0].number, code: "solution", seed: 1, failure: ("t()", "m"))
    try compare([VerifyCommand.SeedRecord(seed)], "[SeedVerdict]")
    #expect(page.unseenFields { $0 == "Tasks" } == [])
  }
}
