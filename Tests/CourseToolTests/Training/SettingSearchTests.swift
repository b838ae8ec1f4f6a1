import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool

/// `train --search`
@Suite(.watched) struct SettingSearchTests {
  private static let search = [
    "train", "iris-mlp", "--epochs", "3", "--search", "learning-rate=0.001,0.2",
    "hidden=8|8,4",
  ]

  private func lines(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  @Test func allCombinationsAreTrainedAndTheBestComesFirst() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "s.csv").path
      let run = runTool(Self.search + ["--json", "-o", path])
      #expect(run.status == 0, "\(run.error)")
      let trials = try #require(try run.json["trials"] as? [[String: Any]])
      let settings = trials.compactMap { $0["settings"] as? [String: String] }
      #expect(
        Set(settings)
          == [
            ["learning-rate": "0.001", "hidden": "8"], ["learning-rate": "0.001", "hidden": "8,4"],
            ["learning-rate": "0.2", "hidden": "8"], ["learning-rate": "0.2", "hidden": "8,4"],
          ])
      let accuracies = trials.compactMap {
        ($0["validation"] as? [String: Any])?["accuracy"] as? Double
      }
      #expect(accuracies.count == 4 && accuracies == accuracies.sorted(by: >))
      let lines = try lines(path)
      #expect(
        lines[0]
          == "key,learning-rate,hidden,epochs,kept epoch,learning rate,seconds,training examples,"
          + "validation examples,training loss,training accuracy,validation loss,validation accuracy,data,problem"
      )
      #expect(lines.count == 5)

      // Each trial is the run that its settings make alone, and the command trains the best.
      let command = try #require(try run.json["command"] as? String)
      let best = try #require(settings.first)
      #expect(
        command
          == "course train iris-mlp --hidden \(best["hidden"]!) --learning-rate "
          + "\(best["learning-rate"]!) --epochs 3")
      let words = command.split(separator: " ").dropFirst().map(String.init)
      let alone = runTool(words + ["--json", "-o", folder.appending(path: "m").path])
      let validation = try #require(try alone.json["validation"] as? [String: Any])
      #expect(
        validation["loss"] as? Double
          == (trials[0]["validation"] as? [String: Any])?["loss"] as? Double)
    }
  }

  @Test func theTableNamesTheCommandAndAFileIsNotReplaced() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "s.csv").path
      let run = runTool(Self.search + ["-o", path])
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("4 trials, the best first"))
      #expect(run.output.contains("Train the best with\n  course train iris-mlp --hidden"))
      #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 100 || $0.contains(path) })
      let again = runTool(Self.search + ["-o", path])
      #expect(again.status == 1 && again.error.contains("already exists"))
    }
  }

  @Test func anUnfinishedSearchGoesOn() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "s.csv").path
      #expect(runTool(Self.search + ["-o", path]).status == 0)
      let whole = try lines(path)
      // As after an interruption: two trials are missing.
      try Data(([whole[0], whole[2], whole[4]].joined(separator: "\n") + "\n").utf8)
        .write(to: URL(filePath: path))
      let run = runTool(Self.search + ["--resume", path])
      #expect(run.status == 0, "\(run.error)")
      func withoutSeconds(_ lines: [String]) -> [[String]] {
        lines.map { line in
          var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
          if let place = fields.firstIndex(of: "3") { fields.remove(at: place + 3) }
          return fields
        }
      }
      #expect(withoutSeconds(try lines(path)) == withoutSeconds(whole))
      let kept = try lines(path)
      #expect(kept[2] == whole[2] && kept[4] == whole[4], "their times show that they were kept")

      let other = runTool(Self.search + ["--resume", path, "--batch-size", "7"])
      #expect(other.status == 1 && other.error.contains("the settings of the search have changed"))
      let fewer = runTool(
        "train", "iris-mlp", "--search", "momentum=0.5,0.9", "--optimizer", "momentum", "--resume",
        path)
      #expect(fewer.status == 1 && fewer.error.contains("not the file of a search of momentum"))
    }
  }

  @Test func aRandomChoiceDependsOnTheSeed() throws {
    try withTemporaryFolder { folder in
      func chosen(_ seed: String, _ name: String) throws -> Set<[String: String]> {
        let run = runTool(
          "train", "iris-mlp", "--epochs", "1", "--seed", seed, "--trials", "3", "--search",
          "learning-rate=0.1,0.2,0.3,0.4,0.5 batch-size=5,10,20,40", "--json", "-o",
          folder.appending(path: name).path)
        let trials = try #require(try run.json["trials"] as? [[String: Any]])
        return Set(trials.compactMap { $0["settings"] as? [String: String] })
      }
      let first = try chosen("1", "a.csv")
      #expect(first.count == 3)
      #expect(try chosen("1", "b.csv") == first)
      #expect(try chosen("2", "c.csv") != first)
    }
  }

  @Test func aTrialThatDivergesIsTheLast() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "s.csv").path
      let run = runTool(
        "train", "iris-mlp", "--epochs", "2", "--search", "learning-rate=1e30,0.1", "--json", "-o",
        path)
      #expect(run.status == 0, "\(run.error)")
      let trials = try #require(try run.json["trials"] as? [[String: Any]])
      #expect(trials.count == 2 && trials[0]["problem"] == nil)
      #expect((trials[1]["problem"] as? String)?.contains("diverged") == true)
      let resumed = runTool(
        "train", "iris-mlp", "--epochs", "2", "--search", "learning-rate=1e30,0.1", "--json",
        "--resume", path)
      #expect(try #require(try resumed.json["trials"] as? [[String: Any]]).count == 2)
      let all = runTool(
        "train", "iris-mlp", "--epochs", "2", "--search", "learning-rate=1e30,1e31", "-o",
        folder.appending(path: "t.csv").path)
      #expect(all.status == 1 && all.error.contains("no trial of the search could be trained"))
    }
  }

  /// The recipe has settings of adamw, which the other optimizers do without.
  @Test func optimizersAreSearched() throws {
    try withTemporaryFolder { folder in
      let text = folder.appending(path: "t.txt").path
      try Data(String(repeating: "abcdefgh ", count: 40).utf8).write(to: URL(filePath: text))
      let run = runTool(
        "train", "char-transformer", "--data", text, "--epochs", "1", "--steps-per-epoch", "2",
        "--sequence-length", "5", "--blocks", "1", "--embedding", "4", "--heads", "1",
        "--search", "optimizer=adam,momentum", "-o", folder.appending(path: "s.csv").path)
      #expect(run.status == 0, "\(run.error)")
      #expect(
        run.output.contains("--optimizer ") && !run.output.contains("--beta2 ''"), "\(run.output)")
    }
  }

  @Test func numbersAreComparedInTheUnitOfTheTarget() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "t.csv")
      let rows = (0..<80).map { "\($0 * 7 % 31),\(20_000 + 300 * ($0 * 7 % 31))" }
      try Data((["x,price"] + rows).joined(separator: "\n").utf8).write(to: file)
      func run(_ arguments: String..., name: String) -> ToolRun {
        runTool(
          ["train", "csv-regression", "--data", file.path, "--target", "price", "--epochs", "8"]
            + arguments + ["-o", folder.appending(path: name).path])
      }
      // Their losses are different quantities.
      let search = ["--search", "loss=squared,absolute,huber", "learning-rate=0.0001,0.01"]
      let text = run(search[0], search[1], search[2], name: "s.csv")
      try #require(text.status == 0, "\(text.error)")
      #expect(
        text.output.contains("(lowest RMSE on the validation data)"), "\(text.output)"
      )
      #expect(text.output.contains("train RMSE  val. RMSE"))
      let json = try run(search[0], search[1], search[2], "--json", name: "u.csv").json
      #expect(json["sortedBy"] as? [String] == ["rmse"])
      let errors = try #require(json["trials"] as? [[String: Any]]).compactMap {
        ($0["validation"] as? [String: Any])?["rmse"] as? Double
      }
      #expect(errors.count == 6 && errors == errors.sorted())
    }
  }

  @Test(arguments: [
    (["--search", "lerning-rate=1,2"], "Did you mean 'learning-rate'?"),
    (["--search", "learning-rate"], "expected SETTING=VALUES"),
    (["--search", "learning-rate=0.1"], "expected different values"),
    (["--search", "learning-rate=0.1,0.1"], "expected different values"),
    (["--search", "learning-rate=0.1,x"], "expected a number above 0, or find, got 'x'"),
    (["--search", "learning-rate=0.1,find"], "use '--learning-rate find', or search numbers"),
    (["--search", "optimizer=sgd,adm"], "Did you mean 'adam'?"),
    (["--search", "hidden=8,4"], "expected different values"),
    (["--search", "seed=1,2"], "it changes the validation data"),
    (["--search", "dropout=0,0.5", "--dropout", "0.1"], "'--dropout' is searched"),
    (["--search", "dropout=0,0.5", "dropout=0,0.2"], "dropout appears twice"),
    (["--search", "dropout=0,0.5", "--validation", "0"], "compares on the validation data"),
    (["--search", "dropout=0,0.5", "--plot", "c.svg"], "'--plot' does not apply to a search"),
    (["--search", "dropout=0,0.5", "--repeats", "3"], "'--repeats' does not apply to a search"),
    (["--search", "optimizer=sgd,adam", "--momentum", "0.5"], "'--momentum' applies to"),
    (["--search", "dropout=0,0.5", "-o", "s.safetensors"], "a file that ends in .csv"),
    (["--trials", "3"], "'--trials' is for --search"),
    (["dropout=0,0.5"], "unexpected argument 'dropout=0,0.5'"),
  ])
  func contradictionsAreRefused(options: [String], message: String) {
    let run = runTool(["train", "iris-mlp"] + options)
    #expect(run.status == 2)
    #expect(run.output.isEmpty && run.error.contains(message), "\(run.error)")
  }

  @Test(.enabled(if: hasBuiltTool)) func aSignalKeepsWhatIsDone() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(
        ["train", "iris-mlp", "--search", "epochs=1,1000000", "-o", "s.csv"], in: folder,
        signals: [SIGINT],
        when: { _ in
          FileManager.default.fileExists(atPath: folder.appending(path: "s.csv").path)
        })
      #expect(run.status == 130 && run.output.isEmpty)
      #expect(run.error.contains("Interrupted: 1 of 2 trials are in s.csv"), "\(run.error)")
      #expect(run.error.contains("'--resume s.csv'"))
    }
  }
}
