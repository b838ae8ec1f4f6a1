import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// The recipe `figures-fast-rcnn`, and what the commands show of its network.
@Suite(.watched) struct DetectionCommandTests {
  private func train(
    _ folder: URL, _ arguments: String...
  ) throws -> (run: ToolRun, model: String, data: String) {
    let (model, data) = (
      folder.appending(path: "m.safetensors").path, folder.appending(path: "scenes").path
    )
    try SyntheticScenes(size: 32, count: 12, seed: 1, figures: 2).write(toFolder: data)
    let run = runTool(
      [
        "train", "figures-fast-rcnn", "--data", data, "--size", "32x32", "--maps", "4,6",
        "--hidden", "8", "--regions", "8", "--epochs", "2", "--test", "0.4", "--proposals",
        "windows", "-o", model,
      ] + arguments)
    return (run, model, data)
  }

  @Test func aDetectorIsTrainedMeasuredAndShown() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      let (run, model, data) = try train(folder, "--report", file("train.html"))
      #expect(run.status == 0, "\(run.error)")
      #expect(run.error.contains("proposals an image; they overlap"))
      for words in ["overlap above 0.5", "without box regression", "recall of the proposals"] {
        #expect(run.output.contains(words))
      }
      let page = try String(contentsOf: URL(filePath: file("train.html")), encoding: .utf8)
      #expect(page.contains("Detections in red, the truth in white"))
      #expect(page.contains("Precision and recall"))
      #expect(!run.output.contains("accuracy"), "boxes have none: \(run.output)")

