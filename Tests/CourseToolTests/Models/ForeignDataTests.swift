import CourseTestSupport
import ExplorationNetworks
import Foundation
import Networks
import Testing

@testable import CourseTool

/// A trained network, and data that are not quite those of its training.
@Suite(.watched) struct ForeignDataTests {
  // MARK: Segmentation

  /// Images with a mask of each: the left half of an image is the background, the right half has two objects.
  private func write(_ folder: String, values: [UInt8], size: (height: Int, width: Int), count: Int)
    throws
  {
    for name in ["images", "masks"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    }
    for number in 0..<count {
      let classes = (0..<(size.height * size.width)).map { place -> Int in
        let (row, column) = (place / size.width, place % size.width)
        return column < size.width / 2 ? 0 : row < size.height / 2 ? 1 : values.count - 1
      }
      let image = PixelImage(
        width: size.width, height: size.height, channels: 1,
        pixels: classes.map { UInt8(80 * $0 + number) })
      let mask = PixelImage(
        width: size.width, height: size.height, channels: 1, pixels: classes.map { values[$0] })
      try image.write(to: URL(filePath: "\(folder)/images/\(number).png"))
      try mask.write(to: URL(filePath: "\(folder)/masks/\(number).png"))
    }
  }

  private func trainMasks(
    _ data: String, _ model: String, epochs: Int = 30, _ more: [String] = []
  ) -> ToolRun {
    runTool(
      [
        "train", "figures-unet", "--data", data, "--levels", "1", "--width", "4", "--epochs",
        "\(epochs)",
        "--batch-size", "4", "--test", "0", "-o", model,
      ] + more)
  }

