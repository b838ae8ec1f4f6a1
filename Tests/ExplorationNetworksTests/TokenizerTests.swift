import CourseTestSupport
import ExplorationNetworks
import Testing

@Suite(.watched) struct TokenizerTests {
  private static let texts = ["young domestic cat", "Cat's-eye (the 2nd)", "…"]

  @Test func wordsAreLettersDigitsAndApostrophes() {
    func words(_ text: String) -> [String] { Tokenizer.words(of: text).map(String.init) }
    #expect(words("Young domestic cat") == ["Young", "domestic", "cat"])
    #expect(words("Cat's-eye (the 2nd); 'so'") == ["Cat's", "eye", "the", "2nd", "so"])
    #expect(words("naïve Schuß, 猫 и кот") == ["naïve", "Schuß", "猫", "и", "кот"])
    #expect(words(" ...").isEmpty && words("").isEmpty && words("a") == ["a"])
    let text = "a cat"
    #expect(Tokenizer.words(of: text)[1].startIndex == text.index(text.startIndex, offsetBy: 2))
  }

  @Test func theVocabularyIsSortedByCount() {
    let texts = ["the cat and The dog", "a cat", "the end"]
    #expect(Tokenizer.vocabulary(of: texts) == ["the", "cat", "a", "and", "dog", "end"])
    #expect(Tokenizer.vocabulary(of: texts, minimumCount: 2) == ["the", "cat"])
  }

  @Test func wordsBecomeNumbers() throws {
    let layer = Tokenizer(.words(vocabulary: ["cat", "young"]), maximumWords: 3)
    #expect(layer.tokens(of: "Young domestic CAT, young") == [3, 1, 2])
    #expect(
      layer.tokens(of: "...") == [Tokenizer.unknown], "a text without words is one unknown word")
    #expect(layer.tokenCount == 4)
    #expect(try layer.outputShape(for: [20]) == [3])
  }

  // def fnv(s): h = 2166136261
  //   for b in s.encode(): h = ((h ^ b) * 16777619) & 0xffffffff
  //   return h
  // [1 + fnv(s) % 1000 for s in ("young domestic", "domestic cat")]
  // [1 + fnv(s) % 1000 for s in ("<ca", "cat", "at>", "<cat", "cat>")]
  /// One letter with its accent, or a letter and an accent: the same text.
  @Test(arguments: [
    Tokenizer.Unit.wordPairs(buckets: 1000), .characters(minimum: 2, maximum: 4, buckets: 1000),
    .words(vocabulary: ["délicieux", "gâteau"]),
  ])
  func accentsHaveOneForm(unit: Tokenizer.Unit) {
    let (composed, apart) = ("g\u{E2}teau d\u{E9}licieux", "ga\u{302}teau de\u{301}licieux")
    #expect(Array(composed.utf8) != Array(apart.utf8))
    let tokenizer = Tokenizer(unit)
    #expect(tokenizer.tokens(of: composed) == tokenizer.tokens(of: apart))
  }

  @Test func pairsAndPiecesAreHashed() {
    let pairs = Tokenizer(.wordPairs(buckets: 1000))
    #expect(pairs.tokens(of: "Young domestic cat") == [834, 546])
    #expect(pairs.tokens(of: "cat").isEmpty && pairs.tokenCount == 1001)
    let pieces = Tokenizer(.characters(minimum: 3, maximum: 4, buckets: 1000))
    #expect(pieces.tokens(of: "Cat") == [748, 32, 107, 974, 996])
    #expect(pieces.tokens(of: "cat cat").count == 10)
  }

  @Test func singleCharactersAreThoseOfTheText() throws {
    let layer = Tokenizer(.singleCharacters(vocabulary: [" ", "a", "é"]), maximumWords: 4)
    #expect(layer.tokens(of: "a éAaa") == [3, 2, 4, Tokenizer.unknown])
    #expect(layer.tokens(of: "") == [Tokenizer.unknown] && layer.tokenCount == 5)
    #expect(layer.parts(of: "a é").map(String.init) == ["a", " ", "é"])
    #expect(try layer.outputShape(for: [20]) == [4] && layer.outputShape(for: [3]) == [3])
  }

  /// T is that of the longest text of the batch.
  @Test func aBatchOfTexts() throws {
    var layer = Tokenizer(.words(vocabulary: ["cat", "young"]))
    let data = try Dataset(texts: ["young cat", "a", "cat's"], labels: [0, 0, 0])
    let y = layer.forward(data.features, mode: .training)
    let dX = layer.backward(Tensor(zeros: [3, 2]))
    #expect(y == [[3, 2], [1, 0], [1, 0]] && dX == Tensor(zeros: [3, 9]))
    expectInferenceKeepsNothing(layer, input: data.features)
    let longer = try Dataset(texts: ["young cat", "a"], labels: [0, 0], length: 50)
    #expect(layer.forward(longer.features, mode: .inference) == [[3, 2], [1, 0]])
  }

  @Test func configurationAndWrongInputs() async throws {
    let units: [Tokenizer.Unit] = [
      .words(vocabulary: ["cat"]), .wordPairs(buckets: 9),
      .characters(minimum: 3, maximum: 5, buckets: 9),
    ]
    for unit in units {
      let layer = Tokenizer(unit)
      #expect(
        try Tokenizer(configuration: layer.configuration).configuration == layer.configuration)
      let text = "a somewhat longer text"
      let shape = try layer.outputShape(for: [text.utf8.count])
      #expect(layer.tokens(of: text).count <= shape[0])
    }
    for (unit, words) in [
      (Tokenizer.Unit.words(vocabulary: ["a", "b", "a"]), "\"a\" twice"),
      (.wordPairs(buckets: 0), "2^24 - 1 buckets"),
      (.characters(minimum: 1, maximum: 3, buckets: 9), "sizes from 2 to 32"),
      (.characters(minimum: 4, maximum: 3, buckets: 9), "4 to 3"),
    ] {
      expectCourseError(.invalidArgument, "Tokenizer", words) {
        try Tokenizer(configuration: .init(unit: unit))
      }
    }
    expectCourseError(.invalidArgument, "1 to 65536 words", "0") {
      try Tokenizer(configuration: .init(unit: units[0], maximumWords: 0))
    }
    let layer = Tokenizer(units[0])
    expectCourseError(.shapeMismatch, "Tokenizer: input shape", "[8, 8]") {
      try layer.outputShape(for: [8, 8])
    }
    expectCourseError(.invalidData, "not a byte of a text", "got 0.5", "example 4") {
      try layer.check(inputs: [[97, 98], [97, 0.5]], firstExample: 3)
    }
  }
}
