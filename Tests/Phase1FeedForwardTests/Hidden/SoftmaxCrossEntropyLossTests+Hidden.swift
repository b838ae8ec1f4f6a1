import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.6. Numbers of classes and examples that no public test has.
extension SoftmaxCrossEntropyLossTests {
  @Test(.waits(for: steps), arguments: [(2, [1, 0, 1, 1]), (7, [6, 0, 3]), (4, [2])])
  func otherSizes(classCount: Int, classes: [Int]) throws {
    let scores = Tensor(
      normal: [classes.count, classCount], key: RandomKey(seed: varied(1723)).folded("scores"))
    for reduction in Reduction.allCases {
      try expectGradients(
        of: SoftmaxCrossEntropyLoss(reduction: reduction), prediction: scores,
        target: .classes(classes))
    }
  }
}
