import Foundation
import Testing

/// The simplest tests of a task, run one after the other in a process of their own before all others: an index
/// out of range or a wrong shape ends that process, and not the test run.
///
///     static let steps: FirstSteps = FirstSteps(
///       of: "LSTM",
///       [("forwardStepByStep()", { ... }), ("backwardThroughTime()", { ... })]
///     ) {
///       await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
///         LSTMTests.steps.tryAndExit()
///       }
///     }
///
///     @Test func forwardStepByStep() async throws { try await Self.steps.run(0) }
///     @Test func backwardThroughTime() async throws { try await Self.steps.run(1) }
///     @Test func anythingElse() async throws {
///       try await Self.steps.require()
///
/// The first failing step reports its mistake, and the tests that wait for it are cancelled. If the run includes no
/// test of that step, the first waiting test fails, as for a `Stage`.
public final class FirstSteps: Sendable {
  /// The name of a test and its body, which must use the checks of this module: `expectClose`, `require`, `fail`
  /// and so on.
  public typealias Step = (name: String, body: @Sendable () throws -> Void)

  /// The result of the process.
  private struct Outcome: Sendable {
    /// The first failing step, and the stage that others wait for.
    var wrong: (index: Int, stage: Stage)?
    /// The message with which the process ended in that step.
    var trap: String?
    /// The message of code in that step that is not written yet.
    var notWritten: String?
  }

  private let task: String
  private let steps: [Step]
  private let hints: [String: String]
  private let process: @Sendable () async -> ExitTest.Result?
  private let outcome = SharedValue<Outcome>()

  /// - Parameters:
  ///   - task: the name of the task in messages
  ///   - steps: the tests, the simplest first
  ///   - hints: possible causes of a message that ended the process, by a part of that message
  ///   - process: runs `tryAndExit()` as an exit test
  public init(
    of task: String, _ steps: [Step], hints: [String: String] = [:],
    process: @escaping @Sendable () async -> ExitTest.Result?
  ) {
    (self.task, self.steps, self.hints, self.process) = (task, steps, hints, process)
  }

  // MARK: In the process of its own

  /// Runs the steps up to the first failing one. The status is always that of a failure, so that the exit test
  /// itself has nothing to report.
  public func tryAndExit() -> Never {
    // Sooner than the process that waits for this one, which would end without a word about the step.
    let watchdog = Watchdog(patience: patienceForThisMachine() / 3)
    for (number, step) in steps.enumerated() {
      tell("step \(number)")
      _ = watchdog.begin(step.name)
      guard Stage(step.name, body: step.body).isRight else { exit(EXIT_FAILURE) }
    }
    tell("step \(steps.count)")
    exit(EXIT_FAILURE)
  }

  private func tell(_ line: String) {
    try? FileHandle.standardError.write(contentsOf: Data("\(Self.mark)\(line)\n".utf8))
  }

  private static let mark = "FirstSteps: "

  // MARK: In the tests

  /// Runs the step with the name of the test.
  public func run(
    _ name: String = #function, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let index = steps.firstIndex { $0.name == name }
    try await run(
      try #require(index, "\(task) has no step \(name)", sourceLocation: sourceLocation),
      sourceLocation: sourceLocation)
  }

  /// Runs a step; ends the test at once if an earlier step fails, and with a message if this one would end the
  /// program.
  public func run(_ index: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let outcome = await tried()
    guard let wrong = outcome.wrong, wrong.index <= index else { return try steps[index].body() }
    guard wrong.index == index else {
      return try await wait(for: wrong.stage, sourceLocation: sourceLocation)
    }
    defer { wrong.stage.isTold = true }
    if let words = outcome.notWritten { return fail(words, sourceLocation: sourceLocation) }
    guard let trap = outcome.trap else {
      let passesHere = Stage(steps[index].name, body: steps[index].body).isRight
      if !passesHere { return try steps[index].body() }
      return fail(
        "\(task): this fails only sometimes: does it depend on chance?",
        sourceLocation: sourceLocation)
    }
    // Of several, that of the longest part: the one that fits best.
    let hint = hints.filter { trap.contains($0.key) }.max {
      ($0.key.count, $0.key) < ($1.key.count, $1.key)
    }
    let advice = hint.map { "\n  \($0.value)" } ?? ""
    fail(
      "\(task): the program ends here, so all other tests wait:\n  \(trap)\(advice)",
      sourceLocation: sourceLocation)
  }

