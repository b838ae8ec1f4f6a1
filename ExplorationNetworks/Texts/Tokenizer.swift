import Foundation
import Shared

/// Finds the words of texts, and makes a number of each: the layer by which a network reads.
///
/// The input holds texts as rows of UTF-8 bytes, as `Dataset(texts:labels:)` makes them: `[N, L]`, zeros after the end. The
/// output holds a row of tokens for each, `[N, T]`, with 0 (padding) after the end. T is the largest number of tokens in the
/// batch, so a batch of short texts costs less; the layers that follow leave padding out, and answer alike for any T.
///
/// A word is a run of letters and digits, and apostrophes between them, in lower case. `Unit` names the
/// tokens:
///
///     words             the words of a vocabulary, from 2 on; 1 is each other word
///     word pairs        two words in a row, hashed: a number from 1 to `buckets`
///     characters        the characters of each word and its ends, `<cat>`, in pieces of given sizes, hashed alike
///     single characters all characters of the text as they are, spaces too, of a vocabulary from 2 on; 1 is each other one
///
/// A hash needs no list of all pairs or pieces. Several share a number by chance, which does little harm as long as most are
/// rare. Pieces of characters tell something of words that no training text had.
///
///     let tokenizer = Tokenizer(.words(vocabulary: ["cat", "young"]))
///     tokenizer.tokens(of: "Young domestic cat")          // [3, 1, 2]
///
/// It has no weights, and no gradient. Words beyond `maximumWords` are left out.
///
/// - Complexity: O(N·L), times the number of sizes for characters.
/// - Reference: Weinberger et al. (2009), "Feature hashing for large scale multitask learning", *ICML*; pieces of characters:
///   Bojanowski et al. (2017), "Enriching word vectors with subword information", *TACL* 5. The hash is FNV-1a.
public struct Tokenizer: InputCheckingLayer {
  /// The tokens of a text.
  public enum Unit: Codable, Sendable, Equatable {
    /// The words of a vocabulary.
    case words(vocabulary: [String])
    /// Two words in a row.
    case wordPairs(buckets: Int)
    /// Pieces of words, from `minimum` to `maximum` characters long.
    case characters(minimum: Int, maximum: Int, buckets: Int)
    /// The characters of the text, of a vocabulary.
    case singleCharacters(vocabulary: [String])
  }

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The tokens of a text.
    public var unit: Unit
    /// The most words of a text that are read; of single characters, the most of these.
    public var maximumWords: Int

