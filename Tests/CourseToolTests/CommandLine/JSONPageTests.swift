import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `Protocols/JSON.md` lists the fields of every document, and no others.
@Suite(.watched) struct JSONPageTests {
  /// The commands whose document a test without a network cannot have in every form.
  private static let unseen: Set = ["DownloadedFile.host"]

  @Test func everyDocumentHasTheFieldsOfThePage() throws {
    let text = try String(
      contentsOf: packageFolder.appending(path: "Protocols/JSON.md"), encoding: .utf8)
    var page = JSONPage(text)
    var commands: Set<String> = []
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: folder.appending(path: name))
        return path(name)
      }
      /// Runs `course` and compares its document.
      func check(_ type: String, _ arguments: String...) {
        let run = runTool(arguments + ["--json"])
        let name = arguments.joined(separator: " ")
        #expect(run.status == 0, "\(name): \(run.error)")
        compare(run.output, type, name)
        let words = courseTool.descriptions.map(\.words).filter { arguments.starts(with: $0) }
        commands.insert(words.max { $0.count < $1.count }?.joined(separator: " ") ?? "")
      }
      func compare(_ document: String, _ type: String, _ name: String) {
        do {
          let value = try JSONValue(parsing: document, name: name)
          for problem in page.problems(of: value, as: type, at: type).prefix(8) {
            Issue.record("course \(name): \(problem)")
          }
        } catch {
          Issue.record("course \(name): \(error)")
        }
      }

      check("Version", "version")
      check("Notices", "version", "--notices")
      check("CommandList", "help")
      check("Command", "help", "train")
      check("RecipeList", "recipes")
      check("Recipe", "recipes", "images")
      check("DataList", "data", "list")
      check("StudyList", "study")
      check(
        "Study", "study", "search", "--examples", "20", "--epochs", "20", "--repeats", "1", "-o",
        folder.path, "--force")
      check(
        "Study", "study", "adding-problem", "--length", "4", "--examples", "20", "--epochs", "2",
        "-o", folder.path)
      check(
        "Study", "study", "regularisation-study", "--noise", "0.2", "--examples", "40", "--epochs",
        "2", "--repeats", "1", "-o", folder.path)

      // Classes
      let rows = (0..<60).map { "\($0 % 9 == 0 ? "?" : "\($0)"),\(["a", "b"][$0 % 2]),\($0 % 2)" }
      let table = try file("t.csv", (["x,word,kind"] + rows).joined(separator: "\n") + "\n")
      let csv = path("csv.safetensors")
      check(
        "Run", "train", "csv-mlp", "--data", table, "--label", "kind", "--missing-marks", "?",
        "--words", "word", "--class-weights", "balanced", "--penalty", "l2:0.01", "--epochs", "2",
        "--learning-rate", "find", "--plot", path("c.svg"), "--patience", "9", "--keep", "best",
        "-o", csv)
      let texts = try file(
        "texts.csv",
        "id,words,kind\n"
          + (0..<12).map { "\($0),a \($0 % 2 == 0 ? "cat" : "hammer"),\($0 % 2)\n" }.joined())
      check(
        "Run", "train", "csv-text", "--data", texts, "--text", "words", "--label", "kind",
        "--buckets", "9", "--epochs", "1", "-o", path("texts.safetensors"))
      check("Run", "demo", "--epochs", "1", "-o", path("demo"))
      let iris = path("iris.safetensors")
      check("Run", "train", "iris-mlp", "--epochs", "1", "-o", iris)
      check("Evaluation", "evaluate", csv, "--mistakes", path("mistakes.csv"))
      check("Predictions", "predict", csv, table, "--top", "2")
      check("Summary", "summary", csv)
      check("Plot", "plot", "confusion", csv, "-o", path("p.svg"))
      check("Report", "report", csv, "-o", path("r.html"))
      check("DataOverview", "data", "inspect", table, "--label", "kind")
      let series = ["train", "iris-mlp", "--epochs", "1"]
      func several(_ type: String, _ arguments: String...) {
        let run = runTool(series + arguments + ["--json"])
        #expect(run.status == 0, "\(run.error)")
        compare(run.output, type, arguments.joined(separator: " "))
      }
      several("Repeats", "--repeats", "2", "-o", path("repeats"))
      several(
        "CrossValidation", "--folds", "2", "--learning-rate", "find", "-o", path("folds.csv"))
      several("Search", "--search", "learning-rate=0.1,1e30", "-o", path("trials.csv"))

      // Numbers
      let prices = (0..<60).map { "\($0 % 7 == 0 ? "" : "\($0)"),\($0 % 3),5,\(1000 + 7 * $0)" }
      let cars = try file("p.csv", (["x,y,one,price"] + prices).joined(separator: "\n") + "\n")
      let numbers = path("numbers.safetensors")
      check(
        "Run", "train", "csv-regression", "--data", cars, "--target", "price", "--epochs", "1",
        "--columns", "x,one", "--ignore", "y", "--decimal", "point", "-o", numbers)
      check("PredictedNumbers", "predict", numbers, cars)
      check("Summary", "summary", numbers)

      // Series and labels
      let temperatures = try file(
        "s.csv",
        "day,degrees\n"
          + (0..<90).map { row in
            // January, February and March of 2023.
            let (month, day) = row < 31 ? (1, row) : row < 59 ? (2, row - 31) : (3, row - 59)
            return "2023-0\(month)-\(day < 9 ? "0" : "")\(day + 1),\(row % 7)"
          }.joined(separator: "\n") + "\n")
      let weather = path("weather.safetensors")
      check(
        "Run", "train", "csv-sequence", "--data", temperatures, "--target", "degrees", "--window",
        "4", "--horizon", "2", "--epochs", "1", "-o", weather)
      check("Evaluation", "evaluate", weather)
      check("PredictedNumbers", "predict", weather, temperatures)
      check("Summary", "summary", weather)
      let films = try file(
        "f.csv",
        "length,genres\n"
          + (0..<60).map { "\(60 + $0),\(["a|b", "b", "c|a"][$0 % 3])" }.joined(separator: "\n")
          + "\n")
      let genres = path("genres.safetensors")
      check(
        "Run", "train", "csv-multilabel", "--data", films, "--target", "genres", "--separator", "|",
        "--epochs", "1", "-o", genres)
      check("Evaluation", "evaluate", genres)
      check("PredictedLabels", "predict", genres, films)
      check("Summary", "summary", genres)

      // Settings of other optimizers
      for (name, settings) in [
        ("a", #""optimizer": "momentum", "momentum": 0.5"#),
        ("b", #""optimizer": "adamw", "weight-decay": 0.1, "beta2": 0.9"#),
      ] {
        let recipe = try file("\(name).json", #"{"recipe": "iris-mlp", \#(settings)}"#)
        check("Summary", "summary", recipe)
      }

      // Text
      let text = path("text.safetensors")
      let words = try file("words.txt", String(repeating: "the cat sat on the mat. ", count: 120))
      check(
        "Run", "train", "char-lstm", "--data", words, "--recurrent", "4", "--embedding", "4",
        "--sequence-length", "10", "--batch-size", "4", "--epochs", "1", "--validation", "0.1",
        "--test", "0.1", "-o", text)
      check("Sample", "sample", text, "--length", "5")
      check("Inspections", "inspect", text, "--saliency", "the cat", path("words.svg"))

      let sorter = path("sorter.safetensors")
      check(
        "Run", "train", "sort-transformer", "--embedding", "6", "--blocks", "1", "--epochs", "1",
        "--batch-size", "500", "--test", "0.6", "-o", sorter)
      check("SortedDigits", "predict", sorter, "420113")

      // A detector
      let annotated = path("annotated")
      try SyntheticScenes(size: 32, count: 12, seed: 1, figures: 2).write(toFolder: annotated)
      let detector = path("detector.safetensors")
      check(
        "Run", "train", "figures-fast-rcnn", "--data", annotated, "--size", "32x32", "--maps",
        "4,6",
        "--hidden", "8", "--regions", "8", "--epochs", "1", "--test", "0.4", "--proposals",
        "windows", "--box-weight", "2", "-o", detector)
      check("DetectorEvaluation", "evaluate", detector)
      let detectors = [
        "train", "figures-fast-rcnn", "--data", annotated, "--size", "32x32", "--maps", "4",
        "--hidden", "8", "--regions", "8", "--epochs", "1", "--test", "0.4", "--validation", "0.2",
        "--proposals", "windows", "--json",
      ]
      let repeated = runTool(detectors + ["--repeats", "2", "-o", path("repeated")])
      #expect(repeated.status == 0, "\(repeated.error)")
      compare(repeated.output, "Repeats", "--repeats of a detector")
      // A detection in each image, whatever was learned in one epoch.
      let found = try DetectionPrediction.text(
        [.init(file: "f", class: "ring", score: 0.5, box: [0, 0, 1, 1])], model: "m",
        classNames: ["ring"], isJSON: true)
      compare(found, "Detections", "predict")

      // Images
      let figures = path("figures")
      check(
        "Figures", "data", "synthesize", figures, "--count", "40", "--size", "16", "--folders")
      check(
        "InventedTable", "data", "synthesize", "--table", "weather", path("w.csv"), "--count", "3")
      check("DataOverview", "data", "inspect", figures)
      check("Preview", "generator", "preview", figures, "-o", path("preview.png"))
      let images = path("images.safetensors")
      check(
        "Run", "train", "images", "--data", figures, "--size", "8x8", "--fit", "crop", "--channels",
        "1", "--maps", "2", "--hidden", "4", "--epochs", "1", "-o", images)
      check("Summary", "summary", images)
      check("Inspections", "inspect", images, "--filters", path("filters.png"))
      check("Inspections", "inspect", images, "--occlusion", "0", path("why.svg"))

      // Images without the use of their labels
      let encoder = path("encoder.safetensors")
      check(
        "Run", "train", "figures-vicreg", "--data", figures, "--maps", "2", "--hidden", "4",
        "--batch-size", "8", "--augment", "crop:1", "--pretext", "nt-xent", "--temperature", "0.2",
        "--epochs", "1", "-o", encoder)
      check("EncoderEvaluation", "evaluate", encoder)
      check("SimilarImages", "predict", encoder, figures + "/star", "--top", "1")
      check(
        "Run", "train", "images", "--data", figures, "--encoder", encoder, "--encoder-rate", "0",
        "--epochs", "1", "-o", path("transferred.safetensors"))
      let many = path("many")
      try SyntheticImages(count: 80, seed: 1, size: 16).write(
        toFolder: many, format: .png, .classFolders)
      check(
        "Study", "study", "labels", "--data", many, "--epochs", "1", "--repeats", "1", "-o",
        folder.path)

      let things = try file(
        "things.csv",
        "words,kind\n"
          + (0..<14).map { $0 % 2 == 0 ? "a cat \($0),animal" : "a cup \($0),tool" }
          .joined(separator: "\n") + "\n")
      check(
        "Study", "study", "labels", "--data", things, "--text", "words", "--label", "kind",
        "--epochs", "1", "--repeats", "1", "--force", "-o", folder.path)

      // Images with masks
      let scenes = path("scenes")
      check(
        "Figures", "data", "synthesize", "--scene", scenes, "--count", "6", "--size", "32")
      let pixels = path("pixels.safetensors")
      check(
        "Run", "train", "figures-unet", "--data", scenes, "--masks", "\(scenes)/masks", "--levels",
        "1", "--width", "2", "--epochs", "1", "-o", pixels)
      check("Evaluation", "evaluate", pixels)
      check(
        "PredictedMasks", "predict", pixels, "\(scenes)/images/000001.png", "-o", path("masks"))

      // Benchmarks require a release build: their documents, without a measurement.
      let measurement = Measurement(
        workload: "w", threads: 1, repetitions: 5, median: 1, lowerQuartile: 1, upperQuartile: 1,
        gigaflops: 1, fractionOfPeak: 1)
      let bench = BenchCommand.Record(
        machine: Machine(processor: "p", cores: 1, instructionSet: "i", peakGigaflops: 1),
        measurements: [measurement], peakMemory: 1)
      let rates = GeneratorBenchCommand.Record(
        source: "s", images: 1, size: [1],
        rates: [.init(name: "n", threads: 1, imagesPerSecond: 1)],
        peakMemory: 1)
      let comparison = StepComparison(
        threads: 1, batchSize: 1, pairs: 1, inMemory: 1, fromGenerator: 1, ratio: 1,
        lowerQuartile: 1, upperQuartile: 1, making: 1)
      let steps = GeneratorBenchCommand.StepRecord(
        source: "s", images: 1, steps: [comparison], peakMemory: 1)
      compare(try JSONCoding.text(bench), "Bench", "bench")
      compare(try JSONCoding.text(rates), "GeneratorBench", "generator bench")
      compare(try JSONCoding.text(steps), "StepBench", "generator bench --train")
      commands.formUnion(["bench", "generator bench"])

      // Files that are there
      let content = Array("data".utf8)
      let remote = RemoteDataset(
        name: "tiny", abstract: "",
        files: [
          RemoteFile(
            name: "a.bin", size: 4, md5: nil, sha256: Checksum.hex(.sha256, of: content),
            mirrors: [])
        ])
      let place = remote.folder(in: folder)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      try Data(content).write(to: place.appending(path: "a.bin"))
      let output = Recorder()
      try DataFetchCommand.fetch(
        [remote], into: folder, json: true,
        on: Terminal(
          output: TextStream(features: TerminalFeatures()) { output.append($0) },
          error: TextStream(features: TerminalFeatures()) { _ in }))
      compare(output.text, "Downloads", "data fetch")
      commands.insert("data fetch")
    }
    #expect(page.unseenFields { $0 != "Tasks" }.filter { !Self.unseen.contains($0) } == [])
    #expect(Set(courseTool.descriptions.map(\.name)).subtracting(commands) == [])
  }
}
