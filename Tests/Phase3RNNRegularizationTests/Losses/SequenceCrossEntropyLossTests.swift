import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct SequenceCrossEntropyLossTests {
  private let x: Tensor = [[[2, -1, 0.5], [0.1, 0.2, 3]], [[-0.3, 0.4, 0.9], [1, 1, 1]]]
  private let target = Target.classSequences([0, 2, 1, Target.ignored], length: 2)

  // x = torch.tensor([[[2.0, -1, 0.5], [0.1, 0.2, 3]], [[-0.3, 0.4, 0.9], [1, 1, 1]]],
  //                  dtype=torch.float64, requires_grad=True); k = torch.tensor([0, 2, 1, -1])
  // L = F.cross_entropy(x.reshape(-1, 3), k, ignore_index=-1, reduction="mean")
  // L.backward(); print(L, x.grad)                           # and with reduction="sum"
  private let mean: Float = 0.498941376
  private let sum: Float = 1.496824127
  private let sumGradient: Tensor = [
    [[-0.214402965, 0.039112573, 0.175290392], [0.049311327, 0.054497445, -0.103808772]],
    [[0.157881368, -0.682065968, 0.524184601], [0, 0, 0]],
  ]

  @Test func theLossIsTheMeanOverTheStepsThatCount() {
    var loss = SequenceCrossEntropyLoss()
    expectClose(
      loss.forward(x, target: target), mean, "SequenceCrossEntropyLoss.forward",
      mistakes: [
        "the mean is over all steps, those to ignore included": sum / 4,
        "the mean is over the sequences, not over the steps that count": sum / 2,
        "a step to ignore counts": (sum + 1.0986123) / 3,
        "it is not averaged": sum,
      ])
    var summed = SequenceCrossEntropyLoss(reduction: .sum)
    expectClose(
      summed.forward(x, target: target), sum, "SequenceCrossEntropyLoss(reduction: .sum).forward")
  }

  @Test func theGradientIsAveragedLikeTheLoss() throws {
    var loss = SequenceCrossEntropyLoss()
    expectClose(
      try lossPass(&loss, x, target: target).gradient, sumGradient / 3,
      "SequenceCrossEntropyLoss.backward",
      mistakes: [
        "it is divided by all steps, those to ignore included": sumGradient / 4,
        "it is not averaged": sumGradient,
      ])
    var summed = SequenceCrossEntropyLoss(reduction: .sum)
    expectClose(
      try lossPass(&summed, x, target: target).gradient, sumGradient,
      "SequenceCrossEntropyLoss(reduction: .sum).backward")
  }

  @Test func nothingAskedForIsNothingToLearn() throws {
    var loss = SequenceCrossEntropyLoss()
    let (value, gradient) = try lossPass(
      &loss, x, target: .classSequences([-1, -1, -1, -1], length: 2))
    #expect(value == 0)
    #expect(gradient == Tensor(zeros: x.shape))
  }

  @Test func scoresFarApartGiveTheExactLoss() throws {
    var loss = SequenceCrossEntropyLoss(reduction: .sum)
    let (value, gradient) = try lossPass(
      &loss, [[[1000, 0], [-1000, 0], [0, 200]]],
      target: .classSequences([1, 0, 0], length: 3))
    expectClose(value, 2200, "SequenceCrossEntropyLoss.forward of scores far apart")
    expectClose(
      gradient, [[[1, -1], [-1, 1], [-1, 1]]],
      "SequenceCrossEntropyLoss.backward of scores far apart")
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    let x = Tensor(normal: [2, 3, 5], key: RandomKey(seed: varied(1)))
    for reduction in Reduction.allCases {
      try expectGradients(
        of: SequenceCrossEntropyLoss(reduction: reduction), prediction: x,
        target: .classSequences([4, 0, -1, 2, 2, 1], length: 3))
    }
  }

  /// More rows and columns than a thread's piece and a vector hold, against double precision.
  @Test func manyStepsMatchTheFormula() throws {
    let (batch, length, classes) = (37, 11, 96)
    let x = Tensor(normal: [batch, length, classes], key: RandomKey(seed: varied(3)))
    let labels = (0..<(batch * length)).map { $0 % 7 == 3 ? Target.ignored : ($0 * 31) % classes }
    var loss = SequenceCrossEntropyLoss(reduction: .sum)
    let (value, gradient) = try lossPass(
      &loss, x, target: .classSequences(labels, length: length))
    let rows = x.reshaped(to: [-1, classes])
    let p = loss.prediction(from: rows)
    var t = Tensor(zeros: rows.shape)
    for (row, label) in labels.enumerated() where label >= 0 { t[row, label] = 1 }
    let counts = Tensor(labels.map { $0 >= 0 ? 1 : 0 }).reshaped(to: [-1, 1])
    expectClose(gradient.reshaped(to: rows.shape), (p - t) * counts, "the gradient", atol: 2e-6)
    expectClose(value, -(log(p) * t).sum(), "the loss", rtol: 1e-5)
  }

  @Test func answersThatAreIgnoredDoNotCount() throws {
    var accuracy = try #require(SequenceCrossEntropyLoss().metrics.first)
    accuracy.update(prediction: x, target: target)
    // 0 and 2 are right, 1 is not (the largest is 2), the last step is not asked for.
    #expect((accuracy.sums.sum, accuracy.sums.count) == (2, 3))
    expectClose(
      SequenceCrossEntropyLoss().prediction(from: x).sum(axis: -1), Tensor(ones: [2, 2]),
      "probabilities")
  }

  @Test func targetsThatDoNotFitAreRefusedBeforeTraining() throws {
    let loss = SequenceCrossEntropyLoss()
    try loss.check(outputShape: [2, 3], target: target)
    expectCourseError(.shapeMismatch, "[5, 3]", "2 sequences of 2 classes") {
      try loss.check(outputShape: [5, 3], target: target)
    }
    expectCourseError(.shapeMismatch, "2 classes", "SoftmaxCrossEntropyLoss") {
      try loss.check(outputShape: [2, 3], target: .classes([0, 1]))
    }
    expectCourseError(.invalidData, "label out of range", "0 to 1", "2", "example 0, step 1") {
      try loss.check(outputShape: [2, 2], target: target)
    }
  }

  @Test func wrongArgumentsStop() async {
    let early = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = SequenceCrossEntropyLoss()
      _ = loss.backward()
    }
    expectWords(
      of: early, "SequenceCrossEntropyLoss.backward", "no forward pass to go back through")
    let shape = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = SequenceCrossEntropyLoss()
      _ = loss.forward([[[1, 2]]], target: .classSequences([0, 1], length: 2))
    }
    expectWords(of: shape, "scores [1, 1, 2]", "1 sequences of 2 classes")
    let label = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = SequenceCrossEntropyLoss()
      _ = loss.forward([[[1, 2]]], target: .classSequences([2], length: 1))
    }
    expectWords(of: label, "classes from 0 to 1", "got 2")
  }

  @Test func aConfigurationMakesTheSameLoss() throws {
    let copy = try SequenceCrossEntropyLoss(
      configuration: SequenceCrossEntropyLoss(reduction: .sum).configuration)
    #expect(copy.reduction == .sum && copy.isClassification)
  }
}
