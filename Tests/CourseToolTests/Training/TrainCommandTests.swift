import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// Trains on Iris in a folder of its own; `body` gets the path of the network.
private func withTrainedIris(
  _ options: String..., body: (_ model: String, _ run: ToolRun) throws -> Void
) throws {
  try withTemporaryFolder { folder in
    let model = folder.appending(path: "iris.safetensors").path
    let run = runTool(["train", "iris-mlp", "--output", model] + options)
    try #require(run.status == 0, "\(run.error)")
    try body(model, run)
  }
}

/// Whether two files hold the same tensors, bit for bit.
private func haveSameTensors(_ first: String, _ second: String) throws -> Bool {
  func tensors(_ path: String) throws -> [String: Tensor] {
    let file = try SafetensorsFile(contentsOf: URL(filePath: path))
    return Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.tensor) })
  }
  let (left, right) = (try tensors(first), try tensors(second))
  return !left.isEmpty && left == right
}

@Suite(.watched) struct TrainCommandTests {
  @Test func learnsIrisAndSaysHowWell() throws {
    try withTrainedIris { model, run in
      #expect(run.error.contains("iris-mlp: iris, 105 to train, 23 to validate, 22 to test"))
      #expect(run.error.contains("epoch 60/60  loss "))
      #expect(run.output.contains("Trained 60 epochs in "))
      #expect(run.output.contains("versicolor"))
      #expect(run.output.contains("macro average"))
      #expect(run.output.contains("Saved to \(model)."))
      #expect(FileManager.default.fileExists(atPath: model))
    }
  }

  @Test func jsonIsOneDocumentWithTheTestAccuracy() throws {
    try withTrainedIris("--json", "--quiet") { model, run in
      #expect(run.error.isEmpty)
      let test = try #require(try run.json["test"] as? [String: Any])
      let accuracy = try #require(test["accuracy"] as? Double)
      #expect(accuracy >= 0.9)
      #expect(try run.json["output"] as? String == model)
      #expect(try run.json["interrupted"] as? Bool == false)
      #expect((try run.json["history"] as? [Any])?.count == 60)
    }
  }

  @Test func theSameSeedGivesTheSameWeights() throws {
    try withTrainedIris("--epochs", "2") { first, _ in
      try withTrainedIris("--epochs", "2") { second, _ in
        let areEqual = try haveSameTensors(first, second)
        #expect(areEqual)
      }
      try withTrainedIris("--epochs", "2", "--seed", "2") { other, _ in
        let areEqual = try haveSameTensors(first, other)
        #expect(!areEqual)
      }
    }
  }

  @Test func settingsReachTheNetwork() throws {
    try withTrainedIris("--epochs", "1", "--hidden", "7,5", "--scaling", "minmax") { model, _ in
      let network = try NeuralNetwork(contentsOf: URL(filePath: model))
      #expect(network.layers.count == 5)
      #expect(network.layerOutputShapes == [[7], [7], [5], [5], [3]])
      #expect(network.preprocessing?.featureCount == 4)
      #expect(network.classNames == ["setosa", "versicolor", "virginica"])
    }
  }

  // MARK: The output

