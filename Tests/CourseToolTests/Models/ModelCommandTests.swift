import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `evaluate`, `predict` and `summary` on one small network.
@Suite(.watched) struct ModelCommandTests {
  private func withModel(_ body: (_ model: String, _ folder: URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "iris.safetensors").path
      let run = runTool("train", "iris-mlp", "--epochs", "15", "--output", model, "--quiet")
      try #require(run.status == 0, "\(run.error)")
      try body(model, folder)
    }
  }

  private let flowers = """
    sepal length,sepal width,petal length,petal width,species
    5.1,3.5,1.4,0.2,setosa
    6.3,3.3,6.0,2.5,virginica

    """

  private func write(_ text: String, to name: String, in folder: URL) throws -> String {
    let file = folder.appending(path: name)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  // MARK: evaluate

  @Test func evaluateFindsTheTestPartAgain() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let trained = try #require(
        try runTool(
          "train", "iris-mlp", "--epochs", "5", "--seed", "3", "--output", model, "--json"
        ).json["test"] as? NSDictionary)
      let run = runTool("evaluate", model, "--json")
      #expect(try run.json["test"] as? NSDictionary == trained)
      #expect(try run.json["part"] as? String == "test")
    }
  }

  @Test func evaluateReadsACSVFile() throws {
    try withModel { model, folder in
      let csv = try write(flowers, to: "two.csv", in: folder)
      let run = runTool("evaluate", model, csv)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("examples   2\n"))
      #expect(run.output.contains("accuracy   1.0000\n"))
      #expect(runTool("evaluate", model, csv, "--label", "-1").output == run.output)

      let strange = try write(
        flowers.replacing("virginica", with: "tulip"), to: "tulip.csv", in: folder)
      let refused = runTool("evaluate", model, strange)
      #expect(refused.status == 1)
      #expect(refused.error.contains("tulip.csv, line 3"))
      #expect(refused.error.contains("unknown class"))
    }
  }

  @Test func evaluateRefusesDataOfAnotherShape() throws {
    try withModel { model, _ in
      let run = runTool("evaluate", model, "digits")
      #expect(run.status == 1)
      #expect(run.error.contains("expected examples of shape [4], got [64]"))
    }
  }

  // MARK: predict

  @Test func predictAnswersARowForARow() throws {
    try withModel { model, folder in
      let csv = try write(flowers, to: "two.csv", in: folder)
      let run = runTool("predict", model, csv)
      #expect(run.status == 0, "\(run.error)")
      let lines = run.output.split(separator: "\n")
      #expect(lines.count == 3)
      #expect(lines[0] == "file,row,class,probability")
      #expect(lines[1].hasPrefix("\(csv),1,setosa,0."))
      #expect(lines[2].hasPrefix("\(csv),2,virginica,0."))
    }
  }

  @Test func predictNeedsNeitherHeaderNorLabelNorOrder() throws {
    try withModel { model, folder in
      let bare = try write("5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n", to: "bare.csv", in: folder)
      let turned = try write(
        "petal width,petal length,sepal width,sepal length\n0.2,1.4,3.5,5.1\n2.5,6.0,3.3,6.3\n",
        to: "turned.csv", in: folder)
      let whole = try write(flowers, to: "whole.csv", in: folder)
      let answers = try runTool("predict", model, bare, turned, whole, "--json").json
      let all = try #require(answers["predictions"] as? [[String: Any]])
      #expect(all.count == 6)
      for start in [2, 4] {
        for row in 0..<2 {
          #expect(
            all[start + row]["probabilities"] as? [Double] == all[row]["probabilities"] as? [Double]
          )
        }
      }
    }
  }

  @Test func predictReadsTensors() throws {
    try withModel { model, folder in
      let (many, one) = (folder.appending(path: "n.npy"), folder.appending(path: "1.npy"))
      try Tensor([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]]).writeNpy(to: many)
      try Tensor([6.3, 3.3, 6.0, 2.5]).writeNpy(to: one)
      let lines = runTool("predict", model, many.path, one.path).output.split(separator: "\n")
      #expect(lines.count == 4)
      #expect(lines[3].hasPrefix("\(one.path),1,virginica,"))

      let wrong = folder.appending(path: "wrong.npy")
      try Tensor(ones: [2, 5]).writeNpy(to: wrong)
      let run = runTool("predict", model, many.path, wrong.path)
      #expect(run.status == 1)
      #expect(run.output.isEmpty, "nothing is printed when one of the files is wrong")
      #expect(run.error.contains("wrong.npy"))
      #expect(run.error.contains("expected shape [N] + [4], got [2, 5]"))
    }
  }

  @Test(arguments: [
    ("5.1,3.5,1.4\n", "wrong number of columns"),
    ("5.1,3.5,1.4,2\n5.1,3.5,1.4,big\n", "not a number"),
    ("", "no rows"),
  ])
  func predictRefusesWrongFiles(text: String, message: String) throws {
    try withModel { model, folder in
      let csv = try write(text, to: "wrong.csv", in: folder)
      let run = runTool("predict", model, csv)
      #expect(run.status == 1)
      #expect(run.output.isEmpty)
      #expect(run.error.contains("wrong.csv"))
      #expect(run.error.contains(message))
    }
  }

  @Test func aFileThatIsNoNetworkIsRefused() throws {
    try withTemporaryFolder { folder in
      let csv = try write(flowers, to: "two.csv", in: folder)
      for command in ["predict", "evaluate"] {
        let run = runTool(command, csv, csv)
        #expect(run.status == 1)
        #expect(run.error.contains("two.csv"))
      }
      #expect(runTool("evaluate", folder.path + "/none.safetensors").status == 1)
    }
  }

  // MARK: summary

  @Test func summaryShowsAFileAndARecipe() throws {
    try withModel { model, _ in
      let run = runTool("summary", model)
      #expect(run.output.contains("Dense"))
      #expect(run.output.contains("Parameters: 131"))
      #expect(run.output.contains("Trained: 15 of 15 epochs, accuracy"))
      let json = try runTool("summary", model, "--json").json
      #expect(json["parameters"] as? Int == 131)
      #expect(
        (json["layers"] as? [[String: Any]])?.map { $0["parameters"] as? Int } == [80, 0, 51])
    }
    #expect(runTool("summary", "iris-mlp").output.contains("Parameters: 131"))
    // The layers inside of layers have their paths.
    let layers =
      try runTool(
        "summary", "char-transformer", "--json"
      ).json["layers"] as? [[String: Any]]
    let paths = layers?.compactMap { $0["path"] as? String } ?? []
    #expect(paths.contains("0") && paths.contains("0.body.1") && paths.contains("0.body.1.body.2"))
    #expect(try runTool("summary", "digits-mlp", "--json").json["epochs"] == nil)
    let dataless = runTool("summary", "csv-text").error
    #expect(dataless.contains("depends on the data") && !dataless.contains("--data"), "\(dataless)")
    #expect(runTool("summary", "iris").error.contains("Did you mean 'iris-mlp'?"))
  }

  @Test func csvFieldsAreQuotedWhereTheyMustBe() {
    #expect(csvField("plain") == "plain")
    #expect(csvField("a,b") == "\"a,b\"")
    #expect(csvField("say \"a\"") == "\"say \"\"a\"\"\"")
  }
}

