import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `course generator preview` and `bench`, and the errors of `course data synthesize`.
@Suite(.watched) struct GeneratorCommandTests {
  /// A folder `figures` of 12 images of 16 x 16.
  private func withFigures(_ body: (_ figures: String, _ folder: URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let figures = folder.appending(path: "figures").path
      let run = runTool("data", "synthesize", figures, "--size", "16", "--count", "12")
      #expect(run.status == 0, "\(run.error)")
      try body(figures, folder)
    }
  }

  #if ImageCodecs

    @Test func sheetsAreDrawn() throws {
      try withFigures { figures, folder in
        let sheet = folder.appending(path: "sheet.png").path
        let run = runTool(
          "generator", "preview", figures, "--augment", "mirror,rotate:15,crop:2", "--in-order",
          "--count", "4", "--columns", "4", "--output", sheet)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.contains("sheet.png: 4 images of shape [3, 16, 16] from \(figures)"))
        let image = try PixelImage(png: URL(filePath: sheet))
        #expect(image.width == 4 * (96 + 6) + 6)
        // The same again, and another one.
        let data = try Data(contentsOf: URL(filePath: sheet))
        func draw(_ seed: String) throws -> Data {
          let run = runTool(
            "generator", "preview", figures, "--augment", "mirror,rotate:15,crop:2", "--in-order",
            "--count", "4", "--columns", "4", "--output", sheet, "--force", "--seed", seed)
          #expect(run.status == 0, "\(run.error)")
          return try Data(contentsOf: URL(filePath: sheet))
        }
        #expect(try draw("1") == data)
        #expect(try draw("2") != data)
      }
    }

    @Test func copiesAreAugmentedAnew() throws {
      try withFigures { figures, folder in
        let sheet = folder.appending(path: "sheet.png").path
        let run = runTool(
          "generator", "preview", figures, "--augment", "noise:0.2,mixup:1", "--count", "6",
          "--copies", "3", "--size", "8x12", "--output", sheet, "--json")
        #expect(run.status == 0, "\(run.error)")
        let record = try run.json
        #expect(record["copies"] as? Int == 3 && (record["images"] as? [Int])?.count == 2)
        #expect((record["classes"] as? [String])?.count == 2)
        let image = try PixelImage(png: URL(filePath: sheet))
        #expect(image.width == record["width"] as? Int && image.width == 3 * (96 + 6) + 6)
        func tile(_ column: Int) -> [UInt8] {
          (0..<64).flatMap { row in
            (0..<96).map { image[6 + row, 6 + column * 102 + $0, 0] }
          }
        }
        #expect(tile(0) != tile(1) && tile(1) != tile(2))
      }
    }

  #endif

  /// No file is written after an error.
  @Test func whatPreviewCannotDoIsSaid() throws {
    try withFigures { figures, folder in
      let (sheet, file) = (
        folder.appending(path: "sheet.png").path, folder.appending(path: "there.png").path
      )
      try Data("old".utf8).write(to: URL(filePath: file))
      for (arguments, status, words) in [
        ([figures, "--augment", "miror"], 2, ["mirror, rotate90", "Did you mean", "mirror"]),
        ([figures, "--augment", "mirror,crop"], 2, ["expected crop:PIXELS for \"crop\""]),
        ([figures, "--augment", "rotate:x"], 2, ["a number from 0 to 180, got 'rotate:x'"]),
        ([figures, "--augment", "crop:1.5"], 2, ["a whole number from 0"]),
        ([figures, "--augment", "hue:0.1@2"], 2, ["a probability from 0 to 1"]),
        ([figures, "--augment", "normalize:0.5:0"], 2, ["above 0"]),
        ([figures, "--augment", "normalize:0.5:0.2,hue:0.1"], 1, ["hue before normalize"]),
        ([figures, "--augment", "mixup:1,mirror"], 1, ["mirror before mixup"]),
        ([figures, "--count", "0"], 2, ["'--count'", "from 1 to 1000", "got '0'"]),
        ([figures, "--copies", "x"], 2, ["'--copies'", "from 1 to 100"]),
        ([figures, "--size", "0x8"], 2, ["height and width from 1 to 16384, such as 32x48"]),
        ([figures, "--size", "8x8x8"], 2, ["height and width"]),
        ([figures, "--fit", "squeeze"], 2, ["crop, pad, stretch, refuse"]),
        ([figures, "--fit", "refuse", "--size", "8"], 1, ["0.npy", "[3, 8, 8]", "[3, 16, 16]"]),
        (["\(figures)/none"], 1, ["/none: cannot open the file", "no such file"]),
        (["nosuch"], 2, ["unknown data set 'nosuch'", "a folder of images"]),
        (["\(figures)/0.npy"], 1, ["0.npy: these are not images", "Give the folder"]),
        ([], 2, ["SOURCE"]),
      ] as [([String], Int32, [String])] {
        let run = runTool(
          ["generator", "preview"] + arguments + ["--in-order", "--output", sheet])
        #expect(run.status == status, "\(arguments): \(run.error)")
        for word in words { #expect(run.error.contains(word), "\(arguments): \(run.error)") }
        #expect(run.output.isEmpty && !FileManager.default.fileExists(atPath: sheet))
      }
      for (output, words) in [
        (file, "Overwrite it with --force"), (figures, "the output path is a folder"),
        ("\(folder.path)/none/sheet.png", "the output folder does not exist"),
      ] {
        let run = runTool("generator", "preview", figures, "--output", output)
        #expect(run.status == 1 && run.error.contains(words), "\(run.error)")
      }
      #expect(try Data(contentsOf: URL(filePath: file)) == Data("old".utf8))
    }
  }

  @Test func brokenImagesAreSkippedOnlyWhenAsked() throws {
    try withFigures { figures, folder in
      try Data("broken".utf8).write(to: URL(filePath: "\(figures)/3.npy"))
      let sheet = folder.appending(path: "sheet.png").path
      let arguments = ["generator", "preview", figures, "--output", sheet]
      let run = runTool(arguments)
      #expect(run.status == 1 && run.error.contains("3.npy: this is not an image"))
      #expect(run.error.contains("Or skip it with --skip-broken."), "\(run.error)")
      #expect(!FileManager.default.fileExists(atPath: sheet))
      let skipping = runTool(arguments + ["--skip-broken"])
      #expect(skipping.error.contains("Skipped 1:\n  \(figures)/3.npy: this is not an image"))
      #if ImageCodecs
        #expect(skipping.status == 0 && skipping.output.contains("11 images"))
      #endif
      // Benchmarks require a release build, but the data are read first.
      let bench = runTool("generator", "bench", figures, "--seconds", "0.01", "--skip-broken")
      #expect(bench.error.contains("Skipped 1:\n  \(figures)/3.npy"))
    }
  }

  @Test(arguments: [
    (["--seconds", "0"], "'--seconds': expected a number above 0, at most 600"),
    (["--threads", "0"], "'--threads': expected a whole number from 1 to 256"),
    (["--size", "big"], "height and width"), (["--augment", "mirror"], "'--augment'"),
  ])
  func wrongOptionsOfBenchAreNamed(arguments: [String], words: String) {
    let run = runTool(["generator", "bench", "figures"] + arguments)
    #expect(run.status == 2 && run.error.contains(words), "\(run.error)")
  }

  @Test func benchSaysWhatItMeasured() throws {
    try withFigures { figures, folder in
      let run = runTool("generator", "bench", figures, "--seconds", "0.005", "--size", "8")
      if isDebugBuild {
        #expect(run.status == 1 && run.error.contains("require a release build"), "\(run.error)")
      } else {
        #expect(run.status == 0, "\(run.error)")
        for word in ["12 images, batches of [3, 8, 8]", "decode", "and mirror", "peak memory"] {
          #expect(run.output.contains(word), "\(run.output)")
        }
      }
      let none = runTool("generator", "bench", "\(folder.path)/none/")
      #expect(none.status == 1 && none.error.contains("none/: cannot open"), "\(none.error)")
      try FileManager.default.removeItem(atPath: "\(figures)/Labels.json")
      let bare = runTool("generator", "bench", figures)
      #expect(bare.status == 1 && bare.error.contains("no label file"), "\(bare.error)")
    }
  }

  @Test func whatSynthesizeCannotDoIsSaid() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "figures").path
      for (arguments, words) in [
        (["--count", "0"], "from 1 to 1000000"), (["--count", "many"], "got 'many'"),
        (["--size", "8"], "from 16 to 1024"), (["--seed", "-1"], "a whole number from 0"),
        (["--format", "gif"], "npy, png"), (["--classes", "3"], "'--classes'"),
      ] {
        let run = runTool(["data", "synthesize", place] + arguments)
        #expect(run.status == 2 && run.error.contains(words), "\(run.error)")
        #expect(run.output.isEmpty && !FileManager.default.fileExists(atPath: place))
      }
      #expect(runTool("data", "synthesize").error.contains("DIR"))
      // Below a file there is no room for a folder.
      let file = folder.appending(path: "file")
      try Data().write(to: file)
      let below = runTool("data", "synthesize", "\(file.path)/figures")
      #expect(below.status == 1 && below.error.contains("cannot make the folder"))
      let there = runTool("data", "synthesize", file.path)
      #expect(there.status == 1 && there.error.contains("a file"), "\(there.error)")
      // Hidden files are files of the user.
      try FileManager.default.createDirectory(
        atPath: place, withIntermediateDirectories: true)
      try Data().write(to: URL(filePath: "\(place)/.keep"))
      let full = runTool("data", "synthesize", place)
      #expect(full.status == 1 && full.error.contains("the folder is not empty"))
      #expect(full.error.contains("Name another folder"))
      #expect(try names(in: URL(filePath: place)) == [".keep"])
    }
  }

  @Test func synthesizeWritesTables() throws {
    try withTemporaryFolder { folder in
      func write(_ table: String, _ name: String, _ options: String...) throws -> String {
        let path = folder.appending(path: name).path
        let run = runTool(["data", "synthesize", "--table", table, path] + options)
        #expect(run.status == 0, "\(run.error)")
        return try String(contentsOfFile: path, encoding: .utf8)
      }
      for table in SyntheticTable.allCases {
        let name = table.rawValue
        let text = try write(name, "\(name).csv", "--count", "200")
        let lines = text.split(separator: "\n")
        #expect(lines.count == 201)
        #expect(try text.hasPrefix(write(name, "\(name)-short.csv", "--count", "20")))
        #expect(try text != write(name, "\(name)-other.csv", "--count", "200", "--seed", "2"))
      }
      // Words, gaps, semicolons, decimal commas, thousands, a date, many words.
      let people = try CSVTable(contentsOf: folder.appending(path: "passengers.csv").path)
      let (parts, preparation) = try people.split(target: "survived", seed: 1)
      #expect(parts.train.classNames == ["no", "yes"])
      #expect(preparation.leftOut.map(\.name) == ["id"])
      #expect(preparation.featureNames.contains("age is missing"))
      let houses = try CSVTable(contentsOf: folder.appending(path: "houses.csv").path)
      let prices = try houses.split(values: ["price"], seed: 1)
      #expect(prices.preparation.vocabularies.count == 1)
      guard case .values(let values) = prices.parts.train.targets else { fatalError() }
      #expect(values.min() > 50_000 && values.max() < 1_500_000)
      let days = try CSVTable(contentsOf: folder.appending(path: "weather.csv").path)
      #expect(days.text(row: 0, column: 0) == "2015-01-01")
      #expect(days.text(row: 199, column: 0) == "2015-07-19")

      let path = folder.appending(path: "passengers.csv").path
      let there = runTool("data", "synthesize", "--table", "passengers", path)
      #expect(there.status == 1 && there.error.contains("already exists"))
      let json = try runTool(
        "data", "synthesize", "--table", "weather", path, "--force", "--count", "3", "--json"
      ).json
      #expect(json["rows"] as? Int == 3 && json["table"] as? String == "weather")
      for (options, words) in [
        (["--table", "weather", "--masks"], "'--masks' is for images"),
        (["--force"], "'--force' is for --table"), (["--table", "cats"], "passengers"),
      ] {
        let wrong = runTool(["data", "synthesize", path] + options)
        #expect(wrong.status == 2 && wrong.error.contains(words), "\(wrong.error)")
      }
    }
  }

  @Test func synthesizeSaysWhatItMade() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "a/b/figures").path
      let run = runTool(
        "data", "synthesize", place, "--count", "3", "--size", "16", "--seed", "4", "--json")
      #expect(run.status == 0, "\(run.error)")
      let record = try run.json
      #expect(record["images"] as? Int == 3 && record["seed"] as? Int == 4)
      #expect((record["classes"] as? [String])?.count == 10)
      #expect(try NumberedFolder(place).count == 3)
    }
  }
}
