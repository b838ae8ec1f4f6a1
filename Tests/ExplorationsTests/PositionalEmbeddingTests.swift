import CourseTestSupport
import Explorations
import Shared
import Testing

@Suite(.watched) struct PositionalEmbeddingTests {
  @Test func addsAVectorForEachPlace() throws {
    var layer = PositionalEmbedding(maximumLength: 3, size: 2)
    layer.weights.value = [[1, 2], [3, 4], [5, 6]]
    let (y, dX) = try trainingPass(
      &layer, input: [[[0, 0], [10, 10]], [[1, 1], [2, 2]]],
      outputGradient: [[[1, 2], [3, 4]], [[10, 20], [30, 40]]])
    expectClose(y, [[[1, 2], [13, 14]], [[2, 3], [5, 6]]], "PositionalEmbedding.forward")
    expectClose(
      dX, [[[1, 2], [3, 4]], [[10, 20], [30, 40]]], "PositionalEmbedding.backward, dX")
    expectClose(
      try #require(layer.weights.gradient), [[11, 22], [33, 44], [0, 0]],
      "PositionalEmbedding.backward, dP")
  }

  @Test(arguments: [[2, 5, 3], [1, 1, 3], [4, 2, 3]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    let layer = PositionalEmbedding(maximumLength: 5, size: 3, seed: varied(1))
    try expectGradients(of: layer, inputShape: shape)
    expectInferenceKeepsNothing(layer, input: Tensor(ones: shape))
    try expectBackwardUsesUp(layer, input: Tensor(ones: shape))
  }

  @Test func configurationAndShapes() throws {
    let layer = PositionalEmbedding(maximumLength: 5, size: 3)
    #expect(
      try PositionalEmbedding(configuration: layer.configuration).configuration
        == layer.configuration)
    expectCourseError(.invalidArgument, "PositionalEmbedding", "at least 1", "0") {
      try PositionalEmbedding(configuration: .init(maximumLength: 0, size: 3))
    }
    expectCourseError(.shapeMismatch, "beyond the position table", "at most 5 steps", "6") {
      try layer.outputShape(for: [6, 3])
    }
    for shape in [[4, 2], [4], [4, 3, 1]] {
      expectCourseError(.shapeMismatch, "PositionalEmbedding: input shape", "[T, 3]", "\(shape)") {
        try layer.outputShape(for: shape)
      }
    }
  }
}
