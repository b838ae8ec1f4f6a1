import Networks
import Shared

// Maps of the words on which the class of a text rests.

extension TextClassifier {
  /// A word of a text, and how much it counts for an answer.
  public struct WordWeight: Sendable, Equatable {
    /// The word as it is written.
    public var text: String
    /// How much it counts.
    public var weight: Float
  }

  /// The answer for a text: the most probable class, or a given one.
  /// - Throws: when the text is empty, or there is no such class.
  public func answer(to text: String, label: Int? = nil) throws -> ExplainedAnswer {
    try network.answer(to: example(text), label: label)
  }

  /// How much the probability of an answer falls when a word is left out (erasure).
  ///
  ///     let answer = try classifier.answer(to: "a small sweet cake")
  ///     for word in try classifier.occlusion(of: "a small sweet cake", for: answer) {
  ///       print(word.text, word.weight)                 // a 0.001, small 0.02, sweet 0.11, cake 0.52
  ///     }
  ///
  /// Above 0 the word speaks for the answer, below against it. The only word of a text has the whole probability.
  ///
  /// - Returns: the words that the network reads, in order
  /// - Throws: when the text is empty.
  /// - Complexity: a forward pass for each word.
  /// - Reference: Li, Monroe, Jurafsky (2016), "Understanding Neural Networks through Representation Erasure".
  public func occlusion(of text: String, for answer: ExplainedAnswer) throws -> [WordWeight] {
    // Without the rest, no word moves up where another one is left out.
    let text = beginning(of: text)
    let words = tokenizer.parts(of: text)
    guard words.count > 1 else {
      return words.map { WordWeight(text: String($0), weight: answer.probability) }
    }
    let shortened = words.map { word in
      String(text[..<word.startIndex]) + text[word.endIndex...]
    }
    // Of characters, blanks may be left, which are no text: then the whole probability is lost.
    let texts = shortened.filter { $0.contains { !$0.isWhitespace } }
    let answers = try predict([text] + texts).map { $0.probabilities[answer.label] }
    var rests = answers.dropFirst()
    return zip(words, shortened).map { word, rest in
      let isText = rest.contains { !$0.isWhitespace }
      return WordWeight(
        text: String(word), weight: answers[0] - (isText ? rests.removeFirst() : 0))
    }
  }

  /// How much the score of an answer changes with the vector of each word: the Euclidean length of the gradient.
  ///
  /// - Returns: the words that the network reads, in order
  /// - Throws: when the text is empty, and for an embedding bag, where all words have the same gradient.
  /// - Complexity: a forward and a backward pass.
  /// - Reference: Li, Chen, Hovy, Jurafsky (2016), "Visualizing and Understanding Neural Models in NLP", *NAACL*.
  public func saliency(of text: String, for answer: ExplainedAnswer) throws -> [WordWeight] {
    let layers = network.activations(of: Tensor(stacking: [try example(text)])) { _ in
      answer.selection
    }
    guard let vectors = layers.first(where: { $0.layer is Embedding })?.outputGradient else {
      throw CourseError(
        .invalidArgument, "every word of a bag has the same gradient",
        expected: "a network that reads words in order",
        received: layers.map { type(of: $0.layer).typeName }.joined(separator: ", "),
        remedy: "An occlusion map tells them apart.")
    }
    let lengths = sqrt((vectors * vectors).sum(axis: -1)).scalars
    return zip(pieces(of: text), lengths).map {
      WordWeight(text: String($0.text), weight: $1)
    }
  }

  /// A text as the network takes it.
  private func example(_ text: String) throws -> Tensor {
    try features(of: [text]).reshaped(to: network.inputShape)
  }
}
