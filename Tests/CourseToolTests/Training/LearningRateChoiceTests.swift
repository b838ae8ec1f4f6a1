import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `train --learning-rate find`
@Suite(.watched) struct LearningRateChoiceTests {
  @Test(arguments: [
    ["iris-mlp", "--epochs", "2"], ["digits-mlp", "--epochs", "1", "--hidden", "8"],
    ["digits-cnn", "--epochs", "1", "--maps", "2", "--hidden", "4", "--augment", "crop:1"],
  ])
  func theFoundRateIsAsThoughItHadBeenGiven(arguments: [String]) throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      let run = runTool(
        ["train"] + arguments + ["--learning-rate", "find", "--json", "-o", path("a")])
      try #require(run.status == 0, "\(run.error)")
      let test = try #require(try run.json["learningRateRangeTest"] as? [String: Any])
      let rate = try #require(test["learningRate"] as? Double)
      let recipe = try #require(try run.json["recipe"] as? [String: Any])
      #expect(recipe["learning-rate"] as? Double == rate)
      #expect(run.error.contains("Note: learning rate \(Float(rate)): of "), "\(run.error)")
      #expect(run.error.contains("the loss fell fastest there"))

      let given = runTool(
        ["train"] + arguments + ["--learning-rate", "\(Float(rate))", "-q", "-o", path("b")])
      #expect(given.status == 0, "\(given.error)")
      let areEqual =
        try Data(contentsOf: URL(filePath: path("a")))
        == (try Data(contentsOf: URL(filePath: path("b"))))
      #expect(areEqual, "the file of the network is the same, bit for bit")
      let one = runTool(
        ["train"] + arguments + [
          "--learning-rate", "find", "--threads", "1", "-q", "-o", path("c"),
        ])
      #expect(one.status == 0 && one.error.contains("learning rate \(Float(rate)):"))
    }
  }

  @Test func theTestIsDrawnAndListed() throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      let run = runTool(
        "train", "moons", "--epochs", "2", "--learning-rate", "find", "--plot", path("c.svg"), "-o",
        path("m"))
      try #require(run.status == 0, "\(run.error)")
      let svg = try String(contentsOfFile: path("c.svg"), encoding: .utf8)
      #expect(svg.contains("Range test of the learning rate") && svg.contains("falls fastest: "))
      let without = runTool(
        "train", "moons", "--epochs", "2", "--plot", path("d.svg"), "-o", path("n"))
      #expect(without.status == 0)
      #expect(!(try String(contentsOfFile: path("d.svg"), encoding: .utf8)).contains("Range test"))

      // Every fold finds its own, on its training part.
      let folds = runTool(
        "train", "iris-mlp", "--epochs", "2", "--learning-rate", "find", "--folds", "3", "-o",
        path("f.csv"))
      try #require(folds.status == 0, "\(folds.error)")
      #expect(folds.output.contains(#/fold +rate +epochs/#), "\(folds.output)")
      #expect(folds.output.contains("course train iris-mlp --learning-rate find"))
      let file = path("r.json")
      try Data(#"{"recipe": "iris-mlp", "learning-rate": "find", "epochs": 1}"#.utf8)
        .write(to: URL(filePath: file))
      #expect(runTool("train", file, "-q", "-o", path("o")).error.contains("learning rate 0."))
      #expect(runTool("summary", file).status == 0)
    }
  }

  @Test func contradictionsAreRefused() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m").path
      #expect(runTool("train", "iris-mlp", "--epochs", "1", "-q", "-o", model).status == 0)
      let resumed = runTool(
        "train", "--resume", model, "--epochs", "2", "--learning-rate", "find")
      #expect(resumed.status == 2)
      #expect(resumed.error.contains("'--learning-rate find' conflicts with"), "\(resumed.error)")
      #expect(resumed.error.contains("which was trained with 0.1"))
      let wrong = runTool("train", "iris-mlp", "--learning-rate", "fnd")
      #expect(wrong.status == 2 && wrong.error.contains("Did you mean 'find'?"), "\(wrong.error)")
      let zero = runTool("train", "iris-mlp", "--learning-rate", "0")
      #expect(zero.error.contains("expected a number above 0, or find"))
      let large = runTool("train", "iris-mlp", "--learning-rate", "1e99")
      #expect(large.error.contains("expected a number above 0, at most 3.4028235e+38, or find"))
      let infinite = runTool("train", "cifar10-resnet", "--weight-decay", "inf")
      #expect(infinite.error.contains("a number, at least 0, at most 3.4028235e+38, got 'inf'"))
    }
  }
}
