import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct ChildProcessTests {
  private func run(
    _ script: String, limits: ChildProcess.Limits = .init()
  ) throws -> ChildProcess.Result {
    try ChildProcess.run(["/bin/sh", "-c", script], limits: limits)
  }

  @Test func outputErrorsAndStatus() throws {
    let result = try run("echo out; echo err >&2; exit 3")
    #expect(result.ending == .exited(3))
    #expect(result.output == "out\n")
    #expect(result.errors == "err\n")
    #expect(try run("kill -SEGV $$").ending == .signalled(SIGSEGV))
  }

  @Test func folderAndEnvironment() throws {
    let result = try ChildProcess.run(
      ["/bin/sh", "-c", "pwd; echo $WORD"], in: URL(filePath: "/"), environment: ["WORD": "a b"])
    #expect(result.output == "/\na b\n")
  }

  @Test func theLimitOfTimeEndsTheWholeGroup() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "alive")
      let result = try run(
        "(sleep 1.5; touch '\(file.path)') & sleep 30", limits: .init(seconds: 0.3))
      #expect(result.ending == .ranTooLong)
      Thread.sleep(forTimeInterval: 2)
      #expect(!FileManager.default.fileExists(atPath: file.path), "the inner process went on")
    }
  }

  #if os(Linux)
    @Test func aGroupOfItsOwnIsNoWayOut() throws {
      try withTemporaryFolder { folder in
        let file = folder.appending(path: "alive")
        let result = try run(
          "setsid sh -c \"sleep 2; touch '\(file.path)'\" & sleep 30", limits: .init(seconds: 0.5))
        #expect(result.ending == .ranTooLong)
        Thread.sleep(forTimeInterval: 2.5)
        #expect(!FileManager.default.fileExists(atPath: file.path), "the inner process went on")
      }
    }
  #endif

  @Test func whatAProgramLeavesBehindIsEnded() throws {
    let result = try run("sleep 30 & echo $!")
    let left = try #require(Int32(result.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    // It may stay a zombie of another process for a moment.
    for _ in 0..<100 where kill(left, 0) == 0 { usleep(20_000) }
    let state = try? String(contentsOfFile: "/proc/\(left)/stat", encoding: .utf8)
    #expect(kill(left, 0) != 0 || state?.contains(") Z") == true)
  }

  @Test func processorTimeIsLimited() throws {
    let result = try run("while :; do :; done", limits: .init(processorSeconds: 1))
    #expect([.signalled(SIGXCPU), .signalled(SIGKILL)].contains(result.ending))
    #expect(result.processorSeconds > 0.5)
  }

  @Test func ofVeryLongOutputTheEndsAreKept() throws {
    let result = try run("echo begin; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end")
    #expect(result.output.hasPrefix("begin\n"))
    #expect(result.output.hasSuffix("end\n"))
    #expect(result.output.utf8.count < 1_000_000)
  }
}
