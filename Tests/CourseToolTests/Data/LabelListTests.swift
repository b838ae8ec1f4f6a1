import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `csv-multilabel` in `train`, `evaluate`, `predict`, `report`, `summary` and `data inspect`.
@Suite(.watched) struct LabelListTests {
  /// Films whose length and budget tell their genres; a function of the row's number.
  private static func row(_ row: Int) -> (numbers: String, genres: [String]) {
    let (length, budget) = (60 + row * 37 % 90, row * 53 % 80)
    return (
      "\(length),\(budget)",
      [(length > 100, "drama"), (length < 95, "comedy"), (budget > 40, "action")]
        .filter(\.0).map(\.1)
    )
  }

  private static func films(_ rows: Range<Int>) -> String {
    "length,budget,genres\n"
      + rows.map { "\(row($0).numbers),\(row($0).genres.joined(separator: "|"))\n" }.joined()
  }

  private static func answers(_ rows: Range<Int>) -> String {
    "length,budget,drama,action\n"
      + rows.map { number in
        let film = row(number)
        return film.numbers
          + ["drama", "action"].map { film.genres.contains($0) ? ",yes" : ",no" }.joined() + "\n"
      }.joined()
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

  @Test func rowsGetSeveralLabels() throws {
    try withFolder { file, path in
      let data = try file("films.csv", Self.films(0..<200))
      let model = path("m.safetensors")
      let run = runTool(
        "train", "csv-multilabel", "--data", data, "--target", "genres", "-o", model, "--report",
        path("report.html"))
      try #require(run.status == 0, "\(run.error)")
      #expect(run.error.contains("3 labels, separated by \"|\" in \"genres\""), "\(run.error)")
      #expect(run.output.contains("exact match") && run.output.contains("comedy"))
      #expect(
        try String(contentsOfFile: path("report.html"), encoding: .utf8).contains("All labels"))
      let test = try #require(
        try runTool("evaluate", model, "--json").json["test"] as? [String: Any])
      #expect(try #require(test["exactMatch"] as? Double) > 0.7)
      #expect(try #require(test["accuracy"] as? Double) > 0.9)
      #expect((test["classes"] as? [[String: Any]])?.count == 3)
      #expect(runTool("evaluate", model, data).output.contains("exact match"))

      let new = try file("new.csv", "budget,length\n75,140\n5,65\n")
      let lines = runTool("predict", model, new).output.split(separator: "\n")
      try #require(lines.count == 3)
      #expect(lines[0] == "file,row,labels,probabilities")
      let first = lines[1].split(separator: ",")
      #expect(Set(first[2].split(separator: "|")) == ["drama", "action"], "\(lines)")
      #expect(first[3].split(separator: "|").allSatisfy { (Double($0) ?? 0) >= 0.5 })
      #expect(lines[2].contains(",comedy,"), "\(lines)")
      let all = runTool("predict", model, new, "--probabilities", "--top", "1").output
      #expect(all.contains("probability of drama"))
      let json = try runTool("predict", model, new, "--json").json
      #expect(json["labels"] as? [String] == ["action", "comedy", "drama"])

      #expect(runTool("summary", model).output.contains("Labels: action, comedy, drama"))
      #expect(runTool("plot", "curves", model, "-o", path("c.svg")).status == 0)
      for refusal in [
        runTool("plot", "mistakes", model, "-o", path("x.svg")),
        runTool("plot", "scatter", model, "-o", path("x.svg")),
        runTool("evaluate", model, "--mistakes", path("x.csv")),
      ] { #expect(refusal.status == 1) }
      let changed = try file("films.csv", Self.films(0..<200).replacing("drama", with: "horror"))
      #expect(runTool("evaluate", model).status == 1, "\(changed)")
    }
  }

  @Test func columnsOfAnswersAreLabels() throws {
    try withFolder { file, path in
      let data = try file("films.csv", Self.answers(0..<200))
      let model = path("m.safetensors")
      let run = runTool(
        "train", "csv-multilabel", "--data", data, "--target", "drama,action", "--epochs", "30",
        "-o", model)
      try #require(run.status == 0, "\(run.error)")
      let evaluated = runTool("evaluate", model, data)
      #expect(evaluated.output.contains("drama"), "\(evaluated.error)")
      let new = try file("new.csv", "budget,length\n75,140\n")
      #expect(runTool("predict", model, new).output.contains("action"))
      let asked = runTool("data", "inspect", data)
      #expect(asked.output.contains("csv-multilabel --target drama,action"))
    }
  }

  @Test func theKindOfTaskIsProposed() throws {
    try withFolder { file, path in
      let data = try file("films.csv", Self.films(0..<80))
      let listed = runTool("data", "inspect", data, "--label", "genres")
      #expect(listed.output.contains("csv-multilabel --target genres"), "\(listed.output)")
      func error(_ arguments: String...) -> String {
        let run = runTool(arguments + ["--data", data, "-o", path("m"), "--epochs", "1", "-q"])
        #expect(run.status == 1 || run.status == 2)
        return run.error
      }
      let single = error("train", "csv-multilabel", "--target", "length")
      #expect(single.contains("list no labels") && single.contains("--separator"), "\(single)")
      #expect(error("train", "csv-multilabel").contains("--target COLUMN"))
      #expect(
        error("train", "csv-mlp", "--label", "genres", "--separator", "|").contains(
          "csv-multilabel"))
      #expect(error("train", "csv-multilabel", "--target", "length,genres").contains("yes nor no"))
      #expect(
        error("train", "csv-multilabel", "--target", "genres", "--window", "3").contains(
          "is for labels")
      )
      let days = try file(
        "days.csv", "day,v\n" + (1...9).map { "2020-01-0\($0),\($0 * 5 % 7 + 100)\n" }.joined())
      let series = runTool("data", "inspect", days)
      #expect(series.output.contains("csv-sequence --target COLUMN"), "\(series.output)")
    }
  }
}