  /// Predicted masks have the values of those of the training, whatever these are.
  @Test(arguments: [[0, 2, 7], [0, 255], [3, 90]] as [[UInt8]])
  func masksKeepTheirValues(values: [UInt8]) throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      try write(file("data"), values: values, size: (12, 12), count: 8)
      let run = trainMasks(file("data"), file("m.safetensors"))
      #expect(run.status == 0, "\(run.error)")
      let predicted = runTool(
        "predict", file("m.safetensors"), file("data/images/0.png"), "--output", file("p"))
      #expect(predicted.status == 0, "\(predicted.error)")
      let mask = try PixelImage(maskFile: file("p/0.png"))
      let truth = try PixelImage(maskFile: file("data/masks/0.png"))
      #expect(Set(mask.pixels).isSubset(of: values) && Set(mask.pixels).count > 1)
      let right = zip(mask.pixels, truth.pixels).count { $0 == $1 }
      #expect(right > 100, "\(right) of 144 pixels")
    }
  }

  /// What was cut off an image is no background: it does not count.
  @Test func pixelsBesideACropDoNotCount() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      try write(file("data"), values: [0, 1, 2], size: (12, 40), count: 8)
      let run = trainMasks(file("data"), file("m.safetensors"), ["--size", "12", "--fit", "crop"])
      #expect(run.status == 0, "\(run.error)")
      let predicted = runTool(
        "predict", file("m.safetensors"), file("data/images"), "--output", file("p"))
      #expect(predicted.status == 0, "\(predicted.error)")
      #expect(predicted.error.contains("8 images cropped to 12 x 12 (--fit crop)"))
      let mask = try PixelImage(maskFile: file("p/0.png"))
      let ignored = mask.pixels.count { $0 == AnnotatedImage.ignored }
      #expect((12 * 24...12 * 30).contains(ignored), "\(ignored)")
      for line in predicted.output.split(separator: "\n").dropFirst() {
        let shares = line.split(separator: ",").suffix(3).compactMap { Double($0) }
        #expect(abs(shares.reduce(0, +) - 1) < 0.001, "shares of what was seen")
      }
      // A picture that cannot be written leaves nothing behind.
      try Data().write(to: URL(filePath: file("s.svg")))
      let refused = runTool(
        "predict", file("m.safetensors"), file("data/images"), "--output", file("q"), "--sheet",
        file("s.svg"))
      #expect(refused.status == 1 && !FileManager.default.fileExists(atPath: file("q")))
    }
  }

  /// Images and masks lie elsewhere when a training goes on.
  @Test func aTrainingWithMasksGoesOnElsewhere() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      try write(file("own"), values: [0, 1], size: (8, 8), count: 6)
      try FileManager.default.moveItem(atPath: file("own/masks"), toPath: file("apart"))
      let run = trainMasks(
        file("own"), file("m.safetensors"), epochs: 1,
        ["--masks", file("apart"), "--schedule", "step"])
      #expect(run.status == 0, "\(run.error)")
      #expect(runTool("evaluate", file("m.safetensors"), file("own")).status == 0)
      for name in ["own", "apart"] {
        try FileManager.default.moveItem(atPath: file(name), toPath: file("new-\(name)"))
      }
      let more = ["train", "--resume", file("m.safetensors"), "--epochs", "2"]
      let lost = runTool(more + ["--data", file("new-own")])
      #expect(lost.status == 1 && lost.error.contains("--masks"), "\(lost.error)")
      let found = runTool(more + ["--data", file("new-own"), "--masks", file("new-apart")])
      #expect(found.status == 0, "\(found.error)")
    }
  }

  // MARK: Detection

  private func trainDetector(_ folder: URL) throws -> (model: String, data: String) {
    let (model, data) = (
      folder.appending(path: "m.safetensors").path, folder.appending(path: "scenes").path
    )
    try SyntheticScenes(size: 32, count: 10, seed: 1, figures: 2).write(toFolder: data)
    let run = runTool(
      "train", "figures-fast-rcnn", "--data", data, "--size", "32x32", "--maps", "4,6", "--hidden",
      "8", "--regions", "8", "--epochs", "1", "--test", "0.4", "--validation", "0", "--proposals",
      "windows",
      "--schedule", "step", "-o", model)
    #expect(run.status == 0, "\(run.error)")
    return (model, data)
  }

  private func replace(_ old: String, by new: String, in file: String) throws {
    let text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
    #expect(text.contains(old))
    try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: URL(filePath: file))
  }

  /// Boxes go by the names of their classes, not by the order of the ids.
  @Test func exchangedClassesAreOtherData() throws {
    try withTemporaryFolder { folder in
      let (model, data) = try trainDetector(folder)
      let boxes = "\(data)/annotations.json"
      let names = try #require(
        JSONValue(contentsOf: boxes)["categories"]?.array?.compactMap { $0["name"]?.string })
      try replace("\"\(names[0])\"", by: "\"?\"", in: boxes)
      try replace("\"\(names[1])\"", by: "\"\(names[0])\"", in: boxes)
      try replace("\"?\"", by: "\"\(names[1])\"", in: boxes)
      for command in [["evaluate", model], ["train", "--resume", model, "--epochs", "2"]] {
        let run = runTool(command)
        #expect(
          run.status == 1 && run.error.contains("the data have changed since training"),
          "\(run.error)")
      }
      try replace("\"\(names[1])\"", by: "\"background\"", in: boxes)
      let background = runTool("train", "figures-fast-rcnn", "--data", data)
      #expect(
        background.status == 1 && background.error.contains("a class is called \"background\""),
        "\(background.error)")
    }
  }

  /// The scenes have classes of their own, and nothing to find is no score of 0.
  @Test func aDetectorOfOtherClassesRefusesTheScenes() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      try FileManager.default.createDirectory(
        atPath: file("pets/images"), withIntermediateDirectories: true)
      for number in 0..<4 {
        try PixelImage(width: 64, height: 64, channels: 3).write(
          to: URL(filePath: file("pets/images/\(number).png")))
      }
      let images = (0..<4).map { #"{"id": \#($0), "file_name": "\#($0).png"}"# }
      let boxes = (0..<4).map {
        #"{"image_id": \#($0), "category_id": 1, "bbox": [8, 8, 20, 20]}"#
      }
      func annotations(_ boxes: [String]) -> Data {
        Data(
          (#"{"images": [\#(images.joined(separator: ", "))], "annotations": "#
            + #"[\#(boxes.joined(separator: ", "))], "categories": [{"id": 1, "name": "cat"}]}"#)
            .utf8)
      }
      let list = URL(filePath: file("pets/annotations.json"))
      try annotations(boxes).write(to: list)
      let model = file("m.safetensors")
      let run = runTool(
        "train", "figures-fast-rcnn", "--data", file("pets"), "--maps", "2", "--hidden", "4",
        "--regions", "4", "--epochs", "1", "--test", "0.25", "--validation", "0", "--proposals",
        "windows", "-o", model)
      #expect(run.status == 0, "\(run.error)")
      let scenes = runTool("evaluate", model, "synthetic-scenes")
      #expect(
        scenes.status == 1
          && scenes.error.contains("the classes differ from those of the detector"),
        "\(scenes.error)")

      // An image of which nothing is to be found gives no score, not one of 0.
      try annotations(Array(boxes.dropLast())).write(to: list)
      let data = try DetectionData(folder: file("pets"), proposals: .windows)
      let result = try DetectionResult(of: savedNetwork(model), on: data.subset([3]), progress: nil)
      let figures = result.figures
      #expect(figures.images == 1 && figures.meanAveragePrecision == nil)
      #expect(figures.proposalRecall == nil && figures.withoutRegression == nil)
      let lines = result.text(style: .plain).split(separator: "\n")
      for title in ["overlap above 0.5", "recall of the proposals"] {
        let line = try #require(lines.first { $0.hasPrefix(title) })
        #expect(line.dropFirst(title.count).contains(" - "), "\(line)")
      }
    }
  }

  @Test(arguments: [
    [String](repeating: "1", count: 65).joined(separator: "+"), "4+4,8", "1,1,1,1,1,1,1",
  ])
  func convolutionsThatNoDetectorHasAreRefused(maps: String) {
    let run = runTool("train", "figures-fast-rcnn", "--maps", maps)
    #expect(run.status == 2 && run.error.contains("1 to 6 convolutions"), "\(run.error)")
  }

  // MARK: Classification

  /// White is 16 in the digits, and 1 in images: a network of the ones sees the others as it knows them.
  @Test func imagesAreAsBrightAsThoseOfTheTraining() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      let model = file("m.safetensors")
      #expect(
        runTool("train", "digits-cnn", "--epochs", "2", "--maps", "4,8", "-o", model).status == 0)
      let digits = Dataset.digits
      let labels = digits.targets.classIndices
      for index in 0..<60 {
        let place = folder.appending(path: "images/\(labels[index])")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let pixels = digits.batch(at: [index]).features.scalars.map { UInt8($0 * 255 / 16) }
        try PixelImage(width: 8, height: 8, channels: 1, pixels: pixels).write(
          to: place.appending(path: "\(index).png"))
      }
      let evaluation = try runTool("evaluate", model, file("images"), "--json").json
      let accuracy = try #require((evaluation["test"] as? [String: Any])?["accuracy"] as? Double)
      let predicted = runTool("predict", model, file("images"))
      let right = predicted.output.split(separator: "\n").dropFirst().count { line in
        let fields = line.split(separator: ",").map(String.init)
        return URL(filePath: fields[0]).pathComponents.dropLast().last == fields[2]
      }
      #expect(abs(accuracy - Double(right) / 60) < 0.001, "\(accuracy), and \(right) of 60")
      #expect(accuracy > 0.5)

      // Also as an encoder of a network for such images.
      let other = file("o.safetensors")
      let run = runTool(
        "train", "images", "--data", file("images"), "--encoder", model, "--encoder-rate", "0",
        "--augment", "none", "--epochs", "1", "--test", "0", "-o", other)
      #expect(run.status == 0, "\(run.error)")
      let (a, b) = (try savedNetwork(model).preprocessing, try savedNetwork(other).preprocessing)
      let white = Tensor(ones: [1, 1, 8, 8])
      let (sixteen, one) = (a?(white * 16) ?? white * 16, b?(white) ?? white)
      #expect(
        zip(sixteen.scalars, one.scalars).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($0)) })
    }
  }
}
