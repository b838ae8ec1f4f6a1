import Foundation
import Testing

@testable import CourseTestSupport

@Suite(.watched) struct TestWorkersTests {
  /// On a machine with one processor, a test that waits for a process must not keep the others from running.
  @Test func aTestThatWaitsHoldsNoOther() async throws {
    let workers = TestWorkers(threads: 1)
    let (hasBegun, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    @Sendable func wait() {
      hasBegun.signal()
      mayEnd.wait()
    }
    async let waiting = workers.run("a test that waits") { wait() }
    func begun() -> Bool { hasBegun.wait(timeout: .now()) == .success }
    while !begun() { try await Task.sleep(for: .milliseconds(5)) }
    let second = try await workers.run("another test") { mayEnd.signal() }
    let first = try await waiting
    #expect(first == nil && second == nil)
  }
}
