import CourseTestSupport
import Foundation
import Testing

/// Tests of the real program: signals are sent between processes, and the number of threads
/// belongs to a process.
@Suite(.enabled(if: hasBuiltTool), .watched) struct ProcessTests {
  @Test func theNumberOfThreadsChangesNoBit() throws {
    try withTemporaryFolder { folder in
      let files = try ["1", "3"].map { threads in
        let file = folder.appending(path: "\(threads).safetensors")
        let run = try runProcess(
          ["train", "digits-mlp", "--epochs", "1", "--output", file.path, "--threads", threads],
          in: folder)
        #expect(run.status == 0, "\(run.error)")
        return try Data(contentsOf: file)
      }
      #expect(files[0] == files[1])
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func aSignalSavesAndResumingGivesTheSameFileAsOneRun(signal: Int32) throws {
    try withTemporaryFolder { folder in
      let parts = folder.appending(path: "parts.safetensors")
      let whole = folder.appending(path: "whole.safetensors")
      let recipe = ["train", "iris-mlp", "--epochs", "600"]
      let run = try runProcess(
        recipe + ["--output", parts.path, "--json"], in: folder, signals: [signal],
        when: { $0.contains("epoch   5/600") })
      #expect(run.status == 128 + signal)
      #expect(run.error.contains("Interrupted in epoch "))
      #expect(run.error.contains("course train --resume \(parts.path)"))
      #expect(run.output.contains("\"interrupted\" : true"))

      let resumed = runTool("train", "--resume", parts.path)
      #expect(resumed.status == 0, "\(resumed.error)")
      #expect(runTool(recipe + ["--output", whole.path]).status == 0)
      let (left, right) = (try Data(contentsOf: parts), try Data(contentsOf: whole))
      #expect(left == right, "the interruption leaves no trace, not in a single bit")
    }
  }

  @Test(arguments: [[SIGINT, SIGINT], [SIGINT, SIGTERM], [SIGTERM, SIGHUP]])
  func aSecondSignalEndsAtOnce(signals: [Int32]) throws {
    try withTemporaryFolder { folder in
      // One step takes seconds in a debug build, so that the first signal cannot have ended the run yet.
      let model = folder.appending(path: "m.safetensors")
      let run = try runProcess(
        ["train", "digits-mlp", "--hidden", "3000,3000", "--batch-size", "1000"]
          + ["--output", model.path, "--threads", "1"],
        in: folder, signals: signals, when: { $0.contains("digits-mlp: digits") })
      #expect(run.status == 128 + signals[1])
      #expect(!run.error.contains("Interrupted"))
      #expect(!FileManager.default.fileExists(atPath: model.path))
    }
  }

  /// What a table begins with is not lost where the program first looks whether it is an image.
  @Test(arguments: ["cat t.csv | ", "< t.csv "]) func theStandardInputIsReadOnce(from: String)
    throws
  {
    try withTemporaryFolder { folder in
      let rows = (0..<60).map { "\($0 % 7)\($0),\($0 % 5),\($0 % 2 == 0 ? "no" : "yes")\n" }
      try Data(rows.joined().utf8).write(to: folder.appending(path: "t.csv"))
      let course = #""$COURSE" "#
      let setting = "--label 2 --epochs 1 -q"
      let run = try runProcess(
        shell: "\(course) train csv-mlp --data t.csv \(setting) -o a.safetensors", in: folder)
      #expect(run.status == 0, "\(run.error)")
      let piped = try runProcess(
        shell: (from.hasPrefix("<") ? "" : from)
          + "\(course) train csv-mlp --data - \(setting) -o b.safetensors "
          + (from.hasPrefix("<") ? from : ""), in: folder)
      #expect(piped.status == 0, "\(piped.error)")
      for command in ["predict a.safetensors", "evaluate a.safetensors", "predict b.safetensors"] {
        let file = try runProcess(shell: "\(course) \(command) t.csv", in: folder)
        let input = try runProcess(
          shell: (from.hasPrefix("<") ? "" : from) + "\(course) \(command) - "
            + (from.hasPrefix("<") ? from : ""), in: folder)
        #expect(file.status == 0 && input.status == 0, "\(input.error)")
        let expected = file.output.replacingOccurrences(of: "t.csv", with: "-")
        #expect(input.output == expected, "\(command)")
      }
    }
  }

  /// Lines of text, or with an option that names a column, a table.
  @Test func textsComeFromTheStandardInput() throws {
    try withTemporaryFolder { folder in
      let rows = (0..<20).map {
        $0 % 2 == 0 ? "a small cat \($0),animal\n" : "an old cup \($0),tool\n"
      }
      try Data(("words,kind\n" + rows.joined()).utf8).write(to: folder.appending(path: "t.csv"))
      let course = #""$COURSE" "#
      let run = try runProcess(
        shell:
          "\(course) train csv-text --data t.csv --text words --label kind --epochs 1 --buckets 99 -q -o m.safetensors",
        in: folder)
      #expect(run.status == 0, "\(run.error)")
      let file = try runProcess(shell: "\(course) predict m.safetensors t.csv", in: folder)
      for option in ["--text words", "--label kind"] {
        let input = try runProcess(
          shell: "cat t.csv | \(course) predict m.safetensors - \(option)", in: folder)
        #expect(input.status == 0, "\(input.error)")
        #expect(input.output == file.output.replacingOccurrences(of: "t.csv", with: "-"))
      }
      let lines = try runProcess(
        shell: "printf 'a cat\\nan old cup\\n' | \(course) predict m.safetensors -", in: folder)
      #expect(
        lines.status == 0 && lines.output.split(separator: "\n").count == 3, "\(lines.output)")
    }
  }

  @Test func nohupOutlivesTheTerminal() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(
        shell: #"trap "" HUP; exec "$COURSE" train iris-mlp --epochs 300"#, in: folder,
        signals: [SIGHUP], isWatching: false, when: { $0.contains("epoch   5/300") })
      #expect(run.status == 0, "\(run.error)")
      #expect(run.error.contains("epoch 300/300"))
    }
  }

  @Test func aStudyThatIsInterruptedAtOnceWritesNothing() throws {
    try withTemporaryFolder { folder in
      let output = folder.appending(path: "results")
      try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
      let run = try runProcess(
        ["study", "adding-problem", "--output", output.path], in: folder, signals: [SIGTERM])
      #expect(run.status == 128 + SIGTERM)
      #expect(run.error.contains("Interrupted. Nothing was written."), "\(run.error)")
      #expect(try names(in: output).isEmpty)
    }
  }

  @Test func aStudyThatIsInterruptedKeepsWhatWasFinished() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(
        ["study", "regularisation-study", "--epochs", "60", "--repeats", "1"], in: folder,
        signals: [SIGINT], when: { $0.contains("none: training") })
      #expect(run.status == 130)
      let file = "regularisation-study-unfinished.csv"
      #expect(run.error.contains("The completed runs are in"), "\(run.error)")
      let rows = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
      #expect(rows.contains("none,1,"))
      #expect(try !names(in: folder).contains("regularisation-study.csv"))
    }
  }
  /// Half of the images would be in the way of the next attempt.
  @Test func drawingImagesThatIsInterruptedKeepsNothing() throws {
    try withTemporaryFolder { folder in
      let figures = folder.appending(path: "figures")
      let run = try runProcess(
        ["data", "synthesize", figures.path, "--count", "1000000"], in: folder,
        signals: [SIGTERM], when: { _ in FileManager.default.fileExists(atPath: figures.path) })
      #expect(run.status == 128 + SIGTERM)
      #expect(run.error == "Interrupted. No images were kept.\n")
      #expect(!FileManager.default.fileExists(atPath: figures.path))
    }
  }
}