    /// Creates a configuration.
    public init(unit: Unit, maximumWords: Int = 64) {
      (self.unit, self.maximumWords) = (unit, maximumWords)
    }
  }

  /// The token that stands for nothing.
  public static let padding = 0
  /// The token of a word or character outside of the vocabulary.
  public static let unknown = 1

  /// The constructor arguments.
  public let configuration: Configuration
  private let numbers: [String: Int]
  private var kept = Kept<[Int]>()

  /// Creates the layer.
  public init(_ unit: Unit, maximumWords: Int = 64) {
    self = orStop {
      try Tokenizer(configuration: .init(unit: unit, maximumWords: maximumWords))
    }
  }

  /// Creates the layer from a checkpoint; throws when a number is out of range, or a word is in the vocabulary twice.
  public init(configuration: Configuration) throws {
    func require(_ isRight: Bool, _ expected: String, _ received: Any) throws {
      guard !isRight else { return }
      throw CourseError(
        .invalidArgument, "Tokenizer: argument out of range", expected: expected,
        received: "\(received)")
    }
    try require(
      (1...65_536).contains(configuration.maximumWords), "1 to 65536 words",
      configuration.maximumWords)
    var numbers: [String: Int] = [:]
    switch configuration.unit {
    case .words(let vocabulary), .singleCharacters(let vocabulary):
      for (place, word) in vocabulary.enumerated() {
        try require(
          numbers.updateValue(place + 2, forKey: word) == nil,
          "a vocabulary without repetitions", "\"\(word)\" twice")
      }
    case .wordPairs(let buckets):
      try require(Self.bucketRange.contains(buckets), "1 to 2^24 - 1 buckets", buckets)
    case .characters(let minimum, let maximum, let buckets):
      try require(
        minimum >= 2 && maximum >= minimum && maximum <= 32, "sizes from 2 to 32",
        "\(minimum) to \(maximum)")
      try require(Self.bucketRange.contains(buckets), "1 to 2^24 - 1 buckets", buckets)
    }
    self.configuration = configuration
    self.numbers = numbers
  }

  /// As many as a float counts.
  private static let bucketRange = 1..<(1 << 24)

  /// The number of tokens, padding included: the vocabulary size of the layer that follows.
  public var tokenCount: Int {
    switch configuration.unit {
    case .words(let vocabulary), .singleCharacters(let vocabulary): vocabulary.count + 2
    case .wordPairs(let buckets), .characters(_, _, let buckets): buckets + 1
    }
  }

  // MARK: Words

  /// The words of a text as they stand there, in order.
  public static func words(of text: String) -> [Substring] {
    var words: [Substring] = []
    var start: String.Index?
    var index = text.startIndex
    while index < text.endIndex {
      let character = text[index]
      let next = text.index(after: index)
      let isInside =
        character.isLetter || character.isNumber
        || (character == "'" || character == "’") && start != nil && next < text.endIndex
          && text[next].isLetter
      if isInside {
        start = start ?? index
      } else if let begin = start {
        words.append(text[begin..<index])
        start = nil
      }
      index = next
    }
    if let start { words.append(text[start...]) }
    return words
  }

  /// The words that training texts have at least so often, the most frequent first.
  public static func vocabulary(of texts: [String], minimumCount: Int = 1) -> [String] {
    var counts: [String: Int] = [:]
    for text in texts {
      for word in words(of: text) { counts[word.lowercased(), default: 0] += 1 }
    }
    return counts.filter { $0.value >= minimumCount }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
  }

  /// The parts of a text that are read, in order: its words, or its single characters.
  public func parts(of text: String) -> [Substring] {
    let limit = configuration.maximumWords
    guard case .singleCharacters = configuration.unit else {
      return Array(Self.words(of: text).prefix(limit))
    }
    return text.indices.prefix(limit).map { text[$0...$0] }
  }

  /// The tokens of a text.
  public func tokens(of text: String) -> [Int] {
    let parts = parts(of: text)
    switch configuration.unit {
    case .words:
      return parts.isEmpty
        ? [Self.unknown] : parts.map { numbers[$0.lowercased()] ?? Self.unknown }
    case .singleCharacters:
      return parts.isEmpty ? [Self.unknown] : parts.map { numbers[String($0)] ?? Self.unknown }
    case .wordPairs(let buckets):
      let words = parts.map(Self.hashed)
      return zip(words, words.dropFirst()).map { first, second in
        var hash = FNV()
        hash.add(first.utf8)
        hash.add(CollectionOfOne(UInt8(ascii: " ")))
        hash.add(second.utf8)
        return 1 + hash.number(below: buckets)
      }
    case .characters(let minimum, let maximum, let buckets):
      var tokens: [Int] = []
      for word in parts {
        let characters = Array("<\(Self.hashed(word))>".unicodeScalars)
        for size in minimum...maximum where size <= characters.count {
          for start in 0...(characters.count - size) {
            var hash = FNV()
            for scalar in characters[start..<(start + size)] { hash.add(UTF8.encode(scalar)!) }
            tokens.append(1 + hash.number(below: buckets))
          }
        }
      }
      return tokens
    }
  }

  /// A word as it is hashed: lower case, and one scalar for each letter with its accents. An equal word may have other bytes:
  /// "é" is one scalar, or, from a Mac, an "e" and an accent.
  private static func hashed(_ word: Substring) -> String {
    let word = word.lowercased()
    return word.utf8.allSatisfy { $0 < 0x80 } ? word : word.precomposedStringWithCanonicalMapping
  }

  // MARK: The layer

  /// `[T]`, the largest number of tokens of a text, for `[L]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 1, inputShape[0] >= 1 else {
      throw CourseError(
        .shapeMismatch, "Tokenizer: input shape", expected: "[L], the bytes of a text",
        received: "\(inputShape)", remedy: "Make the data of texts, by Dataset(texts:labels:).")
    }
    let words = min(configuration.maximumWords, (inputShape[0] + 1) / 2)
    switch configuration.unit {
    case .words: return [words]
    case .wordPairs: return [max(words - 1, 1)]
    case .characters(let minimum, let maximum, _):
      return [(maximum - minimum + 1) * (inputShape[0] + 1)]
    case .singleCharacters: return [min(configuration.maximumWords, inputShape[0])]
    }
  }

  /// Throws when one of the inputs is no byte.
  public func check(inputs: Tensor, firstExample: Int) throws {
    guard let (place, value) = Self.firstWrongByte(in: inputs) else { return }
    throw CourseError(
      .invalidData, "Tokenizer: an input is not a byte of a text",
      expected: "whole numbers from 0 to 255", received: "\(value)",
      location: "example \(firstExample + place / max(1, inputs.count / inputs.shape[0]))",
      remedy: "Make the data of texts, by Dataset(texts:labels:).")
  }

  private static func firstWrongByte(in input: Tensor) -> (place: Int, value: Float)? {
    let scalars = input.scalars
    let place = scalars.firstIndex { !($0 >= 0 && $0 <= 255) || $0 != $0.rounded(.down) }
    return place.map { ($0, scalars[$0]) }
  }

  /// The tokens of each text, `[N, T]`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank == 2, Self.firstWrongByte(in: input) == nil else {
      stop(
        "Tokenizer.forward", expected: "bytes, [N, L]",
        received: input.rank == 2
          ? "\(Self.firstWrongByte(in: input)?.value ?? 0)" : "shape \(input.shape)")
    }
    kept.set(input.shape, in: mode)
    let (bytes, length) = (input.scalars, input.shape[1])
    let rows = (0..<input.shape[0]).map { row in
      let text = bytes[(row * length)..<((row + 1) * length)].prefix { $0 != 0 }
      return tokens(of: String(decoding: text.map { UInt8($0) }, as: UTF8.self))
    }
    let longest = max(1, rows.map(\.count).max() ?? 1)
    var output = [Float](repeating: Float(Self.padding), count: rows.count * longest)
    for (row, numbers) in rows.enumerated() {
      for (place, number) in numbers.enumerated() { output[row * longest + place] = Float(number) }
    }
    return Tensor(shape: [rows.count, longest], scalars: output)
  }

  /// 0 for every byte.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    Tensor(zeros: kept.take(for: Self.typeName))
  }
}

/// The hash FNV-1a of 32 bits: it is the same on every machine and in every run, as that of Swift is not.
private struct FNV {
  private var value: UInt32 = 2_166_136_261

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt32(byte)) &* 16_777_619 }
  }

  func number(below count: Int) -> Int { Int(value) % count }
}
