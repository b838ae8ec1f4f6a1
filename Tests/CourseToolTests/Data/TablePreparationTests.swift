import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// Tables with words, gaps, dates and decimal commas in `train`, `evaluate`, `predict`, `summary` and `data inspect`.
@Suite(.watched) struct TablePreparationTests {
  /// A table like a list of passengers; a function of the row's number.
  private static func passengers(_ count: Int = 80) -> String {
    "PassengerId;Name;Sex;Age;Fare;Port;Joined;Survived\n"
      + (0..<count).map { row in
        let sex = row % 3 == 0 ? "female" : "male"
        let age = row % 7 == 2 ? "" : "\(row * 13 % 60),5"
        let port = row % 11 == 5 ? "?" : ["S", "C", "Q"][row % 5 % 3]
        let day = "201\(row % 2 + 2)-0\(row % 9 + 1)-1\(row % 10)"
        let survived = (row % 3 == 0) != (row % 17 == 0) ? "yes" : "no"
        return "\(row + 1);Person \(row);\(sex);\(age);\(row % 5 == 0 ? "1.0" : "")"
          + "\(row * 7 % 100 + 10),25;\(port);\(day);\(survived)"
      }.joined(separator: "\n") + "\n"
  }

  private func withModel(
    _ options: String...,
    body: (_ model: String, _ file: (String, String) throws -> String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      func file(_ name: String, _ text: String) throws -> String {
        let url = folder.appending(path: name)
        try Data(text.utf8).write(to: url)
        return url.path
      }
      let data = try file("people.csv", Self.passengers())
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        ["train", "csv-mlp", "--data", data, "--label", "Survived", "--epochs", "60", "-o", model]
          + options)
      try #require(run.status == 0, "\(run.error)")
      for words in [
        "left out: it counts the rows", "left out: nearly every row has a text of its own",
        "one of 2 words: female, male", "  Joined ", "decimal comma",
      ] {
        #expect(run.error.contains(words), "\(run.error)")
      }
      try body(model, file)
    }
  }

  @Test func aTableOfAllKindsIsTrainedOnAndPredicted() throws {
    try withModel { model, file in
      let network = try NeuralNetwork(contentsOf: URL(filePath: model))
      #expect(network.featureNames.prefix(2) == ["Sex = female", "Sex = male"])
      #expect(network.preparation?.targets.first?.name == "Survived")
      let summary = runTool("summary", model)
      #expect(summary.output.contains("Name         left out"), "\(summary.output)")
      let record = try runTool("summary", model, "--json").json["preparation"]
      #expect((record as? NSDictionary)?["missing"] as? String == "indicator")
      let measured = try runTool("evaluate", model, "--json").json["test"] as? NSDictionary
      let accuracy = try #require(measured?["accuracy"] as? Double)
      #expect(accuracy > 0.7)
      // By name, without the columns that training left out; with a gap, and a word that is new.
      let new = try file(
        "new.csv", "Sex;Port;Joined;Age;Fare\nfemale;C;2012-03-04;30,5;70,25\nmale;X;;;1.012,5\n")
      let run = runTool("predict", model, new)
      try #require(run.status == 0, "\(run.error)")
      let lines = run.output.split(separator: "\n")
      #expect(lines.count == 3 && lines[1].contains(",1,yes,") && lines[2].contains(",2,no,"))
      #expect(
        run.error.contains("missing values filled: 1 in \"Age\", 1 in \"Joined\""), "\(run.error)")
      #expect(
        run.error.contains("\"Port\" has words that training did not have")
          && run.error.contains("\"X\""))
      let wrong = try file("wrong.csv", "Sex;Port;Joined;Age;Fare\nfemale;C;yesterday;30,5;70,25\n")
      let refused = runTool("predict", model, wrong)
      #expect(refused.status == 1 && refused.error.contains("line 2, column 3 (\"Joined\")"))
      #expect(runTool("train", "--resume", model, "--epochs", "61", "-q").status == 0)
      let conflict = runTool("train", "--resume", model, "--epochs", "62", "--missing", "mean")
      #expect(conflict.status == 2 && conflict.error.contains("--missing"))
      let page = model + ".html"
      #expect(runTool("report", model, "-o", page).status == 0)
      #expect(try String(contentsOfFile: page, encoding: .utf8).contains("Columns left out"))
    }
  }

  @Test func gapsCanBeRowsThatAreLeftOut() throws {
    try withModel("--missing", "drop-row", "--dates", "calendar") { model, file in
      // The words for dates differ.
      let network = try NeuralNetwork(contentsOf: URL(filePath: model))
      #expect(network.featureNames.contains("Joined weekday sine"))
      #expect(!network.featureNames.contains { $0.contains("missing") })
      let run = runTool("evaluate", model)
      #expect(run.status == 0 && run.error.contains("left out 18 rows with gaps"), "\(run.error)")
      let new = try file("new.csv", "Sex;Port;Joined;Age;Fare\nmale;C;2012-03-04;;70,25\n")
      let refused = runTool("predict", model, new)
      #expect(refused.status == 1 && refused.error.contains("a value is missing"))
    }
  }

  /// Rows with a town of 80, by which alone they are one class or the other.
  private static func towns(_ rows: Range<Int>) -> String {
    "town,size,kind\n"
      + rows.map { row in
        let town = row * 29 % 80
        return "town \(town),\(row * 7 % 13),\(town * town % 11 < 4 ? "near" : "far")\n"
      }.joined()
  }

  @Test func manyWordsBecomeVectors() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String, _ text: String) throws -> String {
        let url = folder.appending(path: name)
        try Data(text.utf8).write(to: url)
        return url.path
      }
      let data = try file("towns.csv", Self.towns(0..<1200))
      let model = folder.appending(path: "m.safetensors").path
      let train = ["train", "csv-mlp", "--data", data, "--label", "kind", "--force", "-o", model]
      func accuracy(_ options: String...) throws -> Double {
        let run = runTool(train + options + ["--json"])
        #expect(run.status == 0, "\(run.error)")
        return try #require((run.json["test"] as? [String: Any])?["accuracy"] as? Double)
      }
      // Guessing the more frequent class is right in 0.55 of the rows.
      let without = try accuracy("--ignore", "town")
      let with = try accuracy()
      #expect(with > 0.95 && without < 0.75, "\(with) with the towns, \(without) without")

      let summary = runTool("summary", model)
      #expect(summary.output.contains("one of 80 words or another, as a vector: town 0"))
      #expect(summary.output.contains("EntityEmbedding"), "\(summary.output)")
      #expect(runTool("evaluate", model).status == 0)
      let new = try file("new.csv", "size,town\n3,town 5\n3,TOWN 1\n4,nowhere\n1,\n")
      let run = runTool("predict", model, new)
      let lines = run.output.split(separator: "\n")
      #expect(run.status == 0 && lines.count == 5, "\(run.error)")
      #expect(lines[1].contains(",1,near,") && lines[2].contains(",2,near,"))
      #expect(
        run.error.contains(
          "words of fewer than 3 training rows, which count as one word: \"nowhere\""))

      // A run in two pieces is the run at once.
      let once = folder.appending(path: "once.safetensors").path
      let twice = folder.appending(path: "twice.safetensors").path
      let start = ["train", "csv-mlp", "--data", data, "--label", "kind", "-q"]
      #expect(runTool(start + ["--epochs", "4", "-o", once]).status == 0)
      #expect(runTool(start + ["--epochs", "2", "-o", twice]).status == 0)
      #expect(runTool("train", "--resume", twice, "--epochs", "4", "-q").status == 0)
      let answers = [once, twice].map { runTool("predict", $0, data, "--probabilities").output }
      #expect(answers[0] == answers[1] && !answers[0].isEmpty)

      for (options, words) in [
        (["--scaling", "minmax"], "scales all features"), (["--recurrent", "4"], "take numbers"),
        (["--shape", "1,2"], "take numbers"),
      ] {
        let refused = runTool(train + options)
        #expect(refused.status == 2 && refused.error.contains(words), "\(refused.error)")
        #expect(refused.error.contains("--word-limit"))
      }
      // Two features, but no plane.
      let report = runTool("report", model, "-o", folder.appending(path: "r.html").path)
      #expect(report.status == 0, "\(report.error)")
      let picture = runTool("plot", "boundary", model, "-o", folder.appending(path: "b.svg").path)
      #expect(picture.status == 1 && picture.error.contains("words in \"town\""))
      #expect(picture.error.contains("another kind of picture"), "\(picture.error)")
      let oneHot = runTool(train + ["--scaling", "minmax", "--word-limit", "80", "--epochs", "1"])
      #expect(oneHot.status == 0, "\(oneHot.error)")
      let seen = runTool("data", "inspect", data, "--label", "kind")
      #expect(seen.status == 0 && seen.output.contains("as a vector"), "\(seen.output)")
    }
  }

  @Test func rowsWithoutATargetCanBeLeftOut() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "people.csv")
      // "yes" and "no" in lines 4 and 10 are gone.
      let lines = Self.passengers().split(separator: "\n").enumerated().map { line, text in
        [3, 9].contains(line) ? text[...text.lastIndex(of: ";")!] : text
      }
      try Data(lines.joined(separator: "\n").utf8).write(to: file)
      let model = folder.appending(path: "m.safetensors").path
      let arguments = [
        "train", "csv-mlp", "--data", file.path, "--label", "Survived", "--epochs", "5", "-o",
        model,
      ]
      let refused = runTool(arguments)
      #expect(refused.status == 1 && refused.error.contains("the label is missing"))
      #expect(refused.error.contains("line 4") && refused.error.contains("--missing drop-row"))
      let run = runTool(arguments + ["--missing", "drop-row"])
      let note = "out 2 rows without a value to learn: lines 4, 10"
      #expect(run.status == 0 && run.error.contains("left \(note)"), "\(run.error)")
      #expect(run.error.contains("with gaps: lines"))
      let measured = runTool("evaluate", model, file.path)
      #expect(measured.status == 0 && measured.error.contains("left \(note)"), "\(measured.error)")
      let seen = runTool(
        "data", "inspect", file.path, "--label", "Survived", "--missing", "drop-row")
      #expect(seen.status == 0 && seen.output.contains("training leaves \(note)"))
      #expect(runTool("train", "--resume", model, "--epochs", "6", "-q").status == 0)
    }
  }

  @Test func aRecipeFileKeepsTheDecisions() throws {
    var recipe = Recipe(recipe: "csv-mlp")
    recipe.ignore = ["a", "b c"]
    recipe.missing = .dropRow
    recipe.decimal = .comma
    let json = try JSONCoding.text(recipe)
    let copy = try Recipe(json: JSONValue(parsing: json, name: "x"), name: "x")
    #expect(copy.ignore == ["a", "b c"] && copy.missing == .dropRow && copy.decimal == .comma)
    #expect(copy.preparationOptions.ignored == ["a", "b c"] && copy.columns == nil)
    let run = runTool("train", "iris-mlp", "--ignore", "x")
    #expect(run.status == 2 && run.error.contains("'--ignore' applies to CSV files only"))
  }

  @Test func classesHaveWeights() throws {
    try withModel("--class-weights", "balanced") { model, file in
      let network = try NeuralNetwork(contentsOf: URL(filePath: model))
      let loss = try #require(network.loss as? SoftmaxCrossEntropyLoss)
      let weights = try #require(loss.configuration.classWeights)
      #expect(weights.count == 2 && weights[0] < 1 && weights[1] > 1)
      let data = try file("again.csv", Self.passengers())
      func run(_ setting: String) -> ToolRun {
        runTool(
          "train", "csv-mlp", "--data", data, "--label", "Survived", "--epochs", "1", "-q",
          "--force", "-o", model, "--class-weights", setting)
      }
      #expect(run("yes:3").status == 0)
      let given =
        try NeuralNetwork(contentsOf: URL(filePath: model)).loss as? SoftmaxCrossEntropyLoss
      #expect(given?.configuration.classWeights == [1, 3])
      #expect(run("yess:3").error.contains("Did you mean 'yes'?"))
      #expect(run("yes:0,no:0").error.contains("above 0"))
      for wrong in ["yes", "yes:-1", "yes:1,yes:2", "yes:x", ""] { #expect(run(wrong).status == 2) }
    }
  }

  @Test func classesOfOneRowAreTrainedOn() throws {
    try withTemporaryFolder { folder in
      let data = folder.appending(path: "rare.csv")
      try Data(
        ("x,kind\n"
          + (0..<30).map { "\($0 * 7 % 30),\($0 == 4 ? "rare" : $0 % 2 == 0 ? "a" : "b")" }
          .joined(separator: "\n")).utf8
      ).write(to: data)
      let run = runTool(
        "train", "csv-mlp", "--data", data.path, "--label", "kind", "--epochs", "1", "-o",
        folder.appending(path: "m").path)
      #expect(run.status == 0)
      #expect(run.error.contains("class \"rare\" has 1 example"), "\(run.error)")
    }
  }
}
