import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// Images from folders and archives on the command line.
@Suite(.watched) struct ImageDataTests {
  private func synthesize(_ folder: URL, _ arguments: String...) -> ToolRun {
    runTool(["data", "synthesize", folder.path, "--size", "16"] + arguments)
  }

  @Test func imagesAreDrawnAndInspected() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "figures")
      let run = synthesize(place, "--count", "20", "--masks", "--boxes")
      #expect(run.status == 0 && run.output.contains("20 images of 16 x 16 in 10 classes"))
      let expected = ["Boxes.json", "Classes.txt", "Labels.json", "masks"]
      let found = try names(in: place)
      #expect(found.filter { !$0.hasSuffix(".npy") } == expected)
      let inspect = runTool("data", "inspect", place.path)
      #expect(inspect.output.contains("20 examples of shape [3, 16, 16]"), "\(inspect.error)")
      #expect(inspect.output.contains("hourglass"))
      let again = synthesize(place)
      #expect(again.status == 1 && again.error.contains("not empty"))
    }
  }

  @Test func aNetworkIsTrainedOnAFolderAndMeasuredOnAnother() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "figures")
      #expect(synthesize(place, "--count", "60").status == 0)
      let model = folder.appending(path: "model.safetensors").path
      let train = runTool(
        "train", "cifar10-3layer", "--data", place.path, "--maps", "4", "--kernel-size", "3",
        "--hidden", "8", "--epochs", "1", "--batch-size", "10", "--validation", "0", "--test",
        "0.3", "--quiet",
        "--output", model)
      #expect(train.status == 0, "\(train.error)")
      let other = folder.appending(path: "other")
      #expect(synthesize(other, "--count", "10", "--seed", "2").status == 0)
      let evaluate = runTool("evaluate", model, other.path)
      #expect(
        evaluate.status == 0 && evaluate.output.contains("examples   10"), "\(evaluate.error)")
      try Data("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n".utf8).write(
        to: other.appending(path: "Classes.txt"))
      let strange = runTool("evaluate", model, other.path)
      #expect(strange.status == 1 && strange.error.contains("unknown class"), "\(strange.error)")
    }
  }

  @Test func brokenImagesAreNamedOrSkippedAndListed() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "figures")
      #expect(synthesize(place, "--count", "20").status == 0)
      try Data("broken".utf8).write(to: place.appending(path: "7.npy"))
      let inspect = runTool("data", "inspect", place.path)
      #expect(inspect.status == 1 && inspect.error.contains("7.npy: this is not an image"))
      let skipping = runTool("data", "inspect", place.path, "--skip-broken")
      #expect(skipping.output.contains("19 examples") && skipping.output.contains("Skipped 1"))
      #expect(skipping.output.contains("7.npy"))
      let arguments = [
        "train", "csv-mlp", "--data", place.path, "--scaling", "none", "--hidden", "none",
        "--epochs", "1", "--validation", "0", "--test", "0", "--quiet",
        "--output", folder.appending(path: "m").path,
      ]
      let train = runTool(arguments)
      #expect(train.status == 1 && train.error.contains("7.npy"))
      let trained = runTool(arguments + ["--skip-broken"])
      #expect(trained.status == 0 && trained.error.contains("Skipped 1:"), "\(trained.error)")
    }
  }

  /// Each command that reads the folder again has to leave out the same images.
  @Test func whatWasTrainedWithoutBrokenImagesIsMeasuredAndResumedWithoutThem() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "figures")
      #expect(synthesize(place, "--count", "40").status == 0)
      try Data("broken".utf8).write(to: place.appending(path: "7.npy"))
      let model = folder.appending(path: "model").path
      let train = runTool(
        "train", "cifar10-3layer", "--data", place.path, "--maps", "4", "--kernel-size", "3",
        "--hidden", "8", "--epochs", "1", "--batch-size", "10", "--validation", "0", "--test",
        "0.3", "--schedule", "step", "--quiet", "--output", model, "--skip-broken")
      #expect(train.status == 0, "\(train.error)")
      for (arguments, words) in [
        (["evaluate", model], "examples   12"), (["evaluate", model, place.path], "examples   39"),
        (["train", "--resume", model, "--epochs", "2", "--quiet"], "Saved to"),
      ] {
        let run = runTool(arguments)
        #expect(run.status == 1 && run.error.contains("7.npy"), "\(run.error)")
        #expect(run.error.contains("Or skip it with --skip-broken."), "\(run.error)")
        let skipping = runTool(arguments + ["--skip-broken"])
        #expect(skipping.status == 0 && skipping.output.contains(words), "\(skipping.error)")
        #expect(skipping.error.contains("Skipped 1:\n  \(place.path)/7.npy"))
      }
      #if ImageCodecs
        let maps = folder.appending(path: "maps.png").path
        let inspect = ["inspect", model, "--feature-maps", "3", maps]
        #expect(runTool(inspect).status == 1 && !FileManager.default.fileExists(atPath: maps))
        #expect(runTool(inspect + ["--skip-broken"]).status == 0)
      #endif
    }
  }

  @Test func optionsThatDoNotFitAreRefused() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "figures")
      let run = synthesize(place, "--folders", "--masks")
      #expect(run.status == 2 && run.error.contains("excludes --masks and --boxes"))
      let npy = synthesize(place, "--folders", "--format", "npy")
      #expect(npy.status == 2 && npy.error.contains("--format png"))
      #expect(!FileManager.default.fileExists(atPath: place.path))
    }
  }

  @Test func anImageThatCannotBeReadIsNoTable() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "figures")
      #expect(synthesize(place, "--count", "20").status == 0)
      let model = folder.appending(path: "m").path
      let train = runTool(
        "train", "csv-mlp", "--data", place.path, "--scaling", "none", "--hidden", "none",
        "--epochs", "1", "--validation", "0", "--test", "0", "--quiet", "--output", model)
      #expect(train.status == 0, "\(train.error)")
      let image = folder.appending(path: "x.bmp")
      try Data("BM\u{36}\0\0\0\0\0\0\0\u{36}\0\0\0".utf8).write(to: image)
      let predict = runTool("predict", model, image.path)
      #expect(predict.status == 1 && predict.error.contains("a BMP image"), "\(predict.error)")
      #expect(predict.error.contains("Convert it to PNG or JPEG"), "\(predict.error)")
      // As data, one image is neither a table nor a folder of images.
      for arguments in [
        ["data", "inspect", image.path], ["evaluate", model, image.path],
        ["train", "csv-mlp", "--data", image.path],
        ["train", "csv-mlp", "--data", image.path, "--label", "a"],
      ] {
        let run = runTool(arguments)
        #expect(run.status != 0 && run.error.contains("single image"), "\(arguments): \(run.error)")
      }
    }
  }

  #if ImageCodecs

    @Test func aPartToValidateOnIsUsedForIt() throws {
      try withTemporaryFolder { folder in
        for (name, count) in [("Train", "30"), ("valid", "20"), ("testing", "10")] {
          let run = synthesize(folder.appending(path: name), "--count", count, "--folders")
          #expect(run.status == 0, "\(run.error)")
        }
        let model = folder.appending(path: "m").path
        let train = runTool(
          "train", "cifar10-3layer", "--data", folder.path, "--maps", "4", "--kernel-size", "3",
          "--hidden", "8", "--epochs", "1", "--batch-size", "10", "--output", model)
        #expect(train.status == 0, "\(train.error)")
        let parts = "30 to train, 20 to validate, 10 to test"
        #expect(train.error.contains(parts), "\(train.error)")
        let note =
          "Note: Of \(folder.path), Train is the part for training, valid is the part for "
          + "validation, testing is the part for testing."
        #expect(train.error.components(separatedBy: note).count == 2, "\(train.error)")
        let evaluate = runTool("evaluate", model, folder.path)
        #expect(evaluate.output.contains("examples   10"), "\(evaluate.error)")
        #expect(evaluate.output.contains("on the test part of") && evaluate.error.contains(note))
        // Without a part for testing, the one for validation is the next best, not the one for training.
        let moved = folder.deletingLastPathComponent().appending(path: "\(UUID().uuidString)")
        let testing = folder.appending(path: "testing")
        try FileManager.default.moveItem(at: testing, to: moved)
        let validated = runTool("evaluate", model, folder.path)
        #expect(validated.output.contains("examples   20"), "\(validated.error)")
        #expect(validated.output.contains("on the validation part of"))
        try FileManager.default.moveItem(at: moved, to: testing)
        let sheet = folder.appending(path: "sheet.png").path
        let preview = runTool("generator", "preview", folder.path, "--output", sheet)
        #expect(preview.status == 0 && preview.error.contains(note), "\(preview.error)")
        #expect(
          preview.output.contains("from \(folder.path)/Train, 30 images"), "\(preview.output)")
        let inspect = runTool("data", "inspect", folder.path)
        #expect(inspect.output.contains("30 examples") && inspect.output.contains(note))
      }
    }

    @Test func theFoldersTrainAndTestAreParts() throws {
      try withTemporaryFolder { folder in
        for (name, count) in [("train", "40"), ("test", "10")] {
          let run = synthesize(folder.appending(path: name), "--count", count, "--folders")
          #expect(run.status == 0, "\(run.error)")
        }
        let run = runTool(
          "train", "cifar10-3layer", "--data", folder.path, "--maps", "4", "--kernel-size", "3",
          "--hidden", "8", "--epochs", "1", "--batch-size", "10", "--output",
          folder.appending(path: "m").path)
        #expect(run.status == 0, "\(run.error)")
        let parts = "36 to train, 4 to validate, 10 to test"
        #expect(run.error.contains(parts), "\(run.error)")
      }
    }

  #endif
}
