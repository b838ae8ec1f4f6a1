import CourseTestSupport
import ExplorationNetworks
import Foundation
import Testing

/// Maps of the words on which the class of a text rests.
@Suite(.watched) struct WordMapTests {
  private static let texts = [
    "a small cat", "the young cat of a farm", "a cat that sleeps all day", "a small hammer",
    "the heavy hammer of a smith", "a hammer that lies there all day",
  ]

  private func classifier(_ kind: TextNetwork) throws -> TextClassifier {
    var network = try NeuralNetwork.textClassifier(
      kind, inputLength: 60, vocabulary: Tokenizer.vocabulary(of: Self.texts),
      classNames: ["animal", "tool"],
      sizes: TextNetworkSizes(
        maximumWords: 8, width: 8, buckets: 50, hidden: 6, blocks: 1, heads: 2, dropout: 0.2),
      optimizer: Adam(learningRate: 0.02), seed: 3)
    let data = try Dataset(
      texts: Self.texts, labels: [0, 0, 0, 1, 1, 1], classNames: ["animal", "tool"], length: 60)
    try network.fit(data, options: TrainingOptions(epochs: 10, batchSize: 3))
    return try TextClassifier(network)
  }

  @Test(arguments: TextNetwork.allCases)
  func aWordCountsForTheProbabilityThatItBrings(_ kind: TextNetwork) throws {
    let classifier = try classifier(kind)
    let text = "The heavy, young CAT (of a smith)"
    for label in 0..<2 {
      let answer = try classifier.answer(to: text, label: label)
      let words = try classifier.occlusion(of: text, for: answer)
      #expect(words.map(\.text) == ["The", "heavy", "young", "CAT", "of", "a", "smith"])
      func probability(_ text: String) throws -> Float {
        try classifier.predict([text])[0].probabilities[label]
      }
      let whole = try probability(text)
      #expect(abs(answer.probability - whole) < 1e-5)
      for (word, rest) in zip(
        words,
        [
          "heavy young cat of a smith", "the young cat of a smith", "the heavy cat of a smith",
          "the heavy young of a smith", "the heavy young cat a smith",
          "the heavy young cat of smith", "the heavy young cat of a",
        ])
      {
        #expect(abs(word.weight - (whole - (try probability(rest)))) < 1e-5, "\(word.text)")
      }
    }
    let best = try classifier.answer(to: text)
    #expect(
      best.label
        == classifier.network.classNames.firstIndex(of: try classifier.predict([text])[0].label))
    // Words beyond the eighth are not read, also where one before them is left out.
    let long = "a small young cat of a farm that hammer smith"
    let read = "a small young cat of a farm that"
    for label in 0..<2 {
      let answer = try classifier.answer(to: long, label: label)
      let weights = try classifier.occlusion(of: long, for: answer)
      #expect(weights == (try classifier.occlusion(of: read, for: answer)))
      #expect(classifier.pieces(of: long).map { String($0.text) } == weights.map(\.text))
    }
    // Nor is anything beyond the bytes of an input.
    let wide = String(repeating: "y", count: 56) + " cat hammer"
    #expect(classifier.pieces(of: wide).map(\.text).dropFirst() == ["cat"])
    let one = try classifier.answer(to: "cat!")
    let alone = try classifier.occlusion(of: "cat!", for: one)
    #expect(alone.map(\.text) == ["cat"] && alone.map(\.weight) == [one.probability])
  }

  /// Each word of the text stands there once, so that its vector belongs to one step.
  @Test(arguments: [TextNetwork.cnn, .lstm, .transformer])
  func theSaliencyOfAWordIsTheLengthOfItsGradient(_ kind: TextNetwork) throws {
    let classifier = try classifier(kind)
    let text = "the young hammer of a cat"
    let answer = try classifier.answer(to: text, label: 1)
    let words = try classifier.saliency(of: text, for: answer)
    #expect(words.map(\.text) == ["the", "young", "hammer", "of", "a", "cat"])
    let name = "layers.1.embedding.weights"
    var table = Tensor(zeros: [0])
    classifier.network.visitParameters { if $0 == name { table = $1.value } }
    let input = try classifier.features(of: [text])
    for (word, token) in zip(words, classifier.tokenizer.tokens(of: text)) {
      var squares = 0.0
      for place in 0..<8 {
        let scores = try [Float(1) / 1024, -1 / 1024].map { step -> Double in
          var (network, changed) = (classifier.network, table)
          changed[token, place] += step
          try network.setParameter(name, to: changed)
          return Double(network.forward(input, mode: .inference)[0, 1])
        }
        let slope = (scores[0] - scores[1]) * 512
        squares += slope * slope
      }
      let length = squares.squareRoot()
      #expect(abs(Double(word.weight) - length) < 0.03 * max(0.1, length), "\(word.text)")
    }
  }

  @Test func attentionReadsWords() throws {
    let classifier = try classifier(.transformer)
    let maps = try classifier.network.attentionMaps(
      of: classifier.features(of: ["the young cat"]).reshaped(to: [60]))
    #expect(maps.count == 1 && maps[0].weights.shape == [2, 3, 3])
    #expect((0..<3).allSatisfy { row in (0..<3).allSatisfy { maps[0].weights[0, row, $0] > 0 } })
  }

  @Test func wordsOfABagHaveNoSaliency() throws {
    let classifier = try classifier(.bag)
    let answer = try classifier.answer(to: "a cat")
    expectCourseError(.invalidArgument, "every word of a bag has the same gradient") {
      try classifier.saliency(of: "a cat", for: answer)
    }
    #expect(throws: CourseError.self) { try classifier.answer(to: "") }
  }
}
