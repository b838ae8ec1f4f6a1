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
    ("iris-mlp", ["--loss", "huber"], "'--loss huber' does not apply to the recipe iris-mlp"),
    ("images", ["--pretext", "vicreg"], "use the recipe figures-vicreg"),
    ("csv-regression", ["--data", "t.csv"], "predicts columns of t.csv: say which with --target"),
    (
      "csv-regression", ["--data", "t.csv", "--target", "x", "--depth", "8"],
      "'--depth 8' does not apply to numbers"
    ),
    ("figures-unet", ["--hidden", "3"], "'--hidden 3' does not apply to a U-Net: omit it\n"),
    ("figures-unet", ["--class-weights", "balanced"], "does not apply to a U-Net: omit it\n"),
    ("figures-unet", ["--levels", "0"], "'--levels 0' leaves no U-Net: omit it"),
  ])
  func theOptionToBlameWasGiven(name: String, options: [String], message: String) {
    let run = runTool(["train", name] + options)
    #expect(run.status == 2 && run.error.contains(message), "\(run.error)")
  }
}
