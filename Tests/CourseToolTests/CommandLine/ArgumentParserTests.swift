import CourseCommandLine
import CourseTestSupport
import Testing

@testable import CourseTool

@Suite(.watched) struct ArgumentParserTests {
  static let epochs = Option("epochs", .integer(in: 1...100), "")
  static let rate = Option("learning-rate", .positive(upTo: 10), "")
  static let hidden = Option("hidden", .sizes(in: 1...512), "")
  static let output = Option("output", short: "o", .text("FILE"), "")
  static let quiet = Flag("quiet", short: "q", "")
  static let command = CommandDescription(
    name: "try", abstract: "",
    operands: [Operand("MODEL", .one, ""), Operand("DATA", .optional, "")],
    options: [epochs, rate, hidden, output, quiet])

  func parse(_ words: [String]) throws -> Arguments {
    try ArgumentParser(command: Self.command).parse(words)
  }

  @Test func readsOptionsFlagsAndOperandsInAnyOrder() throws {
    let arguments = try parse(
      ["--epochs", "7", "m", "--learning-rate=0.5", "-q", "--hidden", "64,32", "-o", "out", "d"])
    #expect(arguments[Self.epochs] == 7)
    #expect(arguments[Self.rate] == 0.5)
    #expect(arguments[Self.hidden] == [64, 32])
    #expect(arguments[Self.output] == "out")
    #expect(arguments[Self.quiet])
    #expect(arguments.operands == ["m", "d"])
  }

  @Test func whatIsNotGivenIsNil() throws {
    let arguments = try parse(["m"])
    #expect(arguments[Self.epochs] == nil)
    #expect(!arguments[Self.quiet])
    #expect(arguments.operand(1) == nil)
  }

  @Test func everythingAfterTwoDashesIsAnOperand() throws {
    #expect(try parse(["--", "--epochs", "-q"]).operands == ["--epochs", "-q"])
  }

  @Test func aValueMayContainAnEqualSignAndBeEmptyText() throws {
    #expect(try parse(["m", "--output=a=b"])[Self.output] == "a=b")
    #expect(throws: UsageError.self) { try parse(["m", "--output="]) }
  }

  @Test func noneIsAnEmptyListOfSizes() throws {
    #expect(try parse(["m", "--hidden", "none"])[Self.hidden] == [])
  }

  @Test func helpNeedsNoOperands() throws {
    #expect(try parse(["--help"])[CommonOptions.help])
    #expect(try parse(["-h"])[CommonOptions.help])
  }

  @Test(arguments: [
    (["m", "--epoch", "3"], "unknown option '--epoch'. Did you mean '--epochs'?"),
    (["m", "--zebra"], "unknown option '--zebra'."),
    (["m", "--epochs"], "option '--epochs' requires a value: --epochs N"),
    (["m", "--epochs", "--quiet"], "option '--epochs' requires a value: --epochs N"),
    (["m", "--epochs", "0"], "option '--epochs': expected a whole number from 1 to 100, got '0'."),
    (
      ["m", "--epochs", "-1"], "option '--epochs': expected a whole number from 1 to 100, got '-1'."
    ),
    (
      ["m", "--epochs", "3.5"],
      "option '--epochs': expected a whole number from 1 to 100, got '3.5'."
    ),
    (["m", "--epochs=1", "--epochs=2"], "duplicate option '--epochs'"),
    (
      ["m", "--learning-rate", "nan"],
      "option '--learning-rate': expected a number above 0, at most 10, got 'nan'."
    ),
    (
      ["m", "--hidden", "64,,32"],
      "option '--hidden': expected sizes from 1 to 512 separated by commas, such as 64,32, or none, "
        + "got '64,,32'."
    ),
    (["m", "--quiet=yes"], "option '--quiet' takes no value, but got 'yes'"),
    (["m", "-qo", "x"], "unknown option '-qo'. Did you mean '-o' or '-q'?"),
    ([], "missing MODEL"),
    (["m", "d", "e"], "unexpected argument 'e'"),
  ])
  func refusesWithTheReason(words: [String], message: String) {
    #expect(throws: UsageError(message, command: "try")) { try parse(words) }
  }
}

@Suite(.watched) struct SuggestionsTests {
  @Test(arguments: [
    ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("trian", "train", 1),
    ("abc", "abc", 0), ("ca", "abc", 3),
  ])
  func editDistanceCountsSwapsAsOne(first: String, second: String, distance: Int) {
    #expect(editDistance(first, second) == distance)
    #expect(editDistance(second, first) == distance)
  }

  @Test(arguments: [
    ("trian", ["train"]), ("TRAIN", ["train"]), ("tra", ["train"]), ("evaluate-all", ["evaluate"]),
    ("predit", ["predict"]), ("zebra", []), ("", []), ("x", []),
    // What was written is no suggestion; the same in small letters is.
    ("predict", []), ("Predict", ["predict"]),
  ])
  func suggestsOnlyWhatIsClose(text: String, expected: [String]) {
    #expect(suggestions(for: text, among: ["train", "evaluate", "predict"]) == expected)
  }

  @Test func phrasesSeveralSuggestions() {
    #expect(didYouMean(["a", "b"]) == " Did you mean 'a' or 'b'?")
    #expect(didYouMean([]).isEmpty)
  }
}
