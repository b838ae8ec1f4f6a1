import CourseTestSupport
import Foundation
import Testing

/// A reader that goes away, standard output on a full disk, a stream that was never there.
@Suite(.enabled(if: hasBuiltTool), .watched) struct ClosedOutputTests {
  private static let train = #""$COURSE" train iris-mlp --epochs 20"#
  /// Opens a pipe without a reader as descriptor 4. (One to a program that ends at once has one until then, and on a busy
  /// machine that is long.)
  private static let noReader = "mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; "

  @Test(arguments: [
    // Neither stream has a reader; the results have none; the progress has none.
    (noReader + train + " >&4 2>&4", 141),
    (noReader + train + " >&4", 141),
    (noReader + train + " 2>&4", 0),
    (train + " > /dev/full", 1),
    (train + " 2> /dev/full", 0),
    (train + " >&-", 1),
    (train + " 2>&-", 0),
    (train + " >&- 2>&- <&-", 1),
  ])
  func aRunIsSavedWhateverBecomesOfItsStreams(shell: String, status: Int) throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(shell: shell, in: folder)
      #expect(run.status == status, "\(run.error)")
      let summary = runTool("summary", folder.appending(path: "iris-mlp.safetensors").path)
      #expect(summary.output.contains("Trained: 20 of 20 epochs"), "\(summary.error)")
    }
  }

  @Test func aStudyIsWrittenWithoutAReader() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(
        shell: Self.noReader
          + #""$COURSE" study adding-problem --length 2 --examples 4 --epochs 2 >&4 2>&4"#,
        in: folder)
      #expect(run.status == 141, "\(run.error)")
      #expect(try names(in: folder).contains("adding-problem.svg"))
    }
  }

  /// Ten million characters would take hours.
  @Test func writingEndsWithItsReader() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "m.safetensors").path
      let text = folder.appending(path: "t.txt")
      try Data(String(repeating: "one two three. ", count: 2500).utf8).write(to: text)
      let trained = runTool(
        "train", "char-lstm", "--data", text.path, "--recurrent", "4", "--embedding", "2",
        "--epochs", "1", "-o", model)
      #expect(trained.status == 0, "\(trained.error)")
      let run = try runProcess(
        shell: #""$COURSE" sample m.safetensors --length 10000000 | head -c 100 > part.txt; "#
          + "exit ${PIPESTATUS[0]}",
        in: folder)
      #expect(run.status == 141)
      #expect(run.error.isEmpty)
    }
  }

  @Test func aFullDiskBehindStandardOutputIsNoSuccess() throws {
    try withTemporaryFolder { folder in
      let run = try runProcess(shell: #""$COURSE" recipes > /dev/full"#, in: folder)
      #expect(run.status == 1)
      #expect(run.error == "error: cannot write to standard output: no space left on device\n")
    }
  }
}
