import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

@Suite(.watched) struct DemoCommandTests {
  @Test func trainsMeasuresSavesAndDraws() throws {
    try withTemporaryFolder { folder in
      let output = folder.appending(path: "digits.safetensors").path
      let run = runTool("demo", "--epochs", "2", "--output", output)
      #expect(run.status == 0, "\(run.error)")
      for text in [
        "Parameters: 19,210", "test ", "held out", "Confusion matrix", "says ", "it is ",
        "Saved to \(output)", "course evaluate",
      ] {
        #expect(run.output.contains(text), "\(text)")
      }
      #expect(!run.output.contains("\u{1B}"), "no escape sequences into a file")

      let again = runTool("demo", "--epochs", "1", "--output", output, "--json", "--quiet")
      #expect(again.status == 0, "the demo overwrites what a demo wrote")
      let test = try #require(try again.json["test"] as? [String: Any])
      #expect(try #require(test["accuracy"] as? Double) >= 0.9)
    }
  }

  @Test func doesNotOverwriteWhatItDidNotWrite() throws {
    try withTemporaryFolder { folder in
      let output = folder.appending(path: "digits.safetensors")
      try Data("mine".utf8).write(to: output)
      let run = runTool("demo", "--epochs", "1", "--output", output.path)
      #expect(run.status == 1)
      #expect(run.error.contains("Overwrite it with --force"))
      #expect(try Data(contentsOf: output) == Data("mine".utf8))
    }
  }
}

@Suite(.watched) struct DigitDrawingTests {
  private func drawing(_ environment: [String: String], isTerminal: Bool = false) -> DigitDrawing {
    DigitDrawing(
      side: 2, brightest: 16,
      features: TerminalFeatures(isTerminal: isTerminal, environment: environment))
  }

  @Test func shadesFollowTheBrightness() {
    #expect(drawing([:]).lines([0, 16, 8, 4]) == ["  ██", "▒▒░░"])
    #expect(drawing(["LANG": "C"]).lines([0, 16, 8, 20]) == ["  @@", "++@@"])
  }

  @Test func coloursAreGreysThatEndWithTheLine() {
    let lines = drawing([:], isTerminal: true).lines([0, 16, 8, 4])
    #expect(Style.rendered(lines[0]) == "\u{1B}[48;5;232m  \u{1B}[48;5;255m  \u{1B}[0m")
  }

  @Test func aGalleryKeepsCaptionsUnderTheirImages() {
    let gallery = drawing([:]).gallery([
      (pixels: [16, 0, 0, 16], captions: [Style(isOn: true).red("a")]),
      (pixels: [0, 16, 16, 0], captions: ["b", "c"]),
    ])
    #expect(
      Style.rendered(gallery)
        == "██      ██\n  ██  ██  \n\u{1B}[31ma\u{1B}[0m     b   \n      c   ")
  }
}
