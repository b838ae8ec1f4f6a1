import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

@Suite(.watched) struct StudyTests {
  /// Each study at a size that takes no time.
  private static let small: [String: [String]] = [
    "search": ["--examples", "20", "--epochs", "20", "--repeats", "1"],
    "perceptron": ["--examples", "20", "--epochs", "3"],
    "neuron": ["--examples", "20", "--epochs", "3"],
    "initialization": [],
    "adding-problem": ["--length", "4", "--examples", "20", "--epochs", "2"],
    "batchnorm-study": ["--examples", "40", "--epochs", "1", "--repeats", "1"],
    "segmentation": ["--examples", "4", "--epochs", "1", "--repeats", "1"],
    "depth": ["--examples", "24", "--epochs", "1"],
    "labels": ["--epochs", "1", "--repeats", "1"],
    "regularisation-study": ["--examples", "40", "--epochs", "2", "--repeats", "1"],
  ]

  @Test(arguments: allStudies.map { $0.name })
  func aStudyWritesTableAndPicture(name: String) throws {
    try withTemporaryFolder { folder in
      var settings = try #require(Self.small[name], "every study has a small size")
      if name == "labels" {
        // Smaller than the figures that it draws.
        let images = folder.appending(path: "images").path
        let drawn = runTool(
          "data", "synthesize", images, "--folders", "--size", "16", "--count", "100")
        #expect(drawn.status == 0, "\(drawn.error)")
        settings += ["--data", images]
      }
      let run = runTool(["study", name, "--output", folder.path] + settings)
      #expect(run.status == 0, "\(run.error)")
      let csv = try String(contentsOf: folder.appending(path: "\(name).csv"), encoding: .utf8)
      let rows = csv.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      #expect(rows.count > 1 && Set(rows.map(\.count)).count == 1, "\(csv)")
      let svg = try String(contentsOf: folder.appending(path: "\(name).svg"), encoding: .utf8)
      #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>\n"))
      #expect(run.output.contains("\(name).csv"))
      let isAnimated = allStudies.first { $0.name == name }?.isAnimated ?? false
      let gif = try? Data(contentsOf: folder.appending(path: "\(name).gif"))
      // Without the trait Pictures there is a note in its place.
      #expect(
        gif?.starts(with: Data("GIF89a".utf8)) ?? run.error.contains("note: no animation")
          || !isAnimated)

      let again = runTool(
        ["study", name, "--output", folder.path, "--force", "--quiet", "--json"] + settings)
      #expect(again.status == 0 && again.error.isEmpty, "\(again.error)")
      let table = try #require(try again.json["table"] as? [[String: Any]])
      #expect(!table.isEmpty)
      #expect(
        try String(contentsOf: folder.appending(path: "\(name).csv"), encoding: .utf8) == csv,
        "the same seed, the same numbers")
    }
  }

  @Test func studiesAreListed() throws {
    let run = runTool("study")
    for study in allStudies {
      #expect(run.output.contains(study.name + ": " + study.abstract))
      #expect(runTool("help", "study").output.contains(study.name))
    }
    for line in run.output.split(separator: "\n") {
      #expect(line.count <= 80 || line.contains(": "), "\(line)")
    }
    for study in allStudies {
      let words = study.explanation.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(run.output.replacing("\n  ", with: " ").contains(words), "each line is indented")
    }
    let listed = try runTool("study", "--json").json["studies"] as? [Any]
    #expect(listed?.count == allStudies.count)
  }

  @Test(
    arguments: [
      (["study", "batchnorm"], 2, "Did you mean 'batchnorm-study'?"),
      (
        ["study", "batchnorm-study", "--length", "9"], 2,
        "'--length' applies to adding-problem only"
      ),
      (["study", "depth", "--data", "mnist"], 2, "'--data' applies to labels only"),
      (["study", "labels", "--data", "iris"], 2, "has no images"),
      (["study", "labels", "--examples", "20"], 2, "use more --examples"),
      (["study", "batchnorm-study", "--noise", "0.1"], 2, "applies to regularisation-study only"),
      (["study", "regularisation-study", "--examples", "5000"], 2, "at most 1258"),
      (["study", "batchnorm-study", "--examples", "1"], 2, "must be at least 2"),
      (["study", "adding-problem", "--output", "/nowhere/at/all"], 1, "does not exist"),
      (["study", "adding-problem", "--length", "1"], 2, "'--length'"),
    ] as [([String], Int32, String)])
  func wrongArgumentsAreRefused(arguments: [String], status: Int32, message: String) {
    let run = runTool(arguments)
    #expect(run.status == status)
    #expect(run.error.contains(message), "\(run.error)")
  }

  @Test func nothingIsOverwritten() throws {
    try withTemporaryFolder { folder in
      try Data().write(to: folder.appending(path: "adding-problem.svg"))
      let run = runTool("study", "adding-problem", "--output", folder.path)
      #expect(run.status == 1 && run.error.contains("Overwrite it with --force"), "\(run.error)")
      #expect(try names(in: folder) == ["adding-problem.svg"])
    }
  }

  @Test func aDivergedTrainingIsAResult() throws {
    var session = StudySession(on: nil, count: 1)
    let parts = try DigitsForStudies(examples: 50, seed: 1)
    var network = try DigitsForStudies.network(
      hiddenSizes: [16, 16], optimizer: SGD(learningRate: 1e12), seed: 1)
    let outcome = try session.train("rate 1e12", &network) { network, callbacks in
      try network.fit(
        parts.train, options: TrainingOptions(epochs: 3, batchSize: 10), callbacks: callbacks)
    }
    #expect(outcome == .diverged)
  }

  @Test(arguments: [2, 3, 32, 33, 51, 300, 497])
  func noBatchHasASingleExample(examples: Int) throws {
    let parts = try DigitsForStudies(examples: examples, seed: 1)
    for limit in [25, 32] {
      let size = parts.batchSize(upTo: limit)
      #expect(size >= 2 && size <= limit && examples % size != 1, "\(size)")
    }
  }

  @Test func labelsAreMadeWrongOnPurpose() throws {
    let clean = try DigitsForStudies(examples: 100, seed: 1)
    let noisy = try DigitsForStudies(examples: 100, noise: 0.2, seed: 1)
    let different = zip(clean.train.targets.classIndices, noisy.train.targets.classIndices)
      .count { $0 != $1 }
    #expect(different == 20)
    #expect(clean.train.features == noisy.train.features)
    #expect(clean.test.targets == noisy.test.targets)
  }

  @Test func tablesAsTextCSVAndJSON() throws {
    var table = StudyTable(columns: ["name", "value, measured"])
    table.rows = [
      [.text("a"), .number(0.123456, digits: 2)], [.text("long name"), .missing("diverged")],
    ]
    #expect(
      table.text(style: .plain) == """
        name       value, measured
        a                     0.12
        long name         diverged
        """)
    #expect(table.csv == "name,\"value, measured\"\na,0.123456\nlong name,\n")
    let json = String(decoding: try JSONEncoder().encode(table.rows[1]), as: UTF8.self)
    #expect(json == "[\"long name\",null]")
  }
}
