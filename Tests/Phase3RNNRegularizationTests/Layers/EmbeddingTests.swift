import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct EmbeddingTests {
  private static func layer(paddingIndex: Int? = nil) -> Embedding {
    var layer = Embedding(vocabularySize: 4, embeddingSize: 2, paddingIndex: paddingIndex, seed: 1)
    layer.weights.value = [[0, 0], [1, 10], [2, 20], [3, 30]]
    return layer
  }

  @Test func eachTokenBecomesItsRow() throws {
    var layer = Self.layer()
    let y = try forwardPass(&layer, input: [[3, 1, 3], [0, 2, 2]])
    expectClose(
      y, [[[3, 30], [1, 10], [3, 30]], [[0, 0], [2, 20], [2, 20]]], "Embedding.forward")
    #expect(try layer.outputShape(for: [7]) == [7, 2])
    #expect(try layer.outputShape(for: [7, 5]) == [7, 5, 2])
  }

  @Test func tokensThatComeTwiceGetBothGradients() throws {
    var layer = Self.layer()
    let (_, dX) = try trainingPass(
      &layer, input: [[3, 1, 3], [0, 2, 3]],
      outputGradient: [[[1, 2], [4, 8], [16, 32]], [[64, 128], [256, 512], [1024, 2048]]])
    expectClose(
      try #require(layer.weights.gradient), [[64, 128], [4, 8], [256, 512], [1041, 2082]],
      "Embedding.backward",
      mistakes: [
        "the gradients of a token that comes twice replace each other: add them up":
          [[64, 128], [4, 8], [256, 512], [1024, 2048]]
      ])
    #expect(dX == Tensor(zeros: [2, 3]), "indices have no gradient")
  }

  /// It is a dense layer without bias on one-hot rows.
  @Test func itIsAProductWithOneHotRows() throws {
    var layer = Embedding(vocabularySize: 11, embeddingSize: 5, seed: varied(1))
    let tokens = (0..<24).map { ($0 * 7 + 3) % 10 }
    let x = Tensor(tokens.map(Float.init)).reshaped(to: [4, 6])
    let dY = Tensor(normal: [4, 6, 5], key: RandomKey(seed: varied(1)))
    let (y, _) = try trainingPass(&layer, input: x, outputGradient: dY)
    let rows = Tensor(oneHot: tokens, classCount: 11)
    #expect(y.reshaped(to: [24, 5]) == rows.matmul(layer.weights.value))
    expectClose(
      try #require(layer.weights.gradient),
      rows.matmul(dY.reshaped(to: [24, 5]), transposingSelf: true), "Embedding.backward")
  }

  @Test func theRowOfThePaddingStaysZero() throws {
    let fresh = Embedding(vocabularySize: 4, embeddingSize: 3, paddingIndex: 2, seed: 1)
    #expect(fresh.weights.value[2..<3] == Tensor(zeros: [1, 3]))
    #expect(abs(fresh.weights.value[0..<2]).min() > 0)
    var network = NeuralNetwork(inputShape: [3], seed: 5)
    try network.append(fresh)
    var drawn = Tensor(zeros: [])
    network.forEachParameter { drawn = $1.value }
    #expect(drawn != fresh.weights.value, "drawn again from the network's seed")
    #expect(
      drawn[2..<3] == Tensor(zeros: [1, 3]), "the row of the padding is drawn with the others")
    var layer = Self.layer(paddingIndex: 0)
    _ = try trainingPass(&layer, input: [[0, 1, 0]])
    let gradient = try #require(layer.weights.gradient)
    #expect(gradient[0..<1] == Tensor(zeros: [1, 2]), "the row of the padding is trained")
    #expect(abs(gradient[1..<2]).min() > 0)
  }

  /// In the layer after it, padding is no step.
  @Test(.waits(for: LSTMTests.steps)) func paddingIsLeftOutByTheNextLayer() throws {
    var embedding = Embedding(vocabularySize: 5, embeddingSize: 3, paddingIndex: 0, seed: varied(1))
    var layer = LSTM(
      inputSize: 3, hiddenSize: 4, returnsSequence: false, paddingValue: 0, seed: varied(1))
    func final(_ tokens: [Float]) -> Tensor {
      layer.forward(
        embedding.forward(Tensor(tokens).reshaped(to: [1, tokens.count]), mode: .inference),
        mode: .inference)
    }
    let sentence = final([2, 4, 1])
    try #require(sentence.shape == [1, 4])
    expectClose(final([2, 4, 1, 0, 0]), sentence, "a sentence with padding after it")
  }

  @Test func inferenceComputesTheSameAndKeepsNothing() throws {
    var layer = Self.layer()
    #expect(
      try forwardPass(&layer, input: [[1, 2]]) == layer.forward([[1, 2]], mode: .inference))
    expectInferenceKeepsNothing(layer, input: [[1, 2]])
  }

  @Test func wrongArgumentsAreRefused() throws {
    let right = Embedding(vocabularySize: 4, embeddingSize: 2, paddingIndex: 3, seed: 1)
    #expect(try Embedding(configuration: right.configuration).configuration == right.configuration)
    func configuration(_ change: (inout Embedding.Configuration) -> Void)
      -> Embedding.Configuration
    {
      var configuration = right.configuration
      change(&configuration)
      return configuration
    }
    expectCourseError(.invalidArgument, "Embedding: padding index", "0 to 3", "got 4") {
      try Embedding(configuration: configuration { $0.paddingIndex = 4 })
    }
    expectCourseError(.invalidArgument, "Embedding: size out of range") {
      try Embedding(configuration: configuration { $0.embeddingSize = 0 })
    }
    expectCourseError(.shapeMismatch, "Embedding: sequences of length 0", "at least one token") {
      try right.outputShape(for: [0])
    }
  }

  @Test(arguments: [Float(4), -1, 0.5])
  func tokensOutOfRangeStop(token: Float) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [token] in
      var layer = Embedding(vocabularySize: 4, embeddingSize: 2, seed: 1)
      _ = layer.forward(Tensor([[0, 1, 2], [3, 0, token]]), mode: .training)
    }
    expectWords(
      of: result, "Embedding.forward: expected whole numbers from 0 to 3, a token each",
      "\(token) at [1, 2]")
  }

  /// In a network, before anything is computed: what was trained or measured stays as it was.
  @Test(arguments: [(Float(5), "got 5"), (-1, "got -1"), (2.5, "got 2.5")])
  func tokensOutOfRangeAreRefusedBeforeAnythingIsComputed(token: Float, words: String) throws {
    var network = NeuralNetwork(
      inputShape: [3], loss: SequenceCrossEntropyLoss(), optimizer: TinySGD(learningRate: 0.1),
      seed: 1)
    try network.append(Embedding(vocabularySize: 4, embeddingSize: 4))
    let before = network.layers
    let right = try Dataset(
      features: [[0, 1, 2], [3, 0, 1]], targets: .classSequences([1, 2, 3, 0, 1, 2], length: 3))
    let wrong = try Dataset(
      name: "letters", features: Tensor([[0, 1, 2], [3, 0, token]]), targets: right.targets)
    let place = "example 1, step 2, layer 0 (Embedding): Embedding: a token is out of range"
    let range = "whole numbers from 0 to 3, a token each"
    expectCourseError(.invalidData, "letters, \(place)", range, words, "larger vocabulary") {
      try network.fit(wrong, options: TrainingOptions(epochs: 1, batchSize: 1, shuffle: false))
    }
    expectCourseError(.invalidData, "letters, \(place)", range, words) {
      try network.fit(right, validation: wrong, options: TrainingOptions(epochs: 1, batchSize: 1))
    }
    #expect(network.progress == nil, "training began before the data were checked")
    #expect(
      (network.layers[0] as? Embedding)?.weights.value
        == (before[0] as? Embedding)?.weights.value)
    expectCourseError(.invalidData, "letters, \(place)", range, words) {
      try network.evaluate(wrong)
    }
    expectCourseError(.invalidData, place, range, words) { try network.predict(wrong.features) }
    #expect(try network.predict(right.features).shape == [2, 3, 4])
  }

  /// What the layer gets is what preprocessing makes of the data, and bytes count as the numbers they become.
  @Test func itIsToldThePreprocessedInputs() throws {
    var network = NeuralNetwork(inputShape: [2], loss: SequenceCrossEntropyLoss(), seed: 1)
    try network.append(Embedding(vocabularySize: 4, embeddingSize: 4))
    let bytes = ByteFeatures(
      shape: [300, 2], bytes: (0..<600).map { $0 == 599 ? 4 : UInt8($0 % 4) }, divisor: 1)
    let data = try Dataset(
      name: "bytes", bytes: bytes,
      targets: .classSequences(Array(repeating: 0, count: 600), length: 2))
    expectCourseError(.invalidData, "bytes, example 299, step 1, layer 0", "0 to 3", "got 4") {
      try network.evaluate(data)
    }
    network.preprocessing = try FeatureScaler(offset: [0], scale: [2])
    expectCourseError(.invalidData, "bytes, example 0, step 1", "0 to 3", "got 0.5") {
      try network.evaluate(data)
    }
  }

  @Test func aTokenThatIsNotANumberStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Embedding(vocabularySize: 4, embeddingSize: 2, seed: 1)
      _ = layer.forward(Tensor([[0, 1], [.nan, 2]]), mode: .inference)
    }
    expectWords(of: result, "Embedding.forward: expected whole numbers", "nan at [1, 0]")
  }
}
