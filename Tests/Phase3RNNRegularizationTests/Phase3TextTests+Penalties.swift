import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

extension Phase3TextTests {
  @Test(.waits(for: PenaltyTests.l1), .waits(for: PenaltyTests.l2)) func task7Penalties() {
    // Text, 3.7
    let weights = Tensor([3, -4, 0])

    expectClose(L1(0.5).value(of: weights), 3.5, "task 3.7, by hand, L1")
    expectClose(
      L1(0.5).gradient(of: weights), [0.5, -0.5, 0], "task 3.7, by hand, gradient of L1")
    expectClose(L2(0.5).value(of: weights), 6.25, "task 3.7, by hand, L2")
    expectClose(L2(0.5).gradient(of: weights), [1.5, -2, 0], "task 3.7, by hand, gradient of L2")
    // The examples in the comments of L2 and ElasticNet.
    expectClose(L2(0.5).gradient(of: [3, -4]), [1.5, -2], "L2, the example of the comment")
    expectClose(
      ElasticNet(l1: 0.5, l2: 0.5).value(of: [3, -4]), 9.75,
      "ElasticNet, the example of the comment")
  }

  /// The examples in the comments of the losses.
  @Test func examplesOfTheLosses() throws {
    var squared = MeanSquaredErrorLoss()
    let first = try lossPass(
      &squared, [[1, 2], [3, 4]], target: .values([[1, 1], [1, 4]]))
    expectClose(first.value, 1.25, "MeanSquaredErrorLoss")
    expectClose(first.gradient, [[0, 0.5], [1, 0]], "MeanSquaredErrorLoss, gradient")

    var sequence = SequenceCrossEntropyLoss()
    let second = try lossPass(
      &sequence, [[[0, 0], [5, 9]]], target: .classSequences([0, Target.ignored], length: 2))
    expectClose(second.value, 0.6931, "SequenceCrossEntropyLoss", atol: 5e-5)
    expectClose(second.gradient, [[[-0.5, 0.5], [0, 0]]], "SequenceCrossEntropyLoss, gradient")

    var binary = BinaryCrossEntropyLoss()
    let third = try lossPass(&binary, [[0.5]], target: .classes([1]))
    expectClose(third.value, 0.6931, "BinaryCrossEntropyLoss", atol: 5e-5)
    expectClose(third.gradient, [[-2]], "BinaryCrossEntropyLoss, gradient")
    binary = BinaryCrossEntropyLoss(on: .logits)
    let fourth = try lossPass(&binary, [[0]], target: .classes([1]))
    expectClose(fourth.value, 0.6931, "BinaryCrossEntropyLoss(on: .logits)", atol: 5e-5)
    expectClose(fourth.gradient, [[-0.5]], "BinaryCrossEntropyLoss(on: .logits), gradient")
  }
}
