import Synchronization
import TestSupport
import Testing

/// The first steps of a task tell a mistake once, and a trap in one of them ends no test run.
@Suite struct FirstStepsTests {
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
    #expect(try await words { try await Self.oneWrong.run(1) }.hasPrefix("y: expected 2.0"))
    #expect(try await words { try await Self.oneWrong.run(2) } == "first make wrong() pass")
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
    let text = try await words { try await Self.oneTrap.run(1) }
    #expect(text.hasPrefix("Task: the program ends here, so all other tests wait:\n"))
    #expect(text.contains("Fatal error: Index out of range\n  the list is empty"))
    let waiting = try await words { try await Self.oneTrap.requireThatTheProgramGoesOn() }
    #expect(waiting == "first make trap() pass")
  }
}
