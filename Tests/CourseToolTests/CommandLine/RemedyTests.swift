import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// Each remedy that a command prints is a command, an option, or something to do with a file.
@Suite(.watched) struct RemedyTests {
  /// The literals of an argument `remedy:`, to the end of the argument.
  private func literals(_ source: Substring) -> [String] {
    var (result, literal, depth) = ([String](), "", 0)
    var (isInside, isEscaped) = (false, false)
    for character in source {
      if isInside {
        if !isEscaped, character == "\"" {
          isInside = false
          result.append(literal)
        } else {
          literal.append(character)
        }
        isEscaped = !isEscaped && character == "\\"
      } else {
        switch character {
        case "\"": (isInside, literal) = (true, "")
        case "(", "[", "{": depth += 1
        case ")", "]", "}":
          depth -= 1
          if depth < 0 { return result }
        case "," where depth == 0: return result
        default: break
        }
      }
    }
    return result
  }

  /// Whether a remedy is one for a programmer: a call, a member, an argument, the name of a type.
  private func isSwift(_ literal: String) -> Bool {
    let words = literal.replacing(#/\\\([^)]*\)+/#, with: "X")
    let shown = words.replacing(
      #/numpy\.\w+(\([^)]*\)*)?|array\.astype\(\S*|COURSE_DATA=FOLDER|\w+\.(json|txt|md|npy)\b/#,
      with: "X")
    return shown.contains(
      #/`|\b[a-z]+[A-Z]\w*|\b[a-zA-Z]\w*\(|\.self|(^|\s)\.[a-z]\w+|\b(by|padding|range|groups|shuffle|stateful):|[A-Z][a-z]+[A-Z]\w+|\b(Dropout|Reshape|Embedding|Flatten|Dense)\b/#
    )
  }

  @Test func everyRemedyOfTheLibrariesHasOneOfTheCommandLine() throws {
    var seen = 0
    for folder in [
      "Shared", "Generator", "Networks", "Pictures", "Phase1-FeedForward", "Phase2-CNN",
      "Phase3-RNN-Regularization", "Explorations", "ExplorationNetworks",
    ] {
      let root = packageFolder.appending(path: folder).resolvingSymlinksInPath()
      let files = try #require(
        FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
      for case let file as URL in files where file.pathExtension == "swift" {
        let source = try String(contentsOf: file, encoding: .utf8)
          .replacing(#/\n *\/\/[^\n]*/#, with: "\n")
        for part in source.split(separator: "remedy:").dropFirst() {
          let literals = literals(part)
          guard literals.contains(where: isSwift) else { continue }
          // A hint for the author of the task's solution.
          if literals.contains(where: { $0.contains("in Protocols/") }) { continue }
          seen += 1
          let isKnown = literals.contains { literal in
            Remedies.translations.contains { literal.hasPrefix($0.beginning) }
          }
          #expect(
            isKnown,
            "\(file.lastPathComponent): \(literals) is for programmers: add its counterpart to Remedies.translations"
          )
        }
      }
    }
    #expect(seen > 20, "only \(seen) found: is the scan right?")
  }

  @Test func everyCounterpartNamesOptionsThatThereAre() throws {
    let options = Set(courseTool.descriptions.flatMap { $0.options.map(\.name) })
    for case (let beginning, let remedy?) in Remedies.translations {
      for match in remedy.matches(of: #/--([a-z][a-z-]*)/#) {
        #expect(options.contains(String(match.output.1)), "\(beginning): \(remedy)")
      }
      #expect(!isSwift(remedy), "\(remedy)")
    }
  }

  // MARK: A walk through the errors of commands

  /// Fails when a message names an option that the command does not have, a command that there is not, or Swift.
  private func check(_ run: ToolRun, _ arguments: [String]) throws {
    let command = try #require(try courseTool.findCommand(arguments)).description
    #expect(run.status != 0, "\(arguments)")
    // A quoted text that begins like a command has that command's options.
    var rest = run.error
    for match in run.error.matches(of: #/'(?:course )?([a-z][^']*)'/#) {
      let words = String(match.output.1).split(separator: " ").map(String.init)
      guard let named = (try? courseTool.findCommand(words))??.description else { continue }
      for option in words where option.hasPrefix("--") {
        #expect(
          named.options.contains { "--\($0.name)" == option.prefix { $0 != "=" } },
          "\(arguments): \(run.error)")
      }
      rest = rest.replacing(match.output.0, with: "")
    }
    for match in rest.matches(of: #/(?:^|[\s'(:])--([a-z][a-z-]*)/#) {
      let name = String(match.output.1)
      #expect(
        command.options.contains { $0.name == name } || arguments.contains("--\(name)"),
        "\(arguments): --\(name) in: \(run.error)")
    }
    let message = run.error.split(separator: "error: ").last ?? ""
    let remedy = message.split(separator: "\n").dropFirst().joined(separator: "\n")
    #expect(!isSwift(remedy), "\(arguments): \(run.error)")
  }

  @Test func everyErrorLeadsToSomethingThatThereIs() throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
        return path(name)
      }
      func rows(_ row: (Int) -> String) -> String {
        "x,y,label\n" + (0..<40).map(row).joined(separator: "\n") + "\n"
      }
      let good = try file("good.csv", rows { "\($0 % 7),\($0 % 5),\($0 % 2)" })
      let constant = try file("constant.csv", rows { "3,5,\($0 % 2)" })
      let words = try file(
        "words.csv", rows { "\($0 % 7),\($0 == 3 ? "none at all" : "\($0)"),\($0 % 2)" })
      let cities = try file("cities.csv", rows { "\($0 % 7),city \($0 % 15),\($0 % 2)" })
      let dates = try file("dates.csv", rows { "\($0 % 7),\($0 % 9 + 1)/7/2012,\($0 % 2)" })
      let gaps = try file(
        "gaps.csv", rows { "\($0 % 2 == 0 ? "" : "1"),\($0 % 2 == 0 ? "1" : ""),\($0 % 2)" })
      let unlabelled = try file(
        "unlabelled.csv", rows { "\($0 % 7),\($0 % 5),\($0 == 3 ? "" : "\($0 % 2)")" })
      let comma = try file(
        "comma.csv", "x;y;label\n" + (0..<40).map { "\($0 % 7);1,\(100 + $0);\($0 % 2)\n" }.joined()
      )
      let huge = try file("huge.csv", rows { "\($0 % 7),\($0 % 5)e30,\($0 % 2)" })
      let single = try file("single.csv", "label\n1\n0\n")
      let empty = try file("empty.csv", "")
      let foreign = path("foreign.safetensors")
      try SafetensorsFile(tensors: [("a", Tensor([1]))]).write(to: URL(filePath: foreign))
      let (iris, text) = (path("iris.safetensors"), path("text.safetensors"))
      for arguments in [
        ["train", "iris-mlp", "--epochs", "1", "-o", iris],
        [
          "train", "char-lstm", "--data",
          try file("words.txt", String(repeating: "one two three. ", count: 2500)), "--recurrent",
          "4", "--embedding", "2", "--epochs", "1", "-o", text,
        ],
        ["data", "synthesize", path("figures"), "--count", "4"],
      ] { #expect(runTool(arguments).status == 0) }
      let out = ["-o", path("new.safetensors"), "--epochs", "1"]
      let csv = ["train", "csv-mlp", "--label", "label"] + out
      let walk: [[String]] = [
        csv + ["--data", constant], csv + ["--data", constant, "--scaling", "minmax"],
        csv + ["--data", words],
        csv + ["--data", dates], csv + ["--data", gaps, "--missing", "drop-row"],
        csv + ["--data", gaps, "--missing", "refuse"], csv + ["--data", unlabelled],
        csv + ["--data", good, "--ignore", "z"],
        csv + ["--data", good, "--ignore", "x,y"], csv + ["--data", good, "--columns", "x,label"],
        csv + ["--data", good, "--ignore", "x", "--columns", "x"],
        csv + ["--data", good, "--words", "x,x"], ["train", "iris-mlp", "--missing", "mean"] + out,
        csv + ["--data", comma], csv + ["--data", single],
        csv + ["--data", empty], csv + ["--data", path("none.csv")],
        csv + [
          "--data", huge, "--scaling", "none", "--optimizer", "sgd", "--learning-rate", "1000",
          "--batch-size", "4",
        ],
        csv + ["--data", good, "--label", "none"].suffix(4) + [],
        ["train", "csv-mlp", "--data", good, "--label", "none"] + out,
        ["train", "csv-mlp", "--data", good, "--label", "9"] + out,
        ["train", "csv-mlp", "--data", good] + out, ["train", "csv-mlp"] + out,
        ["train", "csv-sequence", "--data", good, "--target", "x", "--window", "40"] + out,
        ["train", "csv-sequence", "--data", good, "--target", "x", "--window", "38"] + out,
        ["train", "csv-sequence", "--data", dates, "--target", "x"] + out,
        ["train", "csv-sequence", "--data", gaps, "--target", "x"] + out,
        ["train", "csv-sequence", "--data", good, "--target", "x", "--ignore", "x"] + out,
        ["train", "csv-sequence", "--data", cities, "--target", "y"] + out,
        ["train", "csv-multilabel", "--data", cities, "--target", "x"] + out,
        ["train", "csv-multilabel", "--data", good, "--target", "x,label"] + out,
        ["train", "csv-multilabel", "--data", good] + out,
        csv + ["--data", good, "--maps", "4"], csv + ["--data", good, "--recurrent", "4"],
        csv + ["--data", good, "--shape", "3"], csv + ["--data", good, "--augment", "mirror"],
        csv + ["--data", good, "--validation", "0.5", "--test", "0.5"],
        csv + ["--data", good, "--hidden", "none", "--dropout", "0.5"],
        csv + ["--data", good, "--hidden", "65536,65536,65536,65536,65536,65536,65536,65536"],
        ["train", "digits-cnn", "--maps", "4,4,4,4,4,4"] + out,
        ["train", "digits-cnn", "--kernel-size", "1000", "--maps", "65536,65536"] + out,
        ["train", "digits-cnn", "--scaling", "standardize"] + out,
        ["train", "char-lstm", "--batch-size", "100000"] + out,
        ["train", "char-lstm", "--data", empty] + out,
        ["train", "char-lstm", "--hidden", "4"] + out,
        ["train", "iris-mlp", "--batch-norm", "yes", "--batch-size", "104"] + out,
        ["train", "iris-mlp", "-o", iris], ["train", "iris-mlp", "-o", folder.path],
        ["train", "iris-mlp", "-o", path("none/x")], ["train", iris],
        ["train", "--resume", foreign], ["train", "--resume", good], ["train", "--resume", iris],
        ["train", "--resume", iris, "--seed", "7"], ["demo", "-o", good],
        ["evaluate", foreign], ["evaluate", good, iris], ["evaluate", iris, "digits"],
        ["evaluate", iris, good], ["evaluate", iris, "shakespeare"], ["evaluate", text, "iris"],
        ["predict", iris, foreign], ["predict", iris, empty], ["predict", text, good],
        ["predict", good, good], ["predict", iris, path("figures/0.npy")],
        ["sample", iris], ["sample", text, "--prompt", "\u{4E00}"], ["sample", good],
        ["summary", foreign], ["summary", good], ["summary", "none"],
        ["inspect", iris, "--filters", path("f.png")], ["inspect", iris],
        ["data", "inspect", empty], ["data", "inspect", "none"], ["data", "inspect", folder.path],
        ["data", "synthesize", path("figures")], ["data", "fetch", "mnst"],
        ["generator", "preview", good], ["generator", "preview", "iris"],
        [
          "generator", "preview", path("figures"), "--size", "7", "--fit", "refuse", "-o",
          path("p.png"),
        ],
        ["study", "adding-problem", "-o", path("none")],
        ["study", "batchnorm-study", "--length", "3"],
      ]
      for arguments in walk { try check(runTool(arguments), arguments) }
    }
  }
}
