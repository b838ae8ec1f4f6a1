import CourseTestSupport
import Shared
import Synchronization
import Testing

/// A stage tells its tests' mistakes once, and lets no test that waits for them pass.
@Suite(.watched) struct StageTests {
  @Test func whatIsRightLetsTestsGoOn() throws {
    let stage = Stage("a()") {
      expectClose([1], [1], "y")
      _ = try require(1 as Int?, "a number")
      try require(true, "true")
    }
    try stage.require()
    try stage.require()
  }

  private static let mistakes: [@Sendable () throws -> Void] = [
    { expectClose([1], [2], "y") }, { expectClose(1, 2, "y", mistakes: ["half": 1]) },
    { try require(false, "a condition") }, { _ = try require(nil as Int?, "a value") },
    { fail("words") }, { throw CancellationError() },
  ]

  @Test(arguments: mistakes.indices)
  func whatIsWrongIsNotRecordedTwice(number: Int) throws {
    let stage = Stage("a() and b()", body: Self.mistakes[number])
    try withKnownIssue {
      try stage.require()
    } matching: {
      $0.comments.map(\.rawValue) == ["first make a() and b() pass"]
    }
  }

  #if compiler(>=6.3)
    private static let wrong = Stage("a()") { fail("wrong") }

    /// This test is cancelled, unless something is wrong here.
    @Test func theSecondTestThatWaitsIsCancelled() throws {
      withKnownIssue { try Self.wrong.require() }
      try Self.wrong.require()
      Issue.record("a test goes on although its stage failed")
    }
  #endif

  @Test func theTestsOfAStageRunOnce() throws {
    let runs = Mutex(0)
    let stage = Stage("a()") { runs.withLock { $0 += 1 } }
    for _ in 0..<3 { try stage.require() }
    #expect(runs.withLock { $0 } == 1)
  }
}
