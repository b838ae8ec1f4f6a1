/// The characters that a network of texts knows, each with its number.
///
///     let vocabulary = try Vocabulary(of: "to be or not to be")
///     vocabulary.characters                      // [" ", "b", "e", "n", "o", "r", "t"]
///     try vocabulary.tokens(of: "bet")           // [1, 2, 6]
///     vocabulary.text(of: [6, 4])                // "to"
///
/// A character is a `Character` of Swift: `é` is one, however it is encoded. They are sorted, so that the
/// same characters have the same numbers in every text.
///
/// A network carries its vocabulary as its `classNames`: it predicts the class "next character".
public struct Vocabulary: Sendable, Equatable {
  /// The characters, sorted; the place of each is its number.
  public let characters: [Character]
  private let numbers: [Character: Int]

  /// The number of characters.
  public var count: Int { characters.count }
  /// The characters as names of classes, for `Dataset.classNames` and `NeuralNetwork.classNames`.
  public var classNames: [String] { characters.map { String($0) } }

  /// The characters of a text.
  /// - Throws: when there are none.
  public init(of text: String, name: String = "text") throws {
    let characters = Set(text).sorted()
    guard !characters.isEmpty else {
      throw CourseError(
        .invalidData, "the text is empty", expected: "characters to learn", received: "none",
        location: name)
    }
    self.init(characters)
  }

  /// The vocabulary that a network carries.
  /// - Throws: when the names are not characters, each another one.
  public init(classNames: [String]) throws {
    let characters = classNames.compactMap { $0.count == 1 ? $0.first : nil }
    guard characters.count == classNames.count, Set(characters).count == characters.count,
      !characters.isEmpty
    else {
      let wrong = classNames.first { $0.count != 1 }
      throw CourseError(
        .invalidArgument, "invalid vocabulary",
        expected: "names of one character each, all different",
        received: classNames.isEmpty ? "no names" : wrong.map { "\"\($0)\"" } ?? "one twice")
    }
    self.init(characters)
  }

  private init(_ characters: [Character]) {
    self.characters = characters
    numbers = Dictionary(uniqueKeysWithValues: characters.enumerated().map { ($1, $0) })
  }

  /// The number of each character of a text.
  /// - Throws: when the text has characters that are not in the vocabulary: it names them and the place
  ///   of the first.
  public func tokens(of text: String, name: String = "text") throws -> [Int] {
    var tokens: [Int] = []
    tokens.reserveCapacity(text.utf8.count)
    for character in text {
      guard let number = numbers[character] else { throw unknown(in: text, name: name) }
      tokens.append(number)
    }
    return tokens
  }

  /// The text of character numbers.
  public func text(of tokens: some Collection<Int>) -> String {
    String(
      tokens.map { token in
        guard characters.indices.contains(token) else {
          stop("Vocabulary.text(of:)", expected: "numbers below \(count)", received: "\(token)")
        }
        return characters[token]
      })
  }

  private func unknown(in text: String, name: String) -> CourseError {
    var unknown: [Character] = []
    var place: (line: Int, column: Int)?
    var (line, column) = (1, 1)
    for character in text {
      if numbers[character] == nil {
        place = place ?? (line, column)
        if !unknown.contains(character) { unknown.append(character) }
      }
      (line, column) = character.isNewline ? (line + 1, 1) : (line, column + 1)
    }
    let shown = unknown.prefix(8).map { "\(String($0).debugDescription)" }.joined(separator: ", ")
    return CourseError(
      .invalidData, "characters outside the vocabulary",
      expected: "the \(count) characters of its training text",
      received: shown + (unknown.count > 8 ? " and \(unknown.count - 8) more" : ""),
      location: "\(name), line \(place?.line ?? 1), column \(place?.column ?? 1)",
      remedy: "Replace them, or train on a text that has them.")
  }
}
