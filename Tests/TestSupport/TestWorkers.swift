import Foundation
import Shared
import Synchronization
import Testing

/// The threads that run the tests, as many as there are processors.
///
/// A test that comes upon code which is not written yet cannot go on, since there is no value to go on with. Its thread
/// sleeps from then on, the test ends with one issue, and another thread takes the place of the sleeping one. So it is
/// for a test that waits for a process or a thread: as long as nothing is begun, there is a new thread each half second.
final class TestWorkers: TaskExecutor, Sendable {
  static let shared = TestWorkers()
  private struct Jobs {
    var waiting: [UnownedJob] = []
    /// The number of jobs that were begun.
    var begun = 0
  }
  private let jobs = Mutex(Jobs())
  private let waiting = DispatchSemaphore(value: 0)

  init(threads: Int = ProcessInfo.processInfo.activeProcessorCount) {
    for _ in 0..<threads { addWorker() }
    Thread { [self] in
      var before = 0
      while true {
        Thread.sleep(forTimeInterval: 0.5)
        let (begun, isWaiting) = jobs.withLock { ($0.begun, !$0.waiting.isEmpty) }
        if isWaiting, begun == before { addWorker() }
        before = begun
      }
    }.start()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.waiting.append(job) }
    waiting.signal()
  }

  private func addWorker() {
    let thread = Thread { [self] in
      while true {
        waiting.wait()
        let job = jobs.withLock {
          $0.begun += 1
          return $0.waiting.removeFirst()
        }
        job.runSynchronously(on: asUnownedTaskExecutor())
      }
    }
    // A test without optimization takes more than the half megabyte that macOS gives.
    thread.stackSize = 1 << 23
    thread.start()
  }

  /// Runs a test, up to code that is not written yet.
  /// - Parameter name: the name for the watchdog
  /// - Returns: the message of that code, if the test came upon it
  func run(
    _ name: String, _ test: @Sendable () async throws -> Void
  ) async throws -> String? {
    let (outcome, test) = (Outcome(), escaping(test))
    let endTest: @Sendable (String) -> Never = { [self] words in
      outcome.set(.success(words))
      addWorker()
      while true { sleep(.max) }
    }
    let task = Task(executorPreference: self) {
      outcome.begin(name)
      do {
        try await NotWritten.$endTest.withValue(endTest, operation: test)
        outcome.set(.success(nil))
      } catch {
        outcome.set(.failure(error))
      }
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { outcome.wait($0) }
    } onCancel: {
      task.cancel()
    }
  }

  /// A test that a trait is lent for the time of its call, as one that can be kept. A sleeping thread keeps it for ever
  /// and never uses it again, which the compiler cannot know and `withoutActuallyEscaping` would not let pass.
  private func escaping(
    _ test: @Sendable () async throws -> Void
  ) -> @Sendable () async throws -> Void {
    typealias Body = @Sendable () async throws -> Void
    struct Lending { let body: (Body) -> Body }
    struct Keeping { let body: (@escaping Body) -> Body }
    // Both are the same in memory.
    return unsafeBitCast(Keeping { $0 }, to: Lending.self).body(test)
  }

  /// The result of a test, set once.
  private final class Outcome: Sendable {
    private enum State {
      case running
      case awaited(CheckedContinuation<String?, any Error>)
      case ended(Result<String?, any Error>)
    }
    private let state = Mutex(State.running)
    private let number = Mutex<Int?>(nil)

    func begin(_ name: String) {
      number.withLock { $0 = Watchdog.shared.begin(name) }
    }

    func wait(_ continuation: CheckedContinuation<String?, any Error>) {
      let result: Result<String?, any Error>? = state.withLock {
        if case .ended(let result) = $0 { return result }
        $0 = .awaited(continuation)
        return nil
      }
      if let result { continuation.resume(with: result) }
    }

    /// A second result, of another thread of the same test, is dropped.
    func set(_ result: Result<String?, any Error>) {
      if let number = number.withLock({ $0.take() }) { Watchdog.shared.end(number) }
      let continuation: CheckedContinuation<String?, any Error>? = state.withLock { state in
        switch state {
        case .ended: return nil
        case .running:
          state = .ended(result)
          return nil
        case .awaited(let continuation):
          state = .ended(result)
          return continuation
        }
      }
      continuation?.resume(with: result)
    }
  }
}
