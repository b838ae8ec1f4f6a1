import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// Names come from files and may hold anything; a terminal takes some of it for orders.
@Suite(.watched) struct ControlCharacterTests {
  /// A label that empties the screen, one that breaks the line, a C1 character, a mark that turns the direction
  /// of writing, and the code points that the tool uses for colours.
  private static let names = ["a\u{1B}[2Jb", "c\u{9B}31m", "d\u{202E}", "e\u{10FFFC}31\u{10FFFD}"]

  /// Every text that commands print about such data, on a terminal with colours.
  @Test func noNameReachesTheTerminalRaw() throws {
    try withTemporaryFolder { folder in
      let data = folder.appending(path: "x\u{1B}[1m.csv").path
      var rows = ["f\u{1B}[3m,g\u{7},label"]
      for row in 0..<60 {
        rows.append("\(row % 4 * 3 + row % 2),\(row % 5),\(Self.names[row % 4])")
      }
      rows.append("1,word\u{1B}[5m,\(Self.names[0])")
      try Data(rows.dropLast().joined(separator: "\n").utf8).write(to: URL(filePath: data))
      let broken = folder.appending(path: "broken\u{1B}[7m.csv").path
      try Data(rows.joined(separator: "\n").utf8).write(to: URL(filePath: broken))
      let model = folder.appending(path: "m\u{1B}[4m.safetensors").path
      let csv = ["--data", data, "--label", "label"]
      let runs = [
        ["train", "csv-mlp", "--epochs", "2", "-o", model] + csv,
        ["train", "csv-mlp", "--epochs", "2", "-o", model] + csv,
        ["evaluate", model], ["summary", model], ["predict", model, data],
        ["predict", model, broken], ["predict", model, folder.path + "/none\u{1B}[2J.csv"],
        ["data", "inspect", data, "--label", "label"],
        ["data", "inspect", data, "--label", "none\u{1B}[2J"],
        ["train", "csv-mlp", "--data", broken, "--label", "label", "-o", model, "--force"],
        ["summary", "none\u{1B}[2J"], ["\u{1B}[2J"], ["train", "--\u{1B}[2J"],
        ["sample", "\u{1B}[2J"], ["recipes", "\u{1B}[2J"], ["study", "\u{1B}[2J"],
        ["data", "fetch", "\u{1B}[2J"], ["generator", "preview", "\u{1B}[2J"],
        ["train", folder.path + "/\u{1B}[2J.json"], ["predict", model, data, "--json"],
      ]
      for arguments in runs {
        let run = runTool(arguments, isTerminal: true)
        let text = run.output + run.error
        // The tool's own codes: colours, and the line that it overwrites.
        let rest = text.replacing(#/\x{1B}\[(0|1|2|31|32|33|36)m|\r|\x{1B}\[K/#, with: "")
        let wrong = rest.unicodeScalars.filter {
          $0.properties.generalCategory == .control && $0 != "\n" || $0 == "\u{202E}"
        }
        #expect(wrong.isEmpty, "\(arguments): \(rest.escapingControls(inLine: true))")
        // A name is in one piece with its escapes, so none of its codes became a colour.
        #expect(!text.contains("e\u{1B}[31m"), "\(arguments)")
      }
    }
  }

  /// A file or another program gets the answers as they are.
  @Test func answersInAPipeAreRaw() throws {
    try withTemporaryFolder { folder in
      let data = folder.appending(path: "x.csv").path
      let rows = (0..<60).map { "\($0 % 4),\($0 % 3),\(Self.names[$0 % 4])" }
      try Data(("f,g,label\n" + rows.joined(separator: "\n")).utf8)
        .write(to: URL(filePath: data))
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        "train", "csv-mlp", "--epochs", "30", "-o", model, "--data", data, "--label", "label")
      #expect(run.status == 0, "\(run.error)")
      let answers = runTool("predict", model, data).output
      #expect(answers.contains(Self.names[0]))
      // The report is a text for people wherever it goes.
      #expect(!run.output.contains("\u{1B}"))
    }
  }
}