/// Files that are something else than the command takes.
@Suite(.watched) struct WrongFileTests {
  @Test func theMessageSaysWhatTheFileIs() throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      for (name, text) in [
        ("a.csv", "5.1,3.5,1.4,0.2\n1,2,3,4\n"), ("empty.csv", ""), ("s", "a,b"),
      ] {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
      }
      // No ending that says so.
      let model = path("x.st")
      #expect(runTool("train", "iris-mlp", "--epochs", "1", "-o", model).status == 0)
      #expect(runTool("summary", model).output.contains("Recipe: iris-mlp"))

      let expected: [([String], [String])] = [
        (
          ["predict", path("a.csv"), path("a.csv")],
          [
            "this is not a safetensors file: got a text that begins with \"5.1,3.5,1.4,0.2\"",
            "Give a network saved by 'course train'.",
          ]
        ),
        (["evaluate", path("s")], ["got a text that begins with \"a,b\""]),
        (["train", model], ["is a trained network, not a recipe file", "--resume"]),
        (["train", "csv-mlp", "--data", path("empty.csv"), "--label", "x"], ["got no text"]),
      ]
      for (arguments, words) in expected {
        let run = runTool(arguments)
        #expect(run.status != 0)
        for word in words { #expect(run.error.contains(word), "\(run.error)") }
      }
    }
  }

  @Test func oneIsNotPlural() throws {
    try withTemporaryFolder { folder in
      let one = folder.appending(path: "one").path
      let drawn = runTool("data", "synthesize", "--count", "1", one)
      #expect(drawn.output.contains("1 image of 32 x 32 in 10 classes"))
      let sheet = runTool(
        "generator", "preview", one, "-o", folder.appending(path: "p.png").path)
      #expect(sheet.output.contains("1 image of shape [3, 32, 32] from \(one), 1 image in 10"))
      #expect(runTool("data", "inspect", one).output.contains("1 example of shape"))
    }
  }
}

/// Data with hundreds of classes.
@Suite(.watched) struct ManyClassesCommandTests {
  @Test func longReportsAreShortAndSaySo() throws {
    try withTemporaryFolder { folder in
      let data = folder.appending(path: "many.csv")
      let rows = (0..<900).map { "\($0 % 300),\($0 % 7),class \($0 % 300)" }
      try Data(("x,y,label\n" + rows.joined(separator: "\n")).utf8).write(to: data)
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        "train", "csv-mlp", "--data", data.path, "--label", "label", "--epochs", "1", "-o", model)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("Confusion matrix (most frequent errors)"))
      #expect(run.output.contains("Classes (those with the lowest F1; --json lists all)"))
      #expect(run.output.contains("... and 280 classes besides these"))
      let json = runTool("evaluate", model, data.path, "--json")
      let part = try #require(json.json["test"] as? [String: Any], "\(json.error)")
      #expect((part["classes"] as? [Any])?.count == 300)
      #expect(part["confusion"] == nil)
      #expect((part["mistakes"] as? [[Int]])?.isEmpty == false)
    }
  }
}
