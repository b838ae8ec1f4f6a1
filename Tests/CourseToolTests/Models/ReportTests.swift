import CourseTestSupport
import Foundation
import Networks
import Pictures
import Testing

@testable import CourseTool

/// `course report` and `course train --report`.
@Suite(.watched) struct ReportCommandTests {
  /// One training of each kind, in moments: recipe, options, and words of its page.
  static let kinds: [(recipe: String, options: [String], words: [String])] = [
    (
      "moons", ["--epochs", "3"],
      [
        "Decision boundary", "ROC curve", "Precision and recall", "Features of the training part",
        "Accuracy", "best: epoch",
      ]
    ),
    (
      "iris-mlp", ["--epochs", "2"],
      ["Confusion matrix", "petal width", "versicolor", "macro average"]
    ),
    (
      "digits-mlp", ["--epochs", "1", "--hidden", "4"],
      [
        "An example of each class", "true ", "predicted ",
        "data:image/png;base64,",
      ]
    ),
    (
      "digits-cnn", ["--epochs", "1", "--maps", "4,6", "--hidden", "8"],
      ["First filters", "4 kernels of 1 × 3 × 3", "ConvReLUPool", "--maps 4,6"]
    ),
    (
      "digits-rows-lstm", ["--epochs", "1", "--recurrent", "4"],
      ["LSTM", "Worst mistakes", "8 × 8"]
    ),
    ("sequence-sum", ["--epochs", "1", "--recurrent", "4"], ["15 × 1", "data:image/png;base64,"]),
    (
      "char-lstm", ["--epochs", "1", "--recurrent", "8", "--embedding", "4"],
      [
        "Test perplexity", ">Perplexity<", "text so far", "Sample", "one two three",
        "Different characters",
        "sample",
      ]
    ),
  ]

  private func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

