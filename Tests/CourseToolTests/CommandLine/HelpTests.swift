import CourseCommandLine
import CourseTestSupport
import Foundation
import Testing

@testable import CourseTool

@Suite(.watched) struct HelpTests {
  @Test func everyCommandHasHelp() {
    for command in courseTool.descriptions {
      let run = runTool(["help"] + command.words)
      #expect(run.status == 0)
      #expect(run.error.isEmpty)
      #expect(run.output.hasPrefix(command.abstract + "\n\nUsage: course \(command.name)"))
      for option in command.options { #expect(run.output.contains("--\(option.name)")) }
      #expect(runTool(command.words + ["--help"]).output == run.output)
      #expect(runTool(command.words + ["-h"]).output == run.output)
    }
  }

  @Test func noLineOfHelpIsWiderThanATerminal() {
    for command in courseTool.descriptions {
      for line in runTool(["help"] + command.words).output.split(separator: "\n") {
        #expect(line.count <= 80, "course help \(command.name): \(line)")
      }
    }
  }

  @Test func theOverviewListsEveryCommand() {
    let run = runTool("help")
    for command in courseTool.descriptions {
      #expect(run.output.contains("  \(command.name) "))
    }
    #expect(runTool().output == run.output)
    #expect(runTool("--help").output == run.output)
  }

  @Test func helpIsAvailableAsJSON() throws {
    let commands = try runTool("help", "--json").json["commands"] as? [[String: Any]]
    #expect(commands?.count == courseTool.descriptions.count)
    #expect(try runTool("help", "version", "--json").json["name"] as? String == "version")
  }

  @Test(arguments: [
    (["hlep"], "course: unknown command 'hlep'. Did you mean 'help'?", "'course help'"),
    (["help", "versoin"], "unknown command 'versoin'. Did you mean 'version'?", "'course help"),
    (
      ["version", "--jsn"], "unknown option '--jsn'. Did you mean '--json'?",
      "'course help version'"
    ),
    (["version", "x"], "course version: unexpected argument 'x'", "'course help version'"),
    (["--versio"], "unknown command '--versio'.", "'course help'"),
  ])
  func wrongArgumentsEndWithStatus2(arguments: [String], message: String, pointer: String) {
    let run = runTool(arguments)
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
    #expect(run.error.contains(message))
    #expect(run.error.contains(pointer))
  }

  @Test func coloursAppearOnATerminalOnly() {
    #expect(runTool("hlep", isTerminal: true).error.contains("\u{1B}[31merror:"))
    #expect(!runTool("hlep", "--no-color", isTerminal: true).error.contains("\u{1B}"))
    #expect(!runTool("hlep").error.contains("\u{1B}"))
  }

  @Test func versionIsPrintedInTextAndJSON() throws {
    #expect(runTool("version").output.hasPrefix("course \(courseVersion) ("))
    #expect(runTool("--version").output == runTool("version").output)
    #expect(try runTool("version", "--json").json["version"] as? String == courseVersion)
  }
}