  @Test func anExistingFileIsOverwrittenOnlyByForce() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "precious.safetensors")
      try Data("precious".utf8).write(to: file)
      let options = ["train", "iris-mlp", "--epochs", "1", "--output", file.path]
      let refused = runTool(options)
      #expect(refused.status == 1)
      #expect(refused.output.isEmpty, "it is refused before anything is trained")
      #expect(refused.error.contains("already exists"))
      #expect(refused.error.contains("Overwrite it with --force"))
      #expect(try Data(contentsOf: file) == Data("precious".utf8))
      #expect(runTool(options + ["--force"]).status == 0)
      #expect(try names(in: folder) == ["precious.safetensors"])
    }
  }

  @Test func aFolderThatDoesNotExistIsRefusedBeforeTraining() throws {
    try withTemporaryFolder { folder in
      let run = runTool("train", "iris-mlp", "--output", folder.appending(path: "a/b").path)
      #expect(run.status == 1)
      #expect(run.output.isEmpty)
      #expect(run.error.contains("the output folder does not exist"))
    }
  }

  @Test func aRunThatDivergesLeavesTheEarlierFile() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "earlier.safetensors")
      try Data("earlier".utf8).write(to: file)
      let run = runTool(
        "train", "iris-mlp", "--learning-rate", "1e30", "--output", file.path, "--force")
      #expect(run.status == 1)
      #expect(run.error.contains("training diverged"))
      #expect(run.error.contains("learning rate 1e+30"))
      #expect(try Data(contentsOf: file) == Data("earlier".utf8))
      #expect(try names(in: folder) == ["earlier.safetensors"])
    }
  }

  // MARK: Resuming

  @Test func resumingGivesTheSameBitsAsOneRun() throws {
    try withTrainedIris("--epochs", "6", "--decay", "0.9") { whole, _ in
      try withTrainedIris("--epochs", "3", "--decay", "0.9") { parts, _ in
        let run = runTool("train", "--resume", parts, "--epochs", "6")
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("resuming after epoch 3"))
        let areEqual = try haveSameTensors(parts, whole)
        #expect(areEqual)
      }
    }
  }

  @Test func resumingRefusesOtherSettings() throws {
    try withTrainedIris("--epochs", "2") { model, _ in
      let before = try Data(contentsOf: URL(filePath: model))
      for (options, message) in [
        (["--hidden", "8", "--epochs", "4"], "'--hidden 8' conflicts"),
        (["--seed", "9", "--epochs", "4"], "'--seed 9' conflicts"),
        ([], "has completed 2 of 2 epochs"),
        (["--epochs", "2"], "has completed 2 of 2 epochs"),
      ] {
        let run = runTool(["train", "--resume", model] + options)
        #expect(run.status == 2)
        #expect(run.error.contains(message))
      }
      #expect(runTool("train", "digits-mlp", "--resume", model, "--epochs", "4").status == 2)
      #expect(runTool("train", "--resume", model, "--data", "digits", "--epochs", "4").status == 1)
      #expect(try Data(contentsOf: URL(filePath: model)) == before)
      let repeated = ["train", "iris-mlp", "--resume", model, "--hidden", "16", "--epochs", "3"]
      #expect(runTool(repeated).status == 0, "repeating a setting is no conflict")
    }
  }

  /// Schedules of a given length end with it: a remedy that would be refused in turn is none.
  @Test func aCompleteScheduleCannotGoOn() throws {
    try withTrainedIris("--epochs", "2", "--schedule", "cosine") { model, _ in
      for options in [[], ["--epochs", "12"]] {
        let run = runTool(["train", "--resume", model] + options)
        #expect(
          run.status == 2 && run.error.contains("has completed 2 of 2 epochs, and its cosine"))
        #expect(!run.error.contains("--epochs 12"), "\(run.error)")
      }
    }
  }

  // MARK: Own data

  @Test func learnsFromACSVFile() throws {
    try withTemporaryFolder { folder in
      let csv = try writeMoons(to: folder)
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        "train", "csv-mlp", "--data", csv, "--label", "side", "--epochs", "20", "--output", model,
        "--json", "--quiet")
      #expect(run.status == 0, "\(run.error)")
      let test = try #require(try run.json["test"] as? [String: Any])
      #expect(try #require(test["accuracy"] as? Double) >= 0.8)
      #expect(try run.json["classNames"] as? [String] == ["left", "right"])
      #expect(runTool("evaluate", model).status == 0, "the file knows where the data are")

      try FileManager.default.removeItem(atPath: csv)
      let resumed = runTool("train", "--resume", model, "--epochs", "30")
      #expect(resumed.status == 1)
      #expect(resumed.error.contains(csv), "it says which file is missing")
    }
  }

  @Test(arguments: [
    (["train"], "missing RECIPE"),
    (["train", "iris-ml"], "unknown recipe 'iris-ml'. Did you mean 'iris-mlp'?"),
    (["train", "csv-mlp"], "needs training data"),
    (["train", "csv-mlp", "--data", "x.csv"], "a label column is required"),
    (["train", "cifar10-3layer", "--data", "no/photos"], "there is no file or folder no/photos"),
    (["train", "iris-mlp", "--label", "species"], "applies to CSV files only"),
    (["train", "csv-mlp", "--data", "irs", "--label", "x"], "Did you mean 'iris'?"),
    (["train", "iris-mlp", "--test", "0.6", "--validation", "0.4"], "leave no training data"),
    (["train", "iris-mlp", "--optimizer", "sgdd"], "Did you mean 'sgd'?"),
    (["train", "figures-unet", "--pretext", "rotation"], "does not apply to a U-Net"),
    (["train", "figures-unet", "--regions", "9"], "does not apply to a U-Net"),
    (["train", "definitions", "--pretext", "nt-xent"], "does not apply to texts with classes"),
    (["train", "definitions", "--cell", "gru"], "'--cell gru' has no effect on this training"),
    (
      ["train", "iris-mlp", "--kernel-size", "7"],
      "'course train iris-mlp --help' lists the settings"
    ),
    (["train", "figures-vicreg", "--heads", "2"], "'--heads 2' has no effect on this training"),
  ])
  func usageErrorsSayWhatToDo(arguments: [String], message: String) {
    let run = runTool(arguments)
    #expect(run.status == 2)
    #expect(run.error.contains(message))
    #expect(run.error.contains("See 'course help train'."))
  }
}

/// A small table with two classes that a line divides.
func writeMoons(to folder: URL) throws -> String {
  let rows = (0..<60).map { index in
    let x = Float(index % 10) / 10 + (index < 30 ? 0 : 1.2)
    return "\(x),\(Float(index % 7)),\(index < 30 ? "left" : "right")"
  }
  let file = folder.appending(path: "points.csv")
  try Data(("x,y,side\n" + rows.joined(separator: "\n") + "\n").utf8).write(to: file)
  return file.path
}
