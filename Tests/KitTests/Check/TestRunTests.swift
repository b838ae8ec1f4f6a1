import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import CourseKit

/// Runs with a shell script in place of the program of tests.
@Suite(.watched) struct TestRunTests {
  /// A program that writes the stream `all` when it runs all tests, and then does `whole`; alone, a test does what
  /// `alone` says, where `$filter` is its filter and `$events` the file.
  private func run(
    all: String, whole: String, alone: String = "exit 0", in folder: URL,
    limits: TestRun.Limits = TestRun.Limits()
  ) throws -> [TestVerdict] {
    try Data(all.utf8).write(to: folder.appending(path: "all"))
    try Data(EventStreams.tests.utf8).write(to: folder.appending(path: "tests"))
    let single = EventStreams.began("second()", line: 40) + EventStreams.ended("second()", line: 40)
    try Data(single.utf8).write(to: folder.appending(path: "second"))
    let script = folder.appending(path: "program.sh")
    try Data(
      """
      filter=$4; events=$6; here='\(folder.path)'
      case $filter in
        ^*) cat "$here/tests" > "$events"; \(alone) ;;
        *) cat "$here/all" > "$events"; \(whole) ;;
      esac
      """.utf8
    ).write(to: script)
    var run = TestRun(
      command: ["/bin/sh", script.path], package: URL(filePath: "/"))
    run.limits = limits
    return try run.run(filters: ["SGDTests"])
  }

  @Test func aRunThatEndsIsRunOnce() throws {
    try withTemporaryFolder { folder in
      let verdicts = try run(
        all: EventStreams.failing, whole: "exit 1", alone: "touch \(folder.path)/again", in: folder)
      #expect(verdicts.map(\.outcome) == [.failed, .waiting])
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "again").path))
    }
  }

  @Test func aTrapCostsOneTest() throws {
    try withTemporaryFolder { folder in
      let verdicts = try run(
        all: EventStreams.cutOff, whole: "kill -ILL $$",
        alone: "echo 'Dense.swift:40: Fatal error: no forward pass' >&2; kill -ILL $$", in: folder)
      #expect(verdicts.map(\.outcome) == [.passed, .crashed])
      #expect(verdicts[1].messages[0].text == "Dense.swift:40: Fatal error: no forward pass")
    }
  }

  @Test func aTrapIsShownInTheCodeOfTheTask() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "Phase1-FeedForward/Dense.swift")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("one\n  two[3]\n".utf8).write(to: file)
      let errors = """
        Swift/ContiguousArrayBuffer.swift:692: Fatal error: Index out of range
        1 _assertionFailure(_:_:file:line:flags:) + 302 in libswiftCore.so
        2 Tensor.subscript.getter in tests at \(folder.path)/Shared/Tensor/Tensor.swift:7:9
        3 Dense.forward(_:) + 8 in tests at \(file.path):2:9
        4 closure #1 + 8 in tests at \(file.path):1:9
        """
      #expect(
        TestRun.place(in: errors, package: folder) == "Phase1-FeedForward/Dense.swift:2:  two[3]")
      #expect(TestRun.place(in: errors, package: folder.appending(path: "other")) == nil)
      let verdicts = try run(
        all: EventStreams.cutOff, whole: "kill -ILL $$",
        alone: "echo 'Swift/Array.swift:692: Fatal error: Index' >&2; kill -ILL $$", in: folder)
      #expect(verdicts[1].messages[0].text == "Fatal error: Index")
    }
  }

  @Test func whatPassesAlonePasses() throws {
    try withTemporaryFolder { folder in
      let verdicts = try run(
        all: EventStreams.cutOff, whole: "exit 7", alone: #"cat "$here/second" >> "$events""#,
        in: folder)
      #expect(verdicts.map(\.outcome) == [.passed, .passed])
    }
  }

  @Test func aLoopThatNeverEndsCostsOneTest() throws {
    try withTemporaryFolder { folder in
      var limits = TestRun.Limits()
      limits.seconds = (0.5, 0.3)
      let verdicts = try run(
        all: EventStreams.cutOff, whole: "while :; do :; done", alone: "while :; do :; done",
        in: folder, limits: limits)
      #expect(verdicts.map(\.outcome) == [.passed, .timedOut])
      #expect(verdicts[1].messages[0].text.contains("does not end"))
    }
  }

  @Test func afterSomeTestsThatDoNotEndTheRestIsLeftOut() throws {
    try withTemporaryFolder { folder in
      var limits = TestRun.Limits()
      limits.timeouts = 1
      let verdicts = try run(
        all: EventStreams.tests, whole: "exit 124", alone: "exit 124", in: folder, limits: limits)
      #expect(verdicts.map(\.outcome) == [.timedOut, .notRun])
    }
  }

  @Test func codeThatEndsTheProgramDoesNotPass() throws {
    try withTemporaryFolder { folder in
      let verdicts = try run(all: EventStreams.cutOff, whole: "exit 0", in: folder)
      #expect(verdicts.map(\.outcome) == [.passed, .crashed])
      #expect(verdicts[1].messages[0].text.contains("with status 0"))
    }
  }

  @Test func aCrashInCodeThatIsNotWrittenIsNoCrash() throws {
    try withTemporaryFolder { folder in
      let words = "not written yet: Protocols/Phase1-FeedForward.md, task 1.1"
      let verdicts = try run(
        all: EventStreams.cutOff, whole: "exit 7", alone: "echo '\(words)' >&2; kill -ILL $$",
        in: folder)
      #expect(verdicts[1].outcome == .notWritten)
      #expect(verdicts[1].unwritten == CourseTask.Number("1.1"))
    }
  }

  @Test func noTestsAreNone() throws {
    try withTemporaryFolder { folder in
      let none = try run(all: EventStreams.withoutTests, whole: "exit 69", in: folder)
      #expect(none.isEmpty)
      expectCourseError(.file, "before the first one began", "status 3") {
        try run(all: "", whole: "exit 3", in: folder)
      }
    }
  }
}
