import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// The recipe `figures-vicreg`, and what the commands show of its network.
@Suite(.watched) struct PretrainingCommandTests {
  private func train(
    _ folder: URL, _ arguments: String...
  ) throws -> (run: ToolRun, model: String, data: String) {
    let (model, data) = (
      folder.appending(path: "m.safetensors").path, folder.appending(path: "figures").path
    )
    if !FileManager.default.fileExists(atPath: data) {
      try SyntheticImages(count: 40, seed: 1, size: 16).write(
        toFolder: data, format: .png, .classFolders)
    }
    let run = runTool(
      [
        "train", "figures-vicreg", "--data", data, "--maps", "4,6", "--hidden", "8,8", "--augment",
        "crop:2", "--batch-size", "8", "--epochs", "2", "--validation", "0.2", "--test", "0.3",
        "-o",
        model,
      ] + arguments)
    return (run, model, data)
  }

  @Test func anEncoderIsTrainedMeasuredAndShown() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      let (run, model, data) = try train(
        folder, "--report", file("train.html"), "--history", file("h.csv"))
      #expect(run.status == 0, "\(run.error)")
      #expect(run.error.contains("embedding deviation"), "\(run.error)")
      for words in ["Representation", "encoder", "random weights", "pixels", "linear probe"] {
        #expect(run.output.contains(words), "\(run.output)")
      }
      let history = try String(contentsOf: URL(filePath: file("h.csv")), encoding: .utf8)
      #expect(history.contains("training embedding deviation,validation loss"))
      let page = try String(contentsOf: URL(filePath: file("train.html")), encoding: .utf8)
      #expect(page.contains("Accuracy from frozen features"))
      #expect(page.contains("Images of the test part, and the nearest training images"))

