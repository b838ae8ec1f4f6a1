import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// Headers, names and labels of tables in `train`, `evaluate`, `predict` and `data inspect`.
@Suite(.watched) struct TableDataTests {
  /// x, y, z and whether 3x - y + 2z is above 0; a function of the row's number.
  private static let rows: [(numbers: [String], kind: String)] = (0..<60).map { row in
    let values = [7, 11, 13].map { Float(row * $0 % 29) / 14 - 1 }
    let isAbove = 3 * values[0] - values[1] + 2 * values[2] > 0
    return (values.map { "\($0)" }, isAbove ? "yes" : "no")
  }

  /// A table of those rows: under a header, with columns and labels as `row` puts them.
  private func table(
    _ header: String?, count: Int = 60,
    _ row: (_ numbers: [String], _ kind: String) -> [String] = { $0 + [$1] }
  ) -> String {
    let lines = Self.rows.prefix(count).map { row($0.numbers, $0.kind).joined(separator: ",") }
    return ((header.map { [$0] } ?? []) + lines).joined(separator: "\n") + "\n"
  }

  private struct Files {
    let folder: URL

    func write(_ text: String, _ name: String) throws -> String {
      let file = folder.appending(path: name)
      try Data(text.utf8).write(to: file)
      return file.path
    }

    /// Trains on a table; returns the network's path.
    func train(_ data: String, label: String, _ more: String...) throws -> String {
      let model = folder.appending(path: "\(UUID().uuidString).safetensors").path
      let run = runTool(
        ["train", "csv-mlp", "--data", data, "--label", label, "--epochs", "3", "-q", "-o", model]
          + more)
      try #require(run.status == 0, "\(run.error)")
      return model
    }

    /// The result of `evaluate` on a table.
    func measured(_ model: String, _ data: String, _ more: String...) throws -> NSDictionary {
      let run = runTool(["evaluate", model, data, "--json"] + more)
      try #require(run.status == 0, "\(run.error)")
      return try #require(try run.json["test"] as? NSDictionary)
    }

    /// The output of `predict`, without the name of the file.
    func answers(_ model: String, _ data: String) throws -> [String] {
      let run = runTool("predict", model, data)
      try #require(run.status == 0, "\(run.error)")
      return run.output.split(separator: "\n").dropFirst().map {
        $0.split(separator: ",").dropFirst().joined(separator: ",")
      }
    }
  }

  private func withFiles(_ body: (Files) throws -> Void) throws {
    try withTemporaryFolder { try body(Files(folder: $0)) }
  }

  // MARK: Names

  @Test func columnsAreFoundByNameInEveryCommand() throws {
    try withFiles { files in
      let usual = try files.write(table("x,y,z,kind"), "usual.csv")
      let model = try files.train(usual, label: "kind")
      let (score, answers) = (
        try files.measured(model, usual), try files.answers(model, usual)
      )
      for (index, other) in [
        table("z,kind,y,x") { [$0[2], $1, $0[1], $0[0]] },
        table("Z,\" Y\",X,Kind") { [$0[2], $0[1], $0[0], $1] },
        "\u{FEFF}" + table("x;y;z;kind").replacing(",", with: ";").replacing("\n", with: "\r\n"),
        table(nil),
      ].enumerated() {
        let file = try files.write(other, "other-\(index).csv")
        #expect(try files.measured(model, file) == score, "\(other.prefix(40))")
        #expect(try files.answers(model, file) == answers, "\(other.prefix(40))")
      }
      let extra = try files.write(table("id,x,y,z,kind") { ["a7"] + $0 + [$1] }, "extra.csv")
      #expect(try files.measured(model, extra) == score)
      #expect(runTool("evaluate", model, extra).error.contains("unknown to the network: \"id\""))
      #expect(runTool("predict", model, extra).error.contains("unknown to the network: \"id\""))

      let none = try files.write(table("a,b,c,kind"), "none.csv")
      let double = try files.write(table("x,x,z,kind"), "double.csv")
      for command in ["evaluate", "predict"] {
        let foreign = runTool(command, model, none)
        #expect(foreign.status == 1 && foreign.error.contains("no \"x\", \"y\", \"z\""))
        #expect(runTool(command, model, double).error.contains("two columns have the same name"))
      }
      #expect(runTool("data", "inspect", double).error.contains("two columns have the same name"))
    }
  }

