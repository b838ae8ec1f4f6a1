import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// Data on which a network gives infinities: they cost neither the network nor the report.
@Suite(.watched) struct NonFiniteNumberTests {
  /// Forty rows of two classes; the last eighth of them, the validation part, overflows in the first layer.
  private func withTable(_ body: (_ table: String, _ folder: URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let rows = (0..<40).map { row in
        row < 35 ? "\(row % 2),\(Float(row % 5) / 4),c\(row % 2)" : "3e38,-3e38,c\(row % 2)"
      }
      let file = folder.appending(path: "table.csv")
      try Data((["x,y,label"] + rows).joined(separator: "\n").utf8).write(to: file)
      try body(file.path, folder)
    }
  }

  private func train(_ table: String, _ model: String) -> ToolRun {
    runTool(
      "train", "csv-mlp", "--data", table, "--label", "label", "--scaling", "none", "--split",
      "ordered",
      "--validation", "0.125", "--test", "0", "--epochs", "3", "--output", model, "--json")
  }

  @Test func aNetworkWhoseValidationOverflowsIsSavedAndReported() throws {
    try withTable { table, folder in
      let model = folder.appending(path: "m.safetensors").path
      let run = train(table, model)
      try #require(run.status == 0, "\(run.error)")
      let history = try #require(run.json["history"] as? [[String: Any]])
      let losses = history.compactMap { ($0["validation"] as? [String: Any])?["loss"] as? String }
      #expect(losses.count == 3 && losses.allSatisfy { ["inf", "nan"].contains($0) })
      let network = try NeuralNetwork(contentsOf: URL(filePath: model))
      #expect(network.progress?.epoch == 3)

      let evaluation = runTool("evaluate", model, table, "--json")
      #expect(evaluation.status == 0, "\(evaluation.error)")
      let loss = try #require(evaluation.json["test"] as? [String: Any])["loss"] as? String
      #expect(["inf", "nan"].contains(loss))
    }
  }

  @Test func predictNamesTheExampleWithoutAnAnswer() throws {
    try withTable { table, folder in
      let model = folder.appending(path: "m.safetensors").path
      try #require(train(table, model).status == 0)
      for options in [[], ["--json"]] {
        let run = runTool(["predict", model, table] + options)
        #expect(run.status == 1)
        #expect(run.output.isEmpty)
        #expect(
          run.error.contains("table.csv, example 36: the prediction for this example is not finite")
        )
      }
    }
  }
}
