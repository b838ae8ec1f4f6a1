import CourseCommandLine
import CourseTestSupport
import Networks
import Testing

@testable import CourseTool

/// Settings that belong to another optimizer, schedule or network than that of the recipe.
@Suite(.watched) struct RecipeKindTests {
  private func recipe(_ name: String, _ options: [String]) throws -> Recipe {
    var recipe = try Recipe.find(name)
    recipe.apply(try ArgumentParser(command: TrainCommand.description).parse([name] + options))
    return recipe
  }

  /// What only the recipe says of an optimizer goes when another one is chosen; what the user says stays, to be refused.
  @Test(arguments: ["char-transformer", "sort-transformer"])
  func anyOptimizerCanBeChosen(name: String) throws {
    for optimizer in OptimizerName.allCases {
      let chosen = try recipe(name, ["--optimizer", optimizer.rawValue])
      try chosen.check(given: ["optimizer"])
      #expect((chosen.beta2 != nil) == (optimizer == .adam || optimizer == .adamw))
      #expect((chosen.weightDecay != nil) == (optimizer == .adamw))
      // The same from a file, such as that of a trained network.
      let file = try Recipe(
        json: JSONValue(
          parsing: #"{"recipe": "\#(name)", "optimizer": "\#(optimizer.rawValue)"}"#, name: "f"),
        name: "f")
      #expect(file == chosen)
    }
    let given = try recipe(name, ["--optimizer", "sgd", "--beta2", "0.9"])
    #expect(given.beta2 == 0.9 && given.weightDecay == nil)
    let run = runTool("train", name, "--optimizer", "sgd", "--beta2", "0.9")
    #expect(run.status == 2 && run.error.contains("'--beta2' applies to"), "\(run.error)")
  }

  @Test func otherChoicesDropWhatTheyDoNotUse() throws {
    let cycle = try recipe("char-transformer", ["--schedule", "one-cycle"])
    #expect(cycle.warmUp == 0)
    try cycle.check()
    let recurrent = try recipe("char-transformer", ["--blocks", "0", "--recurrent", "8"])
    #expect(recurrent.stepsPerEpoch == 0)
    try recurrent.check()
    let deep = try recipe("digits-cnn", ["--depth", "8", "--maps", "16"])
    #expect(deep.hidden.isEmpty)
    try deep.check()
    let plain = try recipe("cifar10-vgg", ["--hidden", "none"])
    #expect(plain.dropout == 0 && plain.batchNorm, "the convolutions keep theirs")
    try plain.check()
    let kept = try recipe("char-transformer", [])
    #expect(kept.warmUp == 100 && kept.stepsPerEpoch == 250 && kept.beta2 == 0.99)
  }

  /// The options without which a recipe is not trained.
  private static let data = [
    "csv-mlp": ["--data", "t.csv", "--label", "x"],
    "csv-text": ["--data", "t.csv", "--label", "x"],
    "csv-regression": ["--data", "t.csv", "--target", "x"],
    "csv-multilabel": ["--data", "t.csv", "--target", "x"],
    "csv-sequence": ["--data", "t.csv", "--target", "x"],
    "images": ["--data", "synthetic-figures"],
  ]

  /// Values of which some suit each network that has the setting.
  private static let values = [
    "label": ["y"], "text": ["t"], "target": ["y"], "separator": [";"], "window": ["3"],
    "horizon": ["2"], "columns": ["a"], "ignore": ["a"], "words": ["a"], "word-limit": ["7"],
    "missing": ["mean"], "missing-marks": ["?"], "dates": ["calendar"], "decimal": ["comma"],
    "scaling": ["standardize", "standardize-all"], "shape": ["1,4,4"], "size": ["16x16"],
    "fit": ["crop"], "channels": ["1"], "masks": ["m"], "network": ["cnn"], "buckets": ["9"],
    "maps": ["4", "16,32"], "depth": ["8", "14"], "kernel-size": ["1"], "cell": ["gru"],
    "recurrent": ["8"], "embedding": ["24"], "blocks": ["2"], "heads": ["2", "4"],
    "levels": ["2"], "width": ["8"], "skips": ["no"], "regions": ["8"], "proposals": ["windows"],
    "box-weight": ["2"], "pretext": ["rotation"], "temperature": ["0.2"],
    "encoder": ["e.safetensors"], "encoder-rate": ["0.5"],
    "sequence-length": ["9"], "steps-per-epoch": ["7"], "hidden": ["8", "8,8"],
    "activation": ["tanh"], "batch-norm": ["yes", "no"], "dropout": ["0.1"],
    "optimizer": ["sgd"], "learning-rate": ["0.01"], "momentum": ["0.5"], "beta2": ["0.9"],
    "weight-decay": ["0.3"], "augment": ["mirror", "crop:1"], "penalty": ["l2:0.1"],
    "clip": ["norm:2"], "schedule": ["step"], "warm-up": ["3"], "final-learning-rate": ["0.00001"],
    "decay": ["0.5"], "decay-every": ["3"], "epochs": ["2"], "patience": ["3"], "keep": ["best"],
    "batch-size": ["5"], "validation": ["0.2"], "test": ["0.1"], "split": ["random", "ordered"],
    "seed": ["9"], "loss": ["huber", "cross-entropy"], "class-weights": ["balanced"],
  ]

  /// The recipe takes each setting that its help lists; the help lists each option of the others that it takes.
  @Test(arguments: Recipes.names)
  func theHelpListsWhatIsTaken(name: String) throws {
    let base = Self.data[name] ?? []
    let help = runTool(["train", name] + base + ["--help"]).output
    // Others may be taken, which make another kind of network.
    for setting in Recipe.settings
    where setting.name != "data" && !base.contains("--\(setting.name)")
      && help.contains("  --\(setting.name) ")
    {
      let values = try #require(Self.values[setting.name], "\(setting.name) has values to try")
      // Behind the checks of the settings, and before anything is read.
      let answers = values.map { value in
        runTool(
          ["train", name, "-o", "/nowhere/m.safetensors"] + base + ["--\(setting.name)", value]
        ).error
      }
      #expect(
        answers.contains { $0.contains("the output folder does not exist") },
        "\(name) --\(setting.name): \(answers)")
    }
    for (option, value, output) in [
      ("folds", "3", "/nowhere/f.csv"), ("animate", "a.gif", "/nowhere/m"),
      ("skip-broken", nil, "/nowhere/m"), ("learning-rate", "find", "/nowhere/m"),
    ] as [(String, String?, String)] {
      let run = runTool(
        ["train", name, "-o", output, "--\(option)"] + [value].compactMap { $0 } + base)
      let isTaken = run.error.contains("the output folder does not exist")
      #expect(run.status == (isTaken ? 1 : 2), "\(name) --\(option): \(run.error)")
      let listed =
        value == "find" ? help.contains("--learning-rate X|find") : help.contains("--\(option) ")
      #expect(listed == isTaken, "\(name) --\(option): \(run.error)")
    }
  }