  @Test(arguments: kinds)
  func everyKindOfRecipeHasAPage(recipe: String, options: [String], words: [String]) throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "\(recipe).safetensors")
      let (first, second) = (
        folder.appending(path: "first.html"), folder.appending(path: "second.html")
      )
      var options = options
      if recipe == "char-lstm" {
        // Shakespeare would take long in a debug build.
        let text = folder.appending(path: "t.txt")
        try Data(String(repeating: "one two three. ", count: 2500).utf8).write(to: text)
        options += ["--data", text.path]
      }
      let run = runTool(
        ["train", recipe, "--quiet", "--output", model.path, "--report", first.path] + options)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.hasSuffix("The report is in \(first.path).\n"))
      let html = try text(first)
      let always = [
        "<title>\(recipe)</title>", "Results", "Training", "Worst mistakes", "Network", "Layers",
        "Data", "Settings", "Repeat it", "course train \(recipe) --", "seed", "Parameters",
      ]
      // Without a codec the images are paths.
      let hasCodec = (try? PixelImage(width: 1, height: 1, channels: 1).pngData()) != nil
      for word in always + words where hasCodec || !word.hasPrefix("data:") {
        // Without the whole page in the message.
        let isThere = html.contains(word)
        #expect(isThere, "\(recipe): \(word)")
      }
      #expect(html.contains("First filters") == (recipe == "digits-cnn"))
      try requireNoRequests(html)
      // The file alone says all: the page of the trained network is the same.
      let again = runTool("report", model.path, "--output", second.path)
      #expect(again.status == 0, "\(again.error)")
      #expect(try text(second) == html)
    }
  }

  /// Nothing of the page asks for anything, and nothing of it runs.
  private func requireNoRequests(_ html: String) throws {
    for address in html.matches(of: #/(?i)(?:src|href|action|srcset|data)\s*=\s*["']([^"']*)/#) {
      let text = address.output.1
      #expect(text.hasPrefix("data:") || text.hasPrefix("#"), "\(text)")
    }
    for word in [
      "<script", "url(", "@import", "<iframe", "<object", "<embed", "javascript:", " on",
    ] {
      let places = html.ranges(of: word)
      #expect(
        word == " on"
          ? html.firstMatch(of: #/<[^>]* on[a-z]+=/#) == nil : places.isEmpty, "\(word)")
    }
  }

  @Test func otherDataAreReported() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "iris.safetensors").path
      #expect(runTool("train", "iris-mlp", "--epochs", "2", "-q", "-o", model).status == 0)
      let csv = folder.appending(path: "two.csv")
      let rows = """
        sepal length,sepal width,petal length,petal width,species
        5.1,3.5,1.4,0.2,setosa
        6.3,3.3,6.0,2.5,virginica

        """
      try Data(rows.utf8).write(to: csv)
      let page = folder.appending(path: "r.html")
      let run = runTool("report", model, csv.path, "-o", page.path, "--json")
      #expect(run.status == 0, "\(run.error)")
      #expect((try run.json["test"] as? [String: Any])?["examples"] as? Int == 2)
      let html = try text(page)
      #expect(html.contains("measured on \(csv.path)."))
      #expect(html.contains("course report \(model) \(csv.path)"))
      #expect(!html.contains("validation part"))
      // Without a test part, the next best is reported, and named.
      let bare = folder.appending(path: "bare.safetensors").path
      let validated = runTool(
        "train", "iris-mlp", "--epochs", "1", "--test", "0", "-q", "-o", bare, "--report",
        page.path,
        "--force")
      #expect(validated.status == 0, "\(validated.error)")
      #expect(try text(page).contains("the validation part of iris"))
    }
  }

  @Test func namesOfDataAreText() throws {
    try withTemporaryFolder { folder in
      let csv = folder.appending(path: "evil.csv")
      let names = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>"]
      let rows = (0..<40).map { row in
        "\(row % 7),\(row % 5),\(names[row % 2].replacing("\"", with: "\"\"").quoted)"
      }
      try Data(("\"<b>x</b>\",y,label\n" + rows.joined(separator: "\n") + "\n").utf8).write(to: csv)
      let page = folder.appending(path: "r.html")
      let run = runTool(
        "train", "csv-mlp", "--data", csv.path, "--label", "label", "--epochs", "1", "-q", "-o",
        folder.appending(path: "m.safetensors").path, "--report", page.path)
      #expect(run.status == 0, "\(run.error)")
      let html = try text(page)
      #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
      #expect(html.contains("&lt;b&gt;x&lt;/b&gt;") && !html.contains("<b>x"))
      try requireNoRequests(html)
    }
  }

  @Test func wrongArgumentsAreRefusedBeforeTraining() throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      try Data("mine".utf8).write(to: URL(filePath: path("mine.html")))
      let model = path("m.safetensors")
      func train(_ rest: String...) -> [String] {
        ["train", "iris-mlp", "--epochs", "1", "-q", "-o", model] + rest
      }
      for (arguments, status, message) in [
        (train("--report", path("r.pdf")), 2, "a report is a file that ends in .html"),
        (train("--report", path("mine.html")), 1, "the output file already exists"),
        (train("--report", path("none/r.html")), 1, "the output folder does not exist"),
        (train("--report", folder.path + "/"), 2, "a report is a file that ends in .html"),
        (
          ["train", "iris-mlp", "-o", path("x.html"), "--report", path("./x.html")], 2,
          "--output and --report need different files"
        ),
        (train("--report", path("r.html"), "--animate", path("a.gif")), 2, "two features"),
      ] as [([String], Int32, String)] {
        let run = runTool(arguments)
        #expect(
          run.status == status
            && (run.error.contains(message)
              || run.error.contains("a build with the trait ImageCodecs")),
          "\(arguments): \(run.error)")
      }
      #expect(try names(in: folder) == ["mine.html"])
      #expect(try text(URL(filePath: path("mine.html"))) == "mine")

      #expect(runTool(train()).status == 0)
      for (arguments, status, message) in [
        ([model, "-o", path("r.txt")], 2, "a report is a file that ends in .html"),
        ([model, "-o", path("mine.html")], 1, "the output file already exists"),
        ([model, "digits", "-o", path("r.html")], 1, "expected examples of shape [4], got [64]"),
        ([model, "irs", "-o", path("r.html")], 2, "Did you mean 'iris'?"),
        ([path("none.safetensors"), "-o", path("r.html")], 1, "cannot open"),
        ([model, "--label", "x", "-o", path("r.html")], 2, "'--label' requires DATA"),
      ] as [([String], Int32, String)] {
        let run = runTool(["report"] + arguments)
        #expect(run.status == status && run.error.contains(message), "\(arguments): \(run.error)")
      }
      #expect(try names(in: folder) == ["m.safetensors", "mine.html"])
    }
  }

  /// A network that a program made, without a recipe.
  @Test func aNetworkWithoutARecipeNeedsData() throws {
    try withTemporaryFolder { folder in
      var network = try NeuralNetwork.multilayerPerceptron(
        inputSize: 4, hiddenSizes: [], classCount: 3, optimizer: SGD(learningRate: 0.1), seed: 1)
      network.classNames = Dataset.iris.classNames
      let model = folder.appending(path: "m.safetensors")
      try network.save(to: model)
      let page = folder.appending(path: "r.html")
      let refused = runTool("report", model.path, "-o", page.path)
      #expect(
        refused.status == 2 && refused.error.contains("has no test part of its own: give DATA"))
      let run = runTool("report", model.path, "iris", "-o", page.path)
      #expect(run.status == 0, "\(run.error)")
      let html = try text(page)
      #expect(html.contains("Confusion matrix"))
      #expect(!html.contains("Repeat it") && !html.contains("<h2>Settings"))
    }
  }
}

/// Whether the package was built with the libraries for PNG and GIF pictures.
private let hasPictures = (try? Animation.requireLibraries()) != nil

/// Reports and animations of runs that a signal ends.
@Suite(.enabled(if: hasBuiltTool), .watched) struct InterruptedReportTests {
  @Test func theReportTellsHowFarTheTrainingCame() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(
        ["train", "moons", "--epochs", "3000", "--report", "r.html"]
          + (hasPictures ? ["--animate", "a.gif"] : []), in: folder,
        signals: [SIGINT], when: { $0.contains("epoch    3/3000") })
      #expect(run.status == 130)
      if hasPictures {
        #expect(run.error.contains("The animation is in a.gif.\n"), "\(run.error)")
        let film = try Data(contentsOf: folder.appending(path: "a.gif"))
        #expect(film.starts(with: Data("GIF89a".utf8)))
      }
      #expect(run.error.hasSuffix("The report is in r.html.\n"), "\(run.error)")
      let html = try String(contentsOf: folder.appending(path: "r.html"), encoding: .utf8)
      let sentence = #/trained on moons for [0-9]+ of 3000 epochs, measured on the test part/#
      #expect(html.firstMatch(of: sentence) != nil)
      #expect(html.contains("The training ended early, after "))
      #expect(try names(in: folder).contains("moons.safetensors"))
    }
  }
}

extension String {
  fileprivate var quoted: String { "\"\(self)\"" }
}
