import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `predict --probabilities`, `--top`, `--output`; `evaluate --mistakes`.
@Suite(.watched) struct PredictionFileTests {
  /// A network for iris and two files of flowers; `body` gets the paths in the folder.
  private func withFlowers(_ body: ((String) -> String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      let run = runTool("train", "iris-mlp", "--epochs", "3", "-q", "-o", path("m"))
      try #require(run.status == 0, "\(run.error)")
      let head = "sepal length,sepal width,petal length,petal width\n"
      try Data((head + "5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n").utf8).write(
        to: URL(filePath: path("a.csv")))
      try Data((head + "5.9,2.8,4.3,1.3\n").utf8).write(to: URL(filePath: path("b.csv")))
      try body(path)
    }
  }

  private func rows(_ text: String) -> [[String]] {
    text.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
  }

  @Test func allProbabilitiesAreColumns() throws {
    try withFlowers { path in
      let run = runTool("predict", path("m"), path("a.csv"), path("b.csv"), "--probabilities")
      #expect(run.status == 0, "\(run.error)")
      let rows = rows(run.output)
      #expect(
        rows[0]
          == ["file", "row", "class", "probability", "probability of setosa"]
          + ["probability of versicolor", "probability of virginica"])
      #expect(rows.map { $0[1] } == ["row", "1", "2", "1"])
      #expect(rows[3][0] == path("b.csv"))
      for row in rows.dropFirst() {
        let values: [Double] = try row[4...].map { try #require(Double($0)) }
        let sum: Double = values.reduce(0, +)
        #expect(abs(sum - 1) < 1e-5)
        let (largest, named) = (try #require(values.max()), try #require(Double(row[3])))
        #expect(abs(largest - named) < 1e-4)
      }
    }
  }

  @Test func theMostProbableClassesComeFirst() throws {
    try withFlowers { path in
      let run = runTool("predict", path("m"), path("a.csv"), "--top", "3")
      let rows = rows(run.output)
      #expect(
        rows[0] == ["file", "row", "class", "probability", "class 2", "probability 2"]
          + ["class 3", "probability 3"])
      for row in rows.dropFirst() {
        #expect(Set([row[2], row[4], row[6]]).count == 3)
        let values = try [row[3], row[5], row[7]].map { try #require(Double($0)) }
        #expect(values[0] >= values[1] && values[1] >= values[2])
      }
      let json = try runTool("predict", path("m"), path("a.csv"), "--top", "2", "--json").json
      let first = try #require((json["predictions"] as? [[String: Any]])?.first)
      let top = try #require(first["top"] as? [[String: Any]])
      #expect(top.count == 2 && top[0]["class"] as? String == first["class"] as? String)
      let many = runTool("predict", path("m"), path("a.csv"), "--top", "4")
      #expect(many.status == 2 && many.error.contains("the network knows 3 classes"))
    }
  }

  @Test func theOutputIsAFile() throws {
    try withFlowers { path in
      let printed = runTool("predict", path("m"), path("a.csv"))
      let arguments = ["predict", path("m"), path("a.csv"), "-o", path("answers.csv")]
      let run = runTool(arguments)
      #expect(run.status == 0 && run.output.isEmpty)
      #expect(run.error.contains("The predictions are in \(path("answers.csv"))."))
      let written = try String(contentsOfFile: path("answers.csv"), encoding: .utf8)
      #expect(written == printed.output)
      let again = runTool(arguments)
      #expect(again.status == 1 && again.error.contains("already exists"))
      #expect(runTool(arguments + ["--force", "--json", "-q"]).error.isEmpty)
      let document = try String(contentsOfFile: path("answers.csv"), encoding: .utf8)
      #expect(document == runTool("predict", path("m"), path("a.csv"), "--json").output)
      let input = runTool("predict", path("m"), path("a.csv"), "-o", path("a.csv"), "--force")
      #expect(input.status == 1 && input.error.contains("would overwrite an input"))
    }
  }

  @Test func mistakesAreATableOrAPicture() throws {
    try withFlowers { path in
      let run = runTool("evaluate", path("m"), "iris", "--mistakes", path("wrong.csv"), "--json")
      #expect(run.status == 0, "\(run.error)")
      #expect(try run.json["mistakes"] as? String == path("wrong.csv"))
      let rows = rows(try String(contentsOfFile: path("wrong.csv"), encoding: .utf8))
      #expect(
        rows[0]
          == ["example", "true", "probability of true", "predicted", "probability of predicted"])
      let test = try #require(try run.json["test"] as? [String: Any])
      let accuracy = try #require(test["accuracy"] as? Double)
      #expect(rows.count - 1 == Int((150 * (1 - accuracy)).rounded()) && rows.count > 1)
      let probabilities = rows.dropFirst().compactMap { Double($0[2]) }
      #expect(probabilities == probabilities.sorted(), "the worst first")
      for row in rows.dropFirst() {
        let example = try #require(Int(row[0]))
        #expect(row[1] == Dataset.iris.classNames[Dataset.iris.targets.classIndices[example]])
        #expect(row[1] != row[3])
      }
      let drawn = runTool("evaluate", path("m"), "iris", "--mistakes", path("wrong.svg"))
      #expect(drawn.output.contains("The mistakes are in \(path("wrong.svg"))."))
      let plotted = runTool("plot", "mistakes", path("m"), "iris", "-o", path("plot.svg"))
      #expect(plotted.status == 0)
      #expect(
        try Data(contentsOf: URL(filePath: path("wrong.svg")))
          == Data(contentsOf: URL(filePath: path("plot.svg"))), "one mechanism")
      let wrong = runTool("evaluate", path("m"), "--mistakes", path("wrong.txt"))
      #expect(wrong.status == 2 && wrong.error.contains("ends in .png, .svg or .csv"))
      let there = runTool("evaluate", path("m"), "--mistakes", path("wrong.csv"))
      #expect(there.status == 1 && there.error.contains("already exists"))
    }
  }
}
