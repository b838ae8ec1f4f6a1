import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `--penalty`, `--clip`, `--momentum`, `--weight-decay`.
@Suite(.watched) struct TrainingOptionTests {
  private func withTrained(
    _ options: String...,
    body: (_ network: NeuralNetwork, _ model: String, _ run: ToolRun) throws
      -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "iris.safetensors").path
      let run = runTool(["train", "iris-mlp", "--epochs", "2", "--output", model] + options)
      try #require(run.status == 0, "\(run.error)")
      try body(NeuralNetwork(contentsOf: URL(filePath: model)), model, run)
    }
  }

  @Test func aPenaltyIsInTheLossAndInTheFile() throws {
    try withTrained("--penalty", "elastic:0.001,0.01", "--json", "--quiet") { network, model, run in
      let penalty = try #require(network.penalty as? ElasticNet)
      #expect(penalty.configuration.l1 == 0.001 && penalty.configuration.l2 == 0.01)
      let test = try #require(try run.json["test"] as? [String: Any])
      let (loss, part) = (
        try #require(test["loss"] as? Double), try #require(test["penalty"] as? Double)
      )
      #expect(abs(part - network.penaltyValue) < 1e-9 && loss > part)
      #expect(runTool("evaluate", model).output.contains("of which"))
      let resumed = runTool("train", "--resume", model, "--epochs", "3")
      #expect(resumed.status == 0, "\(resumed.error)")
      let other = runTool("train", "--resume", model, "--epochs", "5", "--penalty", "l1:1")
      #expect(other.status == 2 && other.error.contains("elastic:0.001,0.01"))
    }
    try withTrained("--json", "--quiet") { network, _, run in
      #expect(network.penalty == nil)
      let test = try #require(try run.json["test"] as? [String: Any])
      #expect(test["penalty"] == nil)
    }
  }

  @Test func optionsReachTheOptimizerAndTheTraining() throws {
    try withTrained("--optimizer", "momentum", "--momentum", "0.5", "--clip", "value:0.25") {
      network, _, _ in
      #expect((network.optimizer as? Momentum)?.momentum == 0.5)
      #expect(network.progress?.options.clipping == .value(0.25))
    }
    try withTrained("--optimizer", "adamw", "--weight-decay", "0.125", "--clip", "norm:2") {
      network, _, _ in
      #expect((network.optimizer as? AdamW)?.weightDecay == 0.125)
      #expect(network.progress?.options.clipping == .norm(2))
    }
    try withTrained("--optimizer", "momentum") { network, _, _ in
      #expect((network.optimizer as? Momentum)?.momentum == 0.9)
    }
  }

  @Test func aConfigFileHasThemToo() throws {
    let json = try JSONValue(
      parsing: """
        { "recipe": "iris-mlp", "optimizer": "momentum", "momentum": 0.75, "penalty": "l2:0.5",
          "clip": "norm:1" }
        """, name: "test")
    let recipe = try Recipe(json: json, name: "test")
    #expect(recipe.momentum == 0.75 && recipe.penalty == .l2(0.5))
    #expect(recipe.clip == .limit(.norm(1)))
    let again = try Recipe(
      json: JSONValue(parsing: JSONCoding.text(recipe), name: "test"), name: "test")
    #expect(again == recipe)
  }

  @Test(arguments: [
    ("l1:0.5", PenaltySetting.l1(0.5)), ("l2:0", .l2(0)), ("elastic:1,2", .elastic(1, 2)),
    ("none", PenaltySetting.none),
  ])
  func penaltiesAreReadAndWritten(text: String, setting: PenaltySetting) {
    #expect(PenaltySetting(text) == setting)
    #expect(setting.text == text)
  }

  @Test(arguments: [
    (["--penalty", "l3:1"], "l1:X, l2:X or elastic:X,Y"), (["--penalty", "l2"], "l2:0.0001"),
    (["--penalty", "l2:-1"], "at least 0"), (["--penalty", "l2:1,2"], "l2:X"),
    (["--penalty", "l1:much"], "l1:X"), (["--penalty", "l2:nan"], "at least 0"),
    (["--penalty", "l2:inf"], "at least 0"), (["--penalty"], "--penalty"),
    (["--penalty", "elastic:1"], "elastic:X,Y"), (["--clip", "norm:0"], "a limit above 0"),
    (["--clip", "size:1"], "norm:X or value:X"), (["--clip", "norm"], "norm:X or value:X"),
    (["--clip", "value:-1"], "a limit above 0"), (["--clip", "norm:one"], "a limit above 0"),
    (["--clip", "norm:inf"], "a limit above 0"), (["--clip", "1"], "norm:X or value:X"),
    (["--dropout", "1"], "from 0 to below 1"), (["--dropout", "-0.1"], "from 0 to below 1"),
    (["--dropout", "half"], "a number from 0 to below 1"), (["--dropout", "nan"], "below 1"),
    (["--batch-norm", "maybe"], "yes or no"), (["--batch-norm", "1"], "yes or no"),
    (["--hidden", "none", "--batch-norm", "yes"], "no layer to follow"),
    (["--hidden", "none", "--dropout", "0.5"], "no hidden layer to follow"),
    (["--momentum", "1"], "from 0 to below 1"),
    (["--momentum", "0.9"], "applies to --optimizer momentum only, not to sgd"),
    (["--weight-decay", "-1"], "at least 0"),
    (["--weight-decay", "0.1"], "applies to --optimizer adamw only"),
  ])
  func badValuesAreRefused(options: [String], message: String) throws {
    try expectRefused("iris-mlp", options, message)
  }

  /// Options that the network of the recipe has no place for are not dropped in silence.
  @Test(arguments: [
    ("digits-rows-lstm", ["--batch-norm", "yes"], "this one is recurrent: use --batch-norm no"),
    ("digits-rows-lstm", ["--dropout", "0.5"], "this one is recurrent: use --dropout 0"),
    ("char-lstm", ["--dropout", "0.5"], "'--dropout 0.5' applies to"),
    ("char-lstm", ["--momentum", "0.5"], "applies to --optimizer momentum only, not to adam"),
    ("char-lstm", ["--hidden", "64"], "'--hidden' does not apply to text data"),
  ])
  func whatTheRecipeHasNoPlaceForIsRefused(
    recipe: String, options: [String], message: String
  ) throws {
    try expectRefused(recipe, options, message)
  }

  private func expectRefused(_ recipe: String, _ options: [String], _ message: String) throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "model.safetensors").path
      let run = runTool(["train", recipe, "--output", model] + options)
      #expect(run.status == 2 && run.output.isEmpty, "\(run.output)")
      #expect(run.error.contains(message), "\(run.error)")
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(files.isEmpty, "written: \(files)")
    }
  }

  /// The perplexity does not include the weight penalty.
  @Test func aPenaltyOnANetworkOfCharactersIsNotInThePerplexity() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "text.txt")
      try Data(String(repeating: "abcdefgh", count: 40).utf8).write(to: file)
      let model = folder.appending(path: "text.safetensors").path
      let run = runTool(
        "train", "char-lstm", "--data", file.path, "--epochs", "1", "--batch-size", "2",
        "--sequence-length", "5", "--recurrent", "4", "--embedding", "3", "--penalty", "l2:100",
        "--output", model, "--json")
      try #require(run.status == 0, "\(run.error)")
      let epochs = try #require(try run.json["perplexities"] as? [[String: Any]])
      let history = try #require(try run.json["history"] as? [[String: Any]])
      let training = try #require(history.first?["training"] as? [String: Any])
      #expect(try #require(training["penalty"] as? Double) > 100)
      let perplexity = try #require(epochs.first?["training"] as? Double)
      #expect(perplexity > 1 && perplexity < 20, "eight characters: \(perplexity)")
      #expect(!run.error.contains("perplexity inf"))
    }
  }

  // MARK: Output

  @Test func whatIsNotUsedIsNotAnnounced() throws {
    try withTrained("--validation", "0", "--test", "0") { _, _, run in
      #expect(run.error.contains("150 to train\n"), "\(run.error)")
      #expect(!run.error.contains("to validate") && !run.error.contains("to test"))
    }
  }

  @Test func aResumedRunTellsItsOwnEpochsFromAll() throws {
    try withTrained { _, model, run in
      #expect(run.output.contains("Trained 2 epochs in "))
      let resumed = runTool("train", "--resume", model, "--epochs", "5")
      #expect(resumed.output.contains("Trained 3 more epochs in "), "\(resumed.output)")
      #expect(resumed.output.contains(", 5 in total."))
    }
  }
}

