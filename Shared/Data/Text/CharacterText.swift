import Foundation

/// A text that a network learns to continue, character by character.
///
///     let text = try CharacterText(contentsOf: "plays.txt")
///     let parts = try text.split(validation: 0.1, batchSize: 32, sequenceLength: 50)
///     parts.train.inputShape                      // [50]: the numbers of 50 characters
///
/// Batches are arranged for a network that carries its state (`LSTM(stateful: true)`): the text is cut into
/// `batchSize` long pieces that are read side by side, so that row j of a batch goes on where row j of the
/// batch before it ended. With batches of 2 rows and 3 steps, `abcdefghijklm` becomes
///
///     inputs  [abc, ghi], [def, jkl]        targets  [bcd, hij], [efg, klm]
///
/// The target of each character is the one after it. Characters left over at the end are not used.
public struct CharacterText: Sendable {
  /// The name of the text in messages.
  public var name: String
  /// The characters that may occur.
  public let vocabulary: Vocabulary
  /// The number of each character in the vocabulary.
  public let tokens: [Int]

  /// A text.
  /// - Parameter vocabulary: that of a trained network; `nil` for the characters of the text itself
  /// - Throws: when the text is empty or has characters that are not in the vocabulary.
  public init(_ text: String, name: String = "text", vocabulary: Vocabulary? = nil) throws {
    // Also throws for an empty text, with any vocabulary.
    let own = try Vocabulary(of: text, name: name)
    self.name = name
    self.vocabulary = vocabulary ?? own
    tokens = try self.vocabulary.tokens(of: text, name: name)
  }

  /// Reads a text file in UTF-8. Line ends become LF; a byte order mark is
  /// skipped.
  public init(contentsOf path: String, vocabulary: Vocabulary? = nil) throws {
    let text = try utf8Text(readFile(at: path, content: "a text file"), path: path)
    let plain = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
    try self.init(
      plain, name: URL(filePath: path).lastPathComponent, vocabulary: vocabulary)
  }

  /// Texts one after the other, each on a line of its own; line ends within a text become spaces.
  ///
  ///     try CharacterText(lines: ["a long cape", "young cat"])       // "a long cape\nyoung cat\n"
  ///
  public init(
    lines texts: [String], name: String = "texts", vocabulary: Vocabulary? = nil
  ) throws {
    let lines = texts.map { text in String(text.map { $0.isNewline ? " " : $0 }) + "\n" }
    try self.init(lines.joined(), name: name, vocabulary: vocabulary)
  }

  private init(name: String, vocabulary: Vocabulary, tokens: [Int]) {
    self.name = name
    self.vocabulary = vocabulary
    self.tokens = tokens
  }

  // MARK: Batches

  /// The text in batches of this many rows and steps; see the type.
  ///
  /// Example number `k · batchSize + j` is row j of batch k: such a dataset must not be shuffled, and its
  /// batches must keep their size.
  ///
  /// - Throws: when the text is shorter than one batch.
  public func dataset(batchSize: Int, sequenceLength: Int) throws -> Dataset {
    guard batchSize >= 1, sequenceLength >= 1 else {
      throw CourseError(
        .invalidArgument, "batches of a text", expected: "at least 1 row and 1 step",
        received: "\(batchSize) rows of \(sequenceLength)", location: name)
    }
    let batchCount = (tokens.count - 1) / batchSize / sequenceLength
    guard batchCount >= 1 else {
      throw CourseError(
        .invalidData, "the text is shorter than one batch",
        expected: "at least \(batchSize) · \(sequenceLength) + 1 = "
          + "\(batchSize * sequenceLength + 1) characters",
        received: "\(tokens.count)", location: name,
        remedy: "Take a longer text, a smaller batch size or shorter sequences.")
    }
    let pieceLength = batchCount * sequenceLength
    var inputs: [Float] = []
    var targets: [Int] = []
    inputs.reserveCapacity(batchSize * pieceLength)
    targets.reserveCapacity(batchSize * pieceLength)
    for batch in 0..<batchCount {
      for row in 0..<batchSize {
        let start = row * pieceLength + batch * sequenceLength
        inputs.append(contentsOf: tokens[start..<(start + sequenceLength)].lazy.map { Float($0) })
        targets.append(contentsOf: tokens[(start + 1)...(start + sequenceLength)])
      }
    }
    return try Dataset(
      name: name,
      features: Tensor(shape: [batchCount * batchSize, sequenceLength], scalars: inputs),
      targets: .classSequences(targets, length: sequenceLength),
      classNames: vocabulary.classNames)
  }

  /// Three parts by their place in the text: the beginning trains, the end tests. A part whose share is 0 stays
  /// empty.
  ///
  /// - Throws: when the shares leave nothing to train on, or a part is shorter than one batch.
  public func split(
    validation: Double = 0.1, test: Double = 0, batchSize: Int, sequenceLength: Int
  ) throws -> DatasetSplit {
    guard validation >= 0, test >= 0, validation + test < 1 else {
      throw CourseError(
        .invalidArgument, "invalid split fractions",
        expected: "two fractions of at least 0 that leave characters to train on",
        received: "\(validation) and \(test)", location: name)
    }
    let testStart = tokens.count - Int((Double(tokens.count) * test).rounded())
    let validationStart = testStart - Int((Double(tokens.count) * validation).rounded())
    func part(_ range: Range<Int>, _ title: String) throws -> Dataset {
      // Only the name in messages is longer.
      let part = CharacterText(
        name: "\(name), \(title) part", vocabulary: vocabulary, tokens: Array(tokens[range]))
      var data = try part.dataset(batchSize: batchSize, sequenceLength: sequenceLength)
      data.name = name
      return data
    }
    let train = try part(0..<validationStart, "training")
    let none = train.subset(0..<0)
    return DatasetSplit(
      train: train,
      validation: validation > 0 ? try part(validationStart..<testStart, "validation") : none,
      test: test > 0 ? try part(testStart..<tokens.count, "test") : none)
  }
}
