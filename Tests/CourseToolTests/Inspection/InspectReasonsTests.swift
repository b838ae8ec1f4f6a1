import CourseTestSupport
import ExplorationNetworks
import Foundation
import Networks
import Pictures
import Testing

@testable import CourseTool

/// `course inspect` with --saliency, --occlusion and --attention.
@Suite(.watched) struct InspectReasonsTests {
  private func answer(_ run: ToolRun) throws -> (
    class: String, probability: Double, image: [String: Any]
  ) {
    let image = try #require(try (run.json["images"] as? [[String: Any]])?.last)
    let answer = try #require(image["answer"] as? [String: Any])
    return (
      try #require(answer["class"] as? String), try #require(answer["probability"] as? Double),
      image
    )
  }

  @Test(arguments: ["digits-cnn", "digits-mlp", "digits-rows-lstm"])
  func imagesOfAnyNetwork(recipe: String) throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      let model = file("m.safetensors")
      let trained = runTool("train", recipe, "--epochs", "1", "--quiet", "--output", model)
      try #require(trained.status == 0, "\(trained.error)")
      let network = try savedNetwork(model)
      let recipe = try #require(try Recipe(notedIn: network, path: model))
      let test = try recipe.split(recipe.loadData()).test
      let example = test.batch(at: [4]).features.reshaped(to: network.inputShape)
      for kind in ["saliency", "occlusion"] {
        let out = file("\(kind).svg")
        let run = runTool("inspect", model, "--\(kind)", "4", out, "--json")
        #expect(run.status == 0, "\(run.error)")
        let (name, probability, image) = try answer(run)
        let expected = try network.answer(to: example)
        #expect(name == network.name(of: expected.label))
        #expect(abs(probability - Double(expected.probability)) < 1e-5)
        #expect(image["shapes"] as? [[Int]] == [[8, 8]])
        let map =
          kind == "saliency"
          ? try network.saliencyMap(of: example, for: expected, imageShape: [1, 8, 8])
          : try network.occlusionMap(of: example, for: expected, imageShape: [1, 8, 8])
        let svg = try String(contentsOfFile: out, encoding: .utf8)
        let sheet = try TileSheet.reasons(
          map, over: example.reshaped(to: [1, 8, 8]), name: kind, title: "")
        for tile in sheet.groups[0].tiles { #expect(svg.contains(">\(tile.captions[0])<")) }
        let label = test.targets.classIndices[4]
        #expect(svg.contains("Example 4, true \(network.name(of: label))<"))
        #expect(svg.contains("\(kind.capitalized) for \(name), "))
      }
      // Another class than the most probable one, and an image file.
      try PixelImage(example.reshaped(to: [1, 8, 8]), range: 0...16)
        .write(to: URL(filePath: file("x.png")))
      let run = runTool(
        "inspect", model, "--occlusion", file("x.png"), file("other.svg"), "--class", "3", "--json")
      #expect(run.status == 0, "\(run.error)")
      #expect(try answer(run).class == "3")
      let refused = runTool(
        "inspect", model, "--saliency", "4", file("no.svg"), "--class", "cat")
      #expect(refused.status == 2)
      #expect(refused.error.contains("'--class cat': the classes of"), "\(refused.error)")
      let attention = runTool("inspect", model, "--attention", "4", file("no.svg"))
      #expect(attention.status == 1)
      #expect(attention.error.contains("the network has no attention layer"))
      #expect(!FileManager.default.fileExists(atPath: file("no.svg")))
    }
  }

  @Test func textsOfAnyNetwork() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      try Data(String(repeating: "one two three. ", count: 60).utf8).write(
        to: URL(filePath: file("t.txt")))
      for (recipe, options) in [
        ("char-lstm", ["--recurrent", "8", "--embedding", "4"]),
        ("char-lstm", ["--recurrent", "8"]),
        ("char-transformer", ["--embedding", "16", "--blocks", "2", "--heads", "2"]),
      ] {
        let model = file("m.safetensors")
        let trained = runTool(
          ["train", recipe, "--data", file("t.txt"), "--sequence-length", "8", "--batch-size", "4"]
            + ["--epochs", "1", "--quiet", "--output", model, "--force"] + options)
        try #require(trained.status == 0, "\(trained.error)")
        for kind in ["saliency", "occlusion"] {
          let run = runTool(
            "inspect", model, "--\(kind)", "one two t", file("m.svg"), "--force", "--json")
          #expect(run.status == 0, "\(run.error)")
          // The last eight of nine characters.
          #expect(run.error.contains("the network reads the last 8 of 9 characters"))
          let parts = try #require(try answer(run).image["parts"] as? [[String: Any]])
          #expect(parts.compactMap { $0["text"] as? String }.joined() == "ne two t")
          #expect(parts.allSatisfy { ($0["weight"] as? Double)?.isFinite == true })
          #expect(kind == "occlusion" || parts.allSatisfy { ($0["weight"] as? Double ?? -1) >= 0 })
          let svg = try String(contentsOfFile: file("m.svg"), encoding: .utf8)
          #expect(
            svg.contains("after &quot;one two t&quot;") || svg.contains("after \"one two t\""))
        }
        let unknown = runTool("inspect", model, "--occlusion", "one zwei", file("no.svg"))
        #expect(unknown.status == 1 && unknown.error.contains("\"z\""), "\(unknown.error)")
        let path = runTool("inspect", model, "--occlusion", "one.txt", file("no.svg"))
        #expect(path.status == 1 && path.error.contains("does not exist"), "\(path.error)")
        let empty = runTool("inspect", model, "--occlusion", "", file("no.svg"))
        #expect(empty.status == 2 && empty.error.contains("not empty"), "\(empty.error)")
        let attention = runTool("inspect", model, "--attention", "two", file("a.svg"), "--json")
        #expect(attention.status == (recipe == "char-lstm" ? 1 : 0), "\(attention.error)")
        guard recipe != "char-lstm" else { continue }
        let image = try #require(try (attention.json["images"] as? [[String: Any]])?.first)
        #expect(image["shapes"] as? [[Int]] == [[2, 3, 3], [2, 3, 3]])
        let svg = try String(contentsOfFile: file("a.svg"), encoding: .utf8)
        #expect(svg.contains("block 2, head 2") && svg.contains(">1  weight; a row adds up to 1<"))
      }
    }
  }

  /// Where spaces are no characters, they only set digits or letters apart.
  @Test func spacesBetweenDigits() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      try Data(String(repeating: "0120311", count: 200).utf8).write(
        to: URL(filePath: file("t.txt")))
      let model = file("m.safetensors")
      let trained = runTool(
        "train", "char-lstm", "--data", file("t.txt"), "--sequence-length", "8", "--batch-size",
        "4",
        "--recurrent", "4", "--embedding", "4", "--epochs", "1", "--quiet", "--output", model)
      try #require(trained.status == 0, "\(trained.error)")
      let run = runTool("inspect", model, "--occlusion", "0 1, 2", file("m.svg"), "--json")
      let parts = try #require(try answer(run).image["parts"] as? [[String: Any]])
      #expect(parts.compactMap { $0["text"] as? String } == ["0", "1", "2"])
      let empty = runTool("inspect", model, "--occlusion", " ", file("no.svg"))
      #expect(empty.status == 1 && empty.error.contains("the text is empty"), "\(empty.error)")
    }
  }

  @Test func whatCannotBeShownIsRefused() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String) -> String { folder.appending(path: name).path }
      let model = file("m.safetensors")
      #expect(runTool("train", "iris-mlp", "--epochs", "1", "-q", "-o", model).status == 0)
      let row = runTool("inspect", model, "--saliency", "0", file("x.svg"))
      #expect(row.status == 1)
      #expect(row.error.contains("the network reads neither images nor text"), "\(row.error)")
      for (arguments, message) in [
        (["--saliency", "0", "--occlusion", "0", file("x.svg")], "need a picture each"),
        (["--saliency", "0"], "--saliency requires an input and an output file"),
        (["--filters", file("x.svg"), "--class", "a"], "--class applies to --saliency"),
        (["--attention", "0", file("x.svg"), "--class", "a"], "--class applies to --saliency"),
        ([file("x.svg")], "nothing to draw"),
      ] {
        let run = runTool(["inspect", model] + arguments)
        #expect(run.status == 2 && run.error.contains(message), "\(run.error)")
      }
      #expect(!FileManager.default.fileExists(atPath: file("x.svg")))
    }
  }
}
