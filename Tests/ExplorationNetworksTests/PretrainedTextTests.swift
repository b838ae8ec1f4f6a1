import CourseTestSupport
import ExplorationNetworks
import Foundation
import Testing

@Suite(.watched) struct PretrainedTextTests {
  private static let texts = [
    "a small cat", "the young cat of a farm", "cat", "one more black cat",
    "a small hammer", "the heavy hammer of a smith", "hammer", "one more black hammer",
  ]

  private static func data(length: Int = 30) throws -> Dataset {
    try Dataset(
      texts: texts, labels: [0, 0, 0, 0, 1, 1, 1, 1], classNames: ["animal", "tool"],
      length: length)
  }

  private static func languageModel() throws -> NeuralNetwork {
    try NeuralNetwork.transformer(
      vocabulary: CharacterText(lines: texts).vocabulary, contextLength: 24, width: 8, blocks: 2,
      heads: 2, optimizer: Adam(learningRate: 0.01), seed: varied(1))
  }

  /// The mean of the vectors that are compared with those of the next characters.
  @Test func theEncoderIsTheMeanOverTheCharacters() throws {
    let languageModel = try Self.languageModel()
    let encoder = try languageModel.textEncoder(inputLength: 30)
    #expect(encoder.inputShape == [30] && encoder.outputShape == [8])
    let tied = try #require(languageModel.layers.first as? TiedEmbedding)
    let vocabulary = try Vocabulary(classNames: languageModel.classNames)
    let features = try encoder.predict(Self.data().features)
    for (row, text) in Self.texts.enumerated() {
      let tokens = try vocabulary.tokens(of: String(text.prefix(24)))
      var (embedding, body) = (tied.embedding, tied.body)
      let hidden = body.forward(
        embedding.forward(
          Tensor(shape: [1, tokens.count], scalars: tokens.map { Float($0) }), mode: .inference),
        mode: .inference)
      expectClose(
        features.rows(at: [row]), hidden.mean(axis: 1), "\"\(text)\", in a batch of longer texts",
        atol: 1e-5, rtol: 1e-4)
    }
    expectClose(
      try languageModel.textEncoder(inputLength: 50).predict(Self.data(length: 50).features),
      features, "with 20 more bytes", atol: 0, rtol: 0)
  }

  @Test func aCharacterThatIsNewHasTheMeanVector() throws {
    let languageModel = try Self.languageModel()
    let encoder = try languageModel.textEncoder(inputLength: 8)
    let tied = try #require(languageModel.layers.first as? TiedEmbedding)
    let layer = try #require(encoder.layers[1] as? PaddedSequence)
    let (table, vectors) = (layer.embedding.weights.value, tied.embedding.weights.value)
    #expect(
      table.shape[0] == vectors.shape[0] + 2
        && table.rows(at: [0]).scalars == Array(repeating: 0, count: 8))
    expectClose(
      table.rows(at: [Tokenizer.unknown]), vectors.mean(axis: 0, keepDims: true), "new characters")
    let other = try Dataset(texts: ["CAT!"], labels: [0], length: 8)
    #expect(try encoder.predict(other.features).scalars.allSatisfy(\.isFinite))
  }

  @Test func learnsTheNextCharacterAndThenClasses() throws {
    var languageModel = try Self.languageModel()
    let text = try CharacterText(lines: Self.texts)
    let windows = try TextWindows(
      of: text.dataset(batchSize: 1, sequenceLength: 24), batchSize: 4, stepsPerEpoch: 60,
      seed: varied(1))
    try languageModel.fit(windows, options: TrainingOptions(epochs: 2, clipping: .norm(1)))
    let losses = languageModel.progress?.history.epochs.map(\.training.loss) ?? []
    #expect(losses.count == 2 && losses[1] < losses[0])

    let data = try Self.data()
    var network = try NeuralNetwork.textClassifier(
      pretrained: languageModel, inputLength: 30, classNames: data.classNames,
      optimizer: Adam(learningRate: 0.01), seed: varied(1))
    let before = try network.predict(data.features)
    let untrained = network
    var frozen = network
    try frozen.freeze(0..<2)
    try network.fit(data, options: TrainingOptions(epochs: 40, batchSize: 4))
    #expect(try network.evaluate(data).accuracy == 1)
    try frozen.fit(data, options: TrainingOptions(epochs: 1, batchSize: 4))
    func vectors(_ network: NeuralNetwork) -> Tensor? {
      (network.layers[1] as? PaddedSequence)?.embedding.weights.value
    }
    #expect(vectors(frozen) == vectors(untrained), "frozen")
    #expect(vectors(network) != vectors(untrained), "trained where it is not frozen")
    #expect(try frozen.predict(data.features) != before, "the linear layer learns")

    let classifier = try TextClassifier(network)
    #expect(try classifier.predict(["a cat", "a hammer"]).map(\.label) == ["animal", "tool"])
    #expect(try classifier.predict(["§%"])[0].knowsAWord == false)
    #expect(classifier.pieces(of: "a cat").map { String($0.text) } == ["a", " ", "c", "a", "t"])
    let answer = try classifier.answer(to: "a cat")
    #expect(try classifier.occlusion(of: "a cat", for: answer).count == 5)
    #expect(try classifier.saliency(of: "a cat", for: answer).count == 5)
    // Without its letter, nothing is left of a text.
    let letter = try classifier.answer(to: "c ")
    let weights = try classifier.occlusion(of: "c ", for: letter)
    #expect(weights.map(\.text) == ["c", " "])
    #expect(abs(weights[0].weight - letter.probability) < 1e-5)

    let loaded = try withTemporaryFolder { folder in
      let url = folder.appending(path: "texts.safetensors")
      try network.save(to: url)
      return try NeuralNetwork(contentsOf: url, adding: NeuralNetwork.explorationTypes)
    }
    #expect(try loaded.predict(data.features) == network.predict(data.features))
    #expect(
      try #require(loaded.textTokenizer).configuration == network.textTokenizer?.configuration)
  }

  @Test func otherNetworksAreRefused() throws {
    let recurrent = try NeuralNetwork.charLSTM(
      vocabulary: CharacterText(lines: Self.texts).vocabulary, sequenceLength: 24,
      optimizer: Adam(), seed: 1)
    expectCourseError(.invalidArgument, "no encoder of texts", "next character of a text", "LSTM") {
      _ = try recurrent.textEncoder(inputLength: 10)
    }
    expectCourseError(.invalidArgument, "at least two", "[\"a\"]") {
      _ = try NeuralNetwork.textClassifier(
        pretrained: Self.languageModel(), inputLength: 10, classNames: ["a"], optimizer: Adam(),
        seed: 1)
    }
  }
}
