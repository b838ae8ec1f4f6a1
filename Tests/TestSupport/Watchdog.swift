import Foundation
import Shared
import Synchronization
import Testing

extension Trait where Self == Watched {
  /// Every suite has this trait: a test that never ends is named, and the process ended. (`.timeLimit` counts
  /// in minutes, and cannot end a loop that computes.)
  ///
  ///     @Suite(.watched) struct DenseTests {
  public static var watched: Watched { Watched() }
}

/// Tells the watchdog when each test of a suite begins and ends. A test ends where code is not written yet.
public struct Watched: SuiteTrait, TestTrait, TestScoping {
  /// True: each test of the suite is watched.
  public var isRecursive: Bool { true }

  /// Watches one run of a test function.
  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    guard hasUnwrittenTasks else {
      let number = Watchdog.shared.begin("\(test.id)")
      defer { Watchdog.shared.end(number) }
      return try await function()
    }
    if let words = try await TestWorkers.shared.run("\(test.id)", function) {
      Issue.record(Comment(rawValue: words), sourceLocation: test.sourceLocation)
    }
  }
}

/// Whether a task of this package is not written yet, or whether its sources cannot be read. Only then the tests need
/// threads of their own, as many as there are processors: a test that waits for a process would hold one.
private let hasUnwrittenTasks: Bool = {
  let manager = FileManager.default
  guard let folders = try? manager.contentsOfDirectory(atPath: packageFolder.path) else {
    return true
  }
  let phases = folders.filter {
    $0.hasPrefix("Phase") || ["Generator", "Explorations"].contains($0)
  }
  return phases.isEmpty
    || phases.contains { phase in
      let folder = packageFolder.appending(path: phase).resolvingSymlinksInPath()
      guard let files = try? manager.subpathsOfDirectory(atPath: folder.path) else { return true }
      return files.contains { path in
        guard path.hasSuffix(".swift") else { return false }
        let text = try? String(contentsOf: folder.appending(path: path), encoding: .utf8)
        return text?.contains("notWritten(\"") ?? true
      }
    }
}()

/// Names the running tests when none has begun or ended for ten seconds, and ends the process when that continues.
///
/// Only seconds of processor time count, at most one for each second that passes: a test that waits for a busy machine
/// is not ended. Those of child processes count as well, since the test of an exit test only waits for them. The limit
/// depends on the speed of this machine. A silence without computing (a lock, for example) may last 300 seconds.
final class Watchdog: Sendable {
  static let shared = Watchdog()
  /// The exit status: that of `timeout`.
  static let status: CInt = 124

  private struct Tests {
    var running: [(number: Int, name: String, holdsOthers: Bool)] = []
    /// The number of tests that have begun and ended.
    var changes = 0
    /// The test that began last on each thread: the only one there that can be computing. Those before it have
    /// ended, or wait for something.
    var lastOnThread: [AnyHashable: Int] = [:]

    /// The names of the running tests: first those that others wait for, then those that can be computing, then the
    /// rest; of each the longest-running ones.
    var names: [String] {
      let last = Set(lastOnThread.values)
      func rank(_ number: Int, _ holdsOthers: Bool) -> Int {
        holdsOthers ? 0 : last.contains(number) ? 1 : 2
      }
      return running.map { (rank($0.number, $0.holdsOthers), $0.number, $0.name) }
        .sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    }
  }
  private let tests = Mutex(Tests())
  private let patience: Double?

  /// - Parameter patience: seconds of processor time without a test that begins or ends; by default adapted to this
  ///   machine
  init(patience: Double? = nil) {
    self.patience = patience
    Thread { self.watch() }.start()
  }

  /// - Parameter holdsOthers: whether tests wait for this one
  func begin(_ name: String, holdsOthers: Bool = false) -> Int {
    tests.withLock {
      $0.changes += 1
      $0.running.append(($0.changes, name, holdsOthers))
      $0.lastOnThread[AnyHashable(pthread_self())] = $0.changes
      return $0.changes
    }
  }

