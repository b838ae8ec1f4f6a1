import CourseTestSupport
import Foundation
import Networks
import Testing

@Suite(.watched) struct LossSumTests {
  private let scores: Tensor = [
    [[[0.5, -1.0], [2.0, 0.3]], [[1.0, 0.2], [-0.7, 0.1]], [[0.0, 0.9], [0.4, -1.2]]]
  ]
  private let target = Target.classSequences([0, 2, 1, 1], length: 4)

  /// PyTorch 2.15, double precision:
  ///
  ///     ce = F.cross_entropy(x, t)                           # x [1, 3, 2, 2], t [[[0, 2], [1, 1]]]
  ///     p = torch.softmax(x, 1); h = F.one_hot(t, 3).permute(0, 3, 1, 2)
  ///     d = (2 * (p * h).sum((2, 3)) + 1) / (p.sum((2, 3)) + h.sum((2, 3)) + 1)
  ///     (2 * (1 - d[:, 1:].mean()) + 0.5 * ce).backward()
  @Test func valueAndGradientOfPyTorch() {
    var loss = LossSum(
      [SoftDiceLoss(background: 0), PixelCrossEntropyLoss()], weights: [2, 0.5])
    let value = loss.forward(scores, target: target)
    expectClose(Tensor([value]), Tensor([1.520395]), "LossSum.forward", atol: 1e-5, rtol: 0)
    let expected = Tensor([
      -0.1164621, 0.0314905, 0.0840824, 0.1201023, 0.0672711, 0.1362352, -0.1386369, -0.1727139,
      0.0491910, -0.1677257, 0.0545545, 0.0526115,
    ]).reshaped(to: [1, 3, 2, 2])
    expectClose(loss.backward(), expected, "LossSum.backward", atol: 1e-6, rtol: 0)
  }

  @Test func theFirstLossSaysWhatAnOutputMeans() {
    let loss = LossSum([SoftDiceLoss(background: 0), PixelCrossEntropyLoss()])
    #expect(loss.metrics.map(\.name) == ["pixel accuracy", "mean IoU without background"])
    #expect(loss.inputKind == .scores && loss.takesWeights && loss.reduction == .mean)
    #expect(loss.answerClassCount(outputShape: [3, 2, 2]) == 3)
    #expect(loss.totalWeight(of: target, weights: nil) == 1)
    expectClose(
      loss.prediction(from: scores), SoftDiceLoss().prediction(from: scores), "prediction",
      atol: 0, rtol: 0)
  }

  @Test func imagesCountByTheirWeights() {
    let two = Tensor(concatenating: [scores, scores * 2])
    let targets = Target.classSequences([0, 2, 1, 1, 1, 1, 0, 2], length: 4)
    var (sum, one) = (
      LossSum([SoftDiceLoss(), PixelCrossEntropyLoss()]), LossSum([PixelCrossEntropyLoss()])
    )
    var (dice, entropy) = (SoftDiceLoss(), PixelCrossEntropyLoss())
    let weights = Tensor([1, 0.25])
    let parts = (
      dice.forward(two, target: targets, weights: weights),
      entropy.forward(two, target: targets, weights: weights)
    )
    #expect(
      abs(sum.forward(two, target: targets, weights: weights) - parts.0 - parts.1) < 1e-6)
    #expect(one.forward(two, target: targets, weights: weights) == parts.1)
    expectClose(
      sum.backward(), dice.backward() + entropy.backward(), "LossSum.backward", atol: 1e-7, rtol: 0)
  }

  /// Whichever comes first: of the same output, one would take the logarithm of scores.
  @Test(arguments: [false, true])
  func lossesOfDifferentOutputsAreRefused(isReversed: Bool) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [isReversed] in
      let losses: [any Loss] = [SoftmaxCrossEntropyLoss(), CrossEntropyLoss()]
      _ = LossSum(isReversed ? losses.reversed() : losses)
    }
    expectWords(
      of: result, "LossSum: losses of different outputs",
      "SoftmaxCrossEntropyLoss of scores, CrossEntropyLoss of probabilities")
  }

  @Test func numbersGoWithScoresAndProbabilities() throws {
    for loss in [SoftmaxCrossEntropyLoss(), CrossEntropyLoss()] as [any Loss] {
      #expect(LossSum([MeanSquaredErrorLoss(), loss]).inputKind == loss.inputKind)
    }
    var network = NeuralNetwork(
      inputShape: [2], loss: LossSum([MeanSquaredErrorLoss(), SoftmaxCrossEntropyLoss()]),
      optimizer: SGD(learningRate: 0.1), seed: 1)
    try network.append(Dense(outputSize: 2))
    try network.append(Softmax())
    let data = try Dataset(features: [[1, 2]], targets: .values([[0, 1]]))
    expectCourseError(.invalidArgument, "probabilities before a loss that makes them itself") {
      try network.fit(data, options: TrainingOptions(epochs: 1))
    }
  }

  @Test func aSavedSumIsTheSame() throws {
    try withTemporaryFolder { folder in
      var network = NeuralNetwork(
        inputShape: [2, 2, 2],
        loss: LossSum([SoftDiceLoss(smoothing: 0.5), PixelCrossEntropyLoss()], weights: [3, 1]),
        optimizer: SGD(learningRate: 0.1), seed: 1)
      try network.append(Conv2D(outputChannels: 3, kernelSize: 1))
      let file = folder.appending(path: "n.safetensors")
      try network.save(to: file)
      let loaded = try NeuralNetwork(contentsOf: file)
      let loss = try #require(loaded.loss as? LossSum)
      #expect(loss.weights == [3, 1] && loss.losses.count == 2)
      #expect((loss.losses[0] as? SoftDiceLoss)?.configuration.smoothing == 0.5)
    }
  }

  @Test func wrongSumsAndTargetsAreRefused() throws {
    expectCourseError(.invalidArgument, "at least one loss") {
      _ = try LossSum(configuration: .init(losses: [], weights: []))
    }
    expectCourseError(.invalidArgument, "weight above 0", "-1") {
      _ = try LossSum(configuration: .init(losses: [SoftDiceLoss()], weights: [-1]))
    }
    expectCourseError(.invalidArgument, "different reductions", "sum in PixelCrossEntropyLoss") {
      _ = try LossSum(
        configuration: .init(
          losses: [SoftDiceLoss(), PixelCrossEntropyLoss(reduction: .sum)], weights: [1, 1]))
    }
    let loss = LossSum([PixelCrossEntropyLoss(), SoftDiceLoss(background: 5)])
    expectCourseError(.shapeMismatch, "SoftDiceLoss", "background") {
      try loss.check(outputShape: [3, 2, 2], target: target)
    }
  }
}
