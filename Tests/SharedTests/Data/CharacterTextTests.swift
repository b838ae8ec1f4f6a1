import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct CharacterTextTests {
  /// The rows of a dataset as text.
  private func rows(_ data: Dataset, _ text: CharacterText) -> [String] {
    (0..<data.count).map {
      text.vocabulary.text(of: data.features.rows(at: [$0]).scalars.map { Int($0) })
    }
  }

  private func answers(_ data: Dataset, _ text: CharacterText) -> [String] {
    (0..<data.count).map { text.vocabulary.text(of: data.targets.rows(at: [$0]).classIndices) }
  }

  @Test func rowsGoOnInTheNextBatch() throws {
    let text = try CharacterText("abcdefghijklm")
    let data = try text.dataset(batchSize: 2, sequenceLength: 3)
    #expect(data.inputShape == [3])
    #expect(rows(data, text) == ["abc", "ghi", "def", "jkl"])
    #expect(answers(data, text) == ["bcd", "hij", "efg", "klm"])
    #expect(data.classNames == text.vocabulary.classNames)
  }

  @Test(arguments: [(1, 1), (3, 4), (7, 5), (32, 2)])
  func everyRowOfEveryBatchContinues(batchSize: Int, length: Int) throws {
    let letters = (0..<200).map { Character(UnicodeScalar(0x4E00 + $0)!) }
    let text = try CharacterText(String(letters))
    let data = try text.dataset(batchSize: batchSize, sequenceLength: length)
    #expect(data.count % batchSize == 0, "all batches have the same size")
    #expect(data.count == 199 / (batchSize * length) * batchSize)
    let inputs = data.features.scalars
    let targets = data.targets.classIndices
    try #require(inputs.count == targets.count)
    for place in inputs.indices {
      #expect(targets[place] == Int(inputs[place]) + 1, "the target is the next character")
      let next = place + batchSize * length
      if place % length == length - 1, next - length + 1 < inputs.count {
        #expect(Int(inputs[next - length + 1]) == targets[place], "row goes on in the next batch")
      }
    }
  }

  @Test func partsAreDividedByPlace() throws {
    let letters = (0..<200).map { Character(UnicodeScalar(0x4E00 + $0)!) }
    let text = try CharacterText(String(letters), name: "letters")
    let parts = try text.split(validation: 0.2, test: 0.1, batchSize: 2, sequenceLength: 4)
    #expect(parts.train.features.max() < 140)
    #expect(parts.train.targets.classIndices.max()! < 140, "a target is never of the next part")
    #expect(parts.validation.features.min() == 140)
    #expect(parts.test.features.min() == 180)
    #expect(parts.train.classNames.count == 200)
    let whole = try text.split(validation: 0, batchSize: 2, sequenceLength: 4)
    #expect(whole.validation.count == 0 && whole.test.count == 0)
    #expect(whole.train.name == "letters")
  }

  @Test func aTextShorterThanABatchIsRefused() throws {
    let text = try CharacterText("abcdefghijkl", name: "short.txt")
    expectCourseError(
      .invalidData, "short.txt", "shorter than one batch", "at least 4 · 3 + 1 = 13", "got 12"
    ) { try text.dataset(batchSize: 4, sequenceLength: 3) }
    expectCourseError(.invalidData, "short.txt, validation part", "got 2") {
      try text.split(validation: 0.2, batchSize: 2, sequenceLength: 3)
    }
    expectCourseError(.invalidArgument, "at least 1 row") {
      try text.dataset(batchSize: 0, sequenceLength: 3)
    }
    expectCourseError(.invalidArgument, "split fractions") {
      try text.split(validation: 0.5, test: 0.5, batchSize: 1, sequenceLength: 1)
    }
  }

  @Test func emptyAndUnknownTextsAreRefused() throws {
    expectCourseError(.invalidData, "the text is empty") { try CharacterText("") }
    let known = try Vocabulary(of: "abc")
    expectCourseError(.invalidData, "the text is empty") {
      try CharacterText("", vocabulary: known)
    }
    expectCourseError(.invalidData, "outside the vocabulary", "\"z\"") {
      try CharacterText("abz", vocabulary: known)
    }
    #expect(try CharacterText("cab", vocabulary: known).tokens == [2, 0, 1])
  }

  @Test func filesAreRead() throws {
    try withTemporaryFolder { folder in
      func path(_ bytes: [UInt8]) throws -> String {
        let url = folder.appending(path: "t.txt")
        try Data(bytes).write(to: url)
        return url.path
      }
      let windows = try CharacterText(
        contentsOf: path([0xEF, 0xBB, 0xBF] + "a\r\nb\rc\n".utf8))
      #expect(windows.vocabulary.text(of: windows.tokens) == "a\nb\nc\n")
      #expect(windows.name == "t.txt")
      expectCourseError(.invalidData, "t.txt: the text is empty") {
        try CharacterText(contentsOf: path([]))
      }
      expectCourseError(.format, "UTF-8", "bytes that are not UTF-8") {
        try CharacterText(contentsOf: path([0x61, 0xFF, 0x61]))
      }
      expectCourseError(.format, "UTF-16 text") {
        try CharacterText(contentsOf: path([0xFF, 0xFE, 0x61, 0x00]))
      }
      expectCourseError(.file, "cannot open the file") {
        try CharacterText(contentsOf: folder.appending(path: "none.txt").path)
      }
    }
  }

  @Test func textsBecomeLines() throws {
    let text = try CharacterText(lines: ["a long\ncape", "cat"], name: "two")
    #expect(text.vocabulary.text(of: text.tokens) == "a long cape\ncat\n" && text.name == "two")
    expectCourseError(.invalidData, "empty") { _ = try CharacterText(lines: []) }
  }
}
