import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `course train images --encoder FILE`: classifiers that begin as another network.
@Suite(.watched) struct TransferCommandTests {
  /// An encoder, pretrained on figures of 16 x 16 pixels, and some images with classes of another size.
  private func prepare(_ folder: URL) throws -> (encoder: String, images: String) {
    func file(_ name: String) -> String { folder.appending(path: name).path }
    try SyntheticImages(count: 40, seed: 1, size: 16).write(
      toFolder: file("figures"), format: .png, .classFolders)
    try SyntheticImages(count: 40, seed: 2, size: 20).write(
      toFolder: file("few"), format: .png, .classFolders)
    let run = runTool(
      "train", "figures-vicreg", "--data", file("figures"), "--maps", "4,6", "--hidden", "8,8",
      "--augment", "crop:2", "--batch-size", "8", "--epochs", "1", "-o", file("e.safetensors"))
    #expect(run.status == 0, "\(run.error)")
    return (file("e.safetensors"), file("few"))
  }

  private func weights(_ path: String, below count: Int) throws -> [Tensor] {
    var (values, network) = ([Tensor](), try savedNetwork(path))
    if let encoder = try? network.encoder() { network = encoder }
    network.forEachParameter { name, parameter in
      if let number = name.split(separator: ".").dropFirst().first.flatMap({ Int($0) }),
        number < count
      {
        values.append(parameter.value)
      }
    }
    return values
  }

  @Test func aClassifierBeginsAsAnEncoder() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      let (encoder, images) = try prepare(folder)
      let common = [
        "train", "images", "--data", images, "--encoder", encoder, "--augment", "none",
        "--batch-size", "8", "--test", "0.25",
      ]
      for (rate, isFrozen) in [("0", true), ("1", false)] {
        let model = file("m\(rate).safetensors")
        let run = runTool(
          common + ["--encoder-rate", rate, "--epochs", "2", "--hidden", "5", "-o", model])
        #expect(run.status == 0, "\(run.error)")
        // The encoder says what an image is, and what it is made of.
        let network = try savedNetwork(model)
        #expect(network.inputShape == [3, 16, 16] && network.outputShape == [10])
        let kept = try weights(model, below: 2) == weights(encoder, below: 2)
        #expect(kept == isFrozen, "rate \(rate)")
        let summary = runTool("summary", model).output
        #expect(summary.contains("frozen") == isFrozen, "\(summary)")
      }
      // The file of the encoder is an input, which no output replaces.
      let before = try Data(contentsOf: URL(filePath: encoder))
      for option in ["-o", "--history"] {
        let run = runTool(common + ["--epochs", "1", "--force", option, encoder])
        #expect(run.status != 0, "\(option)")
      }
      #expect(try Data(contentsOf: URL(filePath: encoder)) == before)
      // One of the two epochs, then the other: the same bits.
      let options = ["--schedule", "step", "--encoder-rate", "0.1"]
      let (parts, whole) = (file("parts.safetensors"), file("whole.safetensors"))
      #expect(runTool(common + options + ["--epochs", "1", "-o", parts]).status == 0)
      #expect(runTool(common + options + ["--epochs", "2", "-o", whole]).status == 0)
      // Nothing needs the file of the encoder any more.
      try FileManager.default.removeItem(atPath: encoder)
      let resumed = runTool("train", "--resume", parts, "--epochs", "2")
      #expect(resumed.status == 0, "\(resumed.error)")
      let (a, b) = (try savedNetwork(parts), try savedNetwork(whole))
      let input = Tensor(normal: [4, 3, 16, 16], key: RandomKey(seed: 1))
      #expect(try a.predict(input) == b.predict(input))
      for command in [["evaluate", whole], ["evaluate", whole, images]] {
        let evaluation = runTool(command)
        #expect(evaluation.status == 0, "\(evaluation.error)")
      }
      let gone = runTool(common + ["--epochs", "1", "-o", file("x.safetensors")])
      #expect(gone.status == 1 && gone.error.contains("e.safetensors: cannot open the file"))
      // A classifier is an encoder as well.
      let next = runTool(
        "train", "images", "--data", images, "--encoder", whole, "--epochs", "1", "--augment",
        "none", "-o", file("next.safetensors"))
      #expect(next.status == 0, "\(next.error)")
    }
  }

  /// The results of a series are those of one encoder.
  @Test func aSeriesKnowsItsEncoder() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      let (encoder, images) = try prepare(folder)
      let command = [
        "train", "images", "--data", images, "--encoder", encoder, "--augment", "none", "--folds",
        "2", "--epochs", "1", "-o", file("f.csv"),
      ]
      let run = runTool(command)
      #expect(run.status == 0, "\(run.error)")
      // The command that it prints has what was given, and nothing that follows from the encoder.
      let printed = try #require(
        run.output.split(separator: "\n").first { $0.contains("train images --data") })
      for option in ["--maps", "--scaling", "--batch-norm", "--kernel-size"] {
        #expect(!printed.contains(option), "\(printed)")
      }
      #expect(printed.contains("--encoder ") && printed.contains("--augment none"), "\(printed)")
      #expect(runTool(command + ["--resume", file("f.csv")]).status == 0)
      let other = runTool(
        "train", "figures-vicreg", "--data", file("figures"), "--maps", "4,6", "--hidden", "8,8",
        "--augment", "crop:2", "--batch-size", "8", "--epochs", "1", "--seed", "2", "--force", "-o",
        encoder)
      #expect(other.status == 0, "\(other.error)")
      let changed = runTool(command + ["--resume", file("f.csv")])
      #expect(
        changed.status == 1 && changed.error.contains("have changed"), "\(changed.error)")
    }
  }

  @Test func otherFilesAndShapesAreRefused() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      let (_, images) = try prepare(folder)
      let table = file("iris.safetensors")
      #expect(runTool("train", "iris-mlp", "--epochs", "1", "-o", table).status == 0)
      let text = file("text.txt")
      try Data("no network".utf8).write(to: URL(filePath: text))
      for (encoder, words) in [
        (table, "the network has no encoder of images"), (text, "this is not a safetensors file"),
        (file("none.safetensors"), "cannot open the file"),
      ] {
        let run = runTool(
          "train", "images", "--data", images, "--encoder", encoder, "-o", file("x.safetensors"))
        #expect(run.status == 1 && run.error.contains(words), "\(run.error)")
        #expect(run.error.contains((encoder as NSString).lastPathComponent), "\(run.error)")
        #expect(!FileManager.default.fileExists(atPath: file("x.safetensors")))
      }
    }
  }
}
