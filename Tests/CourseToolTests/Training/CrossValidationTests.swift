import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `train --folds`
@Suite(.watched) struct CrossValidationTests {
  @Test func everyFoldIsTrainedOnTheOthers() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "f.csv").path
      let arguments = [
        "train", "iris-mlp", "--epochs", "3", "--seed", "4", "--folds", "5", "--json", "-o",
      ]
      let run = runTool(arguments + [path])
      try #require(run.status == 0, "\(run.error)")
      let folds = try #require(try run.json["folds"] as? [[String: Any]])
      #expect(folds.map { $0["fold"] as? Int } == [1, 2, 3, 4, 5])
      var accuracies: [Double] = []
      for (index, fold) in folds.enumerated() {
        var recipe = try #require(Recipes.named("iris-mlp")).settings
        (recipe.epochs, recipe.seed, recipe.fold) = (3, 4, Fold(index: index, count: 5))
        var experiment = try Experiment(recipe, author: "test")
        #expect(experiment.parts.test.count == 30)
        // Each class in the same proportions.
        for label in 0..<3 {
          #expect(experiment.parts.test.targets.classIndices.count { $0 == label } == 10)
        }
        // Nothing is shared: the scaling is that of this fold's training part.
        let scaling: FeatureScaler = try .standardizing(experiment.parts.train)
        #expect(experiment.run.network.preprocessing == scaling)
        try experiment.run.train(epochEnded: {})
        let alone = try experiment.run.network.evaluate(experiment.parts.test)
        let loss = try #require((fold["test"] as? [String: Any])?["loss"] as? Double)
        let test = try #require(fold["test"] as? [String: Any])
        #expect(abs(loss - alone.loss) < 1e-12)
        #expect(test["examples"] as? Int == 30)
        accuracies.append(try #require(test["accuracy"] as? Double))
      }
      let mean = try #require(try run.json["mean"] as? [String: [String: Double]])
      let (named, sum) = (try #require(mean["test"]?["accuracy"]), accuracies.reduce(0, +))
      #expect(abs(named - sum / 5) < 1e-12)
      #expect(try run.json["command"] as? String == "course train iris-mlp --epochs 3 --seed 4")

      // The same on one thread.
      let again = runTool(
        arguments + [folder.appending(path: "g.csv").path, "--threads", "1"])
      let others = try #require(try again.json["folds"] as? [[String: Any]])
      for (one, other) in zip(folds, others) {
        let losses = [one, other].map { ($0["test"] as? [String: Any])?["loss"] as? Double }
        #expect(losses[0] != nil && losses[0] == losses[1])
      }
    }
  }

  /// The results of some data and of others have no mean.
  @Test func aSeriesDoesNotGoOnWithOtherData() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      func write(_ factor: Int) throws {
        let rows = (0..<40).map { "\($0 * factor),\($0 % 3),\($0 % 2 == 0 ? "a" : "b")\n" }
        try Data(("x,y,z\n" + rows.joined()).utf8).write(to: URL(filePath: file("t.csv")))
      }
      try write(1)
      let command = [
        "train", "csv-mlp", "--data", file("t.csv"), "--label", "z", "--epochs", "1", "--folds",
        "4",
      ]
      #expect(runTool(command + ["-o", file("f.csv")]).status == 0)
      let lines = try String(contentsOf: URL(filePath: file("f.csv")), encoding: .utf8)
        .split(separator: "\n")
      func part(_ lines: [Substring]) throws {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(
          to: URL(filePath: file("part.csv")))
      }
      try part(Array(lines.prefix(3)))
      let resume = command + ["--resume", file("part.csv")]
      let same = runTool(resume)
      #expect(same.status == 0, "\(same.error)")
      try part(Array(lines.prefix(3)))
      try write(2)
      let other = runTool(resume)
      #expect(
        other.status == 1
          && other.error.contains("the data have changed since the cross-validation began"),
        "\(other.error)")
      // A number that is none.
      try write(1)
      let columns = lines[0].split(separator: ",", omittingEmptySubsequences: false)
      var fields = lines[1].split(separator: ",", omittingEmptySubsequences: false)
      fields[try #require(columns.firstIndex(of: "test loss"))] = "0.3x"
      try part([lines[0], Substring(fields.joined(separator: ","))])
      let damaged = runTool(resume)
      #expect(
        damaged.status == 1 && damaged.error.contains("a number is damaged: ")
          && damaged.error.contains("test loss 0.3x"), "\(damaged.error)")
    }
  }

  @Test func aTableIsPreparedAnewForEachFold() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "t.csv")
      let rows = (0..<40).map {
        "\($0 % 7 == 0 ? "" : "\($0)"),w\($0 / 5),\($0 % 2 == 0 ? "a" : "b")"
      }
      try Data((["x,word,kind"] + rows).joined(separator: "\n").utf8).write(to: file)
      var medians = Set<Float>()
      for index in 0..<4 {
        var recipe = try #require(Recipes.named("csv-mlp")).settings
        (recipe.data, recipe.label, recipe.fold) = (
          file.path, "kind", Fold(index: index, count: 4)
        )
        let experiment = try Experiment(recipe, author: "test")
        let inputs = experiment.parts.train.features.scalars
        #expect(experiment.parts.train.count + experiment.parts.validation.count == 30)
        // The median that fills the gaps is the value of the first row, which has one.
        medians.insert(inputs[0])
      }
      #expect(medians.count > 1, "medians of each fold's training rows: \(medians)")
    }
  }

  @Test func numbersAreShownInTheUnitOfTheTarget() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "t.csv")
      let rows = (0..<60).map { "\($0 * 7 % 31),\(20_000 + 300 * ($0 * 7 % 31))" }
      try Data((["x,price"] + rows).joined(separator: "\n").utf8).write(to: file)
      let path = folder.appending(path: "f.csv").path
      let run = runTool(
        "train", "csv-regression", "--data", file.path, "--target", "price", "--epochs", "20",
        "--folds", "3", "-o", path)
      try #require(run.status == 0, "\(run.error)")
      let lines = run.output.split(separator: "\n").map(String.init)
      let header = try #require(lines.first { $0.hasPrefix("fold") })
      #expect(
        header.split(separator: " ").joined(separator: " ")
          == "fold epochs val. RMSE val. MAE val. R2 test RMSE test MAE test R2")
      #expect(lines.allSatisfy { $0.count <= 80 || $0.contains(folder.path) }, "\(run.output)")
      #expect(
        lines.contains { $0.hasPrefix("mean") } && lines.contains { $0.hasPrefix("deviation") })
      let csv = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      #expect(csv.count == 4 && csv[0].contains("test RMSE"))
    }
  }

  @Test func anUnfinishedCrossValidationGoesOn() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "f.csv").path
      let arguments = ["train", "iris-mlp", "--epochs", "2", "--folds", "4", "--json"]
      let whole = runTool(arguments + ["-o", path])
      #expect(whole.status == 0, "\(whole.error)")
      var lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      // As after an interruption: two folds are missing.
      lines.remove(at: 3)
      lines.remove(at: 1)
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
      let run = runTool(arguments + ["--resume", path])
      #expect(run.status == 0, "\(run.error)")
      #expect(
        try run.json["mean"] as? [String: [String: Double]]
          == (try whole.json["mean"] as? [String: [String: Double]]))
      func folds(_ run: ToolRun) throws -> [[String: Any]] {
        try #require(try run.json["folds"] as? [[String: Any]])
      }
      for (one, other) in zip(try folds(run), try folds(whole)) {
        var (one, other) = (one, other)
        (one["seconds"], other["seconds"]) = (nil, nil)
        #expect(NSDictionary(dictionary: one) == NSDictionary(dictionary: other))
      }
      let fewer = runTool(
        "train", "iris-mlp", "--epochs", "2", "--folds", "3", "--resume", path)
      #expect(
        fewer.status == 1
          && fewer.error.contains("the settings of the cross-validation have changed"))
    }
  }

  @Test func aSmallClassIsNoted() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "t.csv")
      let rows = (0..<30).map { "\($0),\($0 == 3 ? "rare" : $0 % 2 == 0 ? "a" : "b")" }
      try Data((["x,kind"] + rows).joined(separator: "\n").utf8).write(to: file)
      let run = runTool(
        "train", "csv-mlp", "--data", file.path, "--label", "kind", "--epochs", "1", "--folds",
        "3", "-o", folder.appending(path: "f.csv").path)
      #expect(run.status == 0)
      let note = "class \"rare\" has 1 example, too few for every fold"
      #expect(run.error.components(separatedBy: note).count == 2, "\(run.error)")
      let many = runTool(
        "train", "csv-mlp", "--data", file.path, "--label", "kind", "--epochs", "1", "--folds",
        "31", "--validation", "0", "-o", folder.appending(path: "g.csv").path)
      #expect(many.status == 1 && many.error.contains("fewer examples than folds"), "\(many.error)")
      #expect(many.error.contains("Use a smaller --folds"))
    }
  }

  @Test func dataWithATestPartOfTheirOwnAreRefused() throws {
    try withTemporaryFolder { folder in
      for part in ["train", "test"] {
        let made = runTool(
          "data", "synthesize", folder.appending(path: "images/\(part)").path, "--count", "60",
          "--folders")
        try #require(made.status == 0, "\(made.error)")
      }
      let run = runTool(
        "train", "images", "--data", folder.appending(path: "images").path, "--folds", "2", "-o",
        folder.appending(path: "f.csv").path)
      #expect(run.status == 2, "\(run.error)")
      #expect(run.error.contains("has test data of its own: use --repeats 2"), "\(run.error)")
    }
  }

  @Test(arguments: [
    ("iris-mlp", ["--folds", "1"], "expected a whole number from 2"),
    ("iris-mlp", ["--folds", "5", "--repeats", "2"], "'--repeats' does not apply"),
    ("iris-mlp", ["--folds", "5", "--plot", "c.svg"], "'--plot' does not apply"),
    ("iris-mlp", ["--folds", "5", "--test", "0.2"], "'--test' conflicts with '--folds 5'"),
    ("iris-mlp", ["--folds", "5", "--resume", "m.safetensors"], "omit --folds"),
    (
      "iris-mlp", ["--resume", "f.CSV"], "repeat its recipe, its settings, and --folds or --search"
    ),
    ("iris-mlp", ["--folds", "5", "--search", "dropout=0,0.5"], "'--folds' does not apply"),
    ("iris-mlp", ["--folds", "5", "--validation", "0.8"], "leave no training data"),
    ("iris-mlp", ["--folds", "5", "--split", "ordered"], "'--split ordered'"),
    ("iris-mlp", ["--folds", "5", "-o", "m.safetensors"], "a file that ends in .csv"),
    ("char-lstm", ["--folds", "5"], "a text is divided by position"),
  ])
  func contradictionsAreRefused(recipe: String, options: [String], message: String) {
    let run = runTool(["train", recipe] + options)
    #expect(run.status == 2)
    #expect(run.output.isEmpty && run.error.contains(message), "\(run.error)")
  }

  @Test(.enabled(if: hasBuiltTool)) func aSignalKeepsTheFoldsThatAreDone() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(
        ["train", "iris-mlp", "--epochs", "150", "--folds", "60", "--validation", "0"], in: folder,
        signals: [SIGINT],
        when: { _ in
          FileManager.default.fileExists(atPath: folder.appending(path: "iris-mlp-folds.csv").path)
        })
      #expect(run.status == 130 && run.output.isEmpty)
      #expect(run.error.contains("of 60 folds are in iris-mlp-folds.csv"), "\(run.error)")
      #expect(run.error.contains("'--resume iris-mlp-folds.csv'"))
    }
  }
}
