import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct EntityEmbeddingTests {
  /// Token, number, number, token, number.
  private static func layer() throws -> EntityEmbedding {
    try EntityEmbedding(
      configuration: .init(
        inputSize: 5,
        columns: [
          .init(feature: 0, vocabularySize: 4, embeddingSize: 3),
          .init(feature: 3, vocabularySize: 6, embeddingSize: 2),
        ])
    ).seeded(varied(1))
  }

  private static let x: Tensor = [[3, 0.5, -1, 5, 7], [0, 2, 4, 1, -3], [3, 1, 1, 0, 1]]

  @Test func tokensBecomeVectorsInTheirPlace() throws {
    var layer = try Self.layer()
    #expect(try layer.outputShape(for: [5]) == [8])
    let y = try forwardPass(&layer, input: Self.x)
    let tables = layer.embeddings.map(\.weights.value)
    for (row, (first, second)) in [(3, 5), (0, 1), (3, 0)].enumerated() {
      #expect(y[row..<(row + 1), 0..<3] == tables[0][first..<(first + 1)])
      #expect(y[row..<(row + 1), 3..<5] == Self.x[row..<(row + 1), 1..<3])
      #expect(y[row..<(row + 1), 5..<7] == tables[1][second..<(second + 1)])
      #expect(y[row, 7] == Self.x[row, 4])
    }
    // Steps of a sequence.
    let steps = layer.forward(Self.x.reshaped(to: [1, 3, 5]), mode: .inference)
    #expect(steps.shape == [1, 3, 8] && steps.reshaped(to: [3, 8]) == y)
  }

  /// It is a block-diagonal product with one-hot rows and an identity.
  @Test func itsGradientsAreThoseOfAProductWithOneHotRows() throws {
    var layer = try Self.layer()
    let dY = Tensor(normal: [3, 8], key: RandomKey(seed: varied(2)))
    let (_, dX) = try trainingPass(&layer, input: Self.x, outputGradient: dY)
    let tokens = [[3, 0, 3], [5, 1, 0]]
    let parts = [dY[0..., 0..<3], dY[0..., 5..<7]]
    for (table, size) in [4, 6].enumerated() {
      let rows = Tensor(oneHot: tokens[table], classCount: size)
      expectClose(
        try #require(layer.embeddings[table].weights.gradient),
        rows.matmul(parts[table], transposingSelf: true), "EntityEmbedding.backward")
    }
    #expect(dX[0..., 1..<3] == dY[0..., 3..<5] && dX[0..., 4..<5] == dY[0..., 7..<8])
    #expect(dX[0..., 0..<1] == Tensor(zeros: [3, 1]) && dX[0..., 3..<4] == Tensor(zeros: [3, 1]))
    var first = try Self.layer()
    _ = first.forward(Self.x, mode: .training)
    first.backwardWithoutInputGradient(dY)
    #expect(first.embeddings.map(\.weights.gradient) == layer.embeddings.map(\.weights.gradient))
  }

  @Test func sizesFollowTheVocabulary() throws {
    let layer = EntityEmbedding(inputSize: 9, vocabularies: [8: 100, 2: 5000, 0: 2], seed: 1)
    #expect(layer.configuration.columns.map(\.feature) == [0, 2, 8])
    #expect(layer.configuration.columns.map(\.embeddingSize) == [1, 32, 10])
    let given = EntityEmbedding(inputSize: 3, vocabularies: [1: 300], embeddingSize: 4, seed: 1)
    #expect(try given.outputShape(for: [3]) == [6])
    var names: [String] = []
    var copy = layer
    copy.forEachParameter { name, _ in names.append(name) }
    #expect(names == ["0.weights", "2.weights", "8.weights"])
  }

  @Test func wrongTokensColumnsAndShapesAreRefused() throws {
    let layer = try Self.layer()
    for (x, words) in [
      ([[1, 0, 0, 6, 0]], "feature 3"), ([[1.5, 0, 0, 2, 0]], "feature 0"),
    ] as [(Tensor, String)] {
      expectCourseError(.invalidData, "a token is out of range", "example 7", words) {
        try layer.check(inputs: x, firstExample: 7)
      }
    }
    try layer.check(inputs: Self.x, firstExample: 0)
    expectCourseError(.shapeMismatch, "[..., 5]", "[4]") { try layer.outputShape(for: [4]) }
    for features in [[], [1, 0], [1, 1], [-1], [5]] {
      expectCourseError(.invalidArgument, "columns out of range", "0 to 4") {
        try EntityEmbedding(
          configuration: .init(
            inputSize: 5,
            columns: features.map { .init(feature: $0, vocabularySize: 2, embeddingSize: 2) }))
      }
    }
    expectCourseError(.invalidArgument, "size out of range") {
      try EntityEmbedding(
        configuration: .init(
          inputSize: 2, columns: [.init(feature: 0, vocabularySize: 0, embeddingSize: 2)]))
    }
  }
}
