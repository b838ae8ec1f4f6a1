import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `train --repeats`
@Suite(.watched) struct RepeatedTrainingTests {
  private func tensors(_ path: String) throws -> [String: Tensor] {
    let file = try SafetensorsFile(contentsOf: URL(filePath: path))
    return Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.tensor) })
  }

  @Test func everySeedIsTrainedAsAlone() throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      let run = runTool(
        "train", "iris-mlp", "--epochs", "5", "--seed", "4", "--repeats", "3", "--json", "-o",
        path("all"))
      #expect(run.status == 0, "\(run.error)")
      let runs = try #require(try run.json["runs"] as? [[String: Any]])
      #expect(runs.map { $0["seed"] as? Int } == [4, 5, 6])
      var accuracies: [Double] = []
      for seed in 4...6 {
        let single = runTool(
          "train", "iris-mlp", "--epochs", "5", "--seed", "\(seed)", "--json", "-o",
          path("\(seed)"))
        for part in ["train", "validation", "test"] {
          let one = try #require(try single.json[part] as? [String: Any])
          let other = try #require(runs[seed - 4][part] as? [String: Any])
          #expect(one["loss"] as? Double == other["loss"] as? Double, "seed \(seed), \(part)")
        }
        let test = try #require(try single.json["test"] as? [String: Any])
        accuracies.append(try #require(test["accuracy"] as? Double))
      }
      let areEqual = try tensors(path("all")) == tensors(path("4"))
      #expect(areEqual, "the network of the first seed is saved")
      let mean = try #require(try run.json["mean"] as? [String: [String: Double]])
      let deviation = try #require(try run.json["standardDeviation"] as? [String: [String: Double]])
      let average = accuracies.reduce(0, +) / 3
      let variance = accuracies.map { ($0 - average) * ($0 - average) }.reduce(0, +) / 2
      #expect(abs(try #require(mean["test"]?["accuracy"]) - average) < 1e-12)
      let expected = variance.squareRoot()
      #expect(abs(try #require(deviation["test"]?["accuracy"]) - expected) < 1e-12)
    }
  }

  @Test func theTableFitsATerminalAndTheNetworkGoesOn() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        "train", "iris-mlp", "--epochs", "3", "--patience", "1", "--repeats", "2", "-o", model)
      #expect(run.status == 0, "\(run.error)")
      let lines = run.output.split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= 80 || $0.contains(model) }, "\(run.output)")
      #expect(lines.contains { $0.hasPrefix("mean") })
      #expect(lines.contains { $0.hasPrefix("deviation") })
      #expect(run.output.contains("Saved the network of seed 1 to \(model)."))
      #expect(runTool("evaluate", model).status == 0)
      #expect(runTool("train", "--resume", model, "--epochs", "9", "--patience", "9").status == 0)
    }
  }

  @Test(arguments: [
    (["--repeats", "1"], "expected a whole number from 2"),
    (["--repeats", "3", "--plot", "c.svg"], "'--plot' is for a single run"),
    (["--repeats", "3", "--history", "h.csv"], "'--history' is for a single run"),
    (["--repeats", "3", "--report", "r.html"], "'--report' is for a single run"),
    (["--repeats", "3", "--resume", "m"], "'--resume' is for a single run"),
  ])
  func contradictionsAreRefused(options: [String], message: String) {
    let run = runTool(["train", "iris-mlp", "-o", "never.safetensors"] + options)
    #expect(run.status == 2)
    #expect(run.error.contains(message), "\(run.error)")
  }

  @Test func aRunThatDivergesEndsThemAllAndLeavesNothing() throws {
    try withTemporaryFolder { folder in
      let run = runTool(
        "train", "iris-mlp", "--learning-rate", "1e30", "--repeats", "3", "-o",
        folder.appending(path: "m").path)
      #expect(run.status == 1 && run.error.contains("training diverged"))
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(names.isEmpty)
    }
  }

  @Test(.enabled(if: hasBuiltTool)) func aSignalEndsThemAllAndLeavesNothing() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(
        ["train", "digits-mlp", "--epochs", "100000", "--repeats", "2", "-o", "m.safetensors"],
        in: folder, signals: [SIGINT])
      #expect(run.status == 130)
      #expect(run.output.isEmpty)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
          == ["err.txt", "out.txt"])
    }
  }
}