      // The same numbers from the file.
      let evaluation = runTool("evaluate", model)
      #expect(evaluation.status == 0, "\(evaluation.error)")
      let table = try #require(run.output.range(of: "Detection  "))
      let end = try #require(run.output.range(of: "\n\nSaved to"))
      #expect(
        evaluation.output.contains(run.output[table.lowerBound..<end.lowerBound]),
        "\(evaluation.output)")
      let all = try runTool("evaluate", model, data, "--json").json
      #expect((all["detection"] as? [String: Any])?["images"] as? Int == 12)
      let report = runTool("report", model, "-o", file("r.html"))
      #expect(report.status == 0, "\(report.error)")

      let predicted = runTool("predict", model, data + "/images", "--sheet", file("s.svg"))
      #expect(predicted.status == 0, "\(predicted.error)")
      #expect(predicted.output.hasPrefix("file,class,score,left,top,right,bottom\n"))
      let sheet = try String(contentsOf: URL(filePath: file("s.svg")), encoding: .utf8)
      #expect(sheet.contains("Detections of m.safetensors") && sheet.contains("000011.png"))

      // An image of another size is stretched to that of the network, and its boxes back.
      func boxes(_ path: String) throws -> [[Double]] {
        let json = try runTool("predict", model, path, "--json").json
        return try #require(json["detections"] as? [[String: Any]]).map {
          try #require($0["box"] as? [Double])
        }
      }
      let input = try ImageInput(channels: 3, height: 32, width: 32, fitting: .stretch)
      let (wide, square) = (
        folder.appending(path: "wide"), folder.appending(path: "square")
      )
      for place in [wide, square] {
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      }
      for name in try FileManager.default.contentsOfDirectory(atPath: data + "/images") {
        // Each pixel twice, side by side, without the last four rows.
        let image = try PixelImage(contentsOf: data + "/images/" + name)
        let pixels = stride(from: 0, to: 32 * 28 * 3, by: 3).flatMap { place in
          let pixel = image.pixels[place..<(place + 3)]
          return pixel + pixel
        }
        let changed = PixelImage(width: 64, height: 28, channels: 3, pixels: pixels)
        try changed.write(to: wide.appending(path: name))
        try input.fitted(changed).write(to: square.appending(path: name))
      }
      let (before, after) = (try boxes(square.path), try boxes(wide.path))
      #expect(before.count > 0 && before.count == after.count)
      for (before, after) in zip(before, after) {
        for side in 0..<4 {
          #expect(abs(after[side] - before[side] * (side % 2 == 0 ? 2 : 0.875)) < 0.001)
        }
      }
      #expect(runTool("summary", model).output.contains("Images: 3 x 32 x 32"))

      // Pictures of networks that need the image alone.
      let image = data + "/images/000001.png"
      let kinds = ["mistakes", "outputs", "confusion", "roc", "activations"]
      let refusals =
        kinds.map { runTool("plot", $0, model, "-o", file("x.svg")) }
        + [runTool("inspect", model, "--feature-maps", image, file("x.svg"))]
        + [runTool("inspect", model, "--feature-maps", "0", file("x.svg"))]
      for refusal in refusals {
        #expect(refusal.status == 1)
        #expect(refusal.error.contains("IMAGE --sheet found.png'"), "\(refusal.error)")
      }
      for kind in ["gradients", "weights", "curves", "network"] {
        let plot = runTool("plot", kind, model, "-o", file("\(kind).svg"))
        #expect(plot.status == 0, "\(plot.error)")
      }
      #expect(runTool("inspect", model, "--filters", file("f.svg")).status == 0)

      // Maps explain a class in the box in which it is most certain.
      for (number, options) in [
        ["--occlusion", image], ["--saliency", image], ["--occlusion", "0"],
      ].enumerated() {
        let map = runTool(
          ["inspect", model] + options + [file("map\(number).svg"), "--class", "ring", "--json"])
        #expect(map.status == 0, "\(map.error)")
        let shown = try #require(try (map.json["images"] as? [[String: Any]])?.first)
        #expect((shown["answer"] as? [String: Any])?["class"] as? String == "ring")
        #expect(shown["shapes"] as? [[Int]] == [[32, 32]])
      }
      let beyond = runTool("inspect", model, "--occlusion", "12", file("x.svg"))
      #expect(beyond.status == 2 && beyond.error.contains("examples 0 to 4"), "\(beyond.error)")
      let background = runTool(
        "inspect", model, "--occlusion", image, file("x.svg"), "--class", "background")
      #expect(background.status == 2 && background.error.contains("are circle, cross"))

      let resumed = runTool("train", "--resume", model, "--epochs", "3")
      // One-cycle ends with its last epoch.
      #expect(resumed.status == 2 && resumed.error.contains("one-cycle schedule"))
    }
  }

  @Test func settingsThatDoNotFitAreRefused() throws {
    for (arguments, words) in [
      (["--hidden", "8,8"], "one hidden layer"),
      (["--dropout", "0.5"], "'--dropout 0.5' does not apply to detectors"),
      (["--data", "iris"], "annotations.json"),
      (["--learning-rate", "find"], "'--learning-rate find' does not apply to detectors"),
    ] {
      let run = runTool(["train", "figures-fast-rcnn", "-o", "x.safetensors"] + arguments)
      #expect(run.status != 0 && run.error.contains(words), "\(arguments): \(run.error)")
    }
    let other = runTool("train", "digits-mlp", "--box-weight", "2")
    #expect(other.status == 2 && other.error.contains("use the recipe figures-fast-rcnn"))
    let scenes = runTool("train", "digits-mlp", "--data", "synthetic-scenes")
    #expect(scenes.status == 2 && scenes.error.contains("or 'course train figures-fast-rcnn'"))
  }

  /// Where others show an accuracy, a series and the head of a page have the precision.
  @Test func aSeriesIsComparedByItsPrecision() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      let shares = ["--validation", "0.25"]
      let (run, model, data) = try train(
        folder, "--validation", "0.25", "--report", file("r.html"))
      #expect(run.status == 0, "\(run.error)")
      let page = try String(contentsOf: URL(filePath: file("r.html")), encoding: .utf8)
      #expect(page.contains("Test mAP") && page.contains(">mAP<"), "head and results")
      let arguments =
        [
          "train", "figures-fast-rcnn", "--data", data, "--size", "32x32", "--maps", "4,6",
          "--hidden", "8", "--regions", "8", "--epochs", "2", "--test", "0.4", "--proposals",
          "windows",
        ] + shares
      let repeated = runTool(arguments + ["--repeats", "2", "-o", file("repeated"), "--json"])
      #expect(repeated.status == 0, "\(repeated.error)")
      let runs = try #require(try repeated.json["runs"] as? [[String: Any]])
      let alone = try runTool("evaluate", model, "--json").json["detection"] as? [String: Any]
      let first = try #require(runs[0]["test"] as? [String: Any])
      // The first seed is that of the single run.
      #expect(
        first["meanAveragePrecision"] as? Double == alone?["meanAveragePrecision"] as? Double)
      #expect((runs[0]["validation"] as? [String: Any])?["meanAveragePrecision"] != nil)
      let mean = try repeated.json["mean"] as? [String: [String: Double]]
      #expect(mean?["test"]?["meanAveragePrecision"] != nil)
      let table = runTool(arguments + ["--repeats", "2", "-o", file("again")]).output
      #expect(table.contains("val. mAP") && table.contains("test mAP"), "\(table)")
      let search = runTool(
        arguments + ["--search", "learning-rate=0.01,0.0001", "-o", file("search.csv")])
      #expect(search.status == 0, "\(search.error)")
      #expect(search.output.contains("highest mAP, then lowest loss"), "\(search.output)")
      #expect(search.output.contains("val. mAP"))
    }
  }

  /// Proposals in large images take minutes.
  @Test func theWorkBeforeATrainingIsShown() throws {
    try withTemporaryFolder { folder in
      let (data, model) = (
        folder.appending(path: "scenes").path, folder.appending(path: "m.safetensors").path
      )
      try SyntheticScenes(size: 32, count: 6, seed: 1, figures: 2).write(toFolder: data)
      let run = runTool(
        [
          "train", "figures-fast-rcnn", "--data", data, "--size", "32x32", "--maps", "4,6",
          "--hidden", "8", "--regions", "8", "--epochs", "1", "--validation", "0.2",
          "--test", "0.2", "-o", model,
        ], isTerminal: true)
      #expect(run.status == 0, "\(run.error)")
      for title in ["decoding ", "proposing boxes "] { #expect(run.error.contains(title)) }
    }
  }

  @Test func aDamagedFileNamesItsPlace() throws {
    try withTemporaryFolder { folder in
      let (run, _, data) = try train(folder)
      #expect(run.status == 0, "\(run.error)")
      let file = URL(filePath: data + "/annotations.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      func refused(_ old: String, _ new: String, _ words: String) throws {
        let changed = text.replacingOccurrences(of: old, with: new)
        #expect(changed != text)
        try Data(changed.utf8).write(to: file)
        let run = runTool(
          "train", "figures-fast-rcnn", "--data", data, "--size", "32x32", "--maps", "4,6", "-o",
          folder.appending(path: "other.safetensors").path)
        #expect(run.status == 1 && run.error.contains(words), "\(run.error)")
      }
      try refused("\"categories\"", "\"sorts\"", "\"categories\" is missing")
      try refused("\"bbox\": [", "\"bbox\": [-5, ", "\"bbox\" is not a box")
      try refused("\"bbox\": [", "\"bbox\": [\"a\", ", "\"bbox\" is not a box")
      try refused("000003.png", "000004.png", "an image with two ids")
      try refused("\"image_id\": 1,", "\"image_id\": 99,", "a box in an unknown image")
      try refused("{\"id\": 2, \"file", "{\"id\": 1, \"file", "two images with the same id")
      try refused("{\"id\": 2, \"name\"", "{\"id\": 1, \"name\"", "two classes with the same id")
      try refused("\"width\": 32", "\"width\": 64", "another size than that of its boxes")
      try refused("000003.png", "nowhere.png", "there is no such image")
      try refused("000003.png", "../m.safetensors", "an image outside of the folder")
      try Data(text.utf8).write(to: file)
      // An image that has boxes is not skipped, so nothing points to the option.
      let image = URL(filePath: data + "/images/000003.png")
      let whole = try Data(contentsOf: image)
      try whole.prefix(60).write(to: image)
      let arguments = [
        "train", "figures-fast-rcnn", "--data", data, "--size", "32x32", "--maps", "4,6", "-o",
        folder.appending(path: "other.safetensors").path,
      ]
      let broken = runTool(arguments)
      #expect(
        broken.status == 1 && broken.error.contains("000003.png")
          && !broken.error.contains("--skip-broken"), "\(broken.error)")
      let skipping = runTool(arguments + ["--skip-broken"])
      #expect(
        skipping.status == 2 && skipping.error.contains("does not apply to images with masks"),
        "\(skipping.error)")
      let nothing = runTool(
        "predict", folder.appending(path: "m.safetensors").path, image.path, "--skip-broken")
      #expect(
        nothing.status == 1 && nothing.error.contains("no image could be read"), "\(nothing.error)")
      try whole.write(to: image)
      let tiny = runTool(
        "train", "figures-fast-rcnn", "--data", data, "--size", "4x4", "--maps", "4,6", "-o",
        folder.appending(path: "other.safetensors").path)
      #expect(tiny.status == 1 && tiny.error.contains("at least 8 x 8 pixels"), "\(tiny.error)")
    }
  }
}
