import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// Texts with classes: the recipes definitions and csv-text.
@Suite(.watched) struct TextCommandTests {
  /// Forty texts of two classes, with a third column.
  private func table(in folder: URL) throws -> String {
    let path = folder.appending(path: "pets.csv").path
    var lines = ["id,text,kind"]
    let adjectives = ["small", "young", "black", "old", "noisy"]
    let places = ["farm", "house", "garden", "town"]
    for (number, adjective) in adjectives.enumerated() {
      for place in places {
        lines.append("\(number),\"a \(adjective) cat, seen in the \(place)\",animal")
        lines.append("\(number),the \(adjective) hammer of a \(place),tool")
      }
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
    return path
  }

  private func small(_ network: String) -> [String] {
    [
      "--network", network, "--embedding", "4", "--epochs", "40", "--batch-size", "8",
      "--learning-rate", "0.02", "--sequence-length", "8", "--dropout", "0", "--quiet",
    ]
      + (network == "bag"
        ? ["--buckets", "50"]
        : network == "cnn"
          ? ["--maps", "4"]
          : network == "lstm" ? ["--recurrent", "4"] : ["--blocks", "1", "--heads", "2"])
  }

  /// A table of texts leads to the recipe that reads them.
  @Test func columnsOfTextsLeadToTheirRecipe() throws {
    try withTemporaryFolder { folder in
      let data = try table(in: folder)
      let settings = "train csv-text --text text --label kind'"
      let seen = runTool("data", "inspect", data, "--label", "kind")
      #expect(seen.status == 0, "\(seen.error)")
      #expect(seen.output.replacing(#/\n */#, with: " ").contains(settings), "\(seen.output)")
      let open = runTool("data", "inspect", data).output.replacing(#/\n */#, with: " ")
      #expect(open.contains("--text text --label COLUMN'"), "\(open)")
      let model = folder.appending(path: "m.safetensors").path
      let mixed = runTool(
        "train", "csv-mlp", "--data", data, "--label", "kind", "--epochs", "1", "-o", model)
      #expect(mixed.status == 0, "\(mixed.error)")
      #expect(mixed.error.replacing(#/\n */#, with: " ").contains(settings), "\(mixed.error)")
      // Texts alone.
      let alone = runTool(
        "train", "csv-mlp", "--data", data, "--label", "kind", "--ignore", "id", "-o", model + "2")
      #expect(alone.status == 1 && alone.error.contains("the table has no features"))
      #expect(
        alone.error.replacing(#/\n */#, with: " ").contains(
          "'course train csv-text --data \(data) --text text --label kind'"), "\(alone.error)")
      // Names are no texts.
      let names = folder.appending(path: "names.csv")
      let rows = (0..<20).map { "\($0 * $0),Ann B. Clark \($0),\($0 % 2 == 0 ? "a" : "b")\n" }
      try Data(("x,name,kind\n" + rows.joined()).utf8).write(to: names)
      #expect(
        !runTool("data", "inspect", names.path, "--label", "kind").output.contains("csv-text"))
    }
  }

