import CourseTestSupport
import Synchronization
import Testing

/// The first steps of a task tell a mistake once, and a trap in one of them ends no test run.
@Suite(.watched) struct FirstStepsTests {
  private static let right: FirstSteps.Step = ("right()", { expectClose(1, 1, "y") })
  private static let wrong: FirstSteps.Step = ("wrong()", { expectClose(1, 2, "y") })
  private static let trap: FirstSteps.Step = (
    "trap()", { _ = [Int]()[Int("1")!] }
  )

  /// The text of the issues that `body` records.
  private func words(_ body: () async throws -> Void) async throws -> String {
    let words = Mutex("")
    try await withKnownIssue {
      try await body()
    } matching: { issue in
      let text = issue.comments.map(\.rawValue).joined()
      words.withLock { $0 += text }
      return true
    }
    return words.withLock { $0 }
  }

  private static let allRight: FirstSteps = FirstSteps(of: "Task", [right, right]) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      FirstStepsTests.allRight.tryAndExit()
    }
  }

  @Test func whatIsRightLetsTestsGoOn() async throws {
    try await Self.allRight.run(0)
    try await Self.allRight.run(1)
    try await Self.allRight.require()
  }

  private static let oneWrong: FirstSteps = FirstSteps(of: "Task", [right, wrong, right]) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      FirstStepsTests.oneWrong.tryAndExit()
    }
  }

  @Test func whatIsWrongIsToldByItsOwnStep() async throws {
    try await Self.oneWrong.requireThatTheProgramGoesOn()
    try await Self.oneWrong.run(0)
    // Nothing has told the mistake yet.
    #expect(try await words { try await Self.oneWrong.run(2) } == "first make wrong() pass")
    #expect(try await words { try await Self.oneWrong.run(1) }.hasPrefix("y: expected 2.0"))
  }

  #if compiler(>=6.3)
    private static let told: FirstSteps = FirstSteps(of: "Task", [wrong]) {
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        FirstStepsTests.told.tryAndExit()
      }
    }

    /// This test is cancelled, unless something is wrong here.
    @Test func whatWaitsIsCancelledOnceTheMistakeIsTold() async throws {
      #expect(try await words { try await Self.told.run(0) }.hasPrefix("y: expected 2.0"))
      try await Self.told.require()
      Issue.record("a test goes on although the first step fails")
    }
  #endif

  private static let isHere = Mutex(false)

  private static let changing: FirstSteps = FirstSteps(
    of: "Task", [("changing()", { try require(isHere.withLock { $0 }, "not here") })]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      FirstStepsTests.changing.tryAndExit()
    }
  }

  @Test func whatFailsNowAndThenDoesNotPass() async throws {
    Self.isHere.withLock { $0 = true }
    let text = try await words { try await Self.changing.run(0) }
    #expect(text == "Task: this fails only sometimes: does it depend on chance?")
  }

  private static let oneTrap: FirstSteps = FirstSteps(
    of: "Task", [right, trap], hints: ["Index out of range": "the list is empty"]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      FirstStepsTests.oneTrap.tryAndExit()
    }
  }

  @Test func aTrapIsToldInWords() async throws {
    try await Self.oneTrap.run(0)
    // Nothing has told the mistake yet.
    let waiting = try await words { try await Self.oneTrap.requireThatTheProgramGoesOn() }
    #expect(waiting == "first make trap() pass")
    let text = try await words { try await Self.oneTrap.run(1) }
    #expect(text.hasPrefix("Task: the program ends here, so all other tests wait:\n"))
    #expect(text.contains("Fatal error: Index out of range\n  the list is empty"))
  }
}
