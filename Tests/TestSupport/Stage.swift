import Shared
import Synchronization
import Testing

/// The simplest tests of a task, on which its other tests build: the others end at once unless these pass.
///
///     static let example = Stage("squareForward()") { DenseTests().squareForward() }
///
///     @Test func anyShape() throws {
///       try Self.example.require()
///
/// So a mistake is reported once, by the test that names it. Of the waiting tests, the first fails with one line,
/// since no run may pass without them, and the rest are cancelled.
public final class Stage: Sendable {
  private let tests: String
  private let body: @Sendable () throws -> Void
  private let outcome: Mutex<Bool?>
  private let isReported = Mutex(false)

  /// A stage of tests that use the checks of this module: `expectClose`, `require`, `trainingPass` and so on. They run
  /// when the first test waits for them, without recording their issues.
  ///
  /// - Parameter tests: their names in the message
  public init(_ tests: String, body: @escaping @Sendable () throws -> Void) {
    (self.tests, self.body) = (tests, body)
    outcome = Mutex(nil)
  }

  /// A stage that was run elsewhere.
  init(_ tests: String, isRight: Bool) {
    (self.tests, body) = (tests, {})
    outcome = Mutex(isRight)
  }

  /// Whether the tests of this stage pass. No lock is held meanwhile: a test of code that is not written yet never ends.
  var isRight: Bool {
    if let known = outcome.withLock({ $0 }) { return known }
    let number = Watchdog.shared.begin(tests, holdsOthers: true)
    defer { Watchdog.shared.end(number) }
    let endTest = NotWritten.endTest.map { endTest in
      { @Sendable (words: String) -> Never in
        Watchdog.shared.end(number)
        endTest(words)
      }
    }
    let isRight = NotWritten.$endTest.withValue(endTest) { complaints(body).isEmpty }
    outcome.withLock { $0 = isRight }
    return isRight
  }

  /// Whether the failure of this stage has been reported: then the waiting tests are cancelled.
  var isTold: Bool {
    get { isReported.withLock { $0 } }
    set { isReported.withLock { $0 = newValue } }
  }

  /// Ends the test unless the tests of this stage pass.
  public func require(sourceLocation: SourceLocation = #_sourceLocation) throws {
    if isRight { return }
    if let trial = Trial.current {
      trial.note("first make \(tests) pass")
      throw TrialEnds()
    }
    #if compiler(>=6.3)
      let isFirst = isReported.withLock { isReported in
        defer { isReported = true }
        return !isReported
      }
      if !isFirst { try Test.cancel("first make \(tests) pass", sourceLocation: sourceLocation) }
    #endif
    try #require(isRight, "first make \(tests) pass", sourceLocation: sourceLocation)
  }
}

/// The messages of the checks in `body`, without failing the test: for tests that provoke a mistake and check that it
/// is named. Only for the checks of this module: `expectClose`, `require`, `trainingPass` and so on.
///
///     #expect(complaints { expectClose(-y, y, "y", mistakes: ["a sign": -y]) }[0].contains("a sign"))
public func complaints(_ body: () throws -> Void) -> [String] {
  let trial = Trial()
  Trial.$current.withValue(trial) {
    do { try body() } catch is TrialEnds {} catch { trial.note("\(error)") }
  }
  return trial.complaints
}

/// The messages that are collected instead of recorded while a stage runs its tests.
private final class Trial: Sendable {
  @TaskLocal static var current: Trial?
  private let list = Mutex<[String]>([])
  var complaints: [String] { list.withLock { $0 } }
  func note(_ words: String) { list.withLock { $0.append(words) } }
}

/// Records an issue, in a student's words.
public func fail(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
  if let trial = Trial.current { return trial.note(words) }
  Issue.record(Comment(rawValue: words), sourceLocation: sourceLocation)
}

/// Ends the test, in a student's words, unless a condition holds.
public func require(
  _ condition: Bool, _ words: @autoclosure () -> String,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  _ = try require(condition ? true : nil, words(), sourceLocation: sourceLocation)
}

/// The value; ends the test, in a student's words, if there is none.
public func require<Value>(
  _ value: Value?, _ words: @autoclosure () -> String,
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> Value {
  if let value { return value }
  if let trial = Trial.current {
    trial.note(words())
    throw TrialEnds()
  }
  let isRight = false
  try #require(isRight, "\(words())", sourceLocation: sourceLocation)
  throw TrialEnds()
}

/// Ends the tests of a stage.
private struct TrialEnds: Error {}