  func end(_ number: Int) {
    tests.withLock {
      $0.changes += 1
      $0.running.removeAll { $0.number == number }
    }
  }

  private func watch() -> Never {
    let patience = patience ?? patienceForThisMachine()
    var (changes, silence, computing) = (0, 0.0, 0.0)
    // That of the children is unknown as long as tests begin and end.
    var childrenTime: Double?
    var (time, cpuTime) = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID))
    while true {
      Thread.sleep(forTimeInterval: 0.5)
      let (now, cpuNow) = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID))
      let (changesNow, running) = tests.withLock { ($0.changes, $0.names) }
      let before = silence
      if changesNow != changes || running.isEmpty {
        (changes, silence, computing, childrenTime) = (changesNow, 0, 0, nil)
      } else {
        let childrenNow = secondsOfChildren()
        // Less than before after the end of a child.
        let ofChildren = max(0, childrenNow - (childrenTime ?? childrenNow))
        childrenTime = childrenNow
        // At most 1: a process that was stopped in between, by a debugger for example, was not silent.
        silence += min(now - time, 1)
        computing += min(now - time, cpuNow - cpuTime + ofChildren, 1)
      }
      (time, cpuTime) = (now, cpuNow)
      if before < 10, silence >= 10 { say("Still running after 10 seconds", running) }
      if computing >= patience || silence >= max(300, patience) {
        say(
          "Stopped: no test has begun or ended for \(Int(silence)) seconds. Is there a loop that never ends?",
          running)
        // From here on no test ends: an exit test whose process is killed would tell that as a fault of its own.
        tests.withLock { _ in
          // Exit tests that wait for a process of their own would orphan it.
          let killer = try? Process.run(
            URL(filePath: "/usr/bin/pkill"),
            arguments: ["-KILL", "-P", "\(ProcessInfo.processInfo.processIdentifier)"])
          killer?.waitUntilExit()
          _exit(Self.status)
        }
      }
    }
  }

  /// Writes a sentence and the names of tests.
  private func say(_ sentence: String, _ names: [String]) {
    let shown = names.prefix(3).map { "\n    \($0)" }.joined()
    let rest = names.count > 3 ? "\n    and \(names.count - 3) more" : ""
    FileHandle.standardError.write(Data("◇ \(sentence):\(shown)\(rest)\n".utf8))
  }
}

/// 45 seconds of processor time on a machine where this loop takes 0.11 seconds and the slowest test 13; on a slower
/// machine, or with a sanitizer, proportionally more; and never less than two thirds. The checker of a task, whose tests
/// are quick, asks for fewer seconds through `COURSE_TEST_PATIENCE`.
func patienceForThisMachine() -> Double {
  let wished = ProcessInfo.processInfo.environment["COURSE_TEST_PATIENCE"].flatMap(Double.init)
  let patience = wished ?? 45
  let start = seconds(CLOCK_THREAD_CPUTIME_ID)
  var sum: UInt32 = 0
  for number: UInt32 in 0..<1_000_000 { sum = sum &* 31 &+ number }
  let end = seconds(CLOCK_THREAD_CPUTIME_ID)
  // Never true; it keeps the compiler from removing the loop.
  if sum == 1 { print(sum) }
  return max(patience * 2 / 3, (end - start) / 0.11 * patience)
}

/// The processor time of the child processes that are running; 0 where there is no `/proc`.
private func secondsOfChildren() -> Double {
  let parent = "\(ProcessInfo.processInfo.processIdentifier)"
  let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  let ticks = names.filter { $0.first?.isNumber == true }.reduce(0) { sum, name in
    // 1234 (a name) S 1233 ...: the parent is the fourth word, the times are the 14th and the 15th.
    guard let text = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
      let close = text.lastIndex(of: ")")
    else { return sum }
    let words = text[close...].split(separator: " ")
    guard words.count > 13, words[2] == parent else { return sum }
    return sum + (Int(words[12]) ?? 0) + (Int(words[13]) ?? 0)
  }
  return Double(ticks) / Double(sysconf(CInt(_SC_CLK_TCK)))
}

/// The time of a clock.
private func seconds(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
