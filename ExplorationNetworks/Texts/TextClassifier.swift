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

  /// A word of a text with its place and its token.
  public struct Piece: Sendable, Equatable {
    /// The word as it is written.
    public var text: Substring
    /// Its token, `Tokenizer.unknown` for a word outside of the vocabulary.
    public var token: Int
    /// Whether it is in the vocabulary.
    public var isKnown: Bool { token != Tokenizer.unknown }
  }

  /// Throws unless the network is such a classifier.
  public init(_ network: NeuralNetwork) throws {
    guard let tokenizer = network.wordTokenizer, network.inputShape.count == 1,
      network.outputShape.count == 1, network.classNames.count == network.outputShape[0]
    else {
      throw CourseError(
        .invalidArgument, "the network does not classify texts",
        expected: "a tokenizer of words, and a name for each class",
        received: network.layers.map { type(of: $0).typeName }.joined(separator: ", "))
    }
    (self.network, self.tokenizer) = (network, tokenizer)
  }

  /// The words of a text that the network reads, in order.
  public func pieces(of text: String) -> [Piece] {
    let text = beginning(of: text)
    let words = Tokenizer.words(of: text)
    guard !words.isEmpty else { return [] }
    return zip(words, tokenizer.tokens(of: text)).map { Piece(text: $0, token: $1) }
  }

  /// A text as far as the network reads it: up to its last word, or the last byte of an input.
  func beginning(of text: String) -> String {
    let bytes = textBytes(text, length: network.inputShape[0]).prefix { $0 != 0 }
    let text = String(decoding: bytes, as: UTF8.self)
    let words = Tokenizer.words(of: text)
    let limit = tokenizer.configuration.maximumWords
    return words.count > limit ? String(text[..<words[limit - 1].endIndex]) : text
  }

  /// Texts as inputs of the network, `[N, L]`.
  /// - Throws: when a text is empty.
  public func features(of texts: [String]) throws -> Tensor {
    try Dataset(
      texts: texts, labels: [Int](repeating: 0, count: texts.count),
      length: network.inputShape[0]
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
  /// The layer that finds the words of a text; `nil` for a network that does not read texts.
  public var wordTokenizer: Tokenizer? {
    for place in layerPlaces {
      if let tokenizer = place.layer as? Tokenizer, case .words = tokenizer.configuration.unit {
        return tokenizer
      }
    }
    return nil
  }
}
