import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

@Suite(.watched) struct PlotTests {
  private static let kinds = [
    "boundary", "curves", "learning-rate", "confusion", "roc", "precision-recall", "weights",
    "activations", "gradients", "outputs", "mistakes", "network",
  ]

  /// A network for the two moons, trained for a moment.
  private func trained(in folder: URL, _ recipe: String = "moons") -> String {
    let model = folder.appending(path: "\(recipe).safetensors").path
    #expect(runTool("train", recipe, "--epochs", "2", "--quiet", "--output", model).status == 0)
    return model
  }

  @Test func everyKindIsDrawn() throws {
    try withTemporaryFolder { folder in
      let model = trained(in: folder)
      for kind in Self.kinds {
        let file = folder.appending(path: "\(kind).svg")
        let run = runTool("plot", kind, model, "--output", file.path, "--json")
        #expect(run.status == 0, "\(kind): \(run.error)")
        let svg = try String(contentsOf: file, encoding: .utf8)
        #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>\n"), "\(kind)")
        let drawn = try run.json["kind"] as? String
        #expect(drawn == kind)
      }
      #expect(
        runTool("help", "plot").output.contains(Self.kinds.joined(separator: ", ").prefix(40)))
    }
  }

  @Test func wrongArgumentsAreRefused() throws {
    try withTemporaryFolder { folder in
      let model = trained(in: folder)
      let flowers = trained(in: folder, "iris-mlp")
      let svg = folder.appending(path: "p.svg").path
      func csv(_ name: String, _ row: (Int) -> String) throws -> String {
        let file = folder.appending(path: name)
        let rows = (0..<20).map(row).joined(separator: "\n")
        try Data("x,y,class\n\(rows)\n".utf8).write(to: file)
        return file.path
      }
      let one = try csv("one.csv") { "\($0),\($0 % 3),class 0" }
      let missing = try csv("missing.csv") { "\($0),\($0 == 3 ? "nan" : "1"),class \($0 % 2)" }
      for (arguments, status, message) in [
        (["boundry", model], 2, "unknown kind of picture 'boundry'. Did you mean 'boundary'?"),
        (["boundary", model, "-o", "b.jpg"], 2, "a picture is a file that ends in .svg or .png"),
        (["weights", model, "moons", "-o", svg], 2, "a picture of kind weights takes no DATA"),
        (["weights", model, "--dark", "-o", svg], 2, "'--dark' draws a PNG file"),
        (["boundary", flowers, "-o", svg], 1, "expected examples of shape [2], got [4]"),
        (["roc", flowers, "-o", svg], 1, "'course plot confusion' shows any number of classes"),
        (["confusion", model, "iris", "-o", svg], 1, "does not fit"),
        (["gradients", model, "iris", "-o", svg], 1, "does not fit"),
        (["mistakes", model, "iris", "-o", svg], 1, "does not fit"),
        (["outputs", model, "iris", "-o", svg], 1, "do not fit the network"),
        (["boundary", model, one, "-o", svg], 1, "expected examples of at least two"),
        (["roc", model, one, "-o", svg], 1, "expected examples of both"),
        (["mistakes", model, missing, "-o", svg], 1, "a value is missing"),
        (["weights", model, "-o", folder.path + "/none/p.svg"], 1, "folder does not exist"),
        (["curves", folder.appending(path: "none.safetensors").path, "-o", svg], 1, "cannot open"),
      ] {
        let run = runTool(["plot"] + arguments)
        #expect(run.status == status && run.error.contains(message), "\(arguments): \(run.error)")
      }
      #expect(!FileManager.default.fileExists(atPath: svg))
    }
  }

  /// Texts have answers at each step, carry their state from batch to batch, and have many classes.
  @Test func aTextIsDrawnAsFarAsItCanBe() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "t.safetensors").path
      let text = folder.appending(path: "t.txt")
      let characters = String((33..<99).map { Character(Unicode.Scalar($0)) })
      try Data(String(repeating: characters, count: 600).utf8).write(to: text)
      let small = [
        "--data", text.path, "--recurrent", "4", "--embedding", "2", "--epochs", "1",
      ]
      #expect(runTool(["train", "char-lstm", "-q", "-o", model] + small).status == 0)
      for kind in Self.kinds {
        let file = folder.appending(path: "\(kind).svg").path
        let run = runTool("plot", kind, model, "--output", file)
        let reason: String? =
          switch kind {
          case "boundary": "over two features"
          case "confusion", "outputs": "expected at most 40, got 66"
          case "roc", "precision-recall": "expected a network with two classes"
          default: nil
          }
        #expect(run.status == (reason == nil ? 0 : 1), "\(kind): \(run.error)")
        #expect(reason.map { run.error.contains($0) } ?? run.error.isEmpty, "\(kind): \(run.error)")
        #expect(FileManager.default.fileExists(atPath: file) == (reason == nil), "\(kind)")
      }
    }
  }

  @Test func trainingIsAnimated() throws {
    try withTemporaryFolder { folder in
      let film = folder.appending(path: "moons.gif").path
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        "train", "moons", "--epochs", "2", "--quiet", "--output", model, "--animate", film)
      guard run.status == 0 else {
        // Before the training, where the package was built without the libraries.
        #expect(run.error.contains("a build with the trait ImageCodecs"), "\(run.error)")
        #expect(!FileManager.default.fileExists(atPath: model))
        return
      }
      let bytes = try Data(contentsOf: URL(filePath: film))
      #expect(bytes.starts(with: Data("GIF89a".utf8)))
      #expect(run.output.contains("The animation is in \(film)."))
    }
  }

  @Test func whatCannotBeAnimatedIsRefusedBeforeTraining() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      for (recipe, file, message) in [
        ("moons", "m.png", "an animation is a file that ends in .gif"),
        ("iris-mlp", "i.gif", "a decision boundary is drawn over two features"),
        ("moons", "none/m.gif", "the output folder does not exist"),
      ] {
        let run = runTool(
          "train", recipe, "--quiet", "--output", model, "--animate",
          folder.appending(path: file).path)
        #expect(run.status != 0, "\(recipe)")
        #expect(
          run.error.contains(message) || run.error.contains("a build with the trait ImageCodecs"),
          "\(run.error)")
        #expect(!FileManager.default.fileExists(atPath: model))
      }
    }
  }

  @Test(arguments: ["blobs", "moons", "circles", "xor", "checkerboard", "spirals"])
  func everyToyHasARecipeAndData(name: String) throws {
    let recipe = try #require(Recipes.named(name))
    #expect(recipe.settings.data == name)
    let data = try DataSource.load(name, label: nil).examples
    #expect(data.count == 600 && data.inputShape == [2] && data.classCount == 2)
    #expect(runTool("data", "list").output.contains(name))
  }
}
