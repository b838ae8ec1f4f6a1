import CourseTestSupport
import Shared
import Testing

@testable import Phase3RNNRegularization

/// Task 3.3. Sizes and numbers of steps that no public test has.
extension ElmanRNNTests {
  @Test(.waits(for: steps), arguments: [[1, 7, 1], [4, 2, 5], [3, 1, 2]])
  func otherSizes(shape: [Int]) throws {
    for (hiddenSize, returnsSequence) in [(1, true), (5, false)] {
      let layer = ElmanRNN(
        inputSize: shape[2], hiddenSize: hiddenSize, returnsSequence: returnsSequence,
        implementation: .reference, seed: varied(1723))
      try expectGradients(of: layer, inputShape: shape)
    }
  }
}