  @Test func aTerminalShowsTheSettingsInLinesThatFit() throws {
    try withTemporaryFolder { folder in
      let run = runTool(
        [
          "train", "csv-text", "--data", try table(in: folder), "--text", "text", "--label", "kind",
          "--network", "cnn", "--epochs", "1", "-o", folder.appending(path: "m.safetensors").path,
        ], isTerminal: true)
      #expect(run.status == 0, "\(run.error)")
      let lines = run.error.replacing(#/\u{1B}\[[0-9;]*[A-Za-z]/#, with: "")
        .split { $0 == "\n" || $0 == "\r" }
      let note = try #require(lines.firstIndex { $0.hasPrefix("Note: Settings for ") })
      #expect(lines[note + 1].hasPrefix("  "), "\(lines[note + 1])")
      // A path may be longer than a line.
      #expect(lines.allSatisfy { $0.count <= 80 || $0.contains("/") }, "\(lines)")
    }
  }

  /// Errors name the file as it was given.
  @Test(arguments: ["csv-text", "csv-mlp"])
  func aSingleClassIsRefused(recipe: String) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "oneclass.csv").path
      let feature = recipe == "csv-text" ? "text number " : ""
      let rows = (0..<20).map { "\(feature)\($0),same" }.joined(separator: "\n")
      try Data("feature,kind\n\(rows)\n".utf8).write(to: URL(filePath: file))
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool("train", recipe, "--data", file, "--label", "kind", "-q", "-o", model)
      #expect(run.status == 1, "\(run.error)")
      #expect(
        run.error.contains("\(file): there is nothing to tell apart")
          && run.error.contains("got only the class \"same\""), "\(run.error)")
      #expect(!FileManager.default.fileExists(atPath: model))
    }
  }

  @Test(arguments: ["bag", "cnn", "lstm", "transformer"])
  func aTableIsLearnedMeasuredAndPredicted(network: String) throws {
    try withTemporaryFolder { folder in
      let data = try table(in: folder)
      let model = folder.appending(path: "m.safetensors").path
      let train = ["train", "csv-text", "--data", data, "--text", "text", "--label", "kind"]
      let run = runTool(train + small(network) + ["--json", "-o", model])
      #expect(run.status == 0, "\(run.error)")
      let settings = try run.json["recipe"] as? [String: Any]
      #expect(settings?["network"] as? String == network && settings?["text"] as? String == "text")

      let evaluated = runTool("evaluate", model)
      #expect(evaluated.status == 0 && evaluated.output.contains("accuracy   1.0"), "\(evaluated)")
      #expect(evaluated.output.contains("animal") && evaluated.output.contains("tool"))
      #expect(runTool("evaluate", model, data).output.contains("examples   40"))

      let texts = folder.appending(path: "new.txt").path
      try Data("An old CAT\n\nthe hammer\n".utf8).write(to: URL(filePath: texts))
      let predicted = runTool("predict", model, "a cat", texts, data, "--top", "2")
      #expect(predicted.status == 0, "\(predicted.error)")
      let rows = predicted.output.split(separator: "\n").map(String.init)
      #expect(rows.count == 1 + 1 + 2 + 40)
      #expect(rows[0] == "file,row,class,probability,class 2,probability 2")
      #expect(rows[1].hasPrefix("a cat,1,animal,"))
      #expect(rows[2].hasPrefix("\(texts),1,animal,") && rows[3].hasPrefix("\(texts),3,tool,"))
      #expect(rows[5].hasPrefix("\(data),2,tool,"))

      // The words that decided.
      let map = { (kind: String) in folder.appending(path: "\(kind).svg").path }
      let why = runTool(
        "inspect", model, "--occlusion", "An old CAT, zzz", map("why"), "--class", "tool", "--json")
      #expect(why.status == 0, "\(why.error)")
      let image = try #require(try (why.json["images"] as? [[String: Any]])?.first)
      let parts = try #require(image["parts"] as? [[String: Any]])
      #expect(parts.compactMap { $0["text"] as? String } == ["An", "old", "CAT", "zzz"])
      #expect((image["answer"] as? [String: Any])?["class"] as? String == "tool")
      #expect(parts[2]["weight"] as? Double ?? 1 < 0, "a cat is no tool")
      let svg = try String(contentsOfFile: map("why"), encoding: .utf8)
      #expect(svg.contains("Occlusion for tool, ") && svg.contains(">CAT<"))
      let example = runTool("inspect", model, "--occlusion", "0", map("example"))
      #expect(example.status == 0, "\(example.error)")
      #expect(
        try String(contentsOfFile: map("example"), encoding: .utf8).contains(": Example 0, true "))
      let saliency = runTool("inspect", model, "--saliency", "a cat", map("saliency"))
      #expect(saliency.status == (network == "bag" ? 1 : 0), "\(saliency.error)")
      let attention = runTool("inspect", model, "--attention", "a cat", map("heads"))
      #expect(attention.status == (network == "transformer" ? 0 : 1), "\(attention.error)")
      // Of a long text the network reads a part, which 'predict' says too.
      let long = String(repeating: "cat ", count: 70)
      let note = "Note: 1 text of more than 8 words (--sequence-length)"
      for run in [
        runTool("predict", model, long),
        runTool("inspect", model, "--occlusion", long, map("long")),
      ] {
        #expect(run.status == 0 && run.error.contains(note), "\(run.error)")
      }
      let nothing = runTool("inspect", model, "--occlusion", "...", map("nothing"))
      #expect(nothing.status == 1 && nothing.error.contains("no word in the text"))
    }
  }

  @Test func mistakesAndReportShowTheTexts() throws {
    try withTemporaryFolder { folder in
      let data = try table(in: folder)
      let place = { (name: String) in folder.appending(path: name).path }
      let model = place("m.safetensors")
      // Without training enough, so that there are mistakes.
      let run = runTool(
        [
          "train", "csv-text", "--data", data, "--text", "text", "--label", "kind", "-o", model,
          "--quiet", "--network", "cnn", "--maps", "2", "--embedding", "2", "--epochs", "1",
          "--learning-rate", "0.00001", "--report", place("r.html"),
        ])
      #expect(run.status == 0, "\(run.error)")
      let page = try String(contentsOfFile: place("r.html"), encoding: .utf8)
      // Of a layer of layers, these count.
      let layers = try runTool("summary", model, "--json").json["layers"] as? [[String: Any]]
      let paths = try #require(layers).compactMap { $0["path"] as? String }
      let plain = paths.filter { path in !paths.contains { $0.hasPrefix("\(path).") } }
      #expect(plain.count > 2 && page.contains("A network of \(plain.count) layers with "))
      for words in ["A text of each class", "Known words", "hammer of a", "Worst mistakes"] {
        #expect(page.contains(words), "\(words)")
      }
      #expect(!page.contains("Shape of an example"))
      let drawn = runTool("plot", "mistakes", model, data, "-o", place("wrong.svg"))
      #expect(drawn.status == 0, "\(drawn.error)")
      let svg = try String(contentsOfFile: place("wrong.svg"), encoding: .utf8)
      #expect(svg.contains("text") && (svg.contains("hammer of a") || svg.contains("cat, seen in")))
      let written = runTool("evaluate", model, data, "--mistakes", place("wrong.csv"))
      #expect(written.status == 0, "\(written.error)")
      let csv = try String(contentsOfFile: place("wrong.csv"), encoding: .utf8)
      #expect(
        csv.hasPrefix("example,true,probability of true,predicted,probability of predicted,text\n"))
      #expect(csv.contains("hammer of a") || csv.contains("cat, seen in"))
    }
  }

  @Test func textsThatSayNothing() throws {
    try withTemporaryFolder { folder in
      let data = try table(in: folder)
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        ["train", "csv-text", "--data", data, "--text", "text", "--label", "kind", "-o", model]
          + small("bag"))
      #expect(run.status == 0, "\(run.error)")
      let unknown = runTool("predict", model, "qwertz uiop")
      #expect(unknown.status == 0)
      #expect(
        unknown.error.contains("no word of \"qwertz uiop\" was in the training texts"),
        "\(unknown.error)")
      // The numbers of words are no outputs of a layer.
      let plot = folder.appending(path: "a.svg")
      #expect(runTool("plot", "activations", model, "-o", plot.path).status == 0)
      let drawn = try String(contentsOf: plot, encoding: .utf8)
      #expect(drawn.contains("EmbeddingBag") && !drawn.contains("Tokenizer"))
      let lines = folder.appending(path: "zero.txt")
      try Data("a cat\n\na \0 dog\n".utf8).write(to: lines)
      let zero = runTool("predict", model, lines.path)
      #expect(zero.status == 1 && zero.error.contains("zero.txt, line 3"), "\(zero.error)")
      let empty = runTool("predict", model, " ")
      #expect(
        empty.status == 1 && empty.error.contains("error: there is no text"), "\(empty.error)")
      let missing = runTool("predict", model, "reviews.csv")
      #expect(
        missing.status == 1 && missing.error.contains("the file does not exist"), "\(missing.error)"
      )
      // Neither is the name of a file that exists a text, where only a text is taken.
      try Data("a cat".utf8).write(to: folder.appending(path: "cats.txt"))
      for (name, message) in [
        ("cats.TXT", "the file does not exist"), ("my cats.txt", "the file does not exist"),
        ("no/cats", "the file does not exist"), ("cat.png", "the file does not exist"),
        (folder.path + "/cats.txt", "the text itself is wanted"),
      ] {
        let out = folder.appending(path: "words.svg").path
        let run = runTool("inspect", model, "--occlusion", name, out)
        #expect(run.status == 1 && run.error.contains(message), "\(run.error)")
        #expect(!FileManager.default.fileExists(atPath: out))
        guard message.contains("exist") else { continue }
        let predicted = runTool("predict", model, name)
        #expect(predicted.status == 1 && predicted.error.contains(message), "\(predicted.error)")
      }
      for text in ["cats.txt ", "a cat and/or a hammer", "a cat. A hammer"] {
        #expect(runTool("predict", model, text).status == 0, "\(text)")
      }
      let long = runTool("predict", model, "a cat that goes on and on and on and on")
      #expect(long.error.contains("1 text of more than 8 words"), "\(long.error)")
      let endless = runTool("predict", model, String(repeating: "ab", count: 100))
      #expect(endless.error.contains("1 text of more than 128 bytes"), "\(endless.error)")
      // A text has no columns, and neither have lines.
      for operand in ["a cat", folder.path + "/cats.txt"] {
        for option in ["--text", "--label"] {
          let columns = runTool("predict", model, operand, option, "kind")
          #expect(columns.status == 2, "\(columns.error)")
          #expect(columns.error.contains("'\(option)' applies to CSV files only"))
        }
      }
      for arguments in [["sample", model], ["inspect", model, "--filters", "f.svg"]] {
        let refused = runTool(arguments)
        #expect(refused.status == 1, "\(arguments)")
      }
      // A gap among the texts, and a class that it does not know.
      for (row, message) in [
        ("1,,animal", "a text is empty"), ("1,a cat,plant", "unknown class"),
      ] {
        let path = folder.appending(path: "other.csv").path
        try Data("id,text,kind\n\(row)\n".utf8).write(to: URL(filePath: path))
        let wrong = runTool("evaluate", model, path)
        #expect(wrong.status == 1 && wrong.error.contains(message), "\(wrong.error)")
        #expect(wrong.error.contains("line 2"), "\(wrong.error)")
      }
    }
  }

  /// A setting that follows the network is that of the network, and goes into the file.
  @Test func settingsFollowTheNetwork() throws {
    let texts = (0..<400).map { "word \($0 % 7)" }
    let data = try Dataset(
      texts: texts, labels: texts.indices.map { $0 % 2 }, classNames: ["a", "b"], length: 32)
    var recipe = try Recipe.find("definitions")
    let setting = try #require(Recipe.settings.first { $0.name == "network" })
    for (network, used) in [
      ("bag", "buckets"), ("cnn", "maps"), ("lstm", "recurrent"), ("transformer", "blocks"),
    ] {
      try setting.apply(network, to: &recipe)
      let (adapted, remark) = recipe.adapted(to: data)
      #expect(adapted.automatic.isEmpty && adapted.embedding > 0 && adapted.epochs == 60)
      #expect(remark?.contains("--embedding") == true)
      for name in ["buckets", "maps", "recurrent", "blocks"] {
        #expect(adapted.uses(name) == (name == used), "\(network), \(name)")
      }
      #expect(!adapted.isText && !adapted.uses("hidden") && !adapted.uses("scaling"))
      try adapted.check()
      _ = try adapted.network(for: data)
    }
  }

  @Test(
    arguments: [
      (["definitions", "--hidden", "8"], "'--hidden 8' does not apply to texts with classes"),
      (["definitions", "--maps", "8"], "use --network cnn"),
      (["definitions", "--network", "cnn", "--blocks", "2"], "use --network transformer"),
      (["definitions", "--network", "lstm", "--recurrent", "8,8"], "one number of channels"),
      (
        ["definitions", "--network", "transformer", "--embedding", "30"],
        "divided among 4 heads: use a multiple of 4"
      ),
      (
        ["definitions", "--network", "transformer", "--heads", "7"],
        "'--heads 7' cannot share the 64 numbers of --embedding: use a divisor of 64, or --embedding 70"
      ),
      (
        ["definitions", "--network", "cnn", "--maps", "none"],
        "'--maps none' leaves no convolution in --network cnn: use --maps 64"
      ),
      (
        ["definitions", "--network", "lstm", "--recurrent", "none"],
        "'--recurrent none' leaves no LSTM in --network lstm: use --recurrent 64"
      ),
      (
        ["definitions", "--network", "transformer", "--blocks", "0"],
        "'--blocks 0' leaves no block in --network transformer: use --blocks 2"
      ),
      (["definitions", "--embedding", "0"], "use --embedding 64"),
      (["definitions", "--text", "t"], "apply to CSV files only"),
      (["definitions", "--scaling", "minmax", "--augment", "mirror"], "does not apply"),
      (["definitions", "--data", "digits"], "come from a CSV file"),
      (["csv-text"], "--data FILE.csv --text COLUMN --label COLUMN"),
      (["csv-text", "--data", "t.csv"], "a label column is required"),
      (["iris-mlp", "--text", "t"], "use the recipe csv-text"),
      (["digits-mlp", "--data", "definitions"], "use the recipe definitions"),
      (["char-lstm", "--data", "definitions"], "use the recipe definitions"),
    ])
  func settingsThatDoNotFit(arguments: [String], message: String) throws {
    let run = runTool(["train"] + arguments)
    #expect(run.status == 2 && run.error.contains(message), "\(run.error)")
  }

  @Test func theColumnOfTheTextsIsFound() throws {
    try withTemporaryFolder { folder in
      let data = try table(in: folder)
      let several = runTool("train", "csv-text", "--data", data, "--label", "kind")
      #expect(
        several.status == 2
          && several.error.contains("which one holds the texts with --text: id, text"),
        "\(several.error)")
      let path = folder.appending(path: "two.csv").path
      try Data("kind,words\nx,a cat\ny,a dog\nx,one cat\ny,the dog\n".utf8).write(
        to: URL(filePath: path))
      let run = runTool(
        [
          "train", "csv-text", "--data", path, "--label", "kind", "--test", "0", "--validation",
          "0", "-o", folder.appending(path: "m.safetensors").path,
        ] + small("bag"))
      #expect(run.status == 0, "\(run.error)")
      let one = folder.appending(path: "one.csv").path
      try Data("words\nmy cat\n".utf8).write(to: URL(filePath: one))
      let model = folder.appending(path: "m.safetensors").path
      let predicted = runTool("predict", model, one)
      #expect(predicted.output.contains(",1,x,"), "\(predicted)")
      // Without a header the first text would be taken for one, and the label is no text.
      for words in ["my cat\nthe dog\n", "kind\nx\n"] {
        try Data(words.utf8).write(to: URL(filePath: one))
        let refused = runTool("predict", model, one)
        #expect(
          refused.status == 1 && refused.error.contains("there is no column \"words\""),
          "\(refused.error)")
      }
      // A larger table has the column of the training, or the one that is given.
      let larger = folder.appending(path: "larger.csv").path
      try Data("id,words,other,kind\n1,my cat,a dog,x\n2,the dog,one cat,y\n".utf8).write(
        to: URL(filePath: larger))
      for (option, classes) in [([], ["x", "y"]), (["--text", "other"], ["y", "x"])] {
        let run = runTool(["predict", model, larger] + option)
        let found = run.output.split(separator: "\n").dropFirst()
          .map { String($0.split(separator: ",")[2]) }
        #expect(found == classes, "\(option): \(run)")
        let measured = runTool(["evaluate", model, larger] + option)
        #expect(
          measured.output.contains("accuracy   \(option.isEmpty ? 1 : 0).0000"), "\(measured)")
      }
      try Data("id,sentence,kind\n1,my cat,x\n".utf8).write(to: URL(filePath: larger))
      for command in ["predict", "evaluate"] {
        let missing = runTool(command, model, larger)
        #expect(
          missing.status == 1 && missing.error.contains("there is no column \"words\""),
          "\(missing.error)")
        let given = runTool(command, model, larger, "--text", "sentence")
        #expect(given.status == 0, "\(given.error)")
      }
      for arguments in [["evaluate", model, "definitions"], ["evaluate", model]] {
        let unfit = runTool(arguments + ["--text", "sentence"])
        #expect(unfit.status == 2 && unfit.error.contains("'--text'"), "\(unfit.error)")
      }
      let same = runTool("train", "csv-text", "--data", path, "--label", "kind", "--text", "kind")
      #expect(
        same.status == 1 && same.error.contains("one column cannot be text and label")
          && same.error.contains("expected a column for each, got \"kind\" for both"),
        "\(same.error)")
    }
  }

  /// Pictures in place of letters: a network would have nothing to read.
  @Test func textsWithoutWordsAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "smileys.csv").path
      let rows = (0..<10).map { $0 % 2 == 0 ? "🙂 👍,good" : "🙁 👎,bad" }
      try Data(("text,kind\n" + rows.joined(separator: "\n")).utf8).write(to: URL(filePath: path))
      let run = runTool(
        "train", "csv-text", "--data", path, "--label", "kind", "--test", "0", "--validation", "0",
        "-o", folder.appending(path: "m.safetensors").path)
      #expect(
        run.status == 1 && run.error.contains("there are no words to learn")
          && run.error.contains("10 training texts without any"), "\(run.error)")
    }
  }

  @Test func theNoticeOfTheDataIsPrinted() throws {
    let run = runTool("version", "--notices")
    #expect(run.status == 0 && run.output.contains("Copyright 2006 by Princeton University"))
    let list = runTool("data", "list")
    #expect(list.output.contains("19871 texts, 10 classes"))
    let shown = runTool("data", "inspect", "definitions")
    #expect(shown.output.contains("large order of chiefly tropical liverworts, plant"))
  }
}
