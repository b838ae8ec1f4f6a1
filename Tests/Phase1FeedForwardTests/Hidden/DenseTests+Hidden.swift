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
      var layer = Dense(
        inputSize: inputSize, outputSize: outputSize, activation: activation, seed: varied(1723))
      // Steps on a weight near 0 pass the kink of ReLU for every input.
      let weights = layer.weights.value
      layer.weights.value += 0.1 * sign(weights)
      try expectGradients(of: layer, inputShape: shape)
    }
  }
}
