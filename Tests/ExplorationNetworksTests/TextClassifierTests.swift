import CourseTestSupport
import ExplorationNetworks
import Foundation
import Testing

@Suite(.watched) struct TextClassifierTests {
  /// Small animals and tools, told apart by a word each.
  private static let texts = [
    "a small cat", "the young cat of a farm", "cat", "one more black cat",
    "a cat that sleeps all day",
    "a small hammer", "the heavy hammer of a smith", "hammer", "one more black hammer",
    "a hammer that lies there all day",
  ]

  private static func data() throws -> Dataset {
    try Dataset(
      texts: texts, labels: [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], classNames: ["animal", "tool"],
      length: 40)
  }

  private static func network(_ kind: TextNetwork, dropout: Float = 0) throws -> NeuralNetwork {
    try NeuralNetwork.textClassifier(
      kind, inputLength: 40, vocabulary: Tokenizer.vocabulary(of: texts),
      classNames: ["animal", "tool"],
      sizes: TextNetworkSizes(
        maximumWords: 8, width: 8, buckets: 50, hidden: 6, blocks: 2, heads: 2, dropout: dropout),
      optimizer: Adam(learningRate: 0.02), seed: varied(1))
  }

  @Test(arguments: TextNetwork.allCases) func learns(_ kind: TextNetwork) throws {
    var network = try Self.network(kind, dropout: 0.1)
    let data = try Self.data()
    try network.fit(data, options: TrainingOptions(epochs: 40, batchSize: 4))
    #expect(try network.evaluate(data).accuracy == 1)
    let classifier = try TextClassifier(network)
    let answers = try classifier.predict(["one small CAT!", "a hammer", "qwertz"])
    #expect(answers.prefix(2).map(\.label) == ["animal", "tool"])
    #expect(answers.map(\.knowsAWord) == [true, true, false])
    let sum: Float = answers[0].probabilities.reduce(0, +)
    #expect(abs(sum - 1) < 1e-5)
    let words = classifier.pieces(of: "The xyz-cat")
    #expect(words.map { String($0.text) } == ["The", "xyz", "cat"])
    #expect(words.map(\.isKnown) == [true, false, true])
  }

  /// A text has the answer that it has alone, whatever else is in the batch and however long that is.
  @Test(arguments: TextNetwork.allCases) func paddingChangesNoAnswer(_ kind: TextNetwork) throws {
    let network = try Self.network(kind)
    let features = try Self.data().features
    let together = try network.predict(features)
    for row in Self.texts.indices {
      let alone = try network.predict(features.rows(at: [row]))
      expectClose(
        together.rows(at: [row]), alone, "\(kind), \"\(Self.texts[row])\" alone", atol: 1e-6,
        rtol: 1e-6)
    }
    // More bytes after the end of the texts.
    var layers = Sequential(network.layers)
    let longer = features.padded(before: [0, 0], after: [0, 25])
    expectClose(
      layers.forward(longer, mode: .inference), layers.forward(features, mode: .inference),
      "\(kind), with 25 more bytes", atol: 0, rtol: 0)
  }

  /// A maximum over time: a text that is repeated has all the pieces that it had, and more.
  @Test func convolutionsTakeTheMaximumOverTime() throws {
    let texts = ["small black cat", "small black cat small black cat"]
    let data = try Dataset(
      texts: texts, labels: [0, 0], classNames: ["animal", "tool"], length: 40)
    var body = Sequential(Array(try Self.network(.cnn).layers.dropLast()))
    let features = body.forward(data.features, mode: .inference)
    #expect(features.shape == [2, 18])
    for channel in 0..<18 {
      let (once, twice) = (features[0, channel], features[1, channel])
      // Of single words there are no others.
      #expect(channel < 6 ? abs(twice - once) < 1e-6 : twice >= once - 1e-6, "channel \(channel)")
    }
    #expect(features.sum() > 0)
  }

  @Test(arguments: TextNetwork.allCases)
  func gradientsAgreeWithFiniteDifferences(_ kind: TextNetwork) throws {
    var network = try Self.network(kind)
    // Larger weights: in a network of small ones every gradient is small.
    var seed = 0
    network.forEachParameter { _, parameter in
      seed += 1
      parameter.value =
        Tensor(
          normal: parameter.value.shape, key: RandomKey(seed: varied(UInt64(seed)))) * 0.3
    }
    try expectGradients(
      of: OnTokens(
        Sequential(network.layers), Self.data().features, paddedTable: "embedding.weights"),
      inputShape: [10, 1])
  }

  @Test(arguments: TextNetwork.allCases) func survivesAFile(_ kind: TextNetwork) throws {
    let network = try Self.network(kind)
    let loaded = try withTemporaryFolder { folder in
      let url = folder.appending(path: "texts.safetensors")
      try network.save(to: url)
      return try NeuralNetwork(contentsOf: url, adding: NeuralNetwork.explorationTypes)
    }
    let features = try Self.data().features
    #expect(try loaded.predict(features) == network.predict(features))
    #expect(
      try #require(loaded.textTokenizer).configuration == network.textTokenizer?.configuration)
    #expect(network.sideInputShapes.isEmpty, "the tokens tell the lengths")
  }

