import CourseTestSupport
import Foundation
import Testing

/// The report of `./course test` on tests that fail, trap or never end, after Swift's own output.
@Suite(.watched) struct CourseScriptFailureTests {
  /// The lines after the output of the tests.
  private func verdict(_ run: ToolRun) -> [String] {
    Array(run.error.split(separator: "\n").map(String.init).drop { !$0.hasPrefix("Failed") })
  }

  @Test func failuresAreListedInTheOrderOfTheTasksWithTheirHints() throws {
    try withScript { script in
      try script.makeTestFile("DenseTests", comment: "Task 1.2.")
      try script.makeTestFile("DenseTests+Use", comment: "How it is used.")
      try script.makeTestFile("SGDTests", comment: "Task 1.1.")
      try script.makeTests(
        """
        cat <<'END'
        ◇ Test run started.
        ✘ Test anyShape(shape:) recorded an issue with 1 argument shape → [1, 4] at DenseTests.swift:9:5: Issue recorded
        ↳ Dense.forward of shape [1, 4]: 3 of 4 elements are off by more than 1e-05
        ✘ Test copies() recorded an issue at DenseTests+Use.swift:7:5: Expectation failed: isRight
        ↳ first make squareForward() pass
        ✘ Test squareForward() recorded an issue at DenseTests.swift:12:5: Issue recorded
        ↳ Dense.forward: the bias is missing: Y = X · W + b
          expected [[1.0]]
        ✘ Test aStep() recorded an issue at SGDTests.swift:20:5: Issue recorded
        ↳ SGD.update: 1 of 1 elements are off by more than 1e-05
        ✘ Test uphill() recorded an issue at SGDTests.swift:40:5: Issue recorded
        ↳ SGD.update: the step goes uphill
        ✘ Test helper() recorded an issue at Helper.swift:1:5: Expectation failed: x == y
        ➜ Test modes() was cancelled after 0.025 seconds: "first make squareForward() pass"
        ✘ Test copies() failed after 0.1 seconds with 1 issue.
        ✘ Test squareForward() failed after 0.1 seconds with 1 issue.
        ✘ Test withoutIssue() with 2 test cases failed after 0.1 seconds with 1 issue.
        ✘ Suite DenseTests failed after 0.1 seconds with 4 issues.
        ✘ Test run with 7 tests in 2 suites failed after 0.1 seconds with 6 issues.
        END
        exit 1
        """)
      let run = try script.run("test")
      #expect(run.status == 1)
      #expect(
        verdict(run).dropLast() == [
          "Failed tests, the first to fix on top:",
          "  1.1 uphill(): SGD.update: the step goes uphill",
          "  1.1 aStep(): SGD.update: 1 of 1 elements are off by more than 1e-05",
          "  1.2 squareForward(): Dense.forward: the bias is missing: Y = X · W + b",
          "  1.2 anyShape(shape:): Dense.forward of shape [1, 4]: 3 of 4 elements are off by more than 1e-05",
          "  withoutIssue()",
          "  helper(): Expectation failed: x == y",
          "  and 2 that wait for these",
        ])
    }
  }

  @Test func testsThatTrapAreNamedAndTheRestIsTold() throws {
    try withScript { script in
      try script.makeTests(
        #"""
        echo "◇ Test run started."
        echo "◇ Suite DenseTests started."
        echo "✔ Test fine() passed after 0.1 seconds."
        case "$*" in
          *--no-parallel*) ;;
          *)
            echo "◇ Test late() started."
            echo "Dense.swift:3: Fatal error: Index out of range" >&2
            exit 1 ;;
        esac
        for name in "one(a:)" "two()"; do
          echo "◇ Test $name started."
          pattern=$(printf %s "$name" | sed 's/[()]/\\&/g')
          case "$*" in
            *"--skip DenseTests/$pattern"*) ;;
            *)
              echo "Dense.swift:3: Fatal error: no $name" >&2
              exit 1 ;;
          esac
        done
        echo "✘ Test late() recorded an issue at DenseTests.swift:7:5: Expectation failed: z"
        echo "✘ Test late() failed after 0.1 seconds with 1 issue."
        echo "✘ Test run with 2 tests in 1 suite failed after 0.1 seconds with 1 issue."
        exit 1
        """#)
      let run = try script.run("test")
      #expect(run.status == 1)
      #expect(
        verdict(run).dropLast() == [
          "Failed tests, the first to fix on top:",
          "  DenseTests/one(a:) ended the process: no one(a:)",
          "  DenseTests/two() ended the process: no two()",
          "  late(): Expectation failed: z",
        ])
      let calls = try script.calls().filter { $0.hasPrefix("swift test") }
      #expect(calls.count == 4)
      #expect(calls[3].hasSuffix(#"--skip DenseTests/one\(a:\) --skip DenseTests/two\(\)"#))
    }
  }

  @Test func aTrapThatComesOnlySideBySideIsAFailure() throws {
    try withScript { script in
      try script.makeTests(
        """
        echo "◇ Test run started."
        case "$*" in
          *--no-parallel*) echo "✔ Test run with 2 tests in 1 suite passed after 0.1 seconds." ;;
          *) exit 1 ;;
        esac
        """)
      let run = try script.run("test")
      #expect(run.status == 1)
      #expect(verdict(run).contains("  a test ended the process, but none when run alone"))
    }
  }

  /// The watchdog has named it, and it would take as long again.
  @Test func aTestThatNeverEndsIsNotRepeated() throws {
    try withScript { script in
      try script.makeTests(
        """
        echo "◇ Test run started."
        echo "◇ Stopped: no test has begun or ended for 30 seconds. Is there a loop that never ends?:"
        echo "    Phase1FeedForwardTests.DenseTests/squareForward()"
        exit 1
        """)
      let run = try script.run("test")
      #expect(run.status == 1)
      #expect(run.output.contains("DenseTests/squareForward()"))
      #expect(run.error.contains("the test run did not complete (see above)"))
      #expect(try script.calls().filter { $0.hasPrefix("swift test") }.count == 1)
    }
  }
}
