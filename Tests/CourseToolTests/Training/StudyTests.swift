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
      // Without the trait ImageCodecs there is a note in its place.
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

  /// A table of texts of two classes, short ones: a debug build reads them slowly.
  private func writeTexts(_ count: Int, in folder: URL) throws -> String {
    let path = folder.appending(path: "texts.csv")
    let rows = (0..<count).map { row in
      let adjective = ["small", "black", "old", "young", "fine"][row / 2 % 5]
      return row % 2 == 0 ? "\(adjective) cat,\(row),animal" : "\(adjective) hammer,\(row),tool"
    }
    try Data(("what,number,kind\n" + rows.joined(separator: "\n") + "\n").utf8).write(to: path)
    return path.path
  }

  @Test func labelsOfTexts() throws {
    try withTemporaryFolder { folder in
      let texts = try writeTexts(24, in: folder)
      let arguments = [
        "study", "labels", "--data", texts, "--label", "kind", "--text", "what", "--epochs", "1",
        "--repeats", "1", "--force", "--json", "--output", folder.path,
      ]
      let run = runTool(arguments)
      #expect(run.status == 0, "\(run.error)")
      func csv() throws -> String {
        try String(contentsOf: folder.appending(path: "labels.csv"), encoding: .utf8)
      }
      let first = try csv()
      let methods = try #require(try run.json["table"] as? [[String: Any]])
      #expect(methods.compactMap { $0["method"] as? String } == StudyTexts.methods)
      #expect(methods.allSatisfy { $0["5 a class"] != nil })
      #expect(methods.allSatisfy { $0["20 a class"] == nil }, "there are not so many")
      #expect(first.split(separator: "\n").count == 1 + StudyTexts.methods.count)
      #expect(runTool(arguments).status == 0)
      #expect(try csv() == first, "the same seed, the same numbers")
      // A word tells the classes apart.
      let words = try #require(methods.first { $0["method"] as? String == "words, probe" })
      #expect(words["5 a class"] as? String == "1.000", "one run has no deviation")
      let place = try #require(arguments.firstIndex(of: "--repeats")) + 1
      let twice = try runTool(arguments[..<place] + ["2"] + arguments[(place + 1)...]).json
      let means = try #require(twice["table"] as? [[String: Any]])
      #expect(means.allSatisfy { ($0["5 a class"] as? String)?.contains(" ± ") == true })
    }
  }

  @Test func textsThatDoNotSufficeAreRefused() throws {
    try withTemporaryFolder { folder in
      func refused(_ arguments: [String], status: Int32 = 2, _ message: String) {
        let run = runTool(["study", "labels", "--output", folder.path] + arguments)
        #expect(run.status == status && run.error.contains(message), "\(run.error)")
      }
      let texts = try writeTexts(60, in: folder)
      refused(["--data", texts, "--text", "what"], "a label column is required")
      refused(["--data", texts, "--text", "what", "--label", "type"], status: 1, "type")
      refused(["--data", texts, "--label", "kind"], "say which one holds the texts")
      refused(["--data", "definitions", "--label", "kind"], "apply to CSV files only")
      refused(["--label", "kind"], "apply to texts in a CSV file only: give --data FILE.csv")
      refused(["--data", "mnist", "--text", "a"], "in a CSV file only, and --data is mnist")
      let tooFew = "the study needs 5 training texts of each class"
      refused(
        ["--data", texts, "--text", "what", "--label", "kind", "--examples", "8"], tooFew)
      refused(
        ["--data", texts, "--text", "what", "--label", "number"], status: 1,
        "too few examples to divide")
      // A remedy names what the study has, and it has no option for the share of a part.
      let few = try writeTexts(2, in: folder)
      let run = runTool(
        "study", "labels", "--data", few, "--text", "what", "--label", "kind", "-o", folder.path)
      #expect(run.status == 1 && run.error.contains("Use more texts."), "\(run.error)")
      #expect(!run.error.contains("fraction") && !run.error.contains("--test"), "\(run.error)")
      #expect(try names(in: folder) == ["texts.csv"])
    }
  }

  @Test func wordsWeighMoreTheFewerTextsHaveThem() {
    // x = (1 + ln n) (1 + ln ((N + 1) / (m + 1))), of length 1: "a" is in 3 of 3 texts, "cat" in 2.
    let words = WordFrequencies(of: ["a cat", "a small cat", "a hammer"])
    let (labelled, others) = words.features(of: ["a cat"], and: ["A cat, a hammer", "hammer"])
    let rare = Float(1 + log(4.0 / 3))
    let length = (1 + rare * rare).squareRoot()
    expectClose(labelled, Tensor([[1 / length, rare / length]]), "a cat", atol: 1e-6)
    let often = Float(1 + log(2.0))
    let other = (often * often + rare * rare).squareRoot()
    expectClose(
      others, Tensor([[often / other, rare / other], [0, 0]]), "words without labels are left out",
      atol: 1e-6)
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
      (["study", "labels", "--data", "iris"], 2, "has neither images nor texts"),
      (["study", "labels", "--data", "shakespeare"], 2, "neither images nor texts with classes"),
      (["study", "labels", "--data", "synthetic-scenes"], 2, "has neither images nor texts"),
      (["study", "labels", "--examples", "20"], 2, "use more --examples"),
      (["study", "depth", "--label", "kind"], 2, "'--label' applies to labels only"),
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
