import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool
@testable import CourseTraining

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

/// The demo trains what `course train digits-mlp` trains, without the code of the recipes.
@Suite(.watched) struct DemoAndRecipeTests {
  private func network(_ arguments: String..., in folder: URL) throws -> NeuralNetwork {
    let file = folder.appending(path: "\(arguments[0]).safetensors")
    let run = runTool(arguments + ["--epochs", "2", "--seed", "5", "-o", file.path, "--quiet"])
    #expect(run.status == 0, "\(run.error)")
    return try NeuralNetwork(contentsOf: file)
  }

  @Test func theNetworkIsThatOfTheRecipe() throws {
    try withTemporaryFolder { folder in
      var demo = try network("demo", in: folder)
      var trained = try network("train", "digits-mlp", in: folder)
      #expect(
        try Recipe(notedIn: demo, path: "demo") == Recipe(notedIn: trained, path: "train"),
        "the settings of the demo, completed by the recipe, are the settings of the recipe")
      #expect(demo.author == "course demo" && trained.author == "course train")
      // Everything else: weights, scaling, names, notes, the training and its history.
      for place in [\NeuralNetwork.recipeNote, \.author] {
        demo[keyPath: place] = nil
        trained[keyPath: place] = nil
      }
      let files = try [demo, trained].map { network in
        let file = folder.appending(path: "network")
        try network.save(to: file)
        return try Data(contentsOf: file)
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func theCommandsTakeItForOneOfTheRecipe() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "demo.safetensors").path
      let demo = runTool("demo", "--epochs", "1", "-o", file, "--json", "--quiet")
      let test = try #require(try demo.json["test"] as? [String: Any])
      let evaluation = runTool("evaluate", file, "--json")
      #expect(
        try evaluation.json["test"] as? [String: Any] as NSDictionary? == test as NSDictionary,
        "\(evaluation.error)")
      #expect(runTool("train", "--resume", file, "--epochs", "2").status == 0)
      #expect(runTool("demo", "--epochs", "1", "-o", file).status == 0, "still the demo's own")
      #expect(runTool("train", "digits-mlp", "--epochs", "1", "-o", file, "--force").status == 0)
      #expect(runTool("demo", "--epochs", "1", "-o", file).status == 1)
    }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: builtDemo.path)))
  func theProgramOfItsOwnDoesTheSame() throws {
    try withTemporaryFolder { folder in
      let (own, tool) = (folder.appending(path: "own"), folder.appending(path: "tool"))
      let run = try runProcess(
        ["demo", "--epochs", "1", "-o", own.path], program: builtDemo, in: folder)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("Saved to \(own.path)"))
      #expect(runTool("demo", "--epochs", "1", "-o", tool.path).status == 0)
      #expect(try Data(contentsOf: own) == Data(contentsOf: tool))
      let help = try runProcess(["demo", "--help"], program: builtDemo, in: folder)
      #expect(help.output == runTool("demo", "--help").output)
      #expect(
        try runProcess(["demo", "--epoch"], program: builtDemo, in: folder).error
          == runTool("demo", "--epoch").error)
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
