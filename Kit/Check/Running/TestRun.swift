import CourseCommandLine
import Foundation
import Shared

/// Runs a program of tests: all in one process, then what has no result, each in a process of its own. So an endless
/// loop or a trap costs one test and not the run.
package struct TestRun {
  /// The program and its first arguments.
  let command: [String]
  let package: URL
  package var limits = Limits()
  /// Variables beside those of this process.
  package var environment: [String: String] = [:]
  /// Keeps the tests apart, with their folder: for code that is not trusted.
  var isolation: (isolation: Isolation, folder: URL)?

  package struct Limits: Sendable {
    /// Seconds of processor time without a test that begins or ends: in a run of all tests, and of one. The first may be
    /// short, since a test that it stops by mistake is run again alone.
    package var patience = (all: 6, single: 5)
    /// Seconds on the clock, and of processor time.
    package var seconds = (all: 300.0, single: 60.0)
    package var memory = 8 << 30
    /// Bytes of output and events.
    package var output: Int?
    /// The tests that may take too long before the rest is left out.
    package var timeouts = 2
    /// The tests that may go wrong alone before the rest is left out.
    package var failures = Int.max

    package init() {}
  }

  /// Runs the tests that some filters select, and returns what became of each, in the order of the files.
  /// - Parameter tick: is called about ten times a second
  package func run(filters: [String], tick: () -> Void = {}) throws -> [TestVerdict] {
    let (stream, result) = try run(
      filters, patience: limits.patience.all, seconds: limits.seconds.all, tick: tick)
    if stream.hasEnded { return stream.tests.map(\.proven) }
    guard !stream.tests.isEmpty else {
      // 69: no test matched.
      if result.ending == .exited(69) { return [] }
      throw CourseError(
        .file, "the tests ended before the first one began: \(Self.reason(of: result).text)",
        location: command.first)
    }
    var (timeouts, failures) = (0, 0)
    return try stream.tests.map { entry in
      if entry.hasEnded { return entry.proven }
      guard timeouts < limits.timeouts, failures < limits.failures else {
        var verdict = entry.verdict
        verdict.outcome = .notRun
        return verdict
      }
      let verdict = try runAlone(entry.verdict, tick: tick)
      if verdict.outcome == .timedOut { timeouts += 1 }
      if verdict.isWrong { failures += 1 }
      return verdict
    }
  }

  private func runAlone(_ test: TestVerdict, tick: () -> Void) throws -> TestVerdict {
    let pattern = "^" + NSRegularExpression.escapedPattern(for: test.id) + "$"
    let (stream, result) = try run(
      [pattern], patience: limits.patience.single, seconds: limits.seconds.single,
      tracesBack: isolation == nil, tick: tick)
    if let entry = stream.tests.first(where: { $0.verdict.id == test.id }), entry.hasEnded {
      return entry.proven
    }
    var verdict = test
    let reason = Self.reason(of: result)
    verdict.outcome = reason.outcome
    verdict.unwritten = unwrittenTask(in: result.errors)
    if let task = verdict.unwritten {
      verdict.outcome = .notWritten
      verdict.messages = [
        .init(text: "not written yet: task \(task)", file: test.file, line: test.line)
      ]
    } else {
      let place = Self.place(in: result.errors, package: package).map { "\n  at \($0)" } ?? ""
      verdict.messages = [.init(text: reason.text + place, file: test.file, line: test.line)]
    }
    return verdict
  }

  /// The line of a task's code at which a program stopped, from the backtrace that Swift wrote, and its text.
  static func place(in errors: String, package: URL) -> String? {
    let root = package.resolvingSymlinksInPath().path + "/"
    for frame in errors.matches(of: /(?m) at (\/.+):(\d+):\d+$/) {
      let path = URL(filePath: String(frame.1)).resolvingSymlinksInPath().path
      let file = path.dropFirst(root.count)
      guard path.hasPrefix(root), let line = Int(frame.2),
        CourseTask.Scope.allCases.contains(where: { file.hasPrefix($0.folder + "/") })
      else { continue }
      let lines = (try? String(contentsOfFile: path, encoding: .utf8))?.components(
        separatedBy: "\n")
      let text = lines.flatMap { $0.indices.contains(line - 1) ? $0[line - 1] : nil } ?? ""
      return "\(file):\(line):  " + text.trimmingCharacters(in: .whitespaces)
    }
    return nil
  }

  private func run(
    _ filters: [String], patience: Int, seconds: Double, tracesBack: Bool = false,
    tick: () -> Void
  ) throws -> (EventStream, ChildProcess.Result) {
    // Through a descriptor: a file could be overwritten by the code under test.
    let result = try ChildProcess.run(
      command + ["--testing-library", "swift-testing"] + filters.flatMap { ["--filter", $0] }
        + [
          "--event-stream-output-path", "/dev/fd/\(ChildProcess.channel)", "--event-stream-version",
          "0",
        ],
      in: isolation?.folder ?? package,
      environment: environment.merging([
        "SWIFT_BACKTRACE": tracesBack ? Self.backtrace : "enable=no",
        "COURSE_TEST_PATIENCE": "\(patience)", "NO_COLOR": "1",
      ]) { $1 },
      limits: .init(
        seconds: seconds, processorSeconds: Int(seconds), memory: limits.memory,
        output: limits.output),
      isolation: isolation?.isolation, tick: tick)
    // A stream that was cut off can end within a character.
    let events = String(decoding: result.channel, as: UTF8.self)
    return (EventStream(events, package: package), result)
  }

  private static let backtrace =
    "enable=yes,interactive=no,color=no,preset=full,threads=crashed,registers=none,images=none"

  /// Why a process ended in the middle of a test.
  static func reason(of result: ChildProcess.Result) -> (outcome: TestVerdict.Outcome, text: String)
  {
    let endless = "It does not end. Is there a loop that goes on for ever?"
    // A place in Swift's own library says nothing to a student.
    let fatal = result.errors.components(separatedBy: "\n").last { $0.contains("Fatal error") }
      .map { $0.replacing(/^Swift\/[^ ]+:\s/, with: "") }
    switch result.ending {
    // 124: the watchdog of the tests.
    case .ranTooLong, .exited(124), .signalled(SIGXCPU): return (.timedOut, endless)
    case .wroteTooMuch: return (.crashed, "It writes without end.")
    case .signalled(SIGKILL):
      return (.crashed, "The system ended the program: it took too much time or memory.")
    case .signalled(let signal):
      return (.crashed, fatal ?? "The program stopped: \(String(cString: strsignal(signal))).")
    case .exited(let status):
      return (.crashed, fatal ?? "The program ended itself, with status \(status).")
    }
  }
}
