import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct EventStreamTests {
  private func verdicts(_ text: String) -> [TestVerdict] {
    EventStream(text, package: URL(filePath: "/p")).tests.map(\.verdict)
  }

  @Test func testsThatPassStandInTheOrderOfTheirLines() throws {
    let stream = EventStream(EventStreams.passing, package: URL(filePath: "/p"))
    #expect(stream.hasEnded)
    let verdicts = stream.tests.map(\.verdict)
    #expect(verdicts.map(\.name) == ["first()", "second()"])
    #expect(verdicts.map(\.outcome) == [.passed, .passed])
    #expect(verdicts.map(\.line) == [20, 40])
    #expect(verdicts[0].file == "Tests/M/SGDTests.swift")
    #expect(verdicts[0].suite == "SGDTests")
    #expect(verdicts[0].seconds == 1.25)
  }

  @Test func aFailureHasTheWordsOfTheTestAndNoOthers() throws {
    let verdicts = verdicts(EventStreams.failing)
    #expect(verdicts.map(\.outcome) == [.failed, .waiting])
    #expect(
      verdicts[0].messages == [
        .init(
          text:
            "SGD.update: the step goes along the gradient, uphill\n  expected [1]\n  got      [2]",
          file: "Tests/M/SGDTests.swift", line: 21)
      ])
    #expect(verdicts[1].messages.map(\.text) == ["first make first() pass"])
  }

  @Test func aFailedExpectationShowsItsWordsFirst() {
    let text =
      EventStreams.tests
      + EventStreams.issue(
        "first()", line: 20, comments: ["the bias starts at 0"], text: "Expectation failed: a == b")
      + EventStreams.ended("first()", line: 20)
    #expect(
      verdicts(text)[0].messages.map(\.text) == [
        "the bias starts at 0\n  Expectation failed: a == b"
      ])
  }

  @Test func aTestWithoutAnEndIsKnown() {
    let stream = EventStream(EventStreams.cutOff, package: URL(filePath: "/p"))
    #expect(!stream.hasEnded)
    #expect(stream.tests.map(\.hasBegun) == [true, true])
    #expect(stream.tests.map(\.hasEnded) == [true, false])
  }

  @Test func whatIsNotWrittenIsNamedWhateverElseFails() {
    let words = "not written yet: Protocols/Phase1-FeedForward.md, task 1.2"
    let text =
      EventStreams.tests + EventStreams.issue("first()", line: 20, comments: ["a wrong number"])
      + EventStreams.issue("first()", line: 20, comments: [words])
      + EventStreams.issue("first()", line: 20, comments: ["another number"])
      + EventStreams.issue("second()", line: 40, comments: ["first make first() pass"])
    let verdicts = verdicts(text)
    #expect(verdicts.map(\.outcome) == [.notWritten, .waiting])
    #expect(verdicts[0].unwritten == CourseTask.Number("1.2"))
    #expect(verdicts[0].messages.map(\.text) == [words])
  }

  @Test func theNamesOfLaterVersionsAreRead() {
    let text = EventStreams.failing.replacing("_filePath", with: "filePath")
      .replacing("_comments", with: "comments").replacing("_sourceLocation", with: "sourceLocation")
    #expect(verdicts(text) == verdicts(EventStreams.failing))
  }

  @Test func noTestsAndNoStream() {
    #expect(verdicts(EventStreams.withoutTests).isEmpty)
    #expect(verdicts("").isEmpty)
    #expect(verdicts("no JSON\n\u{0}{\n").isEmpty)
  }
}
