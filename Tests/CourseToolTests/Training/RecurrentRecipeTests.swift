import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

@Suite(.watched) struct RecurrentRecipeTests {
  /// A text file, and the settings that make its training quick.
  private func text(in folder: URL, _ text: String? = nil) throws -> [String] {
    let file = folder.appending(path: "t.txt")
    try Data((text ?? String(repeating: "one two three. ", count: 40)).utf8).write(to: file)
    return [
      "train", "char-lstm", "--data", file.path, "--recurrent", "8", "--embedding", "4",
      "--sequence-length", "5", "--batch-size", "4", "--epochs", "2", "--quiet", "--output",
      folder.appending(path: "m.safetensors").path,
    ]
  }

  @Test func aTextIsLearnedMeasuredAndContinued() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(try text(in: folder) + ["--json"])
      #expect(run.status == 0, "\(run.error)")
      let perplexities = try #require(try run.json["perplexities"] as? [[String: Any]])
      #expect(perplexities.count == 2, "one for each epoch")
      let test = try #require(try run.json["test"] as? [String: Any])
      let (loss, perplexity) = (test["loss"] as? Double ?? 0, test["perplexity"] as? Double ?? 0)
      #expect(abs(exp(loss) - perplexity) < 1e-6 && perplexity > 1)
      #expect(abs((test["bitsPerCharacter"] as? Double ?? 0) - loss / log(2)) < 1e-6)

      let measured = try runTool("evaluate", model, "--json").json["test"] as? [String: Any]
      #expect(abs((measured?["loss"] as? Double ?? 0) - loss) < 1e-5)
      let whole = runTool("evaluate", model, folder.appending(path: "t.txt").path)
      #expect(whole.output.contains("perplexity"), "\(whole.error)")

      func sample(_ arguments: String...) -> ToolRun { runTool(["sample", model] + arguments) }
      let first = sample("--prompt", "two ", "--length", "30", "--seed", "3")
      #expect(first.status == 0, "\(first.error)")
      #expect(first.output.hasPrefix("two ") && first.output.count == 4 + 30 + 1)
      #expect(sample("--prompt", "two ", "--length", "30", "--seed", "3").output == first.output)
      let json = try sample("--temperature", "0", "--length", "5", "--json").json
      #expect((json["text"] as? String)?.count == 5)
      #expect(json["prompt"] as? String == " ")