  @Test func wrongSizesAreRefused() throws {
    func make(_ kind: TextNetwork, _ sizes: TextNetworkSizes, classes: [String] = ["a", "b"]) throws
    {
      _ = try NeuralNetwork.textClassifier(
        kind, inputLength: 40, vocabulary: ["cat"], classNames: classes, sizes: sizes,
        optimizer: Adam(), seed: 1)
    }
    expectCourseError(.invalidArgument, "a multiple of 3", "8") {
      try make(.transformer, TextNetworkSizes(width: 8, heads: 3))
    }
    for kind in TextNetwork.allCases {
      expectCourseError(.invalidArgument, "Dropout", "nan") {
        try make(kind, TextNetworkSizes(dropout: .nan))
      }
    }
    expectCourseError(.invalidArgument, "buckets out of range", "0") {
      try make(.bag, TextNetworkSizes(buckets: 0))
    }
    expectCourseError(.invalidArgument, "at least two") {
      try make(.bag, TextNetworkSizes(), classes: ["a"])
    }
    expectCourseError(.invalidArgument, "does not classify texts", "Dense") {
      try TextClassifier(
        NeuralNetwork.multilayerPerceptron(
          inputSize: 4, hiddenSizes: [], classCount: 2, optimizer: SGD(learningRate: 0.1), seed: 1))
    }
    expectCourseError(.invalidData, "a text is empty", "example 1") {
      try TextClassifier(Self.network(.bag)).predict(["cat", " "])
    }
  }
}

@Suite(.watched) struct PaddedSequenceTests {
  /// A layer that multiplies each example by a number of its own, as in the documentation of `SideInputTaking`.
  private struct Scaling: ParameterFreeLayer {
    static let typeName = "Scaling"
    var factors = Tensor(ones: [1, 1])
    var sideInputShapes: [String: [Int]] { ["factor": [1]] }
    mutating func take(sideInputs: [String: Tensor]) { factors = sideInputs["factor"]! }
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    func forward(_ input: Tensor, mode: Mode) -> Tensor { input * factors }
    func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * factors }
  }

  /// What the body asks for besides the lengths comes from outside, and stays for the passes that follow.
  @Test func otherSideInputsReachTheBody() throws {
    var layer = PaddedSequence(
      Embedding(vocabularySize: 4, embeddingSize: 2, paddingIndex: 0, seed: 1),
      body: Sequential(PoolOverTime(.mean), Scaling()))
    #expect(layer.sideInputShapes == ["factor": [1]])
    layer.take(sideInputs: ["factor": [[2], [10]], "lengths": [[1], [1]]])
    let e = layer.embedding.weights.value
    let expected = Tensor(concatenating: [e.rows(at: [3]) + e.rows(at: [1]), e.rows(at: [2]) * 10])
    for _ in 0..<2 {
      let y = layer.forward([[3, 1, 0], [2, 0, 0]], mode: .inference)
      expectClose(y, expected, "PaddedSequence.forward with a side input")
    }
  }

  /// The body gets the number of tokens before the padding at the end.
  @Test func tellsTheLengths() throws {
    var layer = PaddedSequence(
      Embedding(vocabularySize: 4, embeddingSize: 2, paddingIndex: 0, seed: 1),
      body: Sequential(PoolOverTime(.mean)))
    let y = try forwardPass(&layer, input: [[3, 1, 0, 0], [2, 0, 3, 0], [0, 0, 0, 0]])
    let e = layer.embedding.weights.value
    let first = (e.rows(at: [3]) + e.rows(at: [1])) / 2
    let second = (e.rows(at: [2]) + e.rows(at: [3])) / 3
    expectClose(
      y, Tensor(concatenating: [first, second, Tensor(zeros: [1, 2])], axis: 0),
      "PaddedSequence.forward")
    #expect(layer.sideInputShapes.isEmpty && layer.vocabularySize == 4)
    #expect(try layer.outputShape(for: [7]) == [2])
  }

  @Test func gradientsReachTableAndBody() throws {
    let layer = PaddedSequence(
      Embedding(vocabularySize: 6, embeddingSize: 4, paddingIndex: 0, seed: varied(1)),
      body: Sequential([
        Dense(inputSize: 4, outputSize: 12, seed: varied(2)),
        Attention(heads: 2, isCausal: false, isPadded: true), PoolOverTime(.mean),
      ]))
    let tokens: Tensor = [[3, 1, 5, 2], [2, 4, 0, 0], [1, 0, 0, 0]]
    try expectGradients(
      of: OnTokens(layer, tokens, paddedTable: "embedding.weights"), inputShape: [3, 1])
    expectInferenceKeepsNothing(layer, input: tokens)
    try expectBackwardUsesUp(layer, input: tokens)
  }

  @Test func anEmbeddingWithoutPaddingIsRefused() throws {
    expectCourseError(.invalidArgument, "without a padding index", "paddingIndex") {
      try PaddedSequence(
        configuration: PaddedSequence.Configuration(
          embedding: .init(vocabularySize: 4, embeddingSize: 2), body: .init(layers: [])))
    }
    let layer = PaddedSequence(
      Embedding(vocabularySize: 4, embeddingSize: 2, paddingIndex: 0),
      body: Sequential(Dense(inputSize: 3, outputSize: 1)))
    expectCourseError(.shapeMismatch, "[5, 2]", "body.0 (Dense)") {
      try layer.outputShape(for: [5])
    }
    expectCourseError(.shapeMismatch, "PaddedSequence: input shape", "[5, 5]") {
      try layer.outputShape(for: [5, 5])
    }
  }
}
