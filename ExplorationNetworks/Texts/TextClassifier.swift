import Networks
import Shared

/// A trained `textClassifier` at work: from texts to classes.
///
///     let classifier = try TextClassifier(network)
///     for answer in try classifier.predict(["a small sweet cake", "capital of Peru"]) {
///       print(answer.label, answer.probability)
///     }
public struct TextClassifier: Sendable {
  /// The network.
  public let network: NeuralNetwork
  /// The layer that finds the words.
  public let tokenizer: Tokenizer

  /// The class of a text.
  public struct Answer: Sendable {
    /// The name of the most probable class.
    public var label: String
    /// Its probability.
    public var probability: Float
    /// The probability of each class, in the order of `network.classNames`.
    public var probabilities: [Float]
    /// Whether it knows any of the words; otherwise the answer says next to nothing.
    public var knowsAWord: Bool
  }

  /// A word of a text, or a character for a network that reads these, with its place and its token.
  public struct Piece: Sendable, Equatable {
    /// The word as it is written.
    public var text: Substring
    /// Its token, `Tokenizer.unknown` outside of the vocabulary.
    public var token: Int
    /// Whether it is in the vocabulary.
    public var isKnown: Bool { token != Tokenizer.unknown }
  }

  /// Throws unless the network is such a classifier.
  public init(_ network: NeuralNetwork) throws {
    guard let tokenizer = network.textTokenizer, network.inputShape.count == 1,
      network.outputShape.count == 1, network.classNames.count == network.outputShape[0]
    else {
      throw CourseError(
        .invalidArgument, "the network does not classify texts",
        expected: "a tokenizer of words or characters, and a name for each class",
        received: network.layers.map { type(of: $0).typeName }.joined(separator: ", "))
    }
    (self.network, self.tokenizer) = (network, tokenizer)
  }

  /// The words of a text that the network reads, in order.
  public func pieces(of text: String) -> [Piece] {
    let text = beginning(of: text)
    return zip(tokenizer.parts(of: text), tokenizer.tokens(of: text)).map {
      Piece(text: $0, token: $1)
    }
  }

  /// A text as far as the network reads it: up to its last word or character, or the last byte of an input.
  func beginning(of text: String) -> String {
    let bytes = textBytes(text, length: network.inputShape[0]).prefix { $0 != 0 }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = tokenizer.parts(of: text).last?.endIndex else { return text }
    return tokenizer.parts(of: String(text[end...])).isEmpty ? text : String(text[..<end])
  }

  /// Texts as inputs of the network, `[N, L]`.
  /// - Parameter location: the place of a text in messages; `nil` for its number
  /// - Throws: when a text is empty, or holds the character 0.
  public func features(
    of texts: [String], location: (Int) -> String? = { _ in nil }
  ) throws -> Tensor {
    try Dataset(
      texts: texts, labels: [Int](repeating: 0, count: texts.count),
      length: network.inputShape[0], location: location
    ).features
  }

  /// The class of each text.
  /// - Throws: when a text is empty.
  public func predict(_ texts: [String]) throws -> [Answer] {
    guard !texts.isEmpty else { return [] }
    let probabilities = try network.predict(features(of: texts))
    return zip(texts, probabilities.argmax(axis: -1)).enumerated().map { row, answer in
      let values = probabilities.rows(at: [row]).scalars
      return Answer(
        label: network.classNames[answer.1], probability: values[answer.1], probabilities: values,
        knowsAWord: pieces(of: answer.0).contains(where: \.isKnown))
    }
  }
}

extension NeuralNetwork {
  /// The layer that finds the words of a text, or its characters where the network reads these; `nil` for a network that does
  /// not read texts.
  public var textTokenizer: Tokenizer? {
    for place in layerPlaces {
      guard let tokenizer = place.layer as? Tokenizer else { continue }
      switch tokenizer.configuration.unit {
      case .words, .singleCharacters: return tokenizer
      case .wordPairs, .characters: continue
      }
    }
    return nil
  }
}
