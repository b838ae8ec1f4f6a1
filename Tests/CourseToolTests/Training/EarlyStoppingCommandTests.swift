import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `--patience`, `--keep`, `--activation`, `--history`, `--plot`.
@Suite(.watched) struct EarlyStoppingCommandTests {
  /// A learning rate at which the validation loss of iris soon grows again.
  private static let overfitting = [
    "train", "iris-mlp", "--learning-rate", "0.5", "--epochs", "200",
  ]

  private func history(_ run: ToolRun) throws -> [Double] {
    let epochs = try #require(try run.json["history"] as? [[String: Any]])
    return try epochs.map {
      try #require(($0["validation"] as? [String: Any])?["loss"] as? Double)
    }
  }

  private func tensors(_ path: String) throws -> [String: Tensor] {
    let file = try SafetensorsFile(contentsOf: URL(filePath: path))
    return Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.tensor) })
  }

  /// A patience that joins later has not seen the weights of earlier epochs, and does not claim to have kept them.
  @Test func aLaterPatienceKeepsWhatItHasSeen() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let first = runTool(
        "train", "iris-mlp", "--learning-rate", "0.5", "--epochs", "42", "-o", model)
      #expect(first.status == 0, "\(first.error)")
      let run = runTool(
        "train", "--resume", model, "--epochs", "43", "--patience", "100", "--json")
      #expect(run.status == 0, "\(run.error)")
      // The only epoch that it saw, whether or not it is the best.
      #expect(try run.json["keptEpoch"] as? Int == 42)
      let validation = try #require(try run.json["validation"] as? [String: Any])
      let kept = try #require(validation["loss"] as? Double)
      #expect(abs(kept - (try history(run))[42]) < 1e-6)
    }
  }

  @Test func patienceStopsAndKeepsTheBestWeights() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(Self.overfitting + ["--patience", "5", "-o", model, "--json"])
      #expect(run.status == 0, "\(run.error)")
      let losses = try history(run)
      let best = try #require(losses.indices.min { losses[$0] < losses[$1] })
      #expect(losses.count < 200 && losses.count == best + 6)
      #expect(try run.json["stoppedEarly"] as? Bool == true)
      #expect(try run.json["keptEpoch"] as? Int == best)
      #expect(try run.json["interrupted"] as? Bool == false)
      let validation = try #require(try run.json["validation"] as? [String: Any])
      let loss = try #require(validation["loss"] as? Double)
      #expect(abs(loss - losses[best]) < 1e-6, "the results are those of the best weights")

      let last = folder.appending(path: "last.safetensors").path
      let other = runTool(
        Self.overfitting + ["--patience", "5", "--keep", "last", "-o", last, "--json"])
      #expect(try history(other) == losses)
      #expect(try other.json["keptEpoch"] as? Int == losses.count - 1)
      let text = runTool(Self.overfitting + ["--patience", "5", "-o", last, "--force"]).output
      #expect(text.contains("Stopped early"))
      #expect(text.contains("Kept the weights of epoch \(best + 1), the best: validation loss"))
    }
  }

  @Test func theBestWeightsAreKeptWithoutPatienceToo() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let arguments = ["train", "iris-mlp", "--learning-rate", "0.5", "--epochs", "60"]
      let run = runTool(arguments + ["--keep", "best", "-o", model, "--json"])
      let losses = try history(run)
      #expect(losses.count == 60)
      #expect(try run.json["stoppedEarly"] as? Bool == false)
      #expect(try run.json["keptEpoch"] as? Int == losses.indices.min { losses[$0] < losses[$1] })
    }
  }

  /// Interrupted or stopped, the rest of a run gives the bits of the whole.
  @Test func resumingGivesTheSameBits() throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      let whole = runTool(Self.overfitting + ["--patience", "12", "-o", path("whole"), "--json"])
      #expect(whole.status == 0, "\(whole.error)")
      let stopped = runTool(Self.overfitting + ["--patience", "3", "-o", path("part"), "--json"])
      #expect(try history(stopped).count < history(whole).count)
      let again = runTool("train", "--resume", path("part"))
      #expect(again.status == 2)
      #expect(
        again.error.contains("stopped early, in epoch") && again.error.contains("--patience 6"))
      let resumed = runTool("train", "--resume", path("part"), "--patience", "12", "--json")
      #expect(resumed.status == 0, "\(resumed.error)")
      #expect(try history(resumed) == history(whole))
      let areEqual = try tensors(path("part")) == tensors(path("whole"))
      #expect(areEqual)
    }
  }

  @Test func aRecipeFileHasTheSettings() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "mine.json")
      let text = #"{"recipe": "iris-mlp", "patience": 4, "keep": "last", "activation": "tanh"}"#
      try Data(text.utf8).write(to: file)
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool("train", file.path, "--epochs", "2", "-o", model, "--json")
      let recipe = try #require(try run.json["recipe"] as? [String: Any])
      #expect(recipe["patience"] as? Int == 4)
      #expect(recipe["keep"] as? String == "last")
      #expect(recipe["activation"] as? String == "tanh")
      #expect(runTool("summary", model).output.contains("TanH"))
    }
  }

  @Test func historyAndCurvesAreWritten() throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      let run = runTool(
        "train", "iris-mlp", "--epochs", "3", "-o", path("m"), "--history", path("h.csv"),
        "--plot", path("c.svg"))
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("The history is in \(path("h.csv"))."))
      #expect(run.output.contains("The curves are in \(path("c.svg"))."))
      let rows = try String(contentsOfFile: path("h.csv"), encoding: .utf8).split(separator: "\n")
      #expect(
        rows[0] == "epoch,learning rate,training loss,training accuracy,validation loss,"
          + "validation accuracy,seconds")
      #expect(rows.count == 4 && rows[3].hasPrefix("3,0.1,"))
      #expect(try String(contentsOfFile: path("c.svg"), encoding: .utf8).contains("Accuracy"))
      let resumed = runTool(
        "train", "--resume", path("m"), "--epochs", "5", "--history", path("h.csv"), "--force")
      #expect(resumed.status == 0, "\(resumed.error)")
      let all = try String(contentsOfFile: path("h.csv"), encoding: .utf8).split(separator: "\n")
      #expect(all.count == 6, "the earlier epochs are there as well")
    }
  }

  @Test(arguments: [
    (["--patience", "5", "--validation", "0"], "'--patience 5' watches the validation loss"),
    (["--keep", "best", "--validation", "0"], "'--keep best' needs the validation loss"),
    (["--patience", "0"], "expected a whole number from 1"),
    (["--keep", "bst"], "Did you mean 'best'?"),
    (["--activation", "tan"], "Did you mean 'tanh'?"),
    (["--activation", "tanh", "--hidden", "none"], "has no hidden layer to follow"),
    (["--plot", "curves.pdf"], "a picture is a file that ends in .svg or .png"),
    (["--history", "h.txt"], "a history is a file that ends in .csv"),
    (["--plot", "none/curves.svg"], "the output folder does not exist"),
  ])
  func contradictionsAreRefusedBeforeTraining(options: [String], message: String) throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(["train", "iris-mlp", "-o", model] + options)
      #expect(run.status == 1 || run.status == 2)
      #expect(run.error.contains(message), "\(run.error)")
      #expect(run.output.isEmpty && !FileManager.default.fileExists(atPath: model))
    }
  }

  @Test func outputsNeedDifferentFiles() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "same.svg").path
      let run = runTool("train", "iris-mlp", "-o", file, "--plot", file)
      #expect(run.status == 2 && run.error.contains("--output and --plot need different files"))
    }
  }
}
