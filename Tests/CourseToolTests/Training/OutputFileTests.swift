import CourseCommandLine
import CourseTestSupport
import Foundation
import Networks
import Testing

@testable import CourseTool
@testable import CourseTraining

/// The file that a command writes must not cost the user another one, nor the work.
@Suite(.watched) struct OutputFileTests {
  private func silent() -> (stream: TextStream, recorder: Recorder) {
    let recorder = Recorder()
    return (TextStream(features: TerminalFeatures()) { recorder.append($0) }, recorder)
  }

  private func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

  private func write(_ words: String, to file: URL) throws { try Data(words.utf8).write(to: file) }

  // MARK: A file that appears meanwhile

  @Test(arguments: [false, true]) func aFileThatAppearedIsReplacedByForceOnly(force: Bool) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "net.safetensors")
      let output = try OutputFile(file.path, force: force)
      let (stream, recorder) = silent()
      try output.write(warnings: stream) { try write("first", to: $0) }
      // Its own file is replaced without a word.
      try output.write(warnings: stream) { try write("second", to: $0) }
      #expect(try names(in: folder) == ["net.safetensors"])
      #expect(recorder.text.isEmpty)

      try write("of another", to: file)
      try output.write(warnings: stream) { try write("third", to: $0) }
      #expect(try text(file) == (force ? "third" : "of another"))
      #expect(
        try names(in: folder)
          == (force ? ["net.safetensors"] : ["net-2.safetensors", "net.safetensors"]))
      #expect(recorder.text.contains("net-2.safetensors") == !force)
      #expect(output.path.hasSuffix(force ? "net.safetensors" : "net-2.safetensors"))
    }
  }

  /// A run claims a name with a file that says so. One that was killed then leaves it, without a lock.
  @Test func whatAKilledRunLeavesIsReplaced() throws {
    try withTemporaryFolder { folder in
      let (file, left) = (folder.appending(path: "a.csv"), folder.appending(path: "left.csv"))
      let (stream, recorder) = silent()
      let output = try OutputFile(file.path, force: false)
      try output.write(warnings: stream) { place in
        // Not while the run lives.
        expectCourseError(.file, "the output file already exists") {
          _ = try OutputFile(place.path, force: false)
        }
        try FileManager.default.copyItem(at: place, to: left)
        try write("table", to: place)
      }
      #expect(try text(file) == "table" && text(left).contains("A run was ended before"))
      let next = try OutputFile(left.path, force: false)
      try next.write(warnings: stream) { try write("table", to: $0) }
      #expect(try text(left) == "table" && recorder.text.isEmpty)
      // Any other file stays, an empty one too.
      for words in ["", "A run was ended before it had written this file!\n"] {
        try write(words, to: left)
        expectCourseError(.file, "the output file already exists", "--force") {
          _ = try OutputFile(left.path, force: false)
        }
      }
    }
  }

  @Test(.enabled(if: hasBuiltTool)) func trainingSavesBesideAFileThatAppeared() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "iris-mlp.safetensors")
      let run = try runProcess(
        ["train", "iris-mlp", "--epochs", "300"], in: folder,
        when: { text in
          guard text.contains("epoch   5/300") else { return false }
          try? write("precious", to: file)
          return true
        })
      #expect(run.status == 0, "\(run.error)")
      #expect(try text(file) == "precious")
      #expect(run.output.contains("Saved to iris-mlp-2.safetensors."))
      #expect(try names(in: folder).contains("iris-mlp-2.safetensors"))
    }
  }

  /// Of runs that write at the same moment, none loses its work.
  @Test func runsThatWriteAtTheSameMomentGetNamesOfTheirOwn() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "runs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "n.safetensors").path
    // The name is free when each of them begins.
    let outputs = try (0..<20).map { _ in try OutputFile(path, force: false) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (run, output) in outputs.enumerated() {
        // Each task has one of its own.
        nonisolated(unsafe) let output = output
        group.addTask {
          let stream = TextStream(features: TerminalFeatures()) { _ in }
          try output.write(warnings: stream) {
            try AtomicFile.write(Data("run \(run)".utf8), to: $0)
          }
        }
      }
      try await group.waitForAll()
    }
    let texts = try names(in: folder).map { try text(folder.appending(path: $0)) }
    #expect(Set(texts).count == 20, "\(texts)")
  }

  // MARK: Names

  @Test func whatCannotBeAnOutputIsRefusedBeforeTheWork() throws {
    try withTemporaryFolder { folder in
      func expectRefused(_ name: String, _ words: String...) {
        let run = runTool(
          "train", "iris-mlp", "--epochs", "1", "--force", "-o", folder.path + "/" + name)
        #expect(run.status == 1)
        #expect(!run.error.contains("epoch 1/1"), "\(run.error)")
        for word in words { #expect(run.error.contains(word), "\(run.error)") }
      }
      try FileManager.default.createSymbolicLink(
        atPath: folder.appending(path: "link").path, withDestinationPath: "nowhere")
      expectRefused("link", "a broken symbolic link", "nowhere")
      expectRefused(String(repeating: "x", count: 300), "the output file name is too long")
      expectRefused("new/", "the output path is a folder", "new/NAME")
      expectRefused("none/x", "the output folder does not exist")
      #expect(try names(in: folder) == ["link"])
    }
  }

  @Test(.enabled(if: hasBuiltTool)) func aNameThatIsNotUTF8IsNotWrittenToAnother() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(
        shell: #"exec "$COURSE" train iris-mlp --epochs 1 -o $'caf\xe9.safetensors'"#, in: folder)
      #expect(run.status == 2)
      #expect(run.error.contains(#"argument 6 is not UTF-8: "caf\xe9.safetensors""#))
      #expect(try names(in: folder) == ["err.txt", "out.txt"])
    }
  }

  // MARK: Inputs

  /// However it is called: by its name, by a link, by a way round.
  @Test func theDataAreNotReplaced() throws {
    try withTemporaryFolder { folder in
      let data = folder.appending(path: "a.csv")
      let rows = (0..<40).map { "\($0 % 7),\($0 % 5),\($0 % 2)" }
      try write("x,y,label\n" + rows.joined(separator: "\n") + "\n", to: data)
      let before = try text(data)
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "link.csv"), withDestinationURL: data)
      try FileManager.default.linkItem(at: data, to: folder.appending(path: "hard.csv"))
      try write(#"{"recipe": "csv-mlp", "epochs": 1}"#, to: folder.appending(path: "mine.json"))
      let options = ["--data", data.path, "--label", "label", "--epochs", "1", "--force"]
      for name in ["a.csv", "link.csv", "hard.csv", "../\(folder.lastPathComponent)/a.csv"] {
        let run = runTool(["train", "csv-mlp", "-o", folder.path + "/" + name] + options)
        #expect(run.status == 1)
        #expect(run.error.contains("the output would overwrite an input"), "\(run.error)")
      }
      let config = folder.appending(path: "mine.json").path
      let run = runTool(["train", config, "-o", config] + options)
      #expect(run.error.contains("the output would overwrite an input"), "\(run.error)")

      let model = folder.appending(path: "m.safetensors").path
      #expect(runTool(["train", "csv-mlp", "-o", model] + options).status == 0)
      let resumed = runTool(
        "train", "--resume", model, "--epochs", "2", "--force", "-o", data.path)
      #expect(resumed.error.contains("the output would overwrite an input"), "\(resumed.error)")
      for (name, arguments) in [
        ("m.svg", ["inspect", model, "--filters"]), ("n.svg", ["plot", "weights", model, "-o"]),
        ("m.html", ["report", model, "-o"]),
        ("n.html", ["train", "--resume", model, "--epochs", "2", "--report"]),
      ] {
        let link = folder.appending(path: name)
        try FileManager.default.linkItem(at: URL(filePath: model), to: link)
        let drawn = runTool(arguments + [link.path, "--force"])
        #expect(drawn.error.contains("the output would overwrite an input"), "\(drawn.error)")
      }
      #expect(try text(data) == before)
    }
  }

  @Test func theImagesOfAFolderAreNotReplaced() throws {
    try withTemporaryFolder { folder in
      let figures = folder.appending(path: "figures").path
      #expect(runTool("data", "synthesize", figures, "--count", "20").status == 0)
      let before = try names(in: URL(filePath: figures))
      for name in ["3.npy", "Labels.json"] {
        let run = runTool("generator", "preview", figures, "-o", "\(figures)/\(name)", "--force")
        #expect(run.error.contains("the output would overwrite an input"), "\(run.error)")
      }
      #expect(try names(in: URL(filePath: figures)) == before)
    }
  }

  // MARK: Writing that fails

  @Test func anAutosaveThatFailsDoesNotEndTheTraining() throws {
    try withTemporaryFolder { folder in
      let place = folder.appending(path: "disk")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
      let output = try OutputFile(place.appending(path: "n.safetensors").path, force: false)
      let (stream, recorder) = silent()
      /// Takes the folder away for some steps.
      struct Trouble: TrainingCallback {
        let place: URL
        mutating func stepEnded(
          _ report: StepReport, network: inout NeuralNetwork
        ) throws -> TrainingControl {
          let away = place.appendingPathExtension("away")
          if report.step == 3 { try FileManager.default.moveItem(at: place, to: away) }
          if report.step == 6 { try FileManager.default.moveItem(at: away, to: place) }
          return .proceed
        }
      }
      var network = try NeuralNetwork.multilayerPerceptron(
        inputSize: 4, hiddenSizes: [3], classCount: 3, optimizer: SGD(learningRate: 0.1), seed: 1)
      try network.fit(
        .iris, options: TrainingOptions(epochs: 1, batchSize: 15),
        callbacks: [Trouble(place: place), Autosave(to: output, every: .zero, warnings: stream)])
      #expect(network.progress?.step == 10)
      let lines = recorder.text.split(separator: "\n")
      #expect(lines.count == 2, "said once, however often it fails: \(recorder.text)")
      #expect(lines.first?.contains("training continues") == true)
      #expect(lines.last == "Saving the network works again.")
      #expect(try names(in: place) == ["n.safetensors"])
    }
  }

  /// The file may have 8 blocks of 1 kB, in each folder: nothing can be rescued, and the words say so. No
  /// signal ends the process.
  @Test(.enabled(if: hasBuiltTool)) func aFileThatMayNotGrowIsAnError() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(
        shell: #"ulimit -f 8; exec "$COURSE" train digits-mlp --epochs 1"#, in: folder)
      #expect(run.status == 1)
      #expect(run.error.contains("cannot write the file: got file too large"), "\(run.error)")
      #expect(try names(in: folder) == ["err.txt", "out.txt"])
    }
  }

  @Test(.enabled(if: hasBuiltTool && FileManager.default.fileExists(atPath: "/dev/full")))
  func aTrainedNetworkIsSavedElsewhereWhenItsDiskIsFull() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(
        ["train", "iris-mlp", "--epochs", "2", "-o", "/dev/full", "--force"], in: folder)
      #expect(run.status == 1)
      #expect(run.error.contains("no space left on device"), "\(run.error)")
      #expect(run.error.contains("The trained network was saved to "))
      let summary = runTool("summary", folder.appending(path: "full.safetensors").path)
      #expect(summary.output.contains("Trained: 2 of 2 epochs"), "\(run.error)\(summary.error)")
    }
  }
}