      // The same numbers from the file.
      let evaluation = runTool("evaluate", model)
      #expect(evaluation.status == 0, "\(evaluation.error)")
      let table = try #require(run.output.range(of: "Representation  "))
      let end = try #require(run.output.range(of: "\n\nSaved to"))
      #expect(
        evaluation.output.contains(run.output[table.lowerBound..<end.lowerBound]),
        "\(evaluation.output)")
      #expect(evaluation.output.contains("0 is a collapse"))
      // What is said of data that are given names them, and no option of the training.
      let few = URL(filePath: file("few"))
      for index in 0..<4 {
        let figure = SyntheticImages(count: 4, seed: 1, size: 16).image(at: index)
        let place = few.appending(path: index < 2 ? "a" : "b")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try figure.write(to: place.appending(path: "\(index).png"))
      }
      let scarce = runTool("evaluate", model, few.path)
      #expect(
        scarce.status == 1 && scarce.error.contains("the test part of \(few.path)")
          && !scarce.error.contains("--test"), "\(scarce.error)")
      try FileManager.default.moveItem(atPath: data, toPath: data + ".moved")
      for command in [["evaluate", model], ["predict", model, data + ".moved/star"]] {
        let gone = runTool(command)
        #expect(
          gone.status == 1 && gone.error.contains("the training data are not there")
            && gone.error.contains("original data") && !gone.error.contains("label column"),
          "\(gone.error)")
      }
      let elsewhere = ["predict", model, data + ".moved/star", "--data", data + ".moved"]
      let found = runTool(elsewhere)
      #expect(found.status == 0, "\(found.error)")
      let another = runTool("predict", model, data + ".moved/star", "--data", few.path)
      #expect(another.status == 1 && another.error.contains("have changed"), "\(another.error)")
      try FileManager.default.moveItem(atPath: data + ".moved", toPath: data)
      let other = try runTool("evaluate", model, data, "--json").json
      let figures = try #require(other["representation"] as? [String: Any])
      #expect((figures["rows"] as? [[String: Any]])?.count == 3)
      #expect(runTool("report", model, "-o", file("r.html")).status == 0)

      let images = data + "/star"
      let predicted = runTool(
        "predict", model, images, "--top", "3", "--sheet", file("s.svg"))
      #expect(predicted.status == 0, "\(predicted.error)")
      let lines = predicted.output.split(separator: "\n").map(String.init)
      #expect(
        lines[0] == "file,rank,image,class,distance,image file" && lines.count == 1 + 4 * 3)
      let sheet = try String(contentsOf: URL(filePath: file("s.svg")), encoding: .utf8)
      #expect(sheet.contains("Images that m.safetensors takes for similar"))
      // An image of the training part is nearest to itself.
      let itself = lines.filter { $0.contains(",1,") }.count { $0.contains(",star,0.0000") }
      #expect(itself >= 1, "\(predicted.output)")

      for kind in ["curves", "weights", "gradients", "activations", "network", "outputs"] {
        let plot = runTool("plot", kind, model, "-o", file("\(kind).svg"))
        #expect(plot.status == 0, "\(kind): \(plot.error)")
      }
      for kind in ["mistakes", "confusion", "roc", "precision-recall"] {
        let refusal = runTool("plot", kind, model, "-o", file("x.svg"))
        #expect(refusal.status == 1 && refusal.error.contains("names no classes"))
      }
      let star = try #require(lines.last?.split(separator: ",").first.map(String.init))
      let inspected = runTool(
        "inspect", model, "--filters", file("f.svg"), "--feature-maps", star, file("maps.svg"))
      #expect(inspected.status == 0, "\(inspected.error)")
      #expect(runTool("summary", model).output.contains("Siamese"))
      let refusals: [([String], String)] = [
        (["predict", model, images, "--probabilities"], "'--probabilities' and '--label'"),
        (["predict", model, images, "--top", "500"], "the training part has 20 images"),
        (["evaluate", model, "--mistakes", file("m.png")], "'--mistakes' and '--label'"),
        (["evaluate", model, "iris"], "do not fit the network"),
      ]
      for (arguments, words) in refusals {
        let refusal = runTool(arguments)
        #expect(refusal.status != 0 && refusal.error.contains(words), "\(refusal.error)")
      }
    }
  }

  @Test(arguments: ["rotation", "nt-xent"]) func otherTasks(name: String) throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      let (run, model, _) = try train(folder, "--pretext", name, "--report", file("r.html"))
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("Representation"))
      let evaluation = runTool("evaluate", model)
      #expect(evaluation.status == 0, "\(evaluation.error)")
      #expect(evaluation.output.contains("accuracy") == (name == "rotation"))
      // The same details as after the training: those of the four turns.
      let test = try runTool("evaluate", model, "--json").json["test"] as? [String: Any]
      #expect((test?["classes"] as? [Any])?.count == (name == "rotation" ? 4 : nil))
      #expect(runTool("plot", "outputs", model, "-o", file("o.svg")).status == 0)
    }
  }

  /// A run that a signal ended goes on with the same bits; here, one of two epochs becomes one of three.
  @Test func aTrainingResumes() throws {
    try withTemporaryFolder { folder in
      let step = ["--schedule", "step"]
      let (_, model, data) = try train(folder, step[0], step[1])
      let resumed = runTool("train", "--resume", model, "--epochs", "3")
      #expect(resumed.status == 0, "\(resumed.error)")
      let whole = folder.appending(path: "whole.safetensors").path
      let other = runTool(
        [
          "train", "figures-vicreg", "--data", data, "--maps", "4,6", "--hidden", "8,8",
          "--augment", "crop:2", "--batch-size", "8", "--epochs", "3", "--validation", "0.2",
          "--test", "0.3", "--threads", "1", "-o", whole,
        ] + step)
      #expect(other.status == 0, "\(other.error)")
      let table = { (text: String) in
        text.range(of: "Representation  ").map { text[$0.lowerBound...] }
      }
      #expect(
        table(runTool("evaluate", model).output) == table(runTool("evaluate", whole).output))
    }
  }

  @Test func imagesWithoutLabels() throws {
    try withTemporaryFolder { folder in
      let photos = folder.appending(path: "photos")
      try FileManager.default.createDirectory(at: photos, withIntermediateDirectories: true)
      let figures = SyntheticImages(count: 20, seed: 1, size: 16)
      for index in 0..<20 {
        try figures.image(at: index).write(to: photos.appending(path: "photo\(index).png"))
      }
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        "train", "figures-vicreg", "--data", photos.path, "--maps", "4", "--hidden", "8",
        "--augment", "crop:2", "--batch-size", "8", "--epochs", "1", "--validation", "0", "-o",
        model)
      #expect(run.status == 0, "\(run.error)")
      let single = runTool(
        "train", "figures-vicreg", "--data", photos.path, "--maps", "4", "--validation", "0.05",
        "-o", model + "2")
      #expect(
        single.status == 1 && single.error.contains("the validation part of"), "\(single.error)")
      #expect(run.error.contains("Images without labels.") && !run.output.contains("linear probe"))
      let evaluation = runTool("evaluate", model)
      #expect(evaluation.status == 0 && evaluation.output.contains("The images have no classes"))
      let predicted = runTool("predict", model, photos.path + "/photo3.png", "--top", "1")
      #expect(
        predicted.output.hasPrefix("file,rank,image,distance,image file\n"), "\(predicted.error)")
      let json = try runTool("predict", model, photos.path + "/photo3.png", "--json").json
      let similar = try #require(json["neighbours"] as? [[String: Any]])
      #expect(similar.count == 7)
      // The photograph itself, if it is in the training part.
      for image in similar {
        let file = try #require(image["imageFile"] as? String)
        #expect(FileManager.default.fileExists(atPath: file), "\(file)")
      }
      #expect(runTool("plot", "outputs", model, "-o", folder.path + "/o.svg").status == 0)
    }
  }

  /// No classes are asked for where none are needed.
  @Test func foldersWithoutClassesWillDo() throws {
    try withTemporaryFolder { folder in
      let data = folder.appending(path: "photos")
      let inner = data.appending(path: "holidays")
      try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
      func train() -> ToolRun {
        runTool(
          "train", "figures-vicreg", "--data", data.path, "--maps", "4", "--hidden", "8",
          "--augment", "crop:2", "--batch-size", "8", "--epochs", "1", "--validation", "0", "-o",
          folder.path + "/m.safetensors")
      }
      // Nor is a label, which the recipe does not take.
      let table = folder.appending(path: "t.csv").path
      try Data("a,b\n1,2\n".utf8).write(to: URL(filePath: table))
      for (name, words) in [
        (table, "is one file: give a folder of images"),
        (folder.path + "/none", "there is no folder"),
        ("mnits", "Did you mean 'mnist'?"),
      ] {
        let refused = runTool("train", "figures-vicreg", "--data", name, "-o", folder.path + "/n")
        #expect(refused.status == 2 && refused.error.contains(words), "\(refused.error)")
        #expect(!refused.error.contains("label"), "\(refused.error)")
      }
      let empty = train()
      #expect(
        empty.status == 1 && empty.error.contains("there are no images in this folder")
          && !empty.error.contains("class"), "\(empty.error)")
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/m.safetensors"))
      let figures = SyntheticImages(count: 12, seed: 1, size: 16)
      for index in 0..<12 {
        try figures.image(at: index).write(to: inner.appending(path: "photo\(index).png"))
      }
      let run = train()
      #expect(run.status == 0 && run.error.contains("Images without labels."), "\(run.error)")
    }
  }

  @Test func settingsThatDoNotFitAreRefused() throws {
    for (arguments, words) in [
      (["--augment", "none"], "the two views of an image would be the same"),
      (["--augment", "mixup:1"], "makes no view of an image"),
      (["--scaling", "standardize"], "scales each view in its own way"),
      (["--dropout", "0.5"], "'--dropout 0.5' does not apply with --pretext vicreg"),
      (["--temperature", "0.1"], "--pretext nt-xent only"),
      (["--hidden", "none"], "an encoder has convolutions"),
      (["--batch-size", "1"], "compared with others"),
      (["--learning-rate", "find"], "does not apply with --pretext"),
      (["--data", "iris"], "an encoder takes images"),
    ] {
      let run = runTool(["train", "figures-vicreg", "-o", "x.safetensors"] + arguments)
      #expect(run.status != 0 && run.error.contains(words), "\(arguments): \(run.error)")
    }
    let single = runTool("train", "figures-vicreg", "--pretext", "rotation", "--batch-size", "1")
    #expect(single.status == 2 && single.error.contains("2 images at a time"), "\(single.error)")
    #expect(!single.error.contains("compared"), "rotations are not: \(single.error)")
    let bordered = runTool(
      "train", "figures-vicreg", "--pretext", "rotation", "--fit", "pad", "-o", "x.safetensors")
    #expect(bordered.status == 2 && bordered.error.contains("use crop or stretch"))
    let other = runTool("train", "digits-mlp", "--temperature", "1")
    #expect(other.status == 2 && other.error.contains("applies to --pretext nt-xent only"))
  }
}
