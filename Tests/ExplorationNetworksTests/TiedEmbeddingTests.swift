import CourseTestSupport
import ExplorationNetworks
import Testing

@Suite(.watched) struct TiedEmbeddingTests {
  /// E = ((arange(8) * 5 % 7) / 4 - 0.7).reshape(4, 2), W = ((arange(4) * 3 % 5) / 3 - 0.5).reshape(2, 2)
  private static func layer() -> TiedEmbedding {
    var embedding = Embedding(vocabularySize: 4, embeddingSize: 2)
    embedding.weights.value = Tensor(
      shape: [4, 2], scalars: (0..<8).map { Float($0 * 5 % 7) / 4 - 0.7 })
    var dense = Dense(inputSize: 2, outputSize: 2)
    dense.weights.value = Tensor(
      shape: [2, 2], scalars: (0..<4).map { Float($0 * 3 % 5) / 3 - 0.5 })
    return TiedEmbedding(embedding, body: Sequential(dense, TanH()))
  }

  private static let x: Tensor = [[3, 1, 3], [0, 2, 3]]

  // S = tanh(E[X] @ W) @ E.T
  // S.backward(((arange(24) * 11 % 13) / 6 - 1).reshape(2, 3, 4))
  @Test func agreesWithPyTorch() throws {
    var layer = Self.layer()
    let dS = Tensor(
      shape: [2, 3, 4], scalars: (0..<24).map { Float($0 * 11 % 13) / 6 - 1 })
    let (s, dX) = try trainingPass(&layer, input: Self.x, outputGradient: dS)
    expectClose(
      s,
      Tensor(
        shape: [2, 3, 4],
        scalars: [
          -0.47586228, 0.2778239, -0.00743367, 0.37290975, -0.21997741, 0.15386691, -0.06094596,
          0.22547121, -0.47586228, 0.2778239, -0.00743367, 0.37290975, -0.11756386, -0.03592338,
          0.23456224, -0.12608525, 0.60974779, -0.27834644, -0.16601821, -0.31578918, -0.47586228,
          0.2778239, -0.00743367, 0.37290975,
        ]), "TiedEmbedding.forward")
    #expect(dX == Tensor(zeros: [2, 3]))
    var gradients: [String: Tensor] = [:]
    layer.forEachParameter { gradients[$0] = $1.gradient }
    expectClose(
      try #require(gradients["embedding.weights"]),
      [
        [-0.57340526, -0.48353574], [0.20812414, -1.59812674], [0.90694636, -0.02464242],
        [0.30756936, -0.76103074],
      ], "TiedEmbedding.backward, dE")
    expectClose(
      try #require(gradients["body.0.weights"]),
      [[-0.98070098, 0.31032216], [0.54865609, 0.4795834]], "TiedEmbedding.backward, dW")
    expectInferenceKeepsNothing(Self.layer(), input: Self.x)
    try expectBackwardUsesUp(Self.layer(), input: Self.x)
  }

  /// A network trains it, shows what is inside, and saves it.
  @Test func itIsAPartOfANetwork() throws {
    var network = NeuralNetwork(
      inputShape: [3], loss: SequenceCrossEntropyLoss(), optimizer: SGD(learningRate: 0.5), seed: 1)
    try network.append(
      TiedEmbedding(
        Embedding(vocabularySize: 4, embeddingSize: 3),
        body: Sequential(LayerNorm(), Dense(outputSize: 3))))
    #expect(network.outputShape == [3, 4])
    #expect(network.summary().contains("embedding  Embedding"))
    var names: [String] = []
    network.visitParameters { name, _ in names.append(name) }
    #expect(
      names == [
        "layers.0.embedding.weights", "layers.0.body.0.scale", "layers.0.body.0.shift",
        "layers.0.body.1.weights", "layers.0.body.1.bias",
      ])
    let data = try Dataset(
      features: Self.x, targets: .classSequences([1, 3, 0, 2, 3, 0], length: 3))
    let history = try network.fit(data, options: TrainingOptions(epochs: 60, batchSize: 2))
    let (first, last) = (
      try #require(history.epochs.first?.training.loss),
      try #require(history.epochs.last?.training.loss)
    )
    #expect(last < 0.5 * first)
    try expectReloaded(network, predictsTheSameFor: Self.x)
    expectCourseError(.invalidData, "a token is out of range", "0 to 3", "example 0, step 1") {
      try network.predict([[0, 4, 0]])
    }
  }

  @Test func aBodyOfAnotherLengthIsRefused() {
    var network = NeuralNetwork(inputShape: [3], seed: 1)
    expectCourseError(.shapeMismatch, "TiedEmbedding: output of the body", "[3, 2]", "[3, 5]") {
      try network.append(
        TiedEmbedding(
          Embedding(vocabularySize: 4, embeddingSize: 2), body: Sequential(Dense(outputSize: 5))))
    }
    expectCourseError(.shapeMismatch, "body.1 (Dense)", "[..., 7]") {
      try network.append(
        TiedEmbedding(
          Embedding(vocabularySize: 4, embeddingSize: 2),
          body: Sequential(TanH(), Dense(inputSize: 7, outputSize: 2))))
    }
  }
}
