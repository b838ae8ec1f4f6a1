import Foundation
import TestSupport
import Testing

/// The program beside the test bundle.
private let builtTool = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
  .appending(path: "course")

/// What only the real program can show: a signal is a matter between processes, and the number of threads
/// belongs to a process.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: builtTool.path)))
struct ProcessTests {
  /// Starts the tool, waits until `isReady`, sends Ctrl-C some times, and waits for the end.
  private func run(
    _ arguments: [String], in folder: URL, signals: Int = 0,
    when isReady: (String) -> Bool = { _ in true }
  ) throws -> ToolRun {
    let (output, error) = (folder.appending(path: "out.txt"), folder.appending(path: "err.txt"))
    for file in [output, error] { try Data().write(to: file) }
    func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }
    let process = Process()
    process.executableURL = builtTool
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: error)
    try process.run()
    let deadline = Date(timeIntervalSinceNow: 60)
    while process.isRunning, Date() < deadline, !isReady(try text(error)) { usleep(2000) }
    for _ in 0..<signals {
      kill(process.processIdentifier, SIGINT)
      // Two signals at the same moment would count as one.
      usleep(20_000)
    }
    while process.isRunning, Date() < deadline { usleep(2000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    let isSignal = process.terminationReason == .uncaughtSignal
    return ToolRun(
      status: (isSignal ? 128 : 0) + process.terminationStatus, output: try text(output),
      error: try text(error))
  }

  @Test func theNumberOfThreadsChangesNoBit() throws {
    try withTemporaryFolder { folder in
      let files = try ["1", "3"].map { threads in
        let file = folder.appending(path: "\(threads).safetensors")
        let run = try run(
          ["train", "digits-mlp", "--epochs", "1", "--output", file.path, "--threads", threads],
          in: folder)
        #expect(run.status == 0, "\(run.error)")
        return try Data(contentsOf: file)
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func oneCtrlCSavesAndResumingGivesTheSameFileAsOneRun() throws {
    try withTemporaryFolder { folder in
      let parts = folder.appending(path: "parts.safetensors")
      let whole = folder.appending(path: "whole.safetensors")
      let recipe = ["train", "iris-mlp", "--epochs", "600"]
      let run = try run(
        recipe + ["--output", parts.path, "--json"], in: folder, signals: 1,
        when: { $0.contains("epoch   5/600") })
      #expect(run.status == 130)
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

  /// A study writes at its end only.
  @Test func aStudyThatIsInterruptedWritesNothing() throws {
    try withTemporaryFolder { folder in
      let output = folder.appending(path: "results")
      try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
      let run = try run(
        ["study", "batchnorm-study", "--output", output.path], in: folder, signals: 1,
        when: { _ in
          usleep(500_000)
          return true
        })
      #expect(run.status == 130)
      #expect(run.error.contains("Interrupted. Nothing was written."), "\(run.error)")
      let files = try FileManager.default.contentsOfDirectory(atPath: output.path)
      #expect(files.isEmpty, "written: \(files)")
    }
  }

  @Test func twoEndAtOnce() throws {
    try withTemporaryFolder { folder in
      // One step takes seconds in a debug build, so that the first Ctrl-C cannot have ended the run yet.
      let model = folder.appending(path: "m.safetensors")
      let run = try run(
        ["train", "digits-mlp", "--hidden", "2000,2000", "--batch-size", "1000"]
          + ["--output", model.path], in: folder, signals: 2,
        when: { text in
          guard text.contains("digits-mlp: digits") else { return false }
          usleep(300_000)
          return true
        })
      #expect(run.status == 130)
      #expect(!run.error.contains("Interrupted"))
      #expect(!FileManager.default.fileExists(atPath: model.path))
    }
  }
}
