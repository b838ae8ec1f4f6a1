import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct BinaryCrossEntropyLossTests {
  private let p: Tensor = [[0.9, 0.2], [0.35, 0.6], [0.5, 0.01]]
  private let t: Tensor = [[1, 0], [1, 1], [0.25, 0]]

  // p, t = torch.tensor(..., dtype=torch.float64); L = F.binary_cross_entropy(p, t, reduction="mean")
  // L.backward(); print(L, p.grad)                           # and with reduction="sum"
  @Test func probabilitiesMatchPyTorch() throws {
    let (mean, sum): (Float, Float) = (0.432058222, 2.592349332)
    let gradient: Tensor = [
      [-0.185185185, 0.208333333], [-0.476190476, -0.277777778], [0.166666667, 0.168350168],
    ]
    var loss = BinaryCrossEntropyLoss()
    let pass = try lossPass(&loss, p, target: .values(t))
    expectClose(
      pass.value, mean, "BinaryCrossEntropyLoss.forward",
      mistakes: [
        "it is not averaged": sum,
        "the mean is over the examples, not over all elements": sum / 3,
      ])
    expectClose(pass.gradient, gradient, "BinaryCrossEntropyLoss.backward")
    var summed = BinaryCrossEntropyLoss(reduction: .sum)
    let sums = try lossPass(&summed, p, target: .values(t))
    expectClose(sums.value, sum, "BinaryCrossEntropyLoss(reduction: .sum).forward")
    expectClose(sums.gradient, gradient * 6, "BinaryCrossEntropyLoss(reduction: .sum).backward")
  }

  // F.binary_cross_entropy_with_logits(x, t), x = [[2, -1], [-0.5, 30], [0, -40]],
  // t = [[1, 0], [1, 1], [0.25, 1]]; and x = [20], t = [1]: 2.061153620e-09
  @Test func scoresMatchPyTorch() throws {
    let x: Tensor = [[2, -1], [-0.5, 30], [0, -40]]
    let target = Target.values([[1, 0], [1, 1], [0.25, 1]])
    let gradient: Tensor = [
      [-0.019867154, 0.04482357], [-0.103743222, 0], [0.041666667, -0.166666667],
    ]
    var loss = BinaryCrossEntropyLoss(on: .logits)
    let pass = try lossPass(&loss, x, target: target)
    expectClose(pass.value, 7.01790231, "BinaryCrossEntropyLoss(on: .logits).forward")
    expectClose(pass.gradient, gradient, "BinaryCrossEntropyLoss(on: .logits).backward")
    var summed = BinaryCrossEntropyLoss(on: .logits, reduction: .sum)
    expectClose(
      try lossPass(&summed, x, target: target).gradient, gradient * 6,
      "BinaryCrossEntropyLoss(on: .logits, reduction: .sum).backward")
    let sure = try lossPass(&loss, [[20]], target: .classes([1]))
    expectClose(sure.value, 2.06115362e-9, "the loss of a sure and right answer", atol: 1e-14)
    expectClose(sure.gradient, [[-2.06115362e-9]], "its gradient", atol: 1e-14)
  }

  @Test func certaintyIsGuarded() throws {
    var loss = BinaryCrossEntropyLoss(reduction: .sum)
    let pass = try lossPass(&loss, [[0], [1], [0], [1]], target: .classes([1, 0, 0, 1]))
    #expect(
      pass.value.isFinite && pass.gradient.isFinite,
      "BinaryCrossEntropyLoss: ln 0 or 1 / 0: guard both logarithms with epsilon")
    expectClose(pass.value, 2 * 16.628926, "the loss of two sure and wrong answers", rtol: 1e-4)
    #expect(pass.gradient.scalars[0] < -1e7 && pass.gradient.scalars[1] > 1e7)
    var logits = BinaryCrossEntropyLoss(on: .logits)
    let far = try lossPass(&logits, [[500], [-500]], target: .classes([0, 1]))
    expectClose(far.value, 500, "the loss of scores far on the wrong side")
    expectClose(far.gradient, [[0.5], [-0.5]], "their gradient")
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    let key = RandomKey(seed: varied(4))
    let target = Target.values([[0.3, 1], [0, 0.8]])
    for reduction in Reduction.allCases {
      try expectGradients(
        of: BinaryCrossEntropyLoss(on: .logits, reduction: reduction),
        prediction: Tensor(normal: [2, 2], key: key), target: target)
      try expectGradients(
        of: BinaryCrossEntropyLoss(reduction: reduction),
        prediction: Tensor(uniform: [2, 2], in: 0.35..<0.65, key: key), target: target)
    }
  }

  @Test func theMetricCountsRightAnswers() throws {
    let target = Target.values([[1, 0], [1, 1], [0, 1]])
    var metric = try #require(BinaryCrossEntropyLoss().metrics.first)
    metric.update(prediction: p, target: target)
    #expect(metric.name == "accuracy" && (metric.sums.sum, metric.sums.count) == (3, 6))
    expectClose(metric.value, 0.5, "BinaryAccuracy")
    metric.reset()
    #expect(metric.value.isNaN)
    var logits = try #require(BinaryCrossEntropyLoss(on: .logits).metrics.first)
    logits.update(prediction: [[0.1], [-3]], target: .classes([1, 1]))
    #expect(logits.value == 0.5)
    #expect(!BinaryCrossEntropyLoss().isClassification)
    expectClose(
      BinaryCrossEntropyLoss(on: .logits).prediction(from: [[0]]), [[0.5]], "prediction(from:)")
  }

  /// One question is a choice between two classes: `evaluate` counts which was taken for which.
  @Test func evaluationHasAConfusionMatrixForOneQuestion() throws {
    var network = NeuralNetwork(inputShape: [1], loss: BinaryCrossEntropyLoss(on: .logits))
    try network.append(Identity())
    let data = try Dataset(
      features: [[2], [-1], [0], [-3], [1]], targets: .classes([1, 0, 0, 1, 1]),
      classNames: ["ham", "spam"])
    let evaluation = try network.evaluate(data)
    let matrix = try #require(evaluation.confusionMatrix)
    #expect(matrix.counts == [[1, 1], [1, 2]], "rows are the truth, columns the answers")
    #expect(matrix.classNames == ["ham", "spam"])
    #expect(evaluation.accuracy.map(Float.init) == matrix.value)
    let spam = try #require(matrix.report.classes.last)
    #expect(spam.precision == 2 / 3 && spam.recall == 2 / 3)

    network.loss = BinaryCrossEntropyLoss()
    let certain = try Dataset(features: [[0.2], [0.5]], targets: .values([[0.1], [0.9]]))
    #expect(try network.evaluate(certain).confusionMatrix?.counts == [[1, 0], [0, 1]])
    #expect(BinaryCrossEntropyLoss().answerClassCount(outputShape: [2]) == nil)
  }

  @Test func targetsThatDoNotFitAreRefusedBeforeTraining() throws {
    let loss = BinaryCrossEntropyLoss()
    try loss.check(outputShape: [1], target: .classes([0, 1, 1]))
    try loss.check(outputShape: [2], target: .values(t))
    expectCourseError(.shapeMismatch, "[N] + [3]", "[3, 2]") {
      try loss.check(outputShape: [3], target: .values(t))
    }
    expectCourseError(.shapeMismatch, "SoftmaxCrossEntropyLoss") {
      try loss.check(outputShape: [2], target: .classes([0]))
    }
    expectCourseError(.invalidData, "label out of range", "example 1") {
      try loss.check(outputShape: [1], target: .classes([0, 2]))
    }
    expectCourseError(.invalidData, "target out of range", "1.5", "example 1") {
      try loss.check(outputShape: [2], target: .values([[0, 1], [0.5, 1.5]]))
    }
    expectCourseError(.shapeMismatch, "sequences") {
      try loss.check(outputShape: [2], target: .classSequences([0, 1], length: 2))
    }
  }

  @Test func wrongArgumentsStop() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = BinaryCrossEntropyLoss()
      _ = loss.forward([[0.5]], target: .values([[1, 1]]))
    }
    expectWords(of: result, "BinaryCrossEntropyLoss.forward", "[1, 1]", "got [1, 2]")
  }

  @Test func aConfigurationMakesTheSameLoss() throws {
    let loss = BinaryCrossEntropyLoss(on: .logits, reduction: .sum)
    #expect(
      try BinaryCrossEntropyLoss(configuration: loss.configuration).configuration
        == loss.configuration)
  }
}

/// Hands on what it gets.
private struct Identity: ParameterFreeLayer {
  static let typeName = "Identity"
  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
  func forward(_ input: Tensor, mode: Mode) -> Tensor { input }
  func backward(_ outputGradient: Tensor) -> Tensor { outputGradient }
}
