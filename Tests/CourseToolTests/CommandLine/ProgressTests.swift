import CourseCommandLine
import CourseTestSupport
import Foundation
import Testing

@testable import CourseTool

@Suite(.watched) struct ProgressTests {
  // MARK: Rate and time

  @Test func rateAndTimeLeftFollowFromTheUnitsDone() {
    let start = ContinuousClock.now
    var progress = WorkProgress(total: 400, at: start)
    #expect(progress.fraction == 0 && progress.rate == nil && progress.secondsLeft == nil)
    progress.reach(100, at: start + .seconds(2))
    #expect(progress.fraction == 0.25 && progress.rate == 50 && progress.secondsLeft == 6)
    progress.reach(400, at: start + .seconds(4))
    #expect(progress.fraction == 1 && progress.rate == 100 && progress.secondsLeft == 0)
  }

  @Test func whatWasDoneBeforeTookNoTime() {
    let start = ContinuousClock.now
    var progress = WorkProgress(total: 400, done: 300, at: start)
    progress.reach(320, at: start + .seconds(2))
    #expect(progress.fraction == 0.8 && progress.rate == 10 && progress.secondsLeft == 8)
  }

  @Test func theFirstMomentsHaveNoRate() {
    let start = ContinuousClock.now
    var progress = WorkProgress(total: 400, at: start)
    progress.reach(1, at: start + .milliseconds(50))
    #expect(progress.rate == nil)
    progress.reach(500, at: start + .seconds(1))
    #expect(progress.fraction == 1 && progress.secondsLeft == 0)
    #expect(WorkProgress(total: 0).fraction == 0)
  }

  @Test(arguments: [
    (0.0, "0.00"), (0.523, "0.52"), (8.42, "8.4"), (9.96, "10"), (849.7, "850"), (999.7, "1.0k"),
    (24_130, "24.1k"), (99_960, "100k"), (999_700, "1.0M"), (1_234_000, "1.2M"),
  ])
  func ratesHaveThreeDigits(rate: Double, expected: String) {
    #expect(roundedNumber(rate) == expected)
  }

  // MARK: The line

  @Test func aLineHasTitleBarPercentAndTheMostImportantParts() {
    func line(width: Int) -> String {
      ProgressBar.line(
        "decoding", fraction: 0.37,
        parts: [["743/2000"], ["1.48 s left"], ["850 images/s", "850/s"]],
        width: width, unicode: true, style: .plain)
    }
    #expect(
      line(width: 80)
        == "decoding ██████████▎                   37%  743/2000  1.48 s left  850 images/s")
    #expect(line(width: 50) == "decoding ██▏     37%  743/2000  1.48 s left  850/s")
    #expect(line(width: 30) == "decoding ██▏     37%  743/2000")
    #expect(line(width: 20) == "decoding ██▏     37%")
    #expect(line(width: 12) == "decod…   37%")
    #expect(line(width: 5) == " 37%" && line(width: 3).isEmpty)
    for width in 0..<100 { #expect(line(width: width).count <= width, "width \(width)") }
  }

  @Test func theBarKeepsItsWidthWhileNumbersChangeTheirs() {
    func barWidth(_ left: String) -> Int {
      ProgressBar.line(
        "decoding", fraction: 1, parts: [[left]], width: 50, unicode: true, style: .plain
      ).count { $0 == "█" }
    }
    // 9 columns for the title, 5 for the percentage, 2 before the time.
    #expect(barWidth("9.99 s left") == 20)
    #expect(barWidth("10 s left") == 24 && barWidth("9 s left") == 24)
  }

  @Test func aTextOnTheStreamRemovesTheLine() {
    let recorder = Recorder()
    let stream = TextStream(features: TerminalFeatures(isTerminal: true)) { recorder.append($0) }
    var line = LiveLine(on: stream)
    line.show("half")
    stream.line("warning")
    stream.line("more")
    #expect(recorder.text == "\rhalf\u{1B}[K\r\u{1B}[Kwarning\nmore\n")
  }

  @Test func noMoreIsDoneThanThereIs() {
    let recorder = Recorder()
    var features = TerminalFeatures(isTerminal: true)
    features.progressDelay = .zero
    let stream = TextStream(features: features) { recorder.append($0) }
    let progress = ProgressLine("decoding", total: 20, unit: "images", on: stream)
    progress.advance(by: 30)
    progress.clear()
    #expect(recorder.text.contains("100%  20/20"), "\(recorder.text)")
  }