  @Test func namesMayBeNumbers() throws {
    try withFiles { files in
      let pandas = try files.write(table("0,1,2,label"), "pandas.csv")
      let inspected = runTool("data", "inspect", pandas, "--label", "-1")
      #expect(inspected.output.contains("60 examples, 3 features"))
      let model = try files.train(pandas, label: "-1")
      let turned = try files.write(
        table("2,1,0,label") { [$0[2], $0[1], $0[0], $1] }, "turned.csv")
      let bare = try files.write(table(nil) { numbers, _ in numbers }, "bare.csv")
      let answers = try files.answers(model, pandas)
      #expect(answers.count == 60)
      #expect(try files.answers(model, turned) == answers)
      #expect(try files.answers(model, bare) == answers)
      #expect(try files.measured(model, turned) == files.measured(model, pandas))
    }
  }

  // MARK: Labels

  @Test func labelsStayAsTheyAreWritten() throws {
    try withFiles { files in
      let file = try files.write(
        table("x,y,z,kind") { $0 + [$1 == "yes" ? "01" : "1"] }, "zeros.csv")
      let model = try files.train(file, label: "kind")
      let classes = try runTool("evaluate", model, file, "--json").json["classNames"]
      #expect(classes as? [String] == ["01", "1"])
      let answers = try files.answers(model, file).map { $0.split(separator: ",")[1] }
      #expect(Set(answers) == ["01", "1"])
      #expect(runTool("data", "inspect", file, "--label", "kind").output.contains("\n  01  "))
      let other = try files.write(table("x,y,z,kind") { numbers, _ in numbers + ["1.0"] }, "1.csv")
      let run = runTool("evaluate", model, other)
      #expect(run.status == 1 && run.error.contains("Write it as in training: \"01\""))
    }
  }

  @Test func rowsWithoutHeaderMayHaveTheLabel() throws {
    try withFiles { files in
      // First, so that it is not where it would be looked for without knowing.
      let file = try files.write(table("kind,x,y,z") { [$1] + $0 }, "first.csv")
      let model = try files.train(file, label: "kind")
      let bare = try files.write(table(nil) { [$1] + $0 }, "bare.csv")
      let features = try files.write(table(nil) { numbers, _ in numbers }, "features.csv")
      #expect(try files.answers(model, bare) == files.answers(model, file))
      #expect(try files.answers(model, features) == files.answers(model, file))
      #expect(try files.measured(model, bare) == files.measured(model, file))
      let last = try files.write(table(nil), "last.csv")
      #expect(try files.measured(model, last, "--label", "-1") == files.measured(model, file))
      let given = runTool("predict", model, last, "--label", "3")
      #expect(given.status == 0 && given.output.split(separator: "\n").count == 61)
    }
  }

