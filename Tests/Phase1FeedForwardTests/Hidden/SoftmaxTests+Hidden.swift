import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.4. Shapes and sizes of numbers that no public test has.
extension SoftmaxTests {
  @Test(.waits(for: steps), arguments: [[5, 2], [1, 7], [3, 2, 6], [2, 1]])
  func otherShapes(shape: [Int]) throws {
    try expectGradients(of: Softmax(), inputShape: shape)
    let input = Tensor(normal: shape, key: RandomKey(seed: varied(1723)).folded("input"))
    var layer = Softmax()
    let sums = layer.forward(input * 40 - 300, mode: .inference).sum(axis: -1)
    expectClose(sums, Tensor(ones: sums.shape), "Softmax.forward: the sum of each row")
  }
}
