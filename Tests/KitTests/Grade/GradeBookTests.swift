import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct GradeBookTests {
  private func grade(_ student: String, _ outcomes: [SubmissionGrade.Outcome], message: String = "")
    -> SubmissionGrade
  {
    var grade = SubmissionGrade(student: student, fingerprint: "f")
    grade.tasks = outcomes.enumerated().map { index, outcome in
      SubmissionGrade.Task(
        number: CourseTask.Number("1.\(index + 9)")!, title: "Title", outcome: outcome,
        points: outcome == .passed ? 4 : 0, maximum: 4,
        message: outcome == .passed ? "" : message)
    }
    return grade
  }

  @Test func theTableHasThePointsOfEachTask() {
    let csv = GradeTable.csv([
      grade("Ada", [.passed, .notWritten]),
      grade("Müller, Jörg \"J\"", [.failed], message: "expected 1\n  got 2"),
      grade("=HYPERLINK(\"x\")", []),
    ])
    #expect(
      csv == """
        student,1.9,1.10,sum,of,remarks\r
        Ada,4,0,4,8,\r
        "Müller, Jörg ""J""\",0,,0,4,1.9 failed: expected 1\r
        "'=HYPERLINK(""x"")",,,0,0,\r

        """)
  }

  @Test(arguments: [
    ("a\n  b", "a"), ("it ends here:\n  no memory", "it ends here: no memory"), ("", ""),
    ("a:", "a:"),
  ])
  func aHeadlineSaysSomething(message: String, line: String) {
    #expect(grade("Ada", [.failed], message: message).tasks[0].headline == line)
  }

  @Test func thePageShowsMessagesAsTheyAre() {
    var result = grade("Ada *B*", [.failed], message: "expected ```1```\n<script>")
    result.remarks = ["a_b refused"]
    let page = StudentPage.text(result)
    #expect(page.hasPrefix("# Ada \\*B\\*\n\n**0 of 4 points**\n"))
    #expect(page.contains("| 1.9 Title | 0 / 4 | failed |"))
    #expect(page.contains("\n````\nexpected ```1```\n<script>\n````\n"))
    #expect(page.hasSuffix("## Remarks\n\n- a\\_b refused\n"))
    #expect(StudentPage.name(of: "a/b: c") == "a_b_ c.md")
  }

  @Test func resultsAreKeptWhileNothingChanges() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "grade")
      var book = GradeBook()
      book.note(grade("Ada", [.passed]))
      try book.write(folder: place)
      let again = GradeBook(folder: place)
      #expect(again.seeds == book.seeds)
      #expect(again.grade(of: "Ada", fingerprint: "f") == grade("Ada", [.passed]))
      #expect(again.grade(of: "Ada", fingerprint: "g") == nil)
      #expect(again.grade(of: "Bob", fingerprint: "f") == nil)
      let attributes = try FileManager.default.attributesOfItem(
        atPath: place.appending(path: "grades.json").path)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
      try Data("{".utf8).write(to: place.appending(path: "grades.json"))
      #expect(GradeBook(folder: place).grades.isEmpty)
    }
  }

  @Test func aFingerprintTellsTextsApart() {
    func text(_ words: String...) -> String {
      var fingerprint = Fingerprint()
      for word in words { fingerprint.add(word) }
      return fingerprint.text
    }
    #expect(text("a", "b") == text("a", "b"))
    #expect(Set([text("a", "b"), text("ab"), text("b", "a"), text("", "ab"), text()]).count == 5)
  }
}

@Suite(.watched) struct ProbeResultsTests {
  private func results(_ text: String) -> ProbeResults? { ProbeResults(Data(text.utf8)) }

  @Test func readsWhatAProbeWrites() throws {
    let read = try #require(results("a, b\t2x1\t1.5 -inf\nc\t\tnan\nend\n"))
    #expect(read.entries.map(\.name) == ["a, b", "c"])
    #expect(read.entries[0].shape == "2x1")
    #expect(read.entries[0].numbers == [1.5, -.infinity])
  }

  @Test(arguments: ["", "a\t1\t1\n", "a\t1\nend\n", "a\t1\tone\nend\n", "a\t1\t1\nend\nb"])
  func anythingElseIsNone(text: String) { #expect(results(text) == nil) }

  @Test func comparesUpToRounding() throws {
    let right = try #require(results("w\t2\t100 1\nnone\t\tnan\nend"))
    func difference(_ text: String) throws -> String? {
      try #require(results(text + "\nend")).difference(from: right)
    }
    #expect(try difference("w\t2\t100.05 1.005\nnone\t\tnan") == nil)
    #expect(try difference("w\t2\t100 1.1\nnone\t\tnan") == "w: expected 1.0, got 1.1 at element 1")
    #expect(try difference("w\t2\tnan 1\nnone\t\tnan")?.contains("got nan at element 0") == true)
    #expect(try difference("w\t2\t100 1\nnone\t\t1")?.contains("expected nan") == true)
    #expect(try difference("w\t1x2\t100 1\nnone\t\tnan") == "w: expected the shape [2], got [1, 2]")
    #expect(try difference("w\t2\t100 1") == "none: no result")
    #expect(try difference("v\t2\t100 1") == "w: no result, but one of v")
    #expect(try difference("w\t2\t100 1\nnone\t\tnan\nmore\t\t1") == "more results than expected")
  }
}
