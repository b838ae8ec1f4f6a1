import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

@Suite(.watched) struct RecipeTests {
  @Test(arguments: Recipes.names)
  func aRecipeIsTheSameAfterAJourneyThroughJSON(name: String) throws {
    let settings = try #require(Recipes.named(name)).settings
    let printed = runTool("recipes", name, "--json").output
    let json = try JSONValue(parsing: printed, name: "recipe.json")
    #expect(try Recipe(json: json, name: "recipe.json") == settings)
    #expect(
      try Recipe(json: JSONValue(parsing: JSONCoding.text(settings), name: ""), name: "")
        == settings)
  }

  @Test func aConfigFileMayGiveOnlySomeSettings() throws {
    let json = try JSONValue(
      parsing: #"{"recipe": "iris-mlp", "hidden": [8, 4], "epochs": 3, "label": null}"#, name: "")
    var expected = try #require(Recipes.named("iris-mlp")).settings
    expected.hidden = [8, 4]
    expected.epochs = 3
    #expect(try Recipe(json: json, name: "") == expected)
  }

  @Test func aConfigFileTrains() throws {
    try withTemporaryFolder { folder in
      let config = folder.appending(path: "mine.json")
      try Data(#"{"recipe": "iris-mlp", "epochs": 2, "hidden": []}"#.utf8).write(to: config)
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool("train", config.path, "--output", model, "--epochs", "1", "--json")
      #expect(run.status == 0, "\(run.error)")
      let recipe = try #require(try run.json["recipe"] as? [String: Any])
      #expect(recipe["epochs"] as? Int == 1, "options outrank the file")
      #expect(recipe["hidden"] as? [Int] == [])
      #expect(runTool("summary", config.path).output.contains("Parameters: 15"))
    }
  }

  @Test(arguments: [
    (#"{"epoch": 3}"#, "unknown setting \"epoch\"", "Did you mean 'epochs'?"),
    (#"{"recipe": "iris"}"#, "unknown recipe: expected digits-mlp", "Did you mean 'iris-mlp'?"),
    (#"{"epochs": 0}"#, "setting \"epochs\": expected a whole number from 1", "got 0"),
    (#"{"epochs": "many"}"#, "setting \"epochs\"", "got \"many\""),
    (#"{"hidden": [8, -1]}"#, "setting \"hidden\": expected sizes", "got [8,-1]"),
    (#"{"hidden": {}}"#, "setting \"hidden\"", "got {}"),
    (#"{"learning-rate": 0}"#, "setting \"learning-rate\": expected a number above 0", "got 0"),
    (#"{"scaling": "minmx"}"#, "setting \"scaling\"", "Did you mean 'minmax'?"),
    (#"{"maps": [8, 0]}"#, "setting \"maps\": expected sizes", "got [8,0]"),
    (#"{"optimizer": "adm"}"#, "setting \"optimizer\"", "Did you mean 'adam'?"),
    (#"{"epochs": 1, "epochs": 2}"#, "epochs", "mine.json, line 1"),
    ("[1]", "not a recipe file: expected a JSON object", "--json"),
    ("{", "mine.json, line 1", "ends too early"),
  ])
  func wrongConfigFilesAreRefused(text: String, message: String, detail: String) throws {
    try withTemporaryFolder { folder in
      let config = folder.appending(path: "mine.json")
      try Data(text.utf8).write(to: config)
      let run = runTool("train", config.path)
      #expect(run.status == 1)
      #expect(run.error.contains("mine.json"))
      #expect(run.error.contains(message))
      #expect(run.error.contains(detail))
    }
  }

  @Test func theScheduleStepDependsOnTheEpochAlone() throws {
    var recipe = try #require(Recipes.named("digits-mlp")).settings
    recipe.decay = 0.5
    let everyEpoch = recipe.schedule(stepsPerEpoch: 10)
    #expect(everyEpoch.learningRate(step: 999, epoch: 0, base: 0.8) == 0.8)
    #expect(everyEpoch.learningRate(step: 0, epoch: 2, base: 0.8) == 0.2)
    recipe.decayEvery = 3
    let everyThird = recipe.schedule(stepsPerEpoch: 10)
    #expect(
      [0, 2, 3, 5, 6].map { everyThird.learningRate(step: 0, epoch: $0, base: 0.8) }
        == [0.8, 0.8, 0.4, 0.4, 0.2])
  }

  @Test func cosineAndOneCycleEndWithTheLastEpoch() throws {
    var recipe = try #require(Recipes.named("digits-mlp")).settings
    recipe.epochs = 4
    recipe.scheduleName = .cosine
    let cosine = recipe.schedule(stepsPerEpoch: 10)
    #expect(cosine.learningRate(step: 0, epoch: 0, base: 1) == 1)
    #expect(abs(cosine.learningRate(step: 20, epoch: 2, base: 1) - 0.5) < 1e-6)
    #expect(cosine.learningRate(step: 39, epoch: 3, base: 1) < 0.01)
    recipe.scheduleName = .oneCycle
    let cycle = recipe.schedule(stepsPerEpoch: 10)
    let rates = (0..<40).map { cycle.learningRate(step: $0, epoch: $0 / 10, base: 1) }
    #expect(rates.max() == 1)
    #expect(rates[0] < 0.05 && rates[39] < 0.001)
  }

  /// The share for the test counts only where it is taken from the examples.
  @Test func aTestPartOfTheirOwnLeavesAllElseToTheOtherTwo() throws {
    var recipe = try #require(Recipes.named("iris-mlp")).settings
    recipe.validation = 0.9
    try recipe.check()
    let parts = try recipe.split(DataSource.Loaded(examples: .iris, test: .iris))
    #expect([parts.train, parts.validation, parts.test].map(\.count) == [15, 135, 150])
    #expect(throws: UsageError.self) { try recipe.split(DataSource.Loaded(examples: .iris)) }
  }

  @Test func blocksReadWhatTheyWrite() {
    for text in ["none", "20,50", "64+64,128", "7"] { #expect(Blocks(text)?.text == text) }
    #expect(Blocks("64+64,128")?.widths == [[64, 64], [128]])
    for text in ["", "0", "3,", "3+", "+3", "3,,4", "x", "-3", "65537"] {
      #expect(Blocks(text) == nil, "\(text)")
    }
  }

  @Test func scalingReadsWhatItWrites() {
    for scaling in [
      Scaling.none, .standardize, .standardizeAll, .standardizeChannels, .minmax, .divide(16),
    ] {
      #expect(Scaling(scaling.text) == scaling)
    }
    #expect(Scaling("0") == nil)
    #expect(Scaling("-3") == nil)
  }

  @Test func recipesAreListed() throws {
    let run = runTool("recipes")
    for name in Recipes.names { #expect(run.output.contains(name)) }
    #expect(
      (try runTool("recipes", "--json").json["recipes"] as? [Any])?.count == Recipes.names.count)
    let settings = runTool("recipes", "digits-mlp").output
    #expect(settings.contains("--hidden               256"))
    for setting in Recipe.settings {
      #expect(settings.contains("  --\(setting.name)  "), "a name runs into its value")
    }
    let wrong = runTool("recipes", "digit-mlp")
    #expect(wrong.status == 2)
    #expect(wrong.error.contains("Did you mean 'digits-mlp'?"))
  }
}

@Suite(.watched) struct DataCommandTests {
  @Test func bundledDataAreListed() throws {
    #expect(runTool("data", "list").output.contains("1797 examples of shape [64], 10 classes"))
    #expect((try runTool("data", "list", "--json").json["data"] as? [Any])?.count == 13)
  }

  @Test func inspectCountsClassesAndMeasuresColumns() throws {
    let run = runTool("data", "inspect", "iris")
    #expect(run.output.contains("iris: 150 examples, 4 features"))
    #expect(run.output.contains("setosa          50   33.3 %"))
    #expect(run.output.contains("sepal length      4.300      5.843      7.900"))
    #expect(runTool("data", "inspect", "digits").output.contains("features with a constant value"))
  }

  @Test func inspectSaysWhatTrainingDoesWithEachColumn() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "gaps.csv")
      try Data("a,b,c\n1,2,x\n,3,y\n4,5,x\n".utf8).write(to: file)
      let run = runTool("data", "inspect", file.path)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("a        number; gaps 2.5, and marked"), "\(run.output)")
      #expect(run.output.contains("c        one of 2 words: x, y"))
      #expect(run.output.contains("numbers  b"))
      let chosen = runTool("data", "inspect", file.path, "--missing", "drop-row", "--ignore", "b")
      #expect(chosen.output.contains("b        left out: not asked for"), "\(chosen.output)")
      #expect(chosen.output.contains("training leaves out 1 row with gaps"))
      let labelled = try runTool("data", "inspect", file.path, "--label", "c", "--json").json
      let classes = try #require(labelled["classes"] as? [[String: Any]])
      #expect(classes.map { $0["examples"] as? Int } == [2, 1])
      let columns = try #require(labelled["columns"] as? [[String: Any]])
      #expect(columns.map { $0["missing"] as? Int } == [1, 0])
      #expect(columns[0]["mean"] as? Double == 2.5)
    }
  }

  @Test(
    arguments: [
      (["data"], 2, "course data inspect NAME|FILE|FOLDER"),
      (["data", "lst"], 2, "Did you mean 'list'?"),
      (["data", "inspect", "irs"], 2, "Did you mean 'iris'?"),
      (["data", "inspect", "iris", "--label", "x"], 2, "applies to CSV files only"),
      (["data", "inspect", "none.csv"], 1, "none.csv"),
    ] as [([String], Int32, String)])
  func wrongUseIsSaid(arguments: [String], status: Int32, message: String) {
    let run = runTool(arguments)
    #expect(run.status == status)
    #expect(run.error.contains(message))
  }
}
