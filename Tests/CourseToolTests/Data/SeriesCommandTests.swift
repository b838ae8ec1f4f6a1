import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `csv-sequence` in `train`, `evaluate`, `predict`, `plot`, `report`, `summary` and `data inspect`.
@Suite(.watched) struct SeriesCommandTests {
  /// Days with a wave of seven days, its height, and a word; a function of the row's number.
  private static func table(_ rows: Range<Int>) -> String {
    "date;sales;kind;visitors\n"
      + rows.map { row in
        let sales = 100 + Int((40 * sin(Double(row) * 2 * .pi / 7)).rounded()) + row * 5 % 3
        return "2021-0\(row / 28 + 1)-\(row % 28 < 9 ? "0" : "")\(row % 28 + 1);\(sales),5;"
          + "\(row % 7 < 5 ? "work" : "rest");\(row % 13 == 4 ? "" : "\(sales / 3)")"
      }.joined(separator: "\n") + "\n"
  }

  private func withFolder(
    _ body: (_ file: (String, String) throws -> String, _ path: (String) -> String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      try body(
        { name, text in
          let url = folder.appending(path: name)
          try Data(text.utf8).write(to: url)
          return url.path
        }, { folder.appending(path: $0).path })
    }
  }

  @Test func theNextRowIsPredicted() throws {
    try withFolder { file, path in
      // February has 28 days in 2021, so that days follow each other.
      let data = try file("shop.csv", Self.table(28..<56))
      let model = path("m.safetensors")
      let options = ["--window", "7", "--epochs", "60", "--learning-rate", "0.01"]
      let run = runTool(
        [
          "train", "csv-sequence", "--data", data, "--target", "sales", "-o", model, "--report",
          path("report.html"),
        ] + options)
      try #require(run.status == 0, "\(run.error)")
      #expect(run.error.contains("7 rows predict the next one; \"date\" tells their time, 1 day"))
      #expect(run.output.contains("persistence"), "\(run.output)")
      #expect(
        try String(contentsOfFile: path("report.html"), encoding: .utf8).contains("persistence"))
      let json = try runTool("evaluate", model, "--json").json
      let test = try #require(json["test"] as? [String: Any])
      let naive = try #require(test["persistence"] as? [String: Any])
      // The wave is easier than "tomorrow as today".
      #expect(try #require(test["rmse"] as? Double) < #require(naive["rmse"] as? Double))
      #expect((json["targets"] as? [[String: Any]])?.count == 1)
      #expect(runTool("evaluate", model, data).output.contains("persistence: RMSE"))

      let predicted = runTool("predict", model, data)
      let lines = predicted.output.split(separator: "\n").map { $0.split(separator: ",") }
      try #require(lines.count == 2 && lines[1].count == 4, "\(predicted.error)")
      #expect(lines[0] == ["file", "row", "date", "sales"])
      #expect(lines[1][1...2] == ["29", "2021-03-01"])
      let number = try #require(Double(lines[1][3]))
      #expect((40...160).contains(number))
      let forecasts = try #require(
        try runTool("predict", model, data, "--json").json["predictions"] as? [[String: Any]])
      #expect(forecasts.first?["time"] as? String == "2021-03-01")

