import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

#if ImageCodecs

  /// Folders of images of any size on the command line: training, evaluation, prediction.
  @Suite(.watched) struct ImageFormTests {
    private static let sizes = [(16, 16), (12, 20), (24, 18)]

    /// A folder with light images in `light` and dark ones in `dark`, of several sizes, grey and in colours.
    private func write(_ count: Int, to folder: URL, sizes: [(Int, Int)] = sizes) throws {
      for (name, value) in [("dark", UInt8(20)), ("light", 220)] {
        let place = folder.appending(path: name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for number in 0..<count {
          let (height, width) = sizes[number % sizes.count]
          var image = PixelImage(
            width: width, height: height, channels: number % 4 == 0 ? 1 : 3, repeating: value)
          image[number % height, number % width, 0] = UInt8(number)
          try image.write(to: place.appending(path: "\(number).png"))
        }
      }
    }

    private let small = [
      "--maps": "4", "--kernel-size": "3", "--hidden": "none", "--epochs": "2", "--batch-size": "5",
      "--validation": "0",
    ]

    /// A short training; `options` come in place of those of `small`.
    private func train(
      _ data: URL, _ model: String, _ options: [String: String] = [:],
      recipe: String = "cifar10-3layer"
    ) -> ToolRun {
      runTool(
        ["train", recipe, "--data", data.path, "--output", model, "--quiet"]
          + small.merging(options) { $1 }.flatMap { [$0, $1] })
    }

    @Test func folderOfMixedSizesIsTrainedMeasuredAndPredicted() throws {
      try withTemporaryFolder { folder in
        let data = folder.appending(path: "data")
        try write(12, to: data)
        let model = folder.appending(path: "m.safetensors").path
        let run = train(data, model)
        #expect(run.status == 0, "\(run.error)")
        let decision =
          "Images of 3 sizes, 12x20 to 24x18 (height x width), become 32x32, with black borders, in colour."
        #expect(run.error.contains(decision) && run.error.contains("--size HxW"), "\(run.error)")
        let network = try NeuralNetwork(contentsOf: URL(filePath: model))
        let input = try ImageInput(channels: 3, height: 32, width: 32, fitting: .pad)
        #expect(network.imageInput == input)
        let summary = runTool("summary", model).output
        #expect(summary.contains("Images: 3 x 32 x 32, pad (channels x height x width)"))
        #expect(runTool("data", "inspect", data.path).output.contains("In training: \(decision)"))

        // Measured in the same form, on the test part and on other sizes.
        #expect(runTool("evaluate", model).output.contains("examples   4"))
        let other = folder.appending(path: "other")
        try write(3, to: other, sizes: [(40, 7)])
        let evaluate = runTool("evaluate", model, other.path)
        #expect(evaluate.output.contains("examples   6"), "\(evaluate.error)")

        // A file and a folder, with the answers that the network gives to images in its form.
        let files = ["dark/0.png", "light/1.png"].map { data.appending(path: $0) }
        let probabilities = try network.predict(
          images: files.map { try PixelImage(contentsOf: $0.path) })
        let predict = runTool("predict", model, files[0].path, data.path, "--json")
        #expect(predict.status == 0, "\(predict.error)")
        let answers = try #require(try predict.json["predictions"] as? [[String: Any]])
        try #require(answers.count == 25)
        let paths = answers.map { $0["file"] as? String ?? "" }
        #expect(paths[0] == files[0].path)
        // In the order of their bytes: 0, 1, 10, 11, 2, ...
        let names = ["0", "1", "10", "11", "2"].map { data.appending(path: "dark/\($0).png").path }
        #expect(Array(paths[1...5]) == names)
        for (number, file) in files.enumerated() {
          let row = try #require(paths.lastIndex(of: file.path))
          let found = try #require(answers[row]["probabilities"] as? [Double])
          #expect(abs(found[0] - Double(probabilities[number, 0])) < 1e-6)
        }
      }
    }

    @Test func settingsOfTheUserCount() throws {
      try withTemporaryFolder { folder in
        let data = folder.appending(path: "data")
        try write(9, to: data)
        let model = folder.appending(path: "m.safetensors").path
        let run = train(
          data, model, ["--size": "8x12", "--fit": "crop", "--channels": "1", "--scaling": "none"])
        #expect(run.status == 0 && !run.error.contains("become"), "\(run.error)")
        let network = try NeuralNetwork(contentsOf: URL(filePath: model))
        #expect(network.imageInput?.description == "1 x 8 x 12, crop")
        #expect(network.inputShape == [1, 8, 12])
        // A network without convolutions takes rows of pixels, and images of any size as well.
        let rows = folder.appending(path: "rows.safetensors").path
        let dense = train(
          data, rows, ["--size": "8", "--maps": "none", "--scaling": "none"], recipe: "csv-mlp")
        #expect(dense.status == 0, "\(dense.error)")
        let loaded = try NeuralNetwork(contentsOf: URL(filePath: rows))
        #expect(loaded.inputShape == [192] && loaded.imageInput?.description == "3 x 8 x 8, pad")
        #expect(runTool("predict", rows, "\(data.path)/dark/1.png").status == 0)
        // A run goes on with the form that it began with.
        let more = runTool(
          "train", "--resume", rows, "--epochs", "3", "--quiet", "--size", "9")
        #expect(more.status == 2 && more.error.contains("'--size 9x9' conflicts"), "\(more.error)")
        let resumed = runTool("train", "--resume", rows, "--epochs", "3", "--quiet")
        #expect(resumed.status == 0, "\(resumed.error)")
      }
    }

    /// Resumed in the middle, on a disk, a training gives the same network, bit for bit.
    @Test func dataOnDiskTrainTheSameNetwork() throws {
      try withTemporaryFolder { folder in
        let data = folder.appending(path: "data")
        try write(12, to: data)
        func weights(_ name: String, epochs: Int = 2) throws -> [Float] {
          let model = folder.appending(path: name).path
          let run = train(
            data, model,
            ["--augment": "mirror,crop:2", "--schedule": "step", "--epochs": "\(epochs)"])
          #expect(run.status == 0, "\(run.error)")
          return try parameters(of: model)
        }
        func parameters(of model: String) throws -> [Float] {
          var numbers: [Float] = []
          try NeuralNetwork(contentsOf: URL(filePath: model)).visitParameters {
            numbers += $1.value.scalars
          }
          return numbers
        }
        let inMemory = try weights("memory")
        let onDisk = try SystemMemory.$assumed.withValue(4e5) { try weights("disk") }
        #expect(onDisk == inMemory)
        _ = try SystemMemory.$assumed.withValue(4e5) { try weights("half", epochs: 1) }
        let model = folder.appending(path: "half").path
        let resumed = runTool("train", "--resume", model, "--epochs", "2", "--quiet")
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try parameters(of: model) == inMemory)
      }
    }

    @Test func answersAreDrawn() throws {
      try withTemporaryFolder { folder in
        let data = folder.appending(path: "data")
        try write(6, to: data)
        let model = folder.appending(path: "m.safetensors").path
        #expect(train(data, model, ["--test": "0"]).status == 0)
        let sheet = folder.appending(path: "answers.svg").path
        let run = runTool("predict", model, data.path, "--sheet", sheet)
        #expect(run.status == 0 && run.output.split(separator: "\n").count == 13, "\(run.error)")
        let svg = try String(contentsOf: URL(filePath: sheet), encoding: .utf8)
        #expect(svg.contains("Answers of m.safetensors") && svg.contains("5.png"))
        #expect(svg.components(separatedBy: "crispEdges").count == 13)
        // A broken image is named, or skipped and listed.
        try Data("broken".utf8).write(to: data.appending(path: "dark/x.png"))
        let broken = runTool("predict", model, data.path, "--sheet", sheet, "--force")
        #expect(broken.status == 1 && broken.output.isEmpty, "\(broken.error)")
        #expect(broken.error.contains("x.png: this is not an image"), "\(broken.error)")
        #expect(broken.error.contains("Or skip it with --skip-broken."), "\(broken.error)")
        let skipping = runTool("predict", model, data.path, "--skip-broken")
        #expect(skipping.status == 0 && skipping.error.contains("Skipped 1:"), "\(skipping.error)")
        #expect(skipping.output.split(separator: "\n").count == 13)

        let empty = folder.appending(path: "empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
        try Data("a\n1\n".utf8).write(to: folder.appending(path: "t.csv"))
        for (arguments, status, words) in [
          ([empty.path], 1, "there are no images in this folder"),
          (
            [folder.appending(path: "t.csv").path, "--sheet", sheet], 2, "there are none to predict"
          ),
          ([data.path, "--sheet", "answers.jpg"], 2, "ends in .svg or .png"),
          ([data.path, "--sheet", sheet], 1, "Overwrite it with --force"),
        ] as [([String], Int32, String)] {
          let wrong = runTool(["predict", model] + arguments)
          #expect(wrong.status == status && wrong.output.isEmpty, "\(arguments)")
          #expect(wrong.error.contains(words), "\(wrong.error)")
        }
      }
    }

    @Test func contradictionsAreRefusedBeforeTraining() throws {
      try withTemporaryFolder { folder in
        let data = folder.appending(path: "data")
        try write(6, to: data)
        let model = folder.appending(path: "m").path
        for (options, status, words) in [
          (["--size": "0"], 2, ["'--size'", "height and width from 1 to 16384, such as 32x48"]),
          (["--size": "8x"], 2, ["'--size'"]), (["--fit": "cover"], 2, ["crop, pad, stretch"]),
          (["--channels": "2"], 2, ["1 (grey) or 3 (colours)"]),
          (["--size": "8", "--shape": "3,8,8"], 2, ["'--size 8x8' and '--shape 3,8,8'"]),
          (["--fit": "refuse"], 1, ["/dark/0.png", "got 16 x 16"]),
          (["--size": "1"], 1, ["got 1 x 1", "Choose a larger size with --size HxW."]),
          (
            ["--size": "9x7", "--maps": "4,4,4"], 1, ["at least 8", "--size HxW, or fewer blocks"]
          ),
        ] as [([String: String], Int32, [String])] {
          let run = train(data, model, options)
          #expect(run.status == status, "\(options): \(run.error)")
          for word in words { #expect(run.error.contains(word), "\(options): \(run.error)") }
          #expect(!FileManager.default.fileExists(atPath: model))
        }
        try FileManager.default.removeItem(at: data.appending(path: "dark"))
        let one = train(data, model)
        #expect(one.status == 1 && one.error.contains("images of one class only"), "\(one.error)")
        for (recipe, option, value) in [
          ("digits-cnn", "--size", "8x8"), ("iris-mlp", "--fit", "pad"),
          ("char-lstm", "--channels", "1"),
        ] {
          let run = runTool("train", recipe, option, value, "--output", model)
          #expect(run.status == 2, "\(run.error)")
          #expect(run.error.contains("'\(option) \(value)' applies to images only"), "\(run.error)")
        }
      }
    }
  }

#endif
