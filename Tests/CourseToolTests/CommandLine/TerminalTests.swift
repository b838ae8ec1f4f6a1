import CourseCommandLine
import CourseTestSupport
import Testing

@testable import CourseTool

@Suite(.watched) struct TerminalTests {
  @Test(arguments: [
    (true, [:], true),
    (false, [:], false),
    (true, ["NO_COLOR": "1"], false),
    (true, ["NO_COLOR": ""], true),
    (true, ["TERM": "dumb"], false),
    (false, ["FORCE_COLOR": "1"], true),
    (false, ["FORCE_COLOR": "0"], false),
    (false, ["CLICOLOR_FORCE": "1"], true),
    (true, ["FORCE_COLOR": "1", "NO_COLOR": "1"], false),
  ])
  func colourFollowsTheConventions(
    isTerminal: Bool, environment: [String: String], expected: Bool
  ) {
    #expect(
      TerminalFeatures(isTerminal: isTerminal, environment: environment).usesColor == expected)
  }

  @Test(arguments: [
    ([:], true), (["LANG": "en_US.UTF-8"], true), (["LANG": "C"], false),
    (["LC_ALL": "C.utf8", "LANG": "C"], true), (["LC_ALL": "", "LANG": "de_DE.ISO-8859-1"], false),
  ])
  func blockCharactersFollowTheLocale(environment: [String: String], expected: Bool) {
    #expect(TerminalFeatures(environment: environment).usesUnicode == expected)
  }

  @Test func aDumbTerminalIsNotOverwritten() {
    #expect(!TerminalFeatures(isTerminal: true, environment: ["TERM": "dumb"]).isTerminal)
  }

  @Test func theWidthFallsBackToColumnsAndThenTo80() {
    #expect(TerminalFeatures(environment: ["COLUMNS": "132"], width: 100).width == 100)
    #expect(TerminalFeatures(environment: ["COLUMNS": "132"]).width == 132)
    #expect(TerminalFeatures(environment: ["COLUMNS": "x"]).width == 80)
  }

  @Test func stylesWrapOnlyWhereColoursAreShown() {
    #expect(Style.rendered(Style(isOn: true).red("no")) == "\u{1B}[31mno\u{1B}[0m")
    #expect(Style.plain.red("no") == "no")
  }

  @Test func aNoteFitsTheTerminal() {
    let words = String(repeating: "seven words that are repeated without end ", count: 5)
    var features = TerminalFeatures(isTerminal: true)
    features.usesColor = true
    let note = TextStream(features: features) { _ in }.note(words)
    let title = Style(isOn: true).yellow("Note:")
    #expect(note.hasPrefix(title + " seven"))
    let lines = ("Note:" + note.dropFirst(title.count)).split(separator: "\n")
    #expect(lines.count == 3 && lines.allSatisfy { $0.count <= 80 && $0.count > 40 }, "\(lines)")
    // Programs that read a file find a note in one line.
    let whole = TextStream(features: TerminalFeatures()) { _ in }.note(words)
    #expect(whole == "Note: \(words)")
  }

  @Test(arguments: [
    (0.0, "    "), (0.125, "▌   "), (0.25, "█   "), (0.5, "██  "), (0.99, "███▉"), (1.0, "████"),
    (7.0, "████"), (-1.0, "    "), (Double.nan, "    "),
  ])
  func theBarFillsInEighths(fraction: Double, expected: String) {
    #expect(ProgressBar.text(fraction, width: 4, unicode: true) == expected)
  }

  @Test func theBarHasAFormForPlainText() {
    #expect(ProgressBar.text(0.6, width: 5, unicode: false) == "###  ")
  }

  @Test func aLiveLineIsOverwrittenAndRefreshedTenTimesASecond() {
    let recorder = Recorder()
    var line = LiveLine(
      on: TextStream(features: TerminalFeatures(isTerminal: true)) { recorder.append($0) })
    let start = ContinuousClock.now
    #expect(line.isDue(at: start))
    line.show("one", at: start)
    #expect(!line.isDue(at: start + .milliseconds(99)))
    #expect(line.isDue(at: start + .milliseconds(100)))
    line.leave("kept")
    line.clear()
    #expect(recorder.text == "\rone\u{1B}[K\r\u{1B}[Kkept\n")
  }

  @Test func aLiveLineWritesNothingIntoAFile() {
    let recorder = Recorder()
    var line = LiveLine(on: TextStream(features: TerminalFeatures()) { recorder.append($0) })
    #expect(!line.isDue())
    line.show("one")
    line.clear()
    #expect(recorder.text.isEmpty)
  }

  @Test(arguments: [
    (0.001, "0.00 s"), (3.14159, "3.14 s"), (9.999, "10 s"), (75, "1 min 15 s"),
    (7265, "2 h 1 min"),
  ])
  func durationsReadAsAPersonSaysThem(seconds: Double, expected: String) {
    #expect(durationText(seconds) == expected)
  }

  @Test(arguments: [
    (Float(0.23456), "0.2346"), (0, "0.0000"), (0.00012, "1.20e-04"), (.nan, "nan"),
  ])
  func lossesKeepTheirDigits(loss: Float, expected: String) {
    #expect(lossText(loss) == expected)
  }
}