/// `--augment`.
@Suite(.watched) struct TrainingAugmentTests {
  private static let small = [
    "digits-cnn", "--maps", "4", "--epochs", "1", "--schedule", "step", "--learning-rate", "0.005",
  ]

  @Test func theTrainingImagesAreAugmented() throws {
    try withTemporaryFolder { folder in
      func trained(_ options: String..., name: String) throws -> NeuralNetwork {
        let model = folder.appending(path: name).path
        let run = runTool(["train", "--quiet"] + Self.small + ["--output", model] + options)
        try #require(run.status == 0, "\(run.error)")
        return try NeuralNetwork(contentsOf: URL(filePath: model))
      }
      let plain = try trained(name: "plain")
      let moved = try trained("--augment", "crop:1", name: "moved")
      let again = try trained("--augment", "crop:1", "--threads", "1", name: "again")
      let weights = { (network: NeuralNetwork) -> [Tensor] in
        var (copy, values) = (network, [Tensor]())
        copy.forEachParameter { values.append($1.value) }
        return values
      }
      #expect(weights(moved) == weights(again))
      #expect(weights(moved) != weights(plain))
      // The images have the numbers of the data, so that the network learns.
      let accuracy = { (network: NeuralNetwork) in
        network.progress?.history.epochs.last?.validation?.accuracy ?? 0
      }
      #expect(accuracy(plain) > 0.7 && accuracy(moved) > 0.4)
      #expect(moved.progress?.batches?.contains("crop:1") == true)

      let model = folder.appending(path: "moved").path
      let other = runTool("train", "--resume", model, "--epochs", "2", "--augment", "crop:2")
      #expect(other.status == 2 && other.error.contains("trained with crop:1"), "\(other.error)")
      let resumed = runTool("train", "--resume", model, "--epochs", "2", "--augment", "crop:1")
      #expect(resumed.status == 0, "\(resumed.error)")
      #expect(resumed.error.contains("augmentation: crop:1"))
    }
  }

  @Test func whatCannotBeAugmentedIsRefused() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "model").path
      let flat = runTool("train", "digits-mlp", "--augment", "mirror", "--output", model)
      #expect(flat.status == 1 && flat.error.contains("augmentation requires images"))
      #expect(flat.error.contains("[64]") && flat.error.contains("--maps"), "\(flat.error)")
      for (list, word) in [
        ("miror", "mirror"), ("mixup", "expected mixup:ALPHA, got 'mixup'.\n"),
        ("crop", "crop:PIXELS"), ("crop:1,mirror@2", "0 to 1"),
      ] {
        let run = runTool(["train"] + Self.small + ["--augment", list, "--output", model])
        #expect(run.status == 2 && run.error.contains(word), "\(run.error)")
      }
      #expect(!FileManager.default.fileExists(atPath: model))
    }
  }
}
