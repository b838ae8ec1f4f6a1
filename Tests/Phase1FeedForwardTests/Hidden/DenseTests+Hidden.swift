import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.2. Sizes that no public test has.
extension DenseTests {
  @Test(
    .waits(for: steps),
    arguments: [
      (1, 1, [4, 1]), (6, 1, [7, 6]), (1, 5, [3, 1]), (8, 4, [1, 8]), (2, 9, [3, 2, 2]),
    ])
  func otherSizes(inputSize: Int, outputSize: Int, shape: [Int]) throws {
    for activation in Activation.allCases {
      let layer = Dense(
        inputSize: inputSize, outputSize: outputSize, activation: activation, seed: varied(1723))
      let input = Tensor(normal: shape, key: RandomKey(seed: varied(1723)).folded("input"))
      try expectGradients(of: layer, inputShape: shape, input: input)
    }
  }
}
