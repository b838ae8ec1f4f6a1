import CourseTestSupport
import Foundation
import Testing

@testable import CourseKit

@Suite(.watched) struct IsolationTests {
  private static let isolation = Isolation()

  /// Runs a script apart, in a folder of its own.
  private func run(
    _ script: String, limits: ChildProcess.Limits = .init(seconds: 30)
  ) throws -> ChildProcess.Result {
    try Self.isolation.withFolder { isolation, folder in
      try ChildProcess.run(
        ["/bin/sh", "-c", script], in: folder, limits: limits, isolation: isolation)
    }
  }

  @Test func theVariablesAreNew() throws {
    setenv("COURSE_TEST_SECRET", "secret", 1)
    let output = try run("env; pwd").output
    #expect(!output.contains("secret"))
    #expect(output.contains("\nHOME=") || output.hasPrefix("HOME="))
    #expect(output.split(separator: "\n").last?.contains("course-grade-") == true)
  }

  @Test func theFolderIsItsOwnAndGoesAway() throws {
    let folder = try Self.isolation.withFolder { isolation, folder in
      let result = try ChildProcess.run(
        ["/bin/sh", "-c", "echo text > \"$HOME/file\" && cat file"], in: folder,
        isolation: isolation)
      #expect(result.ending == .exited(0), "\(result.errors)")
      #expect(result.output == "text\n")
      return folder
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path))
  }

  @Test func outputIsLimited() throws {
    let limits = ChildProcess.Limits(seconds: 60, output: 1 << 20)
    let result = try run(
      "while :; do echo 0123456789012345678901234567890123456789; done", limits: limits)
    #expect(result.ending == .wroteTooMuch)
  }

  @Test func theChannelArrives() throws {
    let result = try run("echo one > /dev/fd/3; echo two >&3; echo three")
    #expect(String(decoding: result.channel, as: UTF8.self) == "one\ntwo\n")
    #expect(result.output == "three\n")
  }

  #if os(Linux)
    @Test(.enabled(if: Self.isolation.user != nil))
    func anotherUserRunsIt() throws {
      let users = try (1...2).map { _ in try run("id -u").output }
      // Another one each time: nothing of one submission counts for the next.
      #expect(Set(users).count == 2)
      #expect(!users.contains("0\n"))
      #expect(try run("cat /etc/shadow").ending != .exited(0))
    }

    @Test(.enabled(if: Self.isolation.user != nil))
    func aProcessThatLeavesItsGroupIsEnded() throws {
      let mark = "7\(UInt32.random(in: 100_000..<999_999))"
      _ = try run("setsid sleep \(mark) & sleep 0.3")
      let names = try FileManager.default.contentsOfDirectory(atPath: "/proc")
      let lines = names.compactMap { name -> String? in
        guard Int(name) != nil else { return nil }
        return try? String(contentsOfFile: "/proc/\(name)/cmdline", encoding: .utf8)
      }
      #expect(!lines.contains { $0.contains(mark) && $0.hasPrefix("sleep") })
    }

    @Test(.enabled(if: Self.isolation.user != nil))
    func theNumberOfProcessesIsLimited() throws {
      let script = "n=0; while [ $n -lt 400 ]; do sleep 5 & n=$((n + 1)); done; echo all"
      let result = try run(script)
      #expect(!result.output.contains("all"), "\(result.output)")
    }

    @Test(.enabled(if: !Self.isolation.missing.contains { $0.contains("network") }))
    func thereIsNoNetwork() throws {
      // Only the loopback device, which is down.
      let devices = try run("cat /proc/net/dev").output.split(separator: "\n").dropFirst(2)
      #expect(devices.count == 1 && devices.first?.contains("lo:") == true, "\(devices)")
    }

    @Test(.enabled(if: !Self.isolation.missing.contains { $0.contains("size of files") }))
    func filesAreLimited() throws {
      let result = try run("head -c 50000000 /dev/zero > file; wc -c < file")
      #expect((Int(result.output.filter(\.isNumber)) ?? .max) <= 16 << 20, "\(result.output)")
    }
  #endif
}