  @Test func missingLabelsAreCountedByInspect() throws {
    try withFiles { files in
      let file = try files.write("x,kind\n1,a\n2,NA\n3,\n0x10,b\n", "gaps.csv")
      let run = runTool("data", "inspect", file, "--label", "kind")
      #expect(run.output.contains("Missing labels: 2."), "\(run.error)")
      #expect(
        run.output.contains("refused: the column holds numbers and words"), "0x10 is no number")
    }
  }

  // MARK: The data of training

  @Test func dataThatChangedAreNotDividedAnew() throws {
    try withFiles { files in
      let text = table("x,y,z,kind")
      let file = try files.write(text, "data.csv")
      let model = try files.train(file, label: "kind")
      let test = try runTool("evaluate", model, "--json").json["test"] as? NSDictionary
      // The same examples under columns in another order are the same.
      _ = try files.write(table("z,y,x,kind") { [$0[2], $0[1], $0[0], $1] }, "data.csv")
      #expect(try runTool("evaluate", model, "--json").json["test"] as? NSDictionary == test)
      _ = try files.write(text + "1,1,1,yes\n", "data.csv")
      for arguments in [["evaluate", model], ["train", "--resume", model, "--epochs", "9"]] {
        let run = runTool(arguments)
        #expect(run.status == 1 && run.error.contains("have changed since training"))
      }
      #expect(runTool("evaluate", model).error.contains("Give the data to evaluate on"))
      #expect(runTool("evaluate", model, file).status == 0)
    }
  }

  @Test func textsAndImagesThatChangedAreNotDividedAnewEither() throws {
    try withFiles { files in
      let text = String(repeating: "to be or not to be, ", count: 40)
      let file = try files.write(text, "text.txt")
      let writer = files.folder.appending(path: "text.safetensors").path
      let trained = runTool(
        "train", "char-lstm", "--data", file, "--recurrent", "4", "--embedding", "2", "--epochs",
        "1", "--batch-size", "2", "--sequence-length", "5", "--test", "0.2", "-q", "-o", writer)
      try #require(trained.status == 0, "\(trained.error)")
      #expect(runTool("evaluate", writer).status == 0)
      _ = try files.write("or " + text, "text.txt")
      #expect(runTool("evaluate", writer).error.contains("have changed since training"))

      let figures = files.folder.appending(path: "figures").path
      #expect(runTool("data", "synthesize", figures, "--size", "16", "--count", "40").status == 0)
      let seer = files.folder.appending(path: "seer.safetensors").path
      let learned = runTool(
        "train", "cifar10-3layer", "--data", figures, "--maps", "2", "--hidden", "none",
        "--epochs", "1", "--validation", "0", "--test", "0.3", "-q", "-o", seer)
      try #require(learned.status == 0, "\(learned.error)")
      let maps = files.folder.appending(path: "maps.png").path
      try FileManager.default.removeItem(atPath: figures + "/39.npy")
      let labels = try JSONValue(contentsOf: figures + "/Labels.json").object ?? [:]
      let kept = JSONValue.object(labels.filter { $0.key != "39" })
      try Data("\(kept)".utf8).write(to: URL(filePath: figures + "/Labels.json"))
      #expect(runTool("evaluate", seer).error.contains("have changed since training"))
      let drawn = runTool("inspect", seer, "--feature-maps", "0", maps)
      #expect(drawn.status == 1 && drawn.error.contains("have changed since training"))
    }
  }

  // MARK: Files

  @Test func theEndingOfAFileSaysWhatItIs() throws {
    try withFiles { files in
      for name in ["my-images.csv", "idx.csv", "train-images", "data.bin.csv"] {
        let file = try files.write(table("x,y,z,kind"), name)
        let run = runTool("data", "inspect", file, "--label", "kind")
        #expect(run.output.contains("60 examples, 3 features"), "\(name): \(run.error)")
      }
    }
  }

  @Test func aPipeIsReadAsAFile() throws {
    try withFiles { files in
      let text = table("x,y,z,kind")
      let file = try files.write(text, "data.csv")
      let model = try files.train(file, label: "kind")
      let pipe = files.folder.appending(path: "pipe").path
      try #require(mkfifo(pipe, 0o600) == 0)
      func piped(_ arguments: String...) -> ToolRun {
        Thread.detachNewThread {
          let writer = FileHandle(forWritingAtPath: pipe)
          try? writer?.write(contentsOf: Data(text.utf8))
          try? writer?.close()
        }
        return runTool(arguments)
      }
      let inspected = piped("data", "inspect", pipe, "--label", "kind")
      #expect(inspected.output.contains("60 examples, 3 features"), "\(inspected.error)")
      let score = piped("evaluate", model, pipe, "--json")
      #expect(try score.json["test"] as? NSDictionary == files.measured(model, file))
      #expect(piped("predict", model, pipe).output.split(separator: "\n").count == 61)

      let other = files.folder.appending(path: "other.safetensors").path
      let trained = piped(
        "train", "csv-mlp", "--data", pipe, "--label", "kind", "--epochs", "1", "-q", "-o", other)
      #expect(trained.status == 0, "\(trained.error)")
      // Without anyone who writes: it must not wait.
      let again = runTool("evaluate", other)
      #expect(again.status == 1 && again.error.contains("cannot be read again"), "\(again.error)")
      #expect(
        piped("train", "--resume", other, "--data", pipe, "--epochs", "2", "-q").status == 0)
    }
  }

  @Test func fewExamplesAreOneSmallerBatch() throws {
    try withFiles { files in
      let file = try files.write(table("x,y,z,kind", count: 20), "small.csv")
      let model = files.folder.appending(path: "small.safetensors").path
      let run = runTool(
        "train", "csv-mlp", "--data", file, "--label", "kind", "--epochs", "2", "-o", model)
      #expect(run.status == 0 && run.error.contains("batches of all 14 training examples"))
      #expect(runTool("train", "--resume", model, "--epochs", "3", "-q").status == 0)
      #expect(
        runTool(
          "train", "iris-mlp", "--batch-size", "1000", "--epochs", "1", "-q", "-o",
          files.folder.appending(path: "iris").path
        ).status == 0)
    }
  }

  @Test func digitsThatSinglePrecisionLosesAreSaid() throws {
    try withFiles { files in
      let rows = (0..<60).map { "\(100_000_000 + 0.1 * Double($0)),\($0 % 7),\($0 % 2)" }
      let file = try files.write("t,y,kind\n" + rows.joined(separator: "\n"), "time.csv")
      let run = runTool(
        "train", "csv-mlp", "--data", file, "--label", "kind", "--epochs", "1", "-q", "-o",
        files.folder.appending(path: "m").path)
      #expect(run.error.contains("column \"t\""), "\(run.error)")
      #expect(!run.error.contains("column \"y\""), "\(run.error)")
    }
  }
}
