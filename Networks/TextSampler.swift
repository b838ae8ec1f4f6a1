import Foundation
import Phase3RNNRegularization
import Shared

/// Generates text with a trained character model, one character at a time.
///
///     var sampler = try TextSampler(network, seed: 7)
///     try sampler.read("Monday, 1")
///     let text = String((0..<100).map { _ in sampler.next(temperature: 0.7) })
///
/// A network with recurrent layers reads each character once: they carry the state on. One without a state, as a
/// transformer is, reads the last characters again for each new one, as many as it was trained on at once.
public struct TextSampler: Sendable {
  /// The characters that the network knows.
  public let vocabulary: Vocabulary
  private var layers: [any Layer]
  /// The characters that a network without a state reads again, and the most of them; `nil` where it has a state.
  private var context: (tokens: [Int], length: Int)?
  /// The scores of the next character.
  private var scores: [Float] = []
  private var draws: PhiloxGenerator

  /// Prepares a trained network.
  /// - Parameter seed: of the draws: the same seed generates the same text
  /// - Throws: `CourseError` when the network is not a character model.
  public init(_ network: NeuralNetwork, seed: UInt64) throws {
    let shape = network.outputShape
    guard shape.count == 2, shape[1] == network.classNames.count, network.inputShape.count == 1,
      let first = network.layers.first as? any TokenLayer, first.vocabularySize == shape[1],
      let vocabulary = try? Vocabulary(classNames: network.classNames)
    else {
      throw CourseError(
        .invalidArgument, "the network is not a character model",
        expected: "an embedding and a score for each character, as in the recipe char-lstm",
        received:
          "input \(network.inputShape), output \(shape), \(network.classNames.count) classes"
      )
    }
    self.vocabulary = vocabulary
    layers = network.layers
    context = network.carriesState ? nil : ([], network.inputShape[0])
    for index in layers.indices { layers[index].resetState() }
    draws = RandomKey(seed: seed).folded("sample").generator
  }

  /// The score of each possible next character; empty before the first `read`.
  var lastScores: [Float] { scores }

  /// Reads a prompt, which the generated text continues.
  /// - Throws: `CourseError` when it is empty or has characters outside the vocabulary.
  public mutating func read(_ text: String, name: String = "text") throws {
    let tokens = try vocabulary.tokens(of: text, name: name)
    guard !tokens.isEmpty else {
      throw CourseError(
        .invalidData, "the text is empty", expected: "at least one character", received: "none",
        location: name)
    }
    read(tokens)
  }

  private mutating func read(_ tokens: [Int]) {
    var read = tokens
    if let (known, length) = context {
      read = Array((known + tokens).suffix(length))
      context = (read, length)
    }
    var activations = Tensor(shape: [1, read.count], scalars: read.map { Float($0) })
    for index in layers.indices {
      activations = layers[index].forward(activations, mode: .inference)
    }
    scores = Array(activations.scalars.suffix(vocabulary.count))
  }

  /// Draws the next character and reads it.
  ///
  /// A character of score `s` is drawn with probability `exp(s / τ) / Σ exp(s / τ)`: at a temperature τ of 1
  /// with the network's own probabilities, below 1 more predictably, above 1 more wildly, at 0 always the most
  /// probable one.
  public mutating func next(temperature: Float) -> Character {
    guard !scores.isEmpty else {
      stop("TextSampler.next", expected: "a text that was read before", received: "none")
    }
    guard temperature >= 0, temperature.isFinite else {
      stop(
        "TextSampler.next", expected: "a temperature of at least 0", received: "\(temperature)")
    }
    let token = TextSampler.draw(from: scores, temperature: temperature, using: &draws)
    read([token])
    return vocabulary.characters[token]
  }

  /// The number of a score, drawn by the softmax of the scores over the temperature.
  static func draw(
    from scores: [Float], temperature: Float, using draws: inout PhiloxGenerator
  ) -> Int {
    var best = 0
    for place in scores.indices where scores[place] > scores[best] { best = place }
    guard temperature > 0 else { return best }
    // Relative to the largest, so that none overflows however low the temperature is.
    let weights = scores.map { exp(Double($0 - scores[best]) / Double(temperature)) }
    var rest = Double(draws.next() >> 11) * 0x1p-53 * weights.reduce(0, +)
    for (place, weight) in weights.enumerated() {
      if rest < weight { return place }
      rest -= weight
    }
    return best
  }
}

extension NeuralNetwork {
  /// Generates text after a prompt with a character model; see `TextSampler`.
  ///
  ///     try network.sampleText(prompt: "Dear ", length: 300, temperature: 0.7, seed: 1)
  ///
  /// - Returns: `length` characters, without the prompt.
  /// - Throws: `CourseError` when the network is not a character model, or has not seen a character of the prompt.
  public func sampleText(
    prompt: String, length: Int, temperature: Float = 1, seed: UInt64 = 0
  ) throws -> String {
    guard length >= 0, temperature >= 0, temperature.isFinite else {
      throw CourseError(
        .invalidArgument, "sampling", expected: "a length and a temperature of at least 0",
        received: "length \(length), temperature \(temperature)")
    }
    var sampler = try TextSampler(self, seed: seed)
    try sampler.read(prompt, name: "prompt")
    return String((0..<length).map { _ in sampler.next(temperature: temperature) })
  }
}