      #expect(runTool("summary", model).output.contains("sales, in the next row after 7 rows"))
      for kind in ["series", "scatter", "curves"] {
        #expect(runTool("plot", kind, model, "-o", path("\(kind).svg")).status == 0)
      }
      #expect(runTool("plot", "confusion", model, "-o", path("x.svg")).status == 1)
      #expect(runTool("report", model, data, "-o", path("r.html")).status == 0)
      #expect(runTool("evaluate", model, data, "--label", "sales").status == 1)
      let short = runTool("predict", model, try file("s.csv", Self.table(0..<6)))
      #expect(short.error.contains("at least 7 rows"), "\(short.error)")
      let classifier = path("c.safetensors")
      #expect(runTool("train", "iris-mlp", "--epochs", "1", "-q", "-o", classifier).status == 0)
      let refused = runTool("plot", "series", classifier, "-o", path("x.svg"))
      #expect(refused.status == 1 && refused.error.contains("'course train csv-sequence'"))
      #expect(!refused.error.contains("plot scatter"), "it predicts no numbers: \(refused.error)")
    }
  }

  @Test func severalNumbersOfSeveralRowsArePredicted() throws {
    try withFolder { file, path in
      let data = try file("shop.csv", Self.table(0..<28))
      for (name, options) in [("lstm", []), ("dense", ["--recurrent", "none", "--hidden", "8"])] {
        let model = path("\(name).safetensors")
        let run = runTool(
          [
            "train", "csv-sequence", "--data", data, "--target", "sales,visitors", "--horizon", "2",
            "--window", "3", "--epochs", "2", "--missing", "median", "-o", model,
          ] + options)
        // Gaps among the inputs are filled, gaps in a target are none of the tool's business.
        #expect(run.status == 1 && run.error.contains("number to predict is missing"))
        let trained = runTool(
          [
            "train", "csv-sequence", "--data", data, "--target", "sales", "--horizon", "2",
            "--window", "3", "--epochs", "2", "-o", model,
          ] + options)
        try #require(trained.status == 0, "\(trained.error)")
        let lines = runTool("predict", model, data).output.split(separator: "\n")
        #expect(lines.count == 3 && lines[2].contains(",30,2021-01-30,"), "\(lines)")
        let evaluated = runTool("evaluate", model)
        #expect(evaluated.output.contains("sales, 2 ahead"), "\(evaluated.error)")
        #expect(runTool("plot", "series", model, "-o", path("\(name).svg")).status == 0)
        #expect(runTool("train", "--resume", model, "--epochs", "2").status == 2)
      }
    }
  }

  @Test func aTrendGoesOn() throws {
    try withFolder { file, path in
      // Far beyond the numbers of training, where only the change is the same.
      let rows = (0..<90).map { "\(1900 + $0),\(1000 + 50 * $0 + [0, 40, -20, 10, 30][$0 % 5])\n" }
      let data = try file("sales.csv", "year,sales\n" + rows.joined())
      let model = path("m.safetensors")
      let run = runTool(
        "train", "csv-sequence", "--data", data, "--target", "sales", "--window", "5", "--epochs",
        "60", "--learning-rate", "0.01", "-o", model)
      try #require(run.status == 0, "\(run.error)")
      let test = try #require(
        try runTool("evaluate", model, "--json").json["test"] as? [String: Any])
      let naive = try #require(test["persistence"] as? [String: Any])
      #expect(
        try #require(test["rmse"] as? Double) < 0.7 * #require(naive["rmse"] as? Double), "\(test)")
      let answer = runTool("predict", model, data).output
      let number = try #require(answer.split(separator: "\n").last?.split(separator: ",").last)
      #expect(abs(try #require(Double(number)) - 5500) < 60, "\(answer)")
      #expect(answer.contains(",91,1990,"))
    }
  }

  @Test func wrongSettingsAreRefused() throws {
    try withFolder { file, path in
      let data = try file("shop.csv", Self.table(0..<28))
      func error(_ arguments: String...) -> String {
        let run = runTool(arguments + ["--data", data, "-o", path("m"), "--epochs", "1", "-q"])
        #expect(run.status == 1 || run.status == 2)
        return run.error
      }
      let train = "csv-sequence"
      #expect(error("train", train, "--target", "sales", "--window", "0").contains("--window"))
      #expect(error("train", train, "--target", "sales", "--horizon", "0").contains("--horizon"))
      #expect(error("train", train).contains("--target COLUMN"))
      #expect(error("train", train, "--target", "profit").contains("profit"))
      #expect(error("train", train, "--target", "kind").contains("not a number"))
      #expect(error("train", train, "--target", "sales", "--split", "random").contains("by time"))
      #expect(
        error("train", train, "--target", "sales", "--missing", "drop-row").contains("holes"))
      #expect(error("train", train, "--target", "sales", "--window", "28").contains("--window"))
      #expect(
        error("train", "csv-regression", "--target", "sales", "--window", "3").contains(
          "--split ordered"))
      #expect(
        error("train", "csv-regression", "--target", "sales", "--horizon", "3").contains(
          "csv-sequence"))
      #expect(
        error("train", "csv-mlp", "--label", "kind", "--window", "3").contains("csv-sequence"))
      let unsorted = try file(
        "u.csv",
        Self.table(0..<3)
          + Self.table(1..<20).split(separator: "\n")
          .dropFirst().joined(separator: "\n"))
      let order = runTool(
        "train", train, "--data", unsorted, "--target", "sales", "-o", path("m"))
      #expect(order.status == 1 && order.error.contains("line 5"), "\(order.error)")
    }
  }
}