  @Test func anErrorLeavesNoLine() {
    struct FailingCommand: Command {
      static let description = CommandDescription(name: "fail", abstract: "Fail.")
      static func run(_ arguments: Arguments, on terminal: Terminal) throws {
        let progress = ProgressLine("working", total: 2, on: terminal.progress(for: arguments))
        progress.advance()
        throw CocoaError(.fileReadUnknown)
      }
    }
    let recorder = Recorder()
    var features = TerminalFeatures(isTerminal: true)
    features.progressDelay = .zero
    let stream = TextStream(features: features) { recorder.append($0) }
    let status = CommandLineTool(abstract: "", commands: [FailingCommand.self])
      .run(["fail"], on: Terminal(output: stream, error: stream))
    #expect(status == 1)
    #expect(recorder.text.contains("working"))
    #expect(recorder.screen.hasPrefix("error:"), "\(recorder.screen)")
  }

  // MARK: Commands

  /// What each command shows while it works.
  private static let work: [(command: [String], shown: String)] = [
    (["train", "iris-mlp", "--epochs", "2", "-o", "m.safetensors"], "epoch 1/2 "),
    (["train", "moons", "--epochs", "1", "--animate", "m.gif"], "drawing frames "),
    (["train", "iris-mlp", "--epochs", "1"], "evaluating on training data "),
    (["evaluate", "iris.safetensors"], "evaluating "),
    (["plot", "confusion", "iris.safetensors"], "evaluating "),
    (["report", "iris.safetensors"], "evaluating "),
    (["predict", "iris.safetensors", "one.csv", "one.csv"], "predicting "),
    (["data", "synthesize", "--count", "20", "more"], "drawing "),
    (["data", "inspect", "figures"], "decoding "),
    (["generator", "preview", "figures", "-o", "sheet.png"], "decoding "),
    (["train", "digits-mlp", "--data", "figures", "--hidden", "4", "--epochs", "1"], "decoding "),
    (["study", "search", "--epochs", "3", "--repeats", "1"], "searching "),
    (["study", "perceptron", "--epochs", "1", "--examples", "10"], "drawing frames "),
    (["study", "neuron", "--epochs", "1", "--examples", "10"], "learning "),
    (["study", "initialization"], "measuring "),
  ]

  @Test(.enabled(if: hasBuiltTool)) func everyLongCommandShowsItsProgressOnATerminalOnly() throws {
    try withTemporaryFolder { folder in
      let iris = folder.appending(path: "iris.safetensors").path
      #expect(runTool("train", "iris-mlp", "--epochs", "1", "-o", iris).status == 0)
      let figures = folder.appending(path: "figures").path
      #expect(
        runTool("data", "synthesize", "--count", "60", "--format", "png", figures).status == 0)
      try Data("5.1,3.5,1.4,0.2\n".utf8).write(to: folder.appending(path: "one.csv"))
      let outputs = ["m.safetensors", "m.gif", "more", "sheet.png"]
      for (number, (command, shown)) in Self.work.enumerated() {
        for (place, flag) in [nil, "--quiet", "--json", "pipe"].enumerated() {
          // Where the same code shows nothing, the work that is slow in a debug build runs twice only.
          if place > 1, ["train", "study"].contains(command[0]), number > 0 { continue }

          let own = folder.appending(path: "\(number)-\(place)", directoryHint: .isDirectory)
          try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
          var words = command.map { word in
            outputs.contains(word)
              ? own.appending(path: word).path
              : ["iris.safetensors", "one.csv", "figures"].contains(word)
                ? folder.appending(path: word).path : word
          }
          switch command[0] {
          case "train" where !words.contains("-o"):
            words += ["-o", own.appending(path: "n.safetensors").path]
          case "plot": words += ["-o", own.appending(path: "p.svg").path]
          case "report": words += ["-o", own.appending(path: "p.html").path]
          case "study": words += ["-o", own.path]
          default: break
          }
          let run = runTool(
            words + (place == 1 || place == 2 ? [flag!] : []), isTerminal: flag != "pipe")
          #expect(run.status == 0, "\(words): \(run.error)")
          #expect(run.error.contains("\r" + shown) == (flag == nil), "\(words) \(flag ?? "")")
          let lines = run.screen.split(separator: "\n")
          #expect(!lines.contains { $0.contains("█") || $0.hasPrefix(shown) && $0.contains("%") })
        }
      }
    }
  }
}

extension Recorder {
  /// What a terminal shows after the text.
  var screen: String { shownText(text) }
}

extension ToolRun {
  /// What a terminal shows of standard error at the end.
  var screen: String { shownText(error) }
}

/// The lines of a text after carriage returns and cleared lines.
private func shownText(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    let last = line.split(separator: "\r", omittingEmptySubsequences: false).last ?? ""
    return last.replacing(/\u{1B}\[[0-9;]*[mK]/, with: "")
  }.joined(separator: "\n")
}
