import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import CourseKit

@Suite(.watched) struct ReportTests {
  static func verdicts() throws -> [TaskVerdict] {
    typealias T = TaskVerdictTests
    var passed = TaskVerdict(task: try T.task("1.1"), tests: [T.test("a()", .passed)])
    passed.hasHiddenTests = true
    return [
      passed,
      TaskVerdict(
        task: try T.task("1.2"),
        tests: [
          T.test("b()", .failed, "dX: a < b & \"c\"\u{1B}\n  got 1", line: 7),
          T.test("c()", .passed),
          T.test("d()", .crashed, "Fatal error: x"), T.test("e()", .waiting, "first make b() pass"),
        ]),
      TaskVerdict(
        task: try T.task("1.3"),
        errors: [
          Diagnostic(
            file: "Phase1-FeedForward/ReLU.swift", line: 4, column: 5,
            text: "cannot find 'y', in: scope",
            source: ["  y", "  ^"])
        ]),
      TaskVerdict(task: try T.task("1.4"), unwritten: ["Y = softmax(X)."]),
    ]
  }

  @Test func json() throws {
    let text = try JSONCoding.text(ResultsDocument(try Self.verdicts()))
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(document["points"] as? Int == 2)
    #expect(document["maximumPoints"] as? Int == 18)
    let tasks = try #require(document["tasks"] as? [[String: Any]])
    #expect(
      tasks.map { $0["outcome"] as? String } == [
        "passed", "failed", "does not compile", "not written",
      ])
    #expect(tasks[1]["number"] as? String == "1.2")
    let tests = try #require(tasks[1]["tests"] as? [[String: Any]])
    #expect(tests.map { $0["outcome"] as? String } == ["failed", "passed", "crashed", "waiting"])
    #expect(tests[0]["line"] as? Int == 7)
  }

  /// The fields that docs/specs.md of gradescope/autograder_samples names.
  @Test func gradescopeBeginsWithNothingAndEndsWithAll() throws {
    let all = try Self.verdicts()
    func document(_ verdicts: [TaskVerdict]) throws -> [String: Any] {
      let results = GradescopeResults(tasks: all.map(\.task), verdicts: verdicts, seconds: 1.5)
      let data = Data(try JSONCoding.text(results).utf8)
      return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
    let before = try document([])
    let empty = try #require(before["tests"] as? [[String: Any]])
    #expect(empty.count == 4)
    #expect(
      empty.allSatisfy {
        $0["score"] as? Double == 0 && $0["output"] as? String == "It did not finish."
      })
    #expect((before["output"] as? String)?.contains("did not finish") == true)

    let after = try document(all)
    let tests = try #require(after["tests"] as? [[String: Any]])
    #expect(tests.map { $0["score"] as? Double } == [2, 0, 0, 0])
    #expect(tests.map { $0["max_score"] as? Double } == [2, 8, 2, 6])
    #expect(tests.map { $0["status"] as? String } == ["passed", "failed", "failed", "failed"])
    #expect(tests.map { $0["number"] as? String } == ["1.1", "1.2", "1.3", "1.4"])
    #expect((tests[0]["output"] as? String) == "All 1 public tests passed.")
    #expect((tests[1]["output"] as? String)?.contains("dX: a < b") == true)
    #expect(
      (tests[2]["output"] as? String)?.contains("ReLU.swift:4:5: error: cannot find 'y'") == true)
    #expect(after["execution_time"] as? Double == 1.5)
  }

  @Test func junit() throws {
    let text = JUnitDocument(verdicts: try Self.verdicts(), time: Date(timeIntervalSince1970: 0))
      .text
    let xml = XMLCounter()
    #expect(xml.parse(text), "not well formed: \(text)")
    #expect(
      xml.counts == [
        "testsuites": 1, "testsuite": 4, "testcase": 7, "failure": 1, "error": 2, "skipped": 2,
      ])
    #expect(
      text.contains(
        #"<testsuites name="course check" tests="7" failures="1" errors="2" skipped="2""#))
    #expect(text.contains(#"timestamp="1970-01-01T00:00:00Z""#))
    #expect(
      text.contains(
        #"<testcase name="b()" classname="DenseTests" time="0.250" file="Tests/M/DenseTests.swift" line="7">"#
      ))
    #expect(text.contains("a &lt; b &amp; &quot;c&quot;"))
    #expect(!text.contains("\u{1B}"))
  }

  @Test func annotationsOfGitHub() throws {
    let verdicts = try Self.verdicts()
    let annotations = Annotations(package: packageFolder)
    #expect(
      annotations.lines(for: verdicts[2]) == [
        "::error file=Phase1-FeedForward/ReLU.swift,line=4,col=5,title=1.3 ReLU::cannot find 'y', in: scope"
      ])
    let failed = annotations.lines(for: verdicts[1])
    #expect(failed.count == 2)
    #expect(failed[0].hasPrefix("::error file=Phase1-FeedForward/Dense.swift,line="))
    #expect(!failed[0].contains("line=1,"), "the task's mark has a line of its own")
    #expect(failed[0].hasSuffix("::b(): dX: a < b & \"c\"\u{1B}%0A  got 1"))
    #expect(
      annotations.lines(for: verdicts[0]) == ["::notice title=1.1 SGD::All 1 public tests passed."])
  }
}

/// Counts the elements of a document without a parser of the system: Foundation's is a module of its own.
private final class XMLCounter {
  private(set) var counts: [String: Int] = [:]

  /// Whether every element is closed, in order.
  func parse(_ text: String) -> Bool {
    var open: [String] = []
    for tag in text.matches(of: /<(\/?)(\w+)((?:[^>"]|"[^"]*")*?)(\/?)>/) {
      let name = String(tag.2)
      if tag.1.isEmpty {
        counts[name, default: 0] += 1
        if tag.4.isEmpty { open.append(name) }
      } else if open.popLast() != name {
        return false
      }
    }
    return open.isEmpty && !text.replacing(/<[?\/]?\w(?:[^>"]|"[^"]*")*>/, with: "").contains("<")
  }
}
