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

  @Test func everySettingHasOneHeading() {
    let names = Recipe.settingGroups.flatMap(\.names)
    #expect(names.sorted() == Recipe.settings.map(\.name).sorted())
  }

  @Test func theHelpOfARecipeShowsTheOptionsThatItTakes() {
    func help(_ arguments: String...) -> String {
      let run = runTool(["train"] + arguments + ["--help"])
      #expect(run.status == 0, "\(run.error)")
      return run.output
    }
    for name in Recipes.names {
      let lines = help(name).split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= 80 }, "\(name)")
      #expect(lines.count < help().split(separator: "\n").count)
    }
    let moons = help("moons")
    for words in ["Data:", "--hidden", "[16]", "--optimizer", "[adam]", "--folds", "--output"] {
      #expect(moons.contains(words), "\(words)")
    }
    for option in ["--maps", "--label", "--momentum", "--window", "--sequence-length", "Tables:"] {
      #expect(!moons.contains(option), "\(option)")
    }
    #expect(help("moons", "--optimizer", "momentum").contains("--momentum"))
    let table = help("csv-mlp")
    #expect(table.contains("--label") && table.contains("--missing "))
    #expect(!table.contains("--target") && !table.contains("--size"))
    #expect(help("csv-sequence").contains("--horizon"))
    #expect(help("images").contains("--fit") && help("char-lstm").contains("--embedding"))
    #expect(runTool("train", "mons", "--help").error.contains("Did you mean 'moons'?"))
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
