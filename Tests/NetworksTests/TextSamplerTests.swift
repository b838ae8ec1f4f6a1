import CourseTestSupport
import Foundation
import Testing

@testable import Networks

@Suite(.watched) struct TextSamplerTests {
  /// A small network of characters, trained for a moment.
  private func network(
    _ text: CharacterText, epochs: Int = 2, cell: RecurrentCell = .lstm
  ) throws -> NeuralNetwork {
    let data = try text.dataset(batchSize: 4, sequenceLength: 8)
    var network = try NeuralNetwork.charLSTM(
      vocabulary: text.vocabulary, sequenceLength: 8, embeddingSize: 6, cell: cell,
      hiddenSizes: [16], optimizer: Adam(learningRate: 0.03), seed: 1)
    try network.fit(
      data,
      options: TrainingOptions(epochs: epochs, batchSize: 4, shuffle: false, clipping: .norm(1)))
    return network
  }

  private let abc = try! CharacterText(String(repeating: "abcd ", count: 60))

  @Test func eightPlaysAreBundled() {
    let text = CharacterText.shakespeare
    #expect(text.tokens.count == 1_069_823 && text.vocabulary.count == 76)
    #expect(text.vocabulary.text(of: text.tokens.prefix(25)) == "THE TRAGEDY OF CORIOLANUS")
    #expect(text.vocabulary.characters.allSatisfy { $0.isASCII })
  }

  @Test(arguments: RecurrentCell.allCases)
  func aNetworkLearnsToContinue(cell: RecurrentCell) throws {
    let network = try network(abc, epochs: 25, cell: cell)
    let text = try network.sampleText(prompt: "abcd ab", length: 9, temperature: 0, seed: 1)
    #expect(text == "cd abcd a")
  }

  @Test func whatIsReadIsWhatTrainingSees() throws {
    // One character after the other with carried state, against the whole sequence at once.
    let network = try network(abc)
    var sampler = try TextSampler(network, seed: 1)
    try sampler.read("abcd ")
    let scores = sampler.lastScores
    var other = try TextSampler(network, seed: 1)
    for character in ["a", "b", "c", "d", " "] { try other.read(character) }
    expectClose(
      Tensor(other.lastScores), Tensor(scores), "the scores after reading one by one", atol: 1e-5)
  }

  @Test func theStateOfTrainingIsForgotten() throws {
    let network = try network(abc)
    var fresh = network
    fresh.resetState()
    #expect(
      try network.sampleText(prompt: "a", length: 30, seed: 2)
        == fresh.sampleText(prompt: "a", length: 30, seed: 2))
  }

  @Test func theSeedDecidesAndTheTemperatureSpreads() throws {
    let network = try network(
      CharacterText(
        "the quick brown fox jumps over the lazy dog. "
          + String(repeating: "so it goes, again and again. ", count: 10)))
    func sample(_ seed: UInt64, _ temperature: Float) throws -> String {
      try network.sampleText(prompt: "so ", length: 40, temperature: temperature, seed: seed)
    }
    #expect(try sample(1, 1) == sample(1, 1), "the same seed writes the same text")
    #expect(try sample(1, 1) != sample(2, 1))
    #expect(try sample(1, 0) == sample(2, 0), "at 0 nothing is drawn")
    #expect(try sample(1, 1e-6) == sample(1, 0), "near 0 the most probable character")
  }

  @Test func drawsFollowTheSoftmax() {
    var draws = RandomKey(seed: 4).generator
    let scores: [Float] = [log(0.5), log(0.3), log(0.2)].map { Float($0) + 1000 }
    var counts = [0, 0, 0]
    for _ in 0..<4000 {
      counts[TextSampler.draw(from: scores, temperature: 1, using: &draws)] += 1
    }
    // Five standard deviations: a false alarm in a million.
    for (count, share) in zip(counts, [0.5, 0.3, 0.2]) {
      #expect(abs(Double(count) - 4000 * share) < 5 * (4000 * share * (1 - share)).squareRoot())
    }
    var sharp = [0, 0, 0]
    for _ in 0..<4000 {
      sharp[TextSampler.draw(from: scores, temperature: 0.5, using: &draws)] += 1
    }
    // 0.25 : 0.09 : 0.04
    #expect(abs(Double(sharp[0]) - 4000 * 0.25 / 0.38) < 5 * 30)
  }

  @Test func aCheckpointWritesTheSame() throws {
    try withTemporaryFolder { folder in
      let network = try network(abc)
      let url = folder.appending(path: "m.safetensors")
      try network.save(to: url)
      let loaded = try NeuralNetwork(contentsOf: url)
      #expect(
        try loaded.sampleText(prompt: "a", length: 20, seed: 3)
          == network.sampleText(prompt: "a", length: 20, seed: 3))
    }
  }

  @Test func badInputIsRefused() throws {
    let network = try network(abc, epochs: 1)
    expectCourseError(.invalidData, "prompt, line 1, column 2", "outside the vocabulary", "\"Z\"") {
      try network.sampleText(prompt: "aZ", length: 1)
    }
    expectCourseError(.invalidData, "prompt: the text is empty") {
      try network.sampleText(prompt: "", length: 1)
    }
    for (length, temperature) in [(-1, 1), (1, -1), (1, Float.nan), (1, .infinity)] {
      expectCourseError(.invalidArgument, "sampling", "at least 0") {
        try network.sampleText(prompt: "a", length: length, temperature: temperature)
      }
    }
    let digits = try NeuralNetwork.multilayerPerceptron(
      inputSize: 64, hiddenSizes: [], classCount: 10, optimizer: SGD(learningRate: 0.1), seed: 1)
    expectCourseError(.invalidArgument, "not a character model", "char-lstm") {
      try digits.sampleText(prompt: "a", length: 1)
    }
  }
}
