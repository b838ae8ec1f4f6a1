import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Pictures
import Testing

@testable import CourseTool

/// Networks of images on the command line.
@Suite(.watched) struct ImageCommandTests {
  private let small = ["--maps", "4,6", "--hidden", "8", "--epochs", "2", "--quiet", "--force"]

  /// The first digits as files in the format of MNIST.
  private func writeDigits(_ count: Int, to folder: URL) throws -> String {
    let digits = Dataset.digits
    let images = digits.features.rows(at: 0..<count)
    let path = folder.appending(path: "few-images-idx3-ubyte")
    try IDXFile(shape: [count, 8, 8], bytes: images.scalars.map { UInt8($0 * 15) })
      .write(to: path)
    try IDXFile(
      shape: [count], bytes: digits.targets.classIndices.prefix(count).map { UInt8($0) }
    ).write(to: folder.appending(path: "few-labels-idx1-ubyte"))
    return path.path
  }

  @Test func digitsTrainAsImages() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(["train", "digits-cnn", "--output", model, "--json"] + small)
      #expect(run.status == 0, "\(run.error)")
      let network = try NeuralNetwork(contentsOf: URL(filePath: model))
      #expect(network.inputShape == [1, 8, 8])
      #expect(network.layerOutputShapes.prefix(2) == [[4, 4, 4], [6, 2, 2]])
      #expect(runTool("evaluate", model).output.contains("examples   269"))
      // The bundled rows of 64 numbers fit the images of the network.
      #expect(runTool("evaluate", model, "digits").output.contains("examples   1797"))
      let more = runTool("train", "--resume", model, "--epochs", "5")
      #expect(more.status == 2)
      #expect(more.error.contains("its one-cycle schedule ends there"))
    }
  }

  @Test func filesOfImagesTrainInTheirOrder() throws {
    try withTemporaryFolder { folder in
      let images = try writeDigits(120, to: folder)
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        ["train", "lenet-mnist", "--data", images, "--split", "ordered", "--test", "0.2"]
          + ["--validation", "0", "--output", model, "--json"] + small)
      #expect(run.status == 0, "\(run.error)")
      let test = try #require(try run.json["test"] as? [String: Any])
      #expect(test["examples"] as? Int == 24)
      let data = try Dataset(
        idxImages: images, labels: images.replacing("images-idx3", with: "labels-idx1"))
      let network = try NeuralNetwork(contentsOf: URL(filePath: model))
      let expected = try network.evaluate(data.subset(96..<120))
      #expect(abs((test["loss"] as? Double ?? 0) - expected.loss) < 1e-5)
      #expect(runTool("data", "inspect", images).output.contains("120 examples of shape [1, 8, 8]"))
      #expect(runTool("evaluate", model, images).output.contains("examples   120"))
    }
  }

  @Test func anMLPTakesImagesAsRows() throws {
    try withTemporaryFolder { folder in
      let images = try writeDigits(100, to: folder)
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        ["train", "lenet-mnist", "--data", images, "--output", model, "--maps", "none"]
          + small.dropFirst(2))
      #expect(run.status == 0, "\(run.error)")
      #expect(try NeuralNetwork(contentsOf: URL(filePath: model)).inputShape == [64])
    }
  }

  @Test func inspectDrawsFiltersAndMaps() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      _ = runTool(["train", "digits-cnn", "--output", file("m.safetensors")] + small)
      let run = runTool(
        "inspect", file("m.safetensors"), "--filters", file("f.svg"), "--feature-maps", "0",
        file("maps.svg"), "--json")
      #expect(run.status == 0, "\(run.error)")
      let network = try NeuralNetwork(contentsOf: URL(filePath: file("m.safetensors")))
      func svg(_ name: String) throws -> String {
        try String(contentsOf: URL(filePath: file(name)), encoding: .utf8)
      }
      #expect(try svg("f.svg") == TileSheet.filters(of: network)?.svg)
      #expect(try svg("f.svg").contains("Filters of layer 0, ConvReLU"))
      #expect(try #require(try run.json["images"] as? [Any]).count == 2)
      let parts = try #require(try Recipe(notedIn: network, path: "")).loadData()
      let test = try #require(try Recipe(notedIn: network, path: "")).split(parts).test
      let (example, label) = (test.batch(at: [0]).features, test.targets.classIndices[0])
      let sheet = try TileSheet.featureMaps(
        of: network, for: example, name: "Example 0", actual: label)
      #expect(try svg("maps.svg") == sheet.svg)
      #expect(sheet.title.hasPrefix("Example 0: predicted "))
      #expect(sheet.title.hasSuffix("%, true \(network.classNames[label])"))
      #expect(try svg("maps.svg").contains("Layer 1, ConvReLUPool: 6 × 2 × 2"))

      // The same example from a file.
      try PixelImage(example.reshaped(to: [1, 8, 8]), range: 0...16)
        .write(to: URL(filePath: file("x.png")))
      let again = runTool(
        "inspect", file("m.safetensors"), "--feature-maps", file("x.png"), file("again.svg"))
      #expect(again.status == 0, "\(again.error)")
      #expect(try svg("again.svg").contains(">x.png: predicted "))
      #expect(try !svg("again.svg").contains("true "))

      try PixelImage(width: 7, height: 8, channels: 1).write(to: URL(filePath: file("small.png")))
      for (arguments, status, message) in [
        ([], 2, "nothing to draw"),
        (["--feature-maps", "0"], 2, "requires an image and an output file"),
        (["--filters", file("f.svg")], 1, "Overwrite it with --force"),
        (["--filters", file("f.jpg")], 2, "a picture is a file that ends in .svg or .png"),
        (["--filters", file("z.svg"), "--feature-maps", "0", file("z.svg")], 2, "two different"),
        (
          ["--feature-maps", "999", file("y.svg")], 2,
          "example 999 is out of range: the test part has examples 0 to 268"
        ),
        (["--feature-maps", file("small.png"), file("y.svg")], 1, "expected 8 x 8 pixels"),
        (["--feature-maps", file("none.png"), file("y.svg")], 1, "none.png"),
      ] as [([String], Int32, String)] {
        let wrong = runTool(["inspect", file("m.safetensors")] + arguments)
        #expect(wrong.status == status)
        #expect(wrong.error.contains(message), "\(wrong.error)")
      }
      #expect(!FileManager.default.fileExists(atPath: file("y.svg")))
    }
  }

  @Test func imageFilesArePredicted() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      _ = runTool(["train", "digits-cnn", "--output", file("cnn.safetensors")] + small)
      _ = runTool(
        "train", "digits-mlp", "--epochs", "1", "--quiet", "--output", file("mlp.safetensors"))
      let digit = Dataset.digits.features.rows(at: [3])
      let image = PixelImage(digit.reshaped(to: [1, 8, 8]), range: 0...16)
      try image.write(to: URL(filePath: file("grey.png")))
      try image.converted(toChannels: 3).write(to: URL(filePath: file("colour.PNG")))
      // The 17 levels, rounded to bytes.
      let seen = image.tensor * 16
      for (model, shape) in [("cnn", [1, 1, 8, 8]), ("mlp", [1, 64])] {
        let path = file("\(model).safetensors")
        let run = runTool("predict", path, file("grey.png"), file("colour.PNG"), "--json")
        #expect(run.status == 0, "\(run.error)")
        let answers = try #require(try run.json["predictions"] as? [[String: Any]])
        try #require(answers.count == 2)
        let expected = try NeuralNetwork(contentsOf: URL(filePath: path))
          .predict(seen.reshaped(to: shape)).max()
        for answer in answers {
          #expect(abs((answer["probability"] as? Double ?? 0) - Double(expected)) < 1e-5)
        }
      }
      try PixelImage(width: 9, height: 8, channels: 1)
        .write(to: URL(filePath: file("wide.png")))
      for model in ["cnn", "mlp"] {
        let run = runTool("predict", file("\(model).safetensors"), file("wide.png"))
        #expect(run.status == 1 && run.output.isEmpty)
        #expect(run.error.contains("wide.png: wrong image size"))
        #expect(run.error.contains("expected 8 x 8 pixels, got 9 x 8"))
        #expect(run.error.contains("Resize it to 8 x 8 first."))
      }
      _ = runTool(
        "train", "iris-mlp", "--epochs", "1", "--quiet", "--output", file("iris.safetensors"))
      try Data("no image".utf8).write(to: URL(filePath: file("text.png")))
      for (model, name, message) in [
        ("iris", "wide.png", "expected 2 x 2 pixels"), ("cnn", "text.png", "this is not an image"),
        ("cnn", "none.jpg", "none.jpg: cannot open the file"),
      ] {
        let run = runTool("predict", file("\(model).safetensors"), file(name))
        #expect(run.status == 1)
        #expect(run.error.contains(message), "\(run.error)")
      }
    }
  }

  @Test(arguments: [
    (["train", "digits-cnn", "--shape", "none"], "convolutions require images", "--shape 1,8,8"),
    (
      ["train", "digits-cnn", "--shape", "1,9,9"], "do not fit the input shape [1, 9, 9]",
      "81 numbers"
    ),
    (["train", "digits-cnn", "--maps", "4,4,4,4"], "window larger than its input", "layer 3"),
    (["train", "lenet-mnist", "--data", "some-idx"], "no labels are known", "some-idx"),
  ])
  func whatDoesNotFitIsSaid(arguments: [String], message: String, detail: String) throws {
    try withTemporaryFolder { folder in
      let run = runTool(arguments + ["--output", folder.appending(path: "m").path])
      #expect(run.status == 1)
      #expect(run.error.contains(message), "\(run.error)")
      #expect(run.error.contains(detail), "\(run.error)")
    }
  }
}
