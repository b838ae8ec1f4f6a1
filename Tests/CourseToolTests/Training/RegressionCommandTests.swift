import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `csv-regression` in `train`, `evaluate`, `predict`, `plot` and `report`.
@Suite(.watched) struct RegressionCommandTests {
  /// A price in thousands that words and a number with gaps explain; a function of the row's number.
  private static func table(_ rows: Range<Int>, price: Bool = true) -> String {
    "maker;power;price;rooms\n"
      + rows.map { row in
        let power = row * 37 % 100
        let maker = ["a", "b"][row % 2]
        let cost = 20_000 + 150 * power + (row % 2 == 0 ? 5000 : 0)
        return "\(maker);\(row % 19 == 3 ? "" : "\(power),5");"
          + (price ? "\(cost / 1000).\(cost % 1000 + 1000)".replacing(".1", with: ".") : "")
          + ";\(row % 5)"
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

  @Test func numbersArePredictedInTheirUnit() throws {
    try withFolder { file, path in
      let data = try file("cars.csv", Self.table(0..<120))
      let model = path("m.safetensors")
      let run = runTool(
        "train", "csv-regression", "--data", data, "--target", "price", "--ignore", "rooms", "-o",
        model, "--report", path("report.html"))
      try #require(run.status == 0, "\(run.error)")
      #expect(run.output.contains("RMSE") && run.error.contains("R2 0.9"), "\(run.output)")
      #expect(try String(contentsOfFile: path("report.html"), encoding: .utf8).contains("R²"))
      let test = try #require(
        try runTool("evaluate", model, "--json").json["test"] as? [String: Any])
      #expect(try #require(test["r2"] as? Double) > 0.9)
      #expect(try #require(test["rmse"] as? Double) < 2000)
      #expect(test["accuracy"] == nil)
      #expect(runTool("evaluate", model).output.contains("MAE"))

      // 20000 + 150 * 50 + 5000
      let new = try file("new.csv", "maker;power\na;50,5\n")
      let predicted = runTool("predict", model, new)
      let lines = predicted.output.split(separator: "\n")
      #expect(lines.first == "file,row,price", "\(predicted.error)")
      let price = try #require(lines.last.flatMap { Double($0.split(separator: ",")[2]) })
      #expect(abs(price - 32_500) < 3000)
      let json = try runTool("predict", model, new, "--json").json
      #expect(json["targets"] as? [String] == ["price"])

      #expect(runTool("summary", model).output.contains("Predicts: price"))
      #expect(runTool("plot", "scatter", model, "-o", path("s.svg")).status == 0)
      #expect(runTool("plot", "curves", model, "-o", path("c.svg")).status == 0)
      let kinds = ["confusion", "roc", "precision-recall", "mistakes", "outputs", "boundary"]
      let refusals =
        kinds.map { runTool("plot", $0, model, "-o", path("x.svg")) }
        + [runTool("evaluate", model, "--mistakes", path("x.csv"))]
      for refusal in refusals {
        #expect(refusal.status == 1)
        #expect(refusal.error.contains("Draw its predictions with"), "\(refusal.error)")
      }
      #expect(runTool("report", model, "-o", path("r.html")).status == 0)
      #expect(runTool("report", model, data, "-o", path("r2.html")).status == 0)
      #expect(runTool("train", "--resume", model, "--epochs", "201", "-q").status == 0)
      let classifier = path("c.safetensors")
      #expect(runTool("train", "iris-mlp", "--epochs", "1", "-q", "-o", classifier).status == 0)
      #expect(runTool("plot", "scatter", classifier, "-o", path("x.svg")).status == 1)
    }
  }

  @Test func severalNumbersArePredicted() throws {
    try withFolder { file, path in
      let data = try file("cars.csv", Self.table(0..<60))
      let model = path("m.safetensors")
      let run = runTool(
        "train", "csv-regression", "--data", data, "--target", "price,rooms", "--loss", "huber",
        "--epochs", "3", "-o", model)
      try #require(run.status == 0, "\(run.error)")
      #expect(run.output.contains("evaluate \(model)' shows each."))
      let evaluated = runTool("evaluate", model, data).output
      let json = try runTool("evaluate", model, data, "--json").json
      let errors = try #require(json["targets"] as? [[String: Any]])
      #expect(errors.map { $0["target"] as? String } == ["price", "rooms"])
      // Tens of thousands beside a few rooms: each has errors of its own.
      let rmse = try errors.map { try #require($0["rmse"] as? Double) }
      #expect(rmse[0] > 100 && rmse[1] < 20, "\(rmse)")
      for (name, value) in zip(["price", "rooms"], rmse) {
        #expect(
          evaluated.split(separator: "\n").contains {
            $0.hasPrefix(name) && $0.contains(metricText(value))
          }, "\(evaluated)")
      }
      #expect(errors.allSatisfy { $0["step"] == nil && $0["persistenceRMSE"] == nil })
      let lines = runTool("predict", model, data).output.split(separator: "\n")
      #expect(lines.first == "file,row,price,rooms" && lines.count == 61)
      #expect(runTool("plot", "scatter", model, "-o", path("s.svg")).status == 0)
      let without = try file("w.csv", "maker;power;price\na;1,5;20.000\n")
      #expect(runTool("predict", model, without).status == 0)
      let wrong = runTool("evaluate", model, without)
      #expect(wrong.status == 1 && wrong.error.contains("no \"rooms\""), "\(wrong.error)")
    }
  }

  @Test func theKindOfTaskIsProposed() throws {
    try withFolder { file, path in
      let data = try file("cars.csv", Self.table(0..<120))
      let out = ["-o", path("m"), "--epochs", "1", "-q"]
      func error(_ arguments: String...) -> String {
        let run = runTool(arguments + ["--data", data] + out)
        #expect(run.status != 0)
        return run.error
      }
      let price = error("train", "csv-mlp", "--label", "price")
      #expect(
        price.contains("the label is not a class") && price.contains("csv-regression"), "\(price)")
      let maker = error("train", "csv-regression", "--target", "maker")
      #expect(maker.contains("the target is not a number") && maker.contains("csv-mlp"), "\(maker)")
      #expect(error("train", "csv-regression").contains("--target COLUMN"))
      #expect(error("train", "csv-mlp", "--target", "price").contains("csv-regression"))
      #expect(
        error("train", "csv-regression", "--target", "price", "--label", "maker").contains(
          "--label"))
      #expect(
        error("train", "csv-regression", "--target", "price", "--maps", "4").contains("dense"))
      #expect(error("train", "csv-regression", "--target", "price,price").contains("named twice"))
      #expect(error("train", "csv-regression", "--target", "power").contains("is missing"))
      let inspected = runTool("data", "inspect", data, "--label", "price")
      #expect(inspected.output.contains("csv-regression"), "\(inspected.error)")
      // Said to be classes.
      let forced = runTool(
        ["train", "csv-mlp", "--label", "price", "--words", "price", "--data", data] + out)
      #expect(forced.status == 0, "\(forced.error)")
    }
  }
}
