import CourseCommandLine
import CourseTestSupport
import Foundation
import Testing

@testable import CourseTool

/// The script `course`, run in a folder of its own where swift, clang, apt-get, sudo and id are
/// stand-ins that write down how they were called.
@Suite(.watched) struct CourseScriptTests {
  @Test func buildsAndPassesArgumentsOn() throws {
    try withScript { script in
      let run = try script.run("train", "a b", "--json")
      #expect(run.status == 7, "the status is the tool's")
      #expect(run.output == "tool <train> <a b> <--json>\n")
      #expect(
        try script.calls().contains("swift build --package-path ROOT -c release --product course"))
    }
  }

  @Test func helpListsTheCommandsOfTheKit() throws {
    try withScript { script in
      for output in [
        try script.run().output, try script.run("help").output, try script.run("--help").output,
      ] {
        #expect(output.contains("check, try, hint, reset, solution, progress"))
      }
      #expect(try script.run("help", "train").output == "tool <help> <train>\n")
    }
  }

  @Test func aMistypedCommandForTheTasksIsFoundBeforeTheToolIsBuilt() throws {
    try withScript { script in
      let run = try script.run("chek", "1.2")
      #expect(run.status == 2)
      #expect(run.error.contains("unknown command 'chek'. Did you mean 'check'?"))
      #expect(try script.calls().isEmpty)
      for command in courseTool.commands {
        let name = command.description.name
        #expect(try script.run(name).status != 2, "\(name) is no slip")
      }
    }
  }

  @Test(arguments: ["Shared", "Phase2-CNN"])
  func buildsAgainOnlyWhenASourceIsNewer(folder: String) throws {
    try withScript { script in
      _ = try script.run("version")
      let before = try script.calls().count
      _ = try script.run("version")
      #expect(try script.calls().count == before)
      try script.touch("\(folder)/New.swift")
      _ = try script.run("version")
      #expect(try script.calls().count > before)
    }
  }

  // MARK: The demo

  @Test func theDemoIsAProgramOfItsOwnWithoutSystemPackages() throws {
    try withScript { script in
      let run = try script.run("demo", "--epochs", "3", environment: Self.table)
      #expect(run.output == "course-demo <demo> <--epochs> <3>\n")
      #expect(run.error.contains("Building the demo"))
      #expect(
        !run.error.contains("libfake-dev"), "a question about packages that the demo does not need")
      #expect(
        try script.calls() == [
          "swift build --package-path ROOT --product course-demo",
          "swift build --package-path ROOT --show-bin-path",
        ])
      #expect(try script.run("help", "demo").output == "course-demo <help> <demo>\n")
      #expect(try script.run("help", "train").output == "tool <help> <train>\n")
    }
  }

  @Test func theDemoIsBuiltAgainOnlyForWhatItIsMadeOf() throws {
    try withScript { script in
      _ = try script.run("demo")
      let before = try script.calls().count
      try script.touch("Phase2-CNN/New.swift")
      try script.touch("Generator/New.swift")
      _ = try script.run("demo")
      #expect(try script.calls().count == before)
      try script.touch("Phase1-FeedForward/New.swift")
      _ = try script.run("demo")
      #expect(try script.calls().count > before)
    }
  }

  /// With other flags, SwiftPM would build again what the tests were built of.
  @Test func theDemoHasTheFlagsOfTheTool() throws {
    try withScript { script in
      _ = try script.run("version", environment: Self.table)
      _ = try script.run("demo", environment: Self.table)
      #expect(
        try script.calls().contains(
          "swift build --package-path ROOT --disable-default-traits --product course-demo"
        ))
    }
  }

  @Test func worksThroughASymbolicLink() throws {
    try withScript { script in
      let link = script.root.appending(path: "elsewhere/link")
      try FileManager.default.createDirectory(
        at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: link.path, withDestinationPath: "../course")
      #expect(try script.run("version", script: link).output == "tool <version>\n")
    }
  }

  @Test func aFailedBuildShowsItsLog() throws {
    try withScript { script in
      let run = try script.run("version", environment: ["FAKE_BUILD": "fails"])
      #expect(run.status == 1)
      #expect(run.output.isEmpty)
      #expect(run.error.contains("cannot find 'x' in scope"))
      #expect(run.error.contains("error: the build failed"))
      let left = try FileManager.default.contentsOfDirectory(
        atPath: script.root.appending(path: ".course").path)
      #expect(!left.contains { $0.contains(".start") }, "\(left)")
    }
  }

  /// Of two terminals, both wait for SwiftPM, and one is done first.
  @Test func anotherBuildMeanwhileIsNoFailure() throws {
    try withScript { script in
      let run = try script.run("version", environment: ["FAKE_BUILD": "another"])
      #expect(run.status == 0 && run.output == "tool <version>\n", "\(run.error)")
      let state = script.root.appending(path: ".course")
      let left = try FileManager.default.contentsOfDirectory(atPath: state.path)
      #expect(!left.contains { $0.contains(".start") }, "\(left)")
    }
  }

  @Test func saysWhatToDoWithoutSwift() throws {
    try withScript { script in
      try script.remove("swift")
      let run = try script.run("demo")
      #expect(run.status == 1)
      #expect(run.error.contains("Swift was not found: expected Swift 6.2 or later"))
      #expect(run.error.contains("https://www.swift.org/install/"))
    }
  }

  @Test(arguments: [("6.1.2", "6.1"), ("5.10", "5.10")])
  func saysWhatToDoWithAnOldSwift(version: String, shown: String) throws {
    try withScript { script in
      let run = try script.run("demo", environment: ["FAKE_VERSION": version])
      #expect(run.status == 1)
      #expect(run.error.contains("Swift is too old: expected 6.2 or later, got \(shown) ("))
    }
  }

  // MARK: System packages

  static let table = [
    "COURSE_SYSTEM_PACKAGES": "stdio.h libc-dev C\nfake.h libfake-dev fake pictures"
  ]

  @Test func withoutATerminalNothingIsInstalledAndTheChoiceIsRemembered() throws {
    try withScript { script in
      let run = try script.run("version", environment: Self.table)
      #expect(run.output == "tool <version>\n")
      #expect(run.error.contains("Not installed: libfake-dev: no terminal to ask on"))
      #expect(run.error.contains("Building without fake pictures"))
      #expect(run.error.contains("To turn it on: install libfake-dev"))
      let calls = try script.calls()
      #expect(
        calls.contains { $0.hasPrefix("swift build") && $0.contains("--disable-default-traits") })
      #expect(!calls.contains { $0.contains("apt-get") })

      let second = try script.run("version", environment: Self.table)
      #expect(!second.error.contains("Not installed"))
      #expect(second.error.contains("Building without fake pictures"))
    }
  }

  @Test func yesInstallsThroughSudo() throws {
    try withScript { script in
      let run = try script.run("version", "--yes", environment: Self.table)
      #expect(run.output == "tool <version>\n", "--yes is the script's own")
      let calls = try script.calls()
      #expect(
        calls.contains(
          "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install -y libfake-dev"))
      #expect(!calls.contains { $0.contains("--disable-default-traits") })
      #expect(!run.error.contains("Building without"))
    }
  }

  @Test func rootNeedsNoSudo() throws {
    try withScript { script in
      _ = try script.run("version", "-y", environment: Self.table.merging(["FAKE_ID": "0"]) { $1 })
      let calls = try script.calls()
      #expect(calls.contains("apt-get install -y libfake-dev"))
      #expect(!calls.contains { $0.hasPrefix("sudo") })
    }
  }

  @Test func aFailedInstallationIsSaidAndLeavesAWorkingTool() throws {
    try withScript { script in
      let environment = Self.table.merging(["FAKE_APT": "fails"]) { $1 }
      let run = try script.run("version", "--yes", environment: environment)
      #expect(run.output == "tool <version>\n")
      #expect(run.error.contains("apt-get failed: E: no network"))
      #expect(try script.calls().contains { $0.contains("apt-get update") })
    }
  }

  @Test func withoutAptTheRemedyNamesThePackages() throws {
    try withScript { script in
      try script.remove("apt-get")
      let run = try script.run("version", "--yes", environment: Self.table)
      #expect(run.error.contains("this system has no apt-get"))
      #expect(run.output == "tool <version>\n")
    }
  }

  @Test func whatAppearsLaterIsTurnedOnByItself() throws {
    try withScript { script in
      _ = try script.run("version", environment: Self.table)
      try script.touch("headers/fake.h")
      let run = try script.run("version", environment: Self.table)
      #expect(run.error.contains("building with all features"))
      #expect(try script.calls().last { $0.contains("--product") }?.hasSuffix("course") == true)
    }
  }

  // MARK: Tests

  @Test(arguments: ["phase1", "1", "Phase1", "Phase1FeedForward", "phase1-feedforward"])
  func aPhaseHasManyNames(name: String) throws {
    try withScript { script in
      let run = try script.run("test", name)
      #expect(run.status == 0)
      #expect(run.error.contains("12 tests passed (Phase1FeedForwardTests)."))
      #expect(try script.calls().contains { $0.contains("--filter ^Phase1FeedForwardTests\\.") })
    }
  }

  @Test func anUnknownPhaseIsAUsageError() throws {
    try withScript { script in
      let run = try script.run("test", "phse1")
      #expect(run.status == 2)
      #expect(run.error.contains("unknown phase 'phse1'. Did you mean 'phase1'?"))
      #expect(try script.calls().isEmpty)
    }
  }

  @Test func noTestIsAFailure() throws {
    try withScript { script in
      let run = try script.run("test", environment: ["FAKE_TEST": "none"])
      #expect(run.status == 1)
      #expect(run.error.contains("no test ran"))
    }
  }

  @Test func aCrashIsSaidToBeOne() throws {
    try withScript { script in
      let run = try script.run("test", environment: ["FAKE_TEST": "crashes"])
      #expect(run.status == 1)
      #expect(run.error.contains("the test run did not complete"))
    }
  }

  @Test func anotherSwiftThatRunsIsMentioned() throws {
    try withScript { script in
      let run = try script.run("version", environment: ["FAKE_BUILD": "waits"])
      #expect(run.error.contains("Another instance of SwiftPM (PID: 7) is already running"))
      #expect(run.output == "tool <version>\n")
    }
  }
}