  /// An error names an option that was given, and its advice leads somewhere.
  @Test(arguments: [
    ("figures-fast-rcnn", ["--depth", "8"], "'--depth 8' does not apply to detectors"),
    ("figures-fast-rcnn", ["--loss", "huber"], "'--loss huber' does not apply to detectors"),
    ("figures-fast-rcnn", ["--levels", "2"], "'--levels 2' does not apply to the recipe"),
    ("figures-fast-rcnn", ["--pretext", "rotation"], "'--pretext rotation' does not apply"),
    ("figures-fast-rcnn", ["--regions", "0"], "'--regions 0' leaves no detector"),
    ("char-transformer", ["--levels", "2"], "'--levels 2' does not apply to the recipe"),
    ("char-transformer", ["--pretext", "rotation"], "'--pretext rotation' does not apply"),
    ("char-transformer", ["--loss", "huber"], "'--loss huber' does not apply to text data"),
    ("char-transformer", ["--depth", "8"], "'--depth 8' does not apply to text data"),
    ("char-lstm", ["--maps", "16"], "'--maps 16' does not apply to text data"),
    ("char-lstm", ["--augment", "mirror"], "does not apply to text data: omit it"),
    ("char-transformer", ["--augment", "mirror"], "does not apply to text data: omit it"),
    ("char-transformer", ["--scaling", "standardize"], "does not apply to texts: omit it"),
    ("definitions", ["--scaling", "standardize"], "does not apply to texts: omit it"),
    ("char-lstm", ["--regions", "4"], "'--regions 4' does not apply to the recipe char-lstm"),
    ("char-lstm", ["--network", "cnn"], "'--network cnn' does not apply to the recipe char-lstm"),
    ("char-lstm", ["--embedding", "0"], "'--embedding 0' leaves no vectors"),
    ("sort-transformer", ["--levels", "2"], "'--levels 2' does not apply to the recipe"),
    ("sort-transformer", ["--loss", "huber"], "does not apply to the sorting of digits"),
    (
      "digits-mlp", ["--embedding", "8"], "'--embedding 8' does not apply to the recipe digits-mlp"
    ),
    ("digits-mlp", ["--network", "cnn"], "use the recipe csv-text"),
    ("digits-cnn", ["--levels", "2"], "use the recipe figures-unet"),
    ("digits-cnn", ["--regions", "9"], "use the recipe figures-fast-rcnn"),
    ("blobs", ["--levels", "2"], "'--levels 2' does not apply to the recipe blobs"),
    ("moons", ["--regions", "4"], "'--regions 4' does not apply to the recipe moons"),
    ("lenet-mnist", ["--regions", "4"], "'--regions 4' does not apply to the recipe lenet-mnist"),
    ("iris-mlp", ["--pretext", "vicreg"], "use the recipe figures-vicreg"),
    ("blobs", ["--embedding", "8"], "use the recipe char-transformer"),
    ("blobs", ["--network", "cnn"], "use the recipe csv-text"),
    ("iris-mlp", ["--loss", "huber"], "'--loss huber' does not apply to the recipe iris-mlp"),
    ("images", ["--pretext", "vicreg"], "use the recipe figures-vicreg"),
    ("iris-mlp", ["--encoder", "e.safetensors"], "--data is iris: use the recipe images"),
    ("figures-unet", ["--encoder", "e.safetensors"], "does not apply to a U-Net: omit it"),
    ("figures-fast-rcnn", ["--encoder-rate", "0"], "does not apply to detectors: omit it"),
    (
      "lenet-mnist", ["--encoder-rate", "0.1"],
      "starts from the encoder of another one: use --encoder"
    ),
    (
      "lenet-mnist", ["--encoder", "e.safetensors", "--maps", "8"],
      "'--maps 8' does not apply with --encoder, which decides it: omit it"
    ),
    (
      "lenet-mnist", ["--encoder", "e.safetensors", "--scaling", "minmax"],
      "'--scaling minmax' does not apply with --encoder"
    ),
    ("csv-regression", ["--data", "t.csv"], "predicts columns of t.csv: say which with --target"),
    (
      "csv-regression", ["--data", "t.csv", "--target", "x", "--depth", "8"],
      "'--depth 8' does not apply to numbers"
    ),
    ("figures-unet", ["--hidden", "3"], "'--hidden 3' does not apply to a U-Net: omit it\n"),
    ("figures-unet", ["--class-weights", "balanced"], "does not apply to a U-Net: omit it\n"),
    ("figures-unet", ["--window", "3"], "'--window 3' does not apply to a U-Net: omit it\n"),
    (
      "csv-regression", ["--data", "t.csv", "--target", "x", "--blocks", "2"],
      "'--blocks 2' does not apply to numbers"
    ),
    ("figures-unet", ["--levels", "0"], "'--levels 0' leaves no U-Net: omit it"),
  ])
  func theOptionToBlameWasGiven(name: String, options: [String], message: String) {
    let run = runTool(["train", name] + options)
    #expect(run.status == 2 && run.error.contains(message), "\(run.error)")
  }
}