  /// Ends the test unless all steps pass.
  public func require(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    guard let wrong = await tried().wrong else { return }
    try await wait(for: wrong.stage, sourceLocation: sourceLocation)
  }

  /// Ends the test; lets the test that reports the mistake come first, if there is one in this run.
  private func wait(for stage: Stage, sourceLocation: SourceLocation) async throws {
    for _ in 0..<300 where !stage.isTold { try await Task.sleep(for: .milliseconds(10)) }
    try stage.require(sourceLocation: sourceLocation)
  }

  /// Ends the test if a step ends the program. If a step merely fails, the test goes on.
  public func requireThatTheProgramGoesOn(
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    if await tried().trap != nil { try await require(sourceLocation: sourceLocation) }
  }

  private func tried() async -> Outcome {
    await outcome.value { [self] in
      // If no process could be started, #expect has recorded it, and the steps run here.
      let names = steps.map(\.name).joined(separator: ", ")
      let number = Watchdog.shared.begin("\(task): \(names)", holdsOthers: true)
      defer { Watchdog.shared.end(number) }
      guard let result = await process() else { return Outcome() }
      let lines = String(decoding: result.standardErrorContent, as: UTF8.self)
        .split(whereSeparator: \.isNewline).map(String.init)
      let reached = lines.last { $0.hasPrefix(Self.mark) }.flatMap {
        Int($0.split(separator: " ").last ?? "")
      }
      guard let reached, reached < steps.count else { return Outcome() }
      let stage = Stage(steps[reached].name, isRight: false)
      let notWritten = notWrittenLine(in: lines.joined(separator: "\n"))
      let hasEnded = result.exitStatus != .exitCode(EXIT_FAILURE)
      let message =
        result.exitStatus == .exitCode(Watchdog.status)
        ? "It does not end. Is there a loop that goes on for ever?"
        : lines.first { $0.contains("Fatal error") } ?? "\(result.exitStatus)"
      return Outcome(
        wrong: (reached, stage), trap: hasEnded ? message : nil, notWritten: notWritten)
    }
  }
}

/// A value that is computed once, by the test that needs it first, while the others wait.
private actor SharedValue<Value: Sendable> {
  private var task: Task<Value, Never>?

  func value(_ compute: @escaping @Sendable () async -> Value) async -> Value {
    let task = task ?? Task { await compute() }
    self.task = task
    return await task.value
  }
}

/// Lets a test, or all tests of a suite, wait for the first steps of some tasks.
public struct WaitingTrait: SuiteTrait, TestTrait, TestScoping {
  let wait: @Sendable () async throws -> Void

  /// Each test of the suite waits.
  public var isRecursive: Bool { true }

  /// A test waits as a whole: if only its cases were cancelled, it would count as passed.
  public func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? {
    test.isSuite || testCase != nil ? nil : self
  }

  /// Waits, then runs the test.
  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await wait()
    try await function()
  }
}

extension Trait where Self == WaitingTrait {
  /// Waits until the first steps of a task pass: `@Test(.waits(for: LSTMTests.steps))`.
  public static func waits(for task: FirstSteps) -> Self {
    WaitingTrait { try await task.require() }
  }

  /// Waits as long as the first steps of one of the tasks end the program.
  public static func waits(whileAnyTraps tasks: [FirstSteps]) -> Self {
    WaitingTrait { for task in tasks { try await task.requireThatTheProgramGoesOn() } }
  }
}
