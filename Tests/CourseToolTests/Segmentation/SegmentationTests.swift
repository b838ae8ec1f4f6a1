import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// Scenes, own images with masks, and the recipe figures-unet.
@Suite(.watched) struct SegmentationTests {
  /// Six scenes of 32 x 32 pixels.
  private func scenes(in folder: URL, _ name: String = "scenes") -> String {
    let path = folder.appending(path: name).path
    let run = runTool("data", "synthesize", "--scene", "--size", "32", "--count", "6", path)
    #expect(run.status == 0, "\(run.error)")
    return path
  }

  private let small = [
    "--levels", "1", "--width", "2", "--epochs", "1", "--batch-size", "2", "--validation", "0.2",
    "--test", "0.2", "--quiet",
  ]

  @Test func scenesAreWritten() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "s").path
      let run = runTool(
        "data", "synthesize", "--scene", "--size", "32", "--count", "3", "--figures", "2", path)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("3 scenes of 32 x 32 with figures of 5 classes: circle, cross"))
      let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      #expect(names == ["annotations.json", "classes.txt", "images", "masks", "preview.png"])
      let classes = try String(contentsOfFile: "\(path)/classes.txt", encoding: .utf8)
      #expect(classes == "background\ncircle\ncross\nring\nsquare\ntriangle\n")
      let json = try runTool(
        "data", "synthesize", "--scene", "--size", "32", "--count", "2", "--json",
        folder.appending(path: "t").path
      ).json
      #expect(json["images"] as? Int == 2 && (json["classes"] as? [String])?.count == 5)
      for (arguments, message) in [
        (["--scene", "--size", "8"], "from 16 to 1024, of scenes from 32 to 1024"),
        (["--scene", "--size", "16"], "'--size 16': a scene has 32 to 1024 pixels a side"),
        (["--figures", "2"], "use --scene"),
        (["--scene", "--masks"], "scenes have masks and boxes"),
        (["--table", "houses", "--scene"], "'--scene' is for images"),
      ] {
        let wrong = runTool(
          ["data", "synthesize"] + arguments + [folder.appending(path: "x").path])
        #expect(wrong.status == 2 && wrong.error.contains(message), "\(wrong.error)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "x").path))
    }
  }

  @Test func aFolderIsLearnedMeasuredPredictedAndReported() throws {
    try withTemporaryFolder { folder in
      let data = scenes(in: folder)
      let place = { (name: String) in folder.appending(path: name).path }
      let model = place("m.safetensors")
      let run = runTool(
        [
          "train", "figures-unet", "--data", data, "--json", "-o", model, "--report",
          place("r.html"),
        ]
          + small)
      #expect(run.status == 0, "\(run.error)")
      let test = try #require(try run.json["test"] as? [String: Any])
      let pixels = try #require(test["pixelAccuracy"] as? Double)
      let iou = try #require(test["meanIoU"] as? Double)
      #expect((0...1).contains(pixels) && (0...1).contains(iou))
      #expect((test["iou"] as? [String: Double])?["background"] != nil)
      #expect((try run.json["classNames"] as? [String])?.first == "background")

      let measured = runTool("evaluate", model, "--mistakes", place("worst.csv"))
      #expect(measured.output.contains("mean IoU") && measured.output.contains("Dice"))
      #expect(measured.output.contains("not in the mean"), "\(measured.error)")
      let worst = try String(contentsOfFile: place("worst.csv"), encoding: .utf8)
      // Images of one's own are called by their files.
      #expect(worst.hasPrefix("image,mean IoU,file\n"))
      let files = worst.split(separator: "\n").dropFirst().compactMap {
        $0.split(separator: ",").last
      }
      #expect(
        !files.isEmpty && files.allSatisfy { FileManager.default.fileExists(atPath: String($0)) })
      #expect(runTool("evaluate", model, "--mistakes", place("worst.svg")).status == 0)
      // The colours of the masks are named in the picture.
      let picture = try String(contentsOfFile: place("worst.svg"), encoding: .utf8)
      for name in ["background", "circle", "triangle"] { #expect(picture.contains(">\(name)<")) }
      let whole = runTool("evaluate", model, data).output
      #expect(whole.contains("images     6\n") && whole.contains("right, of 6144 that count\n"))

      let page = try String(contentsOfFile: place("r.html"), encoding: .utf8)
      let curves = [">Loss<", ">Mean IoU without background<", ">Pixel accuracy<"]
      for words in ["Segmentations", "mean IoU", "truth", "Pixels of each class"] + curves {
        #expect(page.contains(words), "\(words)")
      }
      // Images are counted in images, and the pixels of the classes add up.
      for (words, isThere) in [
        ("Training images", true), ("Training examples", false), (">total<", true),
        ("do not count", false),
      ] { #expect(page.contains(words) == isThere, "\(words)") }
      #expect(runTool("plot", "curves", model, "-o", place("curves.svg")).status == 0)
      let drawn = try String(contentsOfFile: place("curves.svg"), encoding: .utf8)
      for words in curves { #expect(drawn.contains(words), "\(words)") }

      let masks = place("masks")
      let predicted = runTool(
        "predict", model, "\(data)/images", "-o", masks, "--sheet", place("p.svg"))
      #expect(predicted.status == 0, "\(predicted.error)")
      #expect(predicted.output.contains("share of circle"))
      let sheet = try String(contentsOfFile: place("p.svg"), encoding: .utf8)
      #expect(sheet.contains(">background<") && sheet.contains(">circle<"))
      let mask = try PixelImage(maskFile: "\(masks)/000003.png")
      #expect(mask.width == 32 && mask.height == 32 && mask.pixels.allSatisfy { $0 < 6 })
      #expect(try PixelImage(contentsOf: "\(masks)/000003-overlay.png").channels == 3)
      let again = runTool("predict", model, "\(data)/images/000003.png", "-o", masks)
      #expect(again.status == 1 && again.error.contains("already exists"), "\(again.error)")
      let json = try runTool(
        "predict", model, "\(data)/images/000003.png", "-o", masks, "--force", "--json"
      ).json
      let first = try #require((json["predictions"] as? [[String: Any]])?.first)
      let shares = try #require(first["shares"] as? [Double])
      #expect(shares.count == 6 && abs(shares.reduce(0, +) - 1) < 1e-4)

      for (arguments, message) in [
        ([model, "\(data)/images/000003.png"], "--output FOLDER"),
        (
          [model, "\(data)/images/000003.png", "-o", masks, "--top", "2"], "a class for each pixel"
        ),
      ] {
        let wrong = runTool(["predict"] + arguments)
        #expect(wrong.status == 2 && wrong.error.contains(message), "\(wrong.error)")
      }
      // Nothing is written where not all masks can be, or two would have one file.
      let image = "\(data)/images/000003.png"
      let (broken, other) = (place("zz.png"), place("000003-overlay.png"))
      try Data(contentsOf: URL(filePath: image)).prefix(60).write(to: URL(filePath: broken))
      try FileManager.default.copyItem(atPath: image, toPath: other)
      for (files, message) in [
        ([image, broken], "truncated"), ([image, place("none.png")], "cannot open the file"),
        ([image, other], "two images would have the same file"), ([image, data], "the same file"),
      ] {
        let wrong = runTool(["predict", model] + files + ["-o", place("none")])
        #expect(wrong.status == 1 && wrong.error.contains(message), "\(wrong.error)")
        #expect(!FileManager.default.fileExists(atPath: place("none")))
      }
      let skipping = runTool(
        "predict", model, image, broken, "-o", masks, "--force", "--skip-broken")
      #expect(skipping.status == 0 && skipping.error.contains("Skipped 1"), "\(skipping.error)")
      let nothing = runTool("predict", model, broken, "-o", masks, "--skip-broken")
      #expect(
        nothing.status == 1 && nothing.error.contains("no image could be read"), "\(nothing.error)")
      let plot = runTool("plot", "mistakes", model, "-o", place("m.svg"))
      #expect(plot.status == 1 && plot.error.contains("--mistakes worst.png"), "\(plot.error)")
      let maps = runTool(
        "inspect", model, "--feature-maps", "0", place("maps.svg"), "--filters", place("f.svg"))
      #expect(maps.status == 0, "\(maps.error)")
    }
  }

  /// Images of other sizes, whose masks come back in the size of the image.
  /// A network of one's own need not name its classes, and may have more than a mask can tell apart.
  @Test func anOwnNetworkPredictsMasks() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "image.png").path
      try PixelImage(width: 8, height: 6, channels: 3, repeating: 90).write(
        to: URL(filePath: image))
      func predict(classes: Int, _ arguments: [String] = []) throws -> ToolRun {
        var network = NeuralNetwork(
          inputShape: [3, 6, 8], loss: PixelCrossEntropyLoss(), optimizer: SGD(learningRate: 0.1),
          seed: 1)
        try network.append(Conv2D(outputChannels: classes, kernelSize: 1))
        let file = folder.appending(path: "\(classes).safetensors")
        try network.save(to: file)
        return runTool(
          ["predict", file.path, image, "-o", folder.appending(path: "\(classes)").path]
            + arguments)
      }
      let run = try predict(classes: 3)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.hasPrefix("file,mask,share of 0,share of 1,share of 2\n"), "\(run.output)")
      let json = try predict(classes: 3, ["--force", "--json"]).json
      let first = try #require((json["predictions"] as? [[String: Any]])?.first)
      let shares = try #require(first["shares"] as? [Double])
      #expect(shares.count == 3 && abs(shares.reduce(0, +) - 1) < 1e-4)
      let many = try predict(classes: 256)
      #expect(many.status == 1 && many.error.contains("more classes than a mask"), "\(many.error)")
    }
  }

  @Test func otherSizesAndAFolderOfMasks() throws {
    try withTemporaryFolder { folder in
      let (images, masks) = (folder.appending(path: "a"), folder.appending(path: "b"))
      for place in [images, masks] {
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      }
      for index in 0..<6 {
        let (width, height) = (20 + 3 * index, 30)
        var image = PixelImage(width: width, height: height, channels: 3)
        var mask = PixelImage(width: width, height: height, channels: 1)
        for row in 5..<15 {
          for column in 4..<12 {
            image[row, column, 1] = 200
            mask[row, column, 0] = 255
          }
        }
        try image.write(to: images.appending(path: "\(index).png"))
        try mask.write(to: masks.appending(path: "\(index)_mask.png"))
      }
      let model = folder.appending(path: "m.safetensors").path
      let train = ["train", "figures-unet", "--data", images.path, "--masks", masks.path]
      let run = runTool(train + ["--size", "16x24", "--fit", "stretch", "-o", model] + small)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.error.contains("0 and 255: background and object"), "\(run.error)")
      let out = folder.appending(path: "out").path
      let predicted = runTool("predict", model, images.appending(path: "5.png").path, "-o", out)
      #expect(predicted.status == 0, "\(predicted.error)")
      let mask = try PixelImage(maskFile: "\(out)/5.png")
      #expect(mask.width == 35 && mask.height == 30)

      // What cannot be trained on is said before the training.
      let wrong = runTool(train + ["--size", "15x24"] + small)
      #expect(wrong.status == 1)
      #expect(wrong.error.contains("multiples of 2, such as 16 x 24"), "\(wrong.error)")
      #expect(wrong.error.contains("--size HxW"), "\(wrong.error)")
      try FileManager.default.removeItem(at: masks.appending(path: "2_mask.png"))
      let missing = runTool(train + ["--size", "16"] + small)
      #expect(missing.status == 1 && missing.error.contains("an image without a mask"))
      for index in 2..<6 {
        for place in [
          images.appending(path: "\(index).png"), masks.appending(path: "\(index)_mask.png"),
        ] {
          try? FileManager.default.removeItem(at: place)
        }
      }
      let few = runTool(train + ["--size", "16"] + small)
      #expect(few.status == 1 && few.error.contains("too few examples"), "\(few.error)")
    }
  }

  @Test(
    arguments: [
      (["figures-unet", "--hidden", "8"], "does not apply to a U-Net"),
      (["figures-unet", "--augment", "mixup:0.2"], "mixed images have no class for each pixel"),
      (["figures-unet", "--masks", "m"], "have masks of their own"),
      (["figures-unet", "--data", "nowhere"], "there is no folder nowhere"),
      (["iris-mlp", "--masks", "m"], "use the recipe figures-unet"),
      (
        ["digits-mlp", "--data", "synthetic-scenes"], "train on it with 'course train figures-unet'"
      ),
    ])
  func settingsThatDoNotFit(arguments: [String], message: String) throws {
    let run = runTool(["train"] + arguments)
    #expect(run.status == 2 && run.error.contains(message), "\(run.error)")
  }

  /// The folders of the images and of their masks are no classes; the advice is one that each command can follow.
  @Test func masksAreNoClasses() throws {
    try withTemporaryFolder { folder in
      let data = scenes(in: folder)
      let place = { (name: String) in folder.appending(path: name).path }
      let model = place("m.safetensors")
      let classifier = place("c.safetensors")
      for arguments in [
        ["data", "synthesize", "--folders", "--count", "40", "--size", "16", place("classes")],
        [
          "train", "images", "--data", place("classes"), "--epochs", "1", "--maps", "2", "-o",
          classifier, "--quiet",
        ],
      ] {
        let run = runTool(arguments)
        try #require(run.status == 0, "\(run.error)")
      }
      for path in [data, data + "/images"] {
        for arguments in [
          ["train", "images", "--data", path, "-o", model], ["data", "inspect", path],
          ["generator", "preview", path, "-o", place("sheet.png")],
          ["study", "labels", "--data", path, "-o", folder.path], ["evaluate", classifier, path],
          ["plot", "confusion", classifier, path, "-o", place("p.svg")],
        ] {
          let run = runTool(arguments)
          let error = run.error.replacing(#/\n */#, with: " ")
          #expect(run.status == 1, "\(arguments): \(run.error)")
          #expect(error.contains("these images have masks and boxes, and no classes"), "\(error)")
          #expect(error.contains("'course train figures-unet --data \(data)' learns the masks"))
          #expect(
            error.contains("'course train figures-fast-rcnn --data \(data)' learns the boxes"))
          #expect(!error.contains("se the recipe") && !error.contains("images/images"), "\(error)")
        }
      }
      // What the advice says works, but for a training of the whole.
      let encoder = ["train", "figures-vicreg", "-o", model, "--data"]
      let refused = runTool(encoder + [data])
      #expect(refused.status == 1 && refused.error.contains("Give \(data)/images"))
      let accepted = runTool(
        encoder + [
          data + "/images", "--epochs", "1", "--maps", "2", "--hidden", "2", "--validation", "0",
          "--test", "0", "--batch-size", "3", "--quiet",
        ])
      #expect(accepted.status == 0, "\(accepted.error)")
      for recipe in ["figures-unet", "figures-fast-rcnn"] {
        let run = runTool("train", recipe, "--data", data + "/images", "-o", place("x"))
        #expect(run.status == 1 && run.error.contains("Give \(data)."), "\(run.error)")
      }
      let apart = runTool(
        [
          "train", "figures-unet", "--data", data + "/images", "--masks", data + "/masks", "-o",
          place("apart.safetensors"),
        ] + small)
      #expect(apart.status == 0, "\(apart.error)")
      try FileManager.default.removeItem(atPath: data + "/masks")
      let boxes = runTool("data", "inspect", data)
      #expect(boxes.status == 1 && boxes.error.contains("these images have boxes, and no classes"))
      #expect(boxes.error.contains("figures-fast-rcnn") && !boxes.error.contains("figures-unet"))
      // Classes of their own within the folder are classes.
      for name in ["cat", "dog"] {
        let images = data + "/images/" + name
        try FileManager.default.createDirectory(
          atPath: images, withIntermediateDirectories: true)
        try FileManager.default.moveItem(
          atPath: data + "/images/00000\(name == "cat" ? 0 : 1).png", toPath: images + "/0.png")
      }
      #expect(runTool("data", "inspect", data + "/images").status == 0)
    }
  }

  /// Data with a name that have no classes: the advice is a whole command.
  @Test(arguments: [
    ("synthetic-scenes", "figures-unet"), ("synthetic-scenes", "figures-fast-rcnn"),
    ("shakespeare", "char-lstm"), ("shakespeare", "char-transformer"),
  ])
  func namesWithoutClasses(data: String, recipe: String) throws {
    try withTemporaryFolder { folder in
      for arguments in [["data", "inspect", data], ["generator", "preview", data]] {
        let run = runTool(
          arguments + (arguments[0] == "data" ? [] : ["-o", folder.path + "/s.png"]))
        #expect(run.status == 2 && run.error.contains("'course train \(recipe)'"), "\(run.error)")
      }
      #expect(Recipes.named(recipe)?.settings.data == data)
    }
  }

  /// An image that has a mask is not skipped, so nothing points to the option.
  @Test func brokenImagesAndMasksAreNotSkipped() throws {
    try withTemporaryFolder { folder in
      let data = scenes(in: folder)
      let model = folder.appending(path: "m.safetensors").path
      for part in ["images", "masks"] {
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(data)/\(part)").sorted()
        let file = URL(filePath: "\(data)/\(part)/\(files[2])")
        let whole = try Data(contentsOf: file)
        try whole.prefix(60).write(to: file)
        let arguments = ["train", "figures-unet", "--data", data, "-o", model] + small
        let broken = runTool(arguments)
        #expect(
          broken.status == 1 && broken.error.contains(file.path)
            && !broken.error.contains("--skip-broken"), "\(broken.error)")
        let skipping = runTool(arguments + ["--skip-broken"])
        #expect(
          skipping.status == 2 && skipping.error.contains("does not apply to images with masks"),
          "\(skipping.error)")
        try whole.write(to: file)
      }
      #expect(!FileManager.default.fileExists(atPath: model))
    }
  }

  /// Masks follow the images, and a resumed training goes on with the same ones.
  @Test func augmentedImagesTakeTheirMasksAlong() throws {
    try withTemporaryFolder { folder in
      let data = scenes(in: folder)
      func train(_ name: String, epochs: Int, augment: String = "mirror,crop:4") throws -> String {
        let model = folder.appending(path: name).path
        let run = runTool(
          "train", "figures-unet", "--data", data, "-o", model, "--augment", augment, "--levels",
          "1", "--width", "2", "--batch-size", "2", "--validation", "0.2", "--test", "0.2",
          "--schedule", "step", "--epochs", "\(epochs)", "--quiet")
        try #require(run.status == 0, "\(run.error)")
        return model
      }
      let (whole, parts) = (try train("whole", epochs: 3), try train("parts", epochs: 1))
      let resumed = runTool("train", "--resume", parts, "--epochs", "3", "--quiet")
      #expect(resumed.status == 0, "\(resumed.error)")
      let input = Tensor(uniform: [1, 3, 32, 32], key: RandomKey(seed: 1))
      let prediction = try savedNetwork(whole).predict(input)
      #expect(try savedNetwork(parts).predict(input) == prediction)
      let plain = try train("plain", epochs: 3, augment: "none")
      #expect(try savedNetwork(plain).predict(input) != prediction)
    }
  }

  @Test func theScenesAreDrawnInDivisibleSizes() throws {
    let run = runTool("train", "figures-unet", "--size", "50")
    #expect(
      run.status == 1 && run.error.contains("multiples of 8, such as 48 x 48"), "\(run.error)")
  }

  @Test func aStudyOfFewScenes() throws {
    try withTemporaryFolder { folder in
      let run = runTool(
        "study", "segmentation", "--examples", "4", "--epochs", "1", "-o", folder.path, "--quiet")
      #expect(run.status == 0, "\(run.error)")
      for words in ["always background", "logistic regression", "U-Net without skips", "mean IoU"] {
        #expect(run.output.contains(words), "\(words)")
      }
      let csv = try String(
        contentsOf: folder.appending(path: "segmentation.csv"), encoding: .utf8)
      #expect(csv.split(separator: "\n").count == 5 && csv.contains("IoU of triangle"))
    }
  }
}
