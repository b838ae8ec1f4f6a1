import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct VocabularyTests {
  @Test func charactersAreSortedAndNumbered() throws {
    let vocabulary = try Vocabulary(of: "to be or not to be")
    #expect(vocabulary.classNames == [" ", "b", "e", "n", "o", "r", "t"])
    #expect(try vocabulary.tokens(of: "bet") == [1, 2, 6])
    #expect(vocabulary.text(of: [6, 4]) == "to")
    #expect(try Vocabulary(of: "eb ton ro") == vocabulary, "the order in the text does not matter")
  }

  @Test func aCharacterIsWhatAReaderTakesForOne() throws {
    let vocabulary = try Vocabulary(of: "e\u{301}🇫🇷e")
    #expect(vocabulary.count == 3)
    #expect(try vocabulary.tokens(of: "\u{E9}").count == 1, "é is é however it is encoded")
  }

  @Test func aNetworkCarriesItsVocabulary() throws {
    let vocabulary = try Vocabulary(of: "a\nb \"é\"")
    #expect(try Vocabulary(classNames: vocabulary.classNames) == vocabulary)
  }

  @Test func namesThatAreNoCharactersAreRefused() {
    expectCourseError(.invalidArgument, "invalid vocabulary", "\"setosa\"") {
      try Vocabulary(classNames: ["a", "setosa"])
    }
    expectCourseError(.invalidArgument, "one twice") { try Vocabulary(classNames: ["a", "a"]) }
    expectCourseError(.invalidArgument, "no names") { try Vocabulary(classNames: []) }
  }

  @Test func anEmptyTextHasNone() {
    expectCourseError(.invalidData, "empty.txt: the text is empty", "got none") {
      try Vocabulary(of: "", name: "empty.txt")
    }
  }

  @Test func unknownCharactersAreNamedWithTheirPlace() throws {
    let vocabulary = try Vocabulary(of: "abc\n")
    expectCourseError(
      .invalidData, "prompt, line 2, column 3", "outside the vocabulary", "the 4 characters",
      "\"x\", \"€\", \"y\""
    ) { try vocabulary.tokens(of: "a\nbbx€yxc", name: "prompt") }
    expectCourseError(.invalidData, "and 2 more") { try vocabulary.tokens(of: "0123456789") }
  }
}
