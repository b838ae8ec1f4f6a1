import Foundation
import Testing

@testable import CourseTestSupport

/// A test that never ends is named, wherever it stands.
@Suite(.watched) struct WatchdogTests {
  @Test func anEndlessLoopIsNamedAndEnded() async {
    let result = await #expect(
      processExitsWith: .exitCode(Watchdog.status), observing: [\.standardErrorContent]
    ) {
      let watchdog = Watchdog(patience: 0.2)
      _ = watchdog.begin("aSlowTest()")
      watchdog.end(watchdog.begin("aQuickTest()"))
      _ = watchdog.begin("anotherTest()")
      while true {}
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      text.contains("Is there a loop that never ends?:\n    anotherTest()\n    aSlowTest()\n"))
    #expect(!text.contains("aQuickTest()"))
  }

  #if os(Linux)
    /// As in an exit test, for whose process the test only waits.
    @Test func anEndlessLoopInAChildProcessIsEnded() async {
      await #expect(processExitsWith: .exitCode(Watchdog.status)) {
        let watchdog = Watchdog(patience: 0.2)
        let number = watchdog.begin("aTest()")
        let loop = ["-c", "while :; do :; done"]
        try Process.run(URL(filePath: "/bin/sh"), arguments: loop).waitUntilExit()
        // The loop was killed: the test must not seem to end by itself.
        watchdog.end(number)
        _exit(7)
      }
    }
  #endif

  @Test func aTestThatComputesAndEndsIsLeftAlone() async {
    await #expect(processExitsWith: .exitCode(7)) {
      let watchdog = Watchdog(patience: 0.5)
      for _ in 0..<6 {
        let number = watchdog.begin("aTest()")
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .milliseconds(200) {}
        watchdog.end(number)
      }
      // Nothing runs now, and what waits does not compute.
      let start = ContinuousClock.now
      while ContinuousClock.now - start < .seconds(1) {}
      _ = watchdog.begin("aTestThatWaits()")
      usleep(1_500_000)
      _exit(7)
    }
  }

  @Test func everySuiteIsWatched() throws {
    let tests = try TestSource.all()
    #expect(Set(tests.map(\.suite)).count > 100)
    for suite in Set(tests.filter { !$0.isWatched }.map { "\($0.file): \($0.suite)" }).sorted() {
      Issue.record("write @Suite(.watched) before \(suite)")
    }
  }
}
