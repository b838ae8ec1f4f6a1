import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct EmbeddingBagTests {
  /// E = ((arange(15) * 7 % 11) / 5 - 1).reshape(5, 3), and 0 in its first row.
  private static func layer(_ reduction: EmbeddingBag.Reduction) -> EmbeddingBag {
    var layer = EmbeddingBag(
      vocabularySize: 5, embeddingSize: 3, paddingIndex: 0, reduction: reduction)
    layer.weights.value = Tensor(
      shape: [5, 3], scalars: (0..<15).map { $0 < 3 ? 0 : Float($0 * 7 % 11) / 5 - 1 })
    return layer
  }

  private static let x: Tensor = [[3, 1, 3, 0], [4, 0, 0, 0], [2, 4, 1, 1]]

  // bag = torch.nn.EmbeddingBag(5, 3, mode=..., padding_idx=0, _weight=E)
  // bag(X).backward(((arange(9) * 5 % 7) / 3 - 1).reshape(3, 3))
  // squareRoot: F.embedding_bag(X, E, mode="sum", padding_idx=0) / (X > 0).sum(1, keepdim=True) ** 0.5
  @Test(arguments: [
    (
      EmbeddingBag.Reduction.sum,
      [2.2, -0.2, -2.6, 0.4, -0.4, 1, 3.2, 0, -1],
      [
        0, 0, 0, -1.66666667, -1.33333333, 1.33333333, -0.33333333, -1, 0.66666667, -2, 1.33333333,
        0, -1, 0, 1,
      ]
    ),
    (
      .mean,
      [0.73333333, -0.06666667, -0.86666667, 0.4, -0.4, 1, 0.8, 0, -0.25],
      [
        0, 0, 0, -0.5, -0.27777778, 0.33333333, -0.08333333, -0.25, 0.16666667, -0.66666667,
        0.44444444, 0, -0.75, 0.75, 0.5,
      ]
    ),
    (
      .squareRoot,
      [1.27017059, -0.11547005, -1.5011107, 0.4, -0.4, 1, 1.6, 0, -0.5],
      [
        0, 0, 0, -0.9106836, -0.61509982, 0.66666667, -0.16666667, -0.5, 0.33333333, -1.15470054,
        0.76980036, 0, -0.83333333, 0.5, 0.66666667,
      ]
    ),
  ])
  func agreesWithPyTorch(
    reduction: EmbeddingBag.Reduction, output: [Float], gradient: [Float]
  ) throws {
    var layer = Self.layer(reduction)
    let dY = Tensor(shape: [3, 3], scalars: (0..<9).map { Float($0 * 5 % 7) / 3 - 1 })
    let (y, dX) = try trainingPass(&layer, input: Self.x, outputGradient: dY)
    expectClose(y, Tensor(shape: [3, 3], scalars: output), "EmbeddingBag.forward, \(reduction)")
    expectClose(
      try #require(layer.weights.gradient), Tensor(shape: [5, 3], scalars: gradient),
      "EmbeddingBag.backward, \(reduction)",
      mistakes: ["padding has a gradient": Tensor(ones: [5, 3])])
    #expect(dX == Tensor(zeros: [3, 4]), "indices have no gradient")
  }

  /// It is an embedding and a sum over the steps.
  @Test func itIsTheSumOfAnEmbedding() throws {
    var bag = EmbeddingBag(
      vocabularySize: 11, embeddingSize: 5, reduction: .sum, seed: varied(1))
    var embedding = Embedding(vocabularySize: 11, embeddingSize: 5)
    embedding.weights.value = bag.weights.value
    let x = Tensor((0..<24).map { Float(($0 * 7 + 3) % 11) }).reshaped(to: [4, 6])
    expectClose(
      bag.forward(x, mode: .inference), embedding.forward(x, mode: .inference).sum(axis: 1),
      "EmbeddingBag.forward")
  }

  /// More padding changes nothing, and a row of padding alone is 0.
  @Test func paddingChangesNothing() {
    for reduction in EmbeddingBag.Reduction.allCases {
      var layer = Self.layer(reduction)
      let y = layer.forward([[3, 1], [4, 0]], mode: .inference)
      #expect(layer.forward([[3, 1, 0, 0], [0, 4, 0, 0]], mode: .inference) == y)
      #expect(layer.forward([[0, 0]], mode: .inference) == Tensor(zeros: [1, 3]))
    }
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    for reduction in EmbeddingBag.Reduction.allCases {
      let layer = EmbeddingBag(
        vocabularySize: 7, embeddingSize: 3, reduction: reduction, seed: varied(1))
      let tokens = Tensor((0..<15).map { Float(($0 * 5 + 2) % 7) }).reshaped(to: [3, 5])
      try expectGradients(of: OnTokens(layer, tokens), inputShape: [3, 1])
    }
    let layer = Self.layer(.mean)
    expectInferenceKeepsNothing(layer, input: Self.x)
    try expectBackwardUsesUp(layer, input: Self.x)
  }

  @Test func configurationShapesAndTokens() throws {
    let layer = Self.layer(.mean)
    #expect(
      try EmbeddingBag(configuration: layer.configuration).configuration == layer.configuration)
    #expect(try layer.outputShape(for: [9]) == [3] && layer.vocabularySize == 5)
    for shape in [[], [0], [4, 2]] {
      expectCourseError(.shapeMismatch, "EmbeddingBag: input shape", "[T]", "\(shape)") {
        try layer.outputShape(for: shape)
      }
    }
    expectCourseError(.invalidData, "a token is out of range", "0 to 4", "got 5") {
      try layer.check(inputs: [[1, 5]], firstExample: 0)
    }
  }
}