      for (arguments, status, message) in [
        (["--prompt", "two X"], 1, "--prompt, line 1, column 5: characters outside the"),
        (["--prompt", ""], 2, "a text that is not empty"),
        (["--temperature", "-1"], 2, "expected a number, at least 0"),
        (["--length", "0"], 2, "'--length'"),
      ] as [([String], Int32, String)] {
        let wrong = runTool(["sample", model] + arguments)
        #expect(wrong.status == status)
        #expect(wrong.error.contains(message), "\(wrong.error)")
        #expect(wrong.output.isEmpty)
      }
      #expect(runTool("predict", model, "x.csv").error.contains("'course sample'"))
    }
  }

  @Test func progressShowsThePerplexity() throws {
    try withTemporaryFolder { folder in
      let run = runTool(try text(in: folder).filter { $0 != "--quiet" })
      #expect(run.status == 0)
      #expect(run.error.contains("perplexity") && run.error.contains("validation perplexity"))
      #expect(run.output.contains("accuracy  perplexity    bits  sequences"))
      #expect(!run.output.contains("Confusion matrix"), "unreadable for characters")
    }
  }

  @Test func anInterruptedRunGoesOnWithTheSameBits() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let arguments = try text(in: folder) + ["--schedule", "step"]
      _ = runTool(arguments + ["--force"])
      let whole = try Data(contentsOf: URL(filePath: model))
      _ = runTool(arguments.map { $0 == "2" ? "1" : $0 } + ["--force"])
      let run = runTool("train", "--resume", model, "--epochs", "2", "--quiet")
      #expect(run.status == 0, "\(run.error)")
      let (a, b) = (
        try SafetensorsFile(contentsOf: URL(filePath: model)).tensors,
        try SafetensorsFile(data: whole, path: "whole").tensors
      )
      #expect(a.map(\.tensor) == b.map(\.tensor))
      try Data("another text".utf8).write(to: folder.appending(path: "t.txt"))
      #expect(runTool("train", "--resume", model, "--epochs", "4").status == 1)
    }
  }

  @Test func badTextsAreRefusedBeforeTraining() throws {
    try withTemporaryFolder { folder in
      for (content, message) in [
        ("", "the text is empty"), ("too short", "the text is shorter than one batch"),
        (String(repeating: "xy", count: 60), "validation part: the text is shorter than one batch"),
        (
          String(repeating: "a", count: 2000),
          "there is nothing to tell apart: expected a text of several different characters, got only "
            + "the character \"a\""
        ),
      ] {
        let run = runTool(try text(in: folder, content))
        #expect(run.status == 1)
        #expect(run.error.contains("t.txt") && run.error.contains(message), "\(run.error)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/m.safetensors"))
      }
      _ = runTool(try text(in: folder))
      let other = folder.appending(path: "other.txt")
      try Data("one two\nfour ß".utf8).write(to: other)
      let run = runTool("evaluate", folder.appending(path: "m.safetensors").path, other.path)
      #expect(run.status == 1)
      #expect(run.error.contains("other.txt, line 1, column 8"), "\(run.error)")
    }
  }

  @Test(arguments: [
    (["char-lstm", "--recurrent", "none"], "text data require recurrent layers or a transformer"),
    (["char-lstm", "--blocks", "2"], "--blocks and --recurrent are mutually exclusive"),
    (["char-transformer", "--heads", "3"], "'--heads 3' cannot share the 128 numbers"),
    (["char-transformer", "--embedding", "130"], "'--embedding 130' is divided among 4 heads"),
    (["digits-mlp", "--blocks", "2"], "'--blocks' applies to text and to sorting only"),
    (["char-lstm", "--steps-per-epoch", "5"], "recurrent layers read the text in order"),
    (["iris-mlp", "--steps-per-epoch", "5"], "'--steps-per-epoch' applies to text data only"),
    (["iris-mlp", "--beta2", "0.9"], "'--beta2' applies to --optimizer adam and adamw only"),
    (["digits-cnn", "--warm-up", "5"], "has no place in the one-cycle schedule"),
    (["char-lstm", "--label", "x"], "text data have no '--label'"),
    (["char-lstm", "--data", "digits"], "digits is not a text"),
    (["digits-mlp", "--data", "shakespeare"], "shakespeare"),
    (["digits-rows-lstm", "--maps", "4"], "mutually exclusive"),
    (["sort-transformer", "--data", "t.txt"], "use the recipe char-transformer for a text"),
    (["sort-transformer", "--data", "shakespeare"], "'--data shakespeare': the recipe sort-"),
    (["sort-transformer", "--blocks", "0"], "'--blocks 0' leaves no transformer: omit it"),
    (["sort-transformer", "--class-weights", "balanced"], "'--class-weights balanced' does not"),
    (["char-transformer", "--data", "sorting"], "use the recipe sort-transformer"),
    (["char-lstm", "--data", "sorting"], "use the recipe sort-transformer"),
    (["digits-mlp", "--data", "sorting"], "use the recipe sort-transformer"),
    (
      ["char-transformer", "--final-learning-rate", "0.01"],
      "'--final-learning-rate 0.01' is above the first rate, 0.001"
    ),
    (
      ["char-transformer", "--learning-rate", "0.00001"],
      "'--learning-rate 1e-05' is below the last rate, 0.0001"
    ),
    (["moons", "--decay-every", "5"], "'--decay-every 5' has no effect on this training"),
    (["digits-rows-lstm", "--cell", "lstn"], "Did you mean 'lstm'?"),
  ])
  func settingsThatDoNotFitAreRefused(arguments: [String], message: String) throws {
    try withTemporaryFolder { folder in
      let run = runTool(["train"] + arguments + ["--output", folder.appending(path: "m").path])
      #expect(run.status == 2)
      #expect(run.error.contains(message), "\(run.error)")
    }
  }

  /// Parts of a schedule beyond the last step are told before the training.
  @Test(arguments: [
    (["--warm-up", "5000"], "Note: the warm-up of 5000 steps (--warm-up) never ends"),
    (["--warm-up", "10"], ""),
    (["--warm-up", "5000", "--schedule", "cosine"], "Note: the warm-up of 5000 steps"),
    (["--decay", "0.5", "--decay-every", "3"], "Note: the learning rate falls after 3 epochs"),
    (["--decay", "0.5", "--decay-every", "2"], ""),
  ])
  func partsOfAScheduleThatAreNotReached(options: [String], note: String) throws {
    try withTemporaryFolder { folder in
      let run = runTool(
        ["train", "iris-mlp", "--epochs", "3", "--quiet", "-o", folder.path + "/m"] + options)
      #expect(run.status == 0 && run.error.hasPrefix(note), "\(run.error)")
      #expect(run.error.isEmpty == note.isEmpty, "\(run.error)")
    }
  }

  @Test func aTransformerIsTrainedResumedAndContinuesAText() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "t.txt")
      try Data(String(repeating: "one two three. ", count: 60).utf8).write(to: file)
      func train(_ name: String, epochs: Int) throws -> String {
        let model = folder.appending(path: name).path
        let run = runTool(
          "train", "char-transformer", "--data", file.path, "--embedding", "16", "--blocks", "1",
          "--heads", "2", "--sequence-length", "8", "--batch-size", "4", "--learning-rate", "0.01",
          "--steps-per-epoch", "25", "--warm-up", "10", "--schedule", "step", "--epochs",
          "\(epochs)", "--quiet", "--output", model)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.contains("Sample\n"))
        #expect(run.output.contains("A loss of 2.20 is a guess among 9 characters"))
        let match = run.output.firstMatch(of: /A loss of (.|\n)*?verse\./)
        let scale = try #require(match).output.0
        #expect(scale.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(scale)")
        return model
      }
      let whole = try train("whole.safetensors", epochs: 20)
      let parts = try train("parts.safetensors", epochs: 12)
      #expect(runTool("train", "--resume", parts, "--epochs", "20", "--quiet").status == 0)
      let input = Tensor(zeros: [1, 8])
      #expect(try savedNetwork(parts).predict(input) == savedNetwork(whole).predict(input))

      let text = runTool(
        "sample", whole, "--prompt", "one ", "--length", "11", "--temperature", "0")
      #expect(text.output == "one two three. \n", "\(text.output)\(text.error)")
      #expect(runTool("summary", whole).output.contains("Attention"))
      #expect(runTool("evaluate", whole).output.contains("perplexity"))
      // An image that was named is not one of several, so nothing points to an option that skips it.
      let picture = folder.appending(path: "p.png")
      try Data([0x89, 0xFF, 0xFE, 0x80]).write(to: picture)
      let image = runTool("train", "char-transformer", "--data", picture.path, "-o", whole + "2")
      #expect(
        image.status == 1 && image.error.contains("not a text file")
          && !image.error.contains("--skip-broken"), "\(image.error)")
      // A remedy that evaluate has: it takes no batch size.
      let few = folder.appending(path: "few.txt").path
      try Data("one".utf8).write(to: URL(filePath: few))
      let short = runTool("evaluate", whole, few)
      #expect(
        short.status == 1 && short.error.contains("Take a longer text.\n"), "\(short.error)")
    }
  }

  /// Shorter than the recipe: it knows where small and large digits go.
  @Test func aTransformerLearnsToSortDigits() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        "train", "sort-transformer", "--embedding", "24", "--blocks", "1", "--epochs", "2",
        "--validation", "0.02", "--test", "0.75", "--quiet", "--output", model, "--json")
      #expect(run.status == 0, "\(run.error)")
      let test = try #require(try run.json["test"] as? [String: Any])
      #expect(test["accuracy"] as? Double ?? 0 > 0.4, "guessing is right once in ten times")
      let measured = runTool("evaluate", model).output
      #expect(measured.contains("accuracy"))
      // Six digits of each example are asked for.
      for words in ["examples   37500\n", "answers    225000\n", "; counted: 225000 answers)"] {
        #expect(measured.contains(words), "\(measured)")
      }
      #expect(runTool("summary", model).output.contains("TiedEmbedding"))
      // Of the steps that have an answer.
      let picture = folder.appending(path: "outputs.svg").path
      let plot = runTool("plot", "outputs", model, "-o", picture)
      #expect(plot.status == 0, "\(plot.error)")

      let lines = folder.appending(path: "lines.txt")
      try Data("4 2 0 1 1 3\n987654\n".utf8).write(to: lines)
      let sorted = runTool("predict", model, lines.path)
      #expect(sorted.status == 0, "\(sorted.error)")
      #expect(sorted.output.wholeMatch(of: /(\d( \d){5}\n){2}/) != nil, "\(sorted.output)")
      let one = runTool("predict", model, "4,2,0,1,1,3").output
      #expect(sorted.output.hasPrefix(one) && one.count == 12)
      let file = folder.appending(path: "sorted.txt")
      let written = runTool("predict", model, lines.path, "-o", file.path)
      #expect(written.status == 0 && written.output.isEmpty, "\(written.error)")
      #expect(try String(contentsOf: file, encoding: .utf8) == sorted.output)
      for option in [["--top", "2"], ["--probabilities"], ["--sheet", "s.png"]] {
        let refused = runTool(["predict", model, "420113"] + option)
        #expect(refused.status == 2 && refused.error.contains("do not apply to sorted digits"))
      }
      let empty = runTool("predict", model, " ")
      #expect(empty.status == 1 && empty.error.contains("no digits to sort"), "\(empty.error)")
      for wrong in ["4 2 0", "12345678", "4 2 0 1 1 x"] {
        let run = runTool("predict", model, wrong)
        #expect(run.status == 1)
        #expect(run.error.contains("6 digits in a line"), "\(run.error)")
      }
      #expect(runTool("predict", model, "none.txt").status == 1)
    }
  }

  @Test(arguments: ["digits-rows-lstm", "sequence-sum"], RecurrentCell.allCases)
  func sequencesTrain(recipe: String, cell: RecurrentCell) throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let run = runTool(
        "train", recipe, "--cell", cell.rawValue, "--recurrent", "4", "--epochs", "1", "--quiet",
        "--batch-size", "100", "--output", model, "--json")
      #expect(run.status == 0, "\(run.error)")
      #expect(runTool("evaluate", model).status == 0)
    }
  }

  @Test func theListOfDataHasTheText() throws {
    #expect(runTool("data", "list").output.contains("shakespeare"))
    let texts = try runTool("data", "list", "--json").json["texts"] as? [[String: Any]]
    #expect(texts?.first?["name"] as? String == "shakespeare")
    #expect(runTool("data", "inspect", "shakespeare").error.contains("shakespeare is a text"))
  }
}
