import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.6.
@Suite(.watched) struct SoftmaxCrossEntropyLossTests {
  static let x: Tensor = [[2, -1, 0.5], [0.1, 0.2, 3], [-0.3, 0.4, 0.9], [1, 1, 1]]
  static let target = Target.classes([0, 1, 2, 1])
  /// The softmax of x, row by row.
  private static let p: Tensor = [
    [0.78559703, 0.03911257, 0.17529039], [0.04931133, 0.05449744, 0.89619123],
    [0.15788137, 0.31793403, 0.5241846], [0.33333333, 0.33333333, 0.33333333],
  ]

  /// What all other tests wait for, tried in a process of its own: a sum without `keepDims` does not fit four
  /// rows of three scores.
  static let steps: FirstSteps = FirstSteps(
    of: "SoftmaxCrossEntropyLoss",
    [
      ("theLossIsAveragedOverTheBatch()", { checkLoss() }),
      ("theGradientIsAveragedLikeTheLoss()", { try checkGradient() }),
    ],
    hints: ["shapes that broadcast together": "a sum or maximum of each row: keepDims: true"]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      SoftmaxCrossEntropyLossTests.steps.tryAndExit()
    }
  }

  @Test func theLossIsAveragedOverTheBatch() async throws { try await Self.steps.run(0) }
  @Test func theGradientIsAveragedLikeTheLoss() async throws { try await Self.steps.run(1) }

  private static func checkLoss() {
    var loss = SoftmaxCrossEntropyLoss()
    expectLoss(loss.forward(x, target: target))
  }

  // x = torch.tensor([[2.0, -1.0, 0.5], ...], dtype=torch.float64, requires_grad=True)
  // L = torch.nn.functional.cross_entropy(x, torch.tensor([0, 1, 2, 1]), reduction="mean")
  // L.backward(); print(L, x.grad)          # and with reduction="sum"

  /// Names what is wrong with the loss.
  static func expectLoss(_ value: Float, sourceLocation: SourceLocation = #_sourceLocation) {
    let (mean, sum): (Float, Float) = (1.2238591, 4.89543642)
    let shifted = x - x.max(axis: -1, keepDims: true)
    let columns = exp(shifted) / exp(shifted).sum(axis: 0, keepDims: true)
    let plainColumns = exp(x) / exp(x).sum(axis: 0, keepDims: true)
    let t = target.truth(for: x, place: "test")
    expectClose(
      value, mean, "SoftmaxCrossEntropyLoss.forward",
      mistakes: [
        "it is not averaged: divide by the batch size for .mean (scale(for:))": sum,
        "it is averaged twice: scale(for:) has divided by the batch size already": mean / 4,
        "it is averaged twice, over the classes, too: .sum() and scale(for:)": sum / 48,
        "it is divided by the number of classes, too: the mean is over the examples": sum / 12,
        "the sign is wrong: L = −Σ t ln p": -mean,
        "the sign is wrong, and it is not averaged": -sum,
        "the scores are taken for logarithms of probabilities: the logarithm of the sum is missing":
          -(2 + 0.2 + 0.9 + 1) / 4,
        "the scores are shifted, but the logarithm of the sum is missing":
          -(0 - 2.8 + 0 + 0) / 4,
        "the sum of exponentials runs over the batch: it belongs to each row (axis: -1)":
          -(t * log(columns)).sum() / 4,
        "the sum of exponentials runs over the batch: it belongs to each row (axis: -1); nor is its maximum subtracted":
          -(t * log(plainColumns)).sum() / 4,
        "the sum of exponentials runs over all rows: it belongs to each row (axis: -1)":
          -(t * (shifted - log(Tensor(exp(shifted).sum())))).sum() / 4,
        "the logarithm is missing: ln Σ exp, not Σ exp":
          -(t * (shifted - exp(shifted).sum(axis: -1, keepDims: true))).sum() / 4,
        "the shift is taken off the scores only, not within the sum":
          -(t * (shifted - log(exp(x).sum(axis: -1, keepDims: true)))).sum() / 4,
        "the shift is taken off within the sum only":
          -(t * (x - log(exp(shifted).sum(axis: -1, keepDims: true)))).sum() / 4,
        "the sum of exponentials is added: ln p = (x − m) − ln Σ exp(x − m)":
          -(t * (shifted + log(exp(shifted).sum(axis: -1, keepDims: true)))).sum() / 4,
        "the logarithm is missing: L = −Σ t ln p, not −Σ t p": -(t * p).sum() / 4,
        "the wrong classes count, too: only t = 1 does": -log(p).sum() / 4,
        "it is zero": 0,
      ], sourceLocation: sourceLocation)
  }

  @Test(.waits(for: steps)) func theLossIsSummedOnRequest() {
    var loss = SoftmaxCrossEntropyLoss(reduction: .sum)
    expectClose(
      loss.forward(Self.x, target: Self.target), 4.89543642,
      "SoftmaxCrossEntropyLoss(reduction: .sum).forward",
      mistakes: ["it is averaged: .sum wants the plain sum (scale(for:))": 1.2238591])
  }

  private static let sumGradient: Tensor = [
    [-0.21440297, 0.03911257, 0.17529039], [0.04931133, -0.94550256, 0.89619123],
    [0.15788137, 0.31793403, -0.4758154], [0.33333333, -0.66666667, 0.33333333],
  ]

  private static func checkGradient() throws {
    var loss = SoftmaxCrossEntropyLoss()
    expectGradient(try lossPass(&loss, x, target: target).gradient)
  }

  /// Names what is wrong with the gradient.
  static func expectGradient(
    _ gradient: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let t = target.truth(for: x, place: "test")
    expectClose(
      gradient, sumGradient / 4, "SoftmaxCrossEntropyLoss.backward",
      mistakes: [
        "it is not averaged: the loss is a mean, so its gradient is divided by N, too":
          sumGradient,
        "it is averaged twice": sumGradient / 16,
        "it is divided by the number of classes, too": sumGradient / 12,
        "the sign is wrong: p − t, not t − p": -sumGradient / 4,
        "the sign is wrong, and it is not averaged": -sumGradient,
        "only the right class has a gradient: p − t": t * sumGradient / 4,
        "the gradient of −t ln p is taken, as if each p depended on its own score only":
          t * (p - 1) * p / 4,
        "the truth is not subtracted: p − t": p / 4,
        "the exponential is missing: p = exp(ln p)": (log(p) - t) / 4,
        "forward keeps p: keep ln p, of which backward takes the exponential":
          (exp(p) - t) / 4,
        "the scores are taken for probabilities: p − t with p = softmax(x)": (x - t) / 4,
        "this is the gradient with respect to the probabilities (−t / p), not to the scores":
          -t / p / 4,
        "it is zero: p − t": Tensor(zeros: [4, 3]),
      ], notFinite: "p is exp(ln p), not the logarithm of ln p", sourceLocation: sourceLocation)
  }

  @Test(.waits(for: steps)) func theGradientIsSummedOnRequest() throws {
    var loss = SoftmaxCrossEntropyLoss(reduction: .sum)
    expectClose(
      try lossPass(&loss, Self.x, target: Self.target).gradient, Self.sumGradient,
      "SoftmaxCrossEntropyLoss(reduction: .sum).backward",
      mistakes: ["it is averaged: .sum wants p − t (scale(for:))": Self.sumGradient / 4])
  }

  @Test(.waits(for: steps)) func oneHotRowsAndClassIndicesAreTheSame() throws {
    var (first, second) = (SoftmaxCrossEntropyLoss(), SoftmaxCrossEntropyLoss())
    let rows = Target.values([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]])
    let byIndex = try lossPass(&first, Self.x, target: Self.target)
    let byRow = try lossPass(&second, Self.x, target: rows)
    #expect(byIndex.value == byRow.value)
    #expect(byIndex.gradient == byRow.gradient)
  }

  // t = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.6, 0.3]]); L = F.cross_entropy(x, t)
  @Test(.waits(for: steps)) func softTargetsMatchPyTorch() throws {
    var loss = SoftmaxCrossEntropyLoss()
    let (value, gradient) = try lossPass(
      &loss, [[2, -1, 0.5], [0.1, 0.2, 3]],
      target: .values([[0.5, 0.25, 0.25], [0.1, 0.6, 0.3]]))
    expectClose(value, 1.72295638, "SoftmaxCrossEntropyLoss.forward with soft targets")
    expectClose(
      gradient, [[0.14279852, -0.10544371, -0.0373548], [-0.02534434, -0.27275128, 0.29809561]],
      "SoftmaxCrossEntropyLoss.backward with soft targets")
  }

  // F.cross_entropy([[1000, 0], [-1000, 0], [0, 200]], [1, 0, 0]) is 733.33...
  @Test(.waits(for: steps)) func scoresFarApartGiveTheExactLoss() throws {
    var loss = SoftmaxCrossEntropyLoss()
    let scores: Tensor = [[1000, 0], [-1000, 0], [0, 200]]
    let value = loss.forward(scores, target: .classes([1, 0, 0]))
    #expect(
      value.isFinite,
      """
      SoftmaxCrossEntropyLoss.forward: the probability has been rounded to 0, or exp has overflowed, \
      before the logarithm was taken: use ln p = (x − m) − ln Σ exp(x − m), where m is each row's own \
      maximum, not that of the batch, nor a mean. Got \(value)
      """)
    expectClose(value, 733.333333, "SoftmaxCrossEntropyLoss.forward of scores far apart")
    let third: Float = 1.0 / 3
    expectClose(
      try lossPass(&loss, scores, target: .classes([1, 0, 0])).gradient,
      Tensor([[third, -third], [-third, third], [-third, third]]),
      "SoftmaxCrossEntropyLoss.backward of scores far apart")
  }

  @Test(.waits(for: steps)) func aClassThatIsRuledOutCostsNothing() {
    var loss = SoftmaxCrossEntropyLoss()
    let scores = Tensor([[0, -Float.infinity]])
    expectClose(
      loss.forward(scores, target: .classes([0])), 0,
      "SoftmaxCrossEntropyLoss.forward with a score of −∞ for a wrong class",
      mistakes: [:],
      notFinite: "where the truth is 0 nothing counts, also where ln p is −∞: 0 · ∞ is no number")
  }

  @Test(.waits(for: steps)) func eachRowIsShiftedByItsOwnMaximum() throws {
    var loss = SoftmaxCrossEntropyLoss(reduction: .sum)
    let (value, gradient) = try lossPass(
      &loss, [[0, 1], [1000, 1001]], target: .classes([0, 0]))
    #expect(
      value.isFinite && gradient.isFinite,
      """
      SoftmaxCrossEntropyLoss: a row far below the others gives \(value): subtract each row's own \
      maximum (keepDims: true), not the maximum of the whole batch
      """)
    // 2 ln(1 + e)
    expectClose(value, 2.62652338, "SoftmaxCrossEntropyLoss.forward of two rows 1000 apart")
  }

  @Test(.waits(for: steps)) func predictionsAreProbabilities() {
    expectClose(
      SoftmaxCrossEntropyLoss().prediction(from: Self.x), Self.p,
      "SoftmaxCrossEntropyLoss.prediction(from:)")
  }

  @Test(.waits(for: steps)) func gradientsAgreeWithFiniteDifferences() throws {
    let x = Tensor(normal: [5, 3], key: RandomKey(seed: varied(1)))
    for reduction in Reduction.allCases {
      try expectGradients(
        of: SoftmaxCrossEntropyLoss(reduction: reduction), prediction: x,
        target: .classes([2, 0, 1, 1, 0]))
    }
    // Rows of targets that sum to 1, as the formula p − t needs.
    var rows = Tensor(uniform: [5, 3], in: 0.1..<1, key: RandomKey(seed: varied(2)))
    rows /= rows.sum(axis: -1, keepDims: true)
    try expectGradients(of: SoftmaxCrossEntropyLoss(), prediction: x, target: .values(rows))
  }

  @Test(.waits(for: steps), arguments: [[1, 2], [6, 3], [2, 3, 4]])
  func theGradientHasTheShapeOfTheScores(shape: [Int]) throws {
    let x = Tensor(normal: shape, key: RandomKey(seed: varied(1)))
    let rows = x.count / shape[shape.count - 1]
    var loss = SoftmaxCrossEntropyLoss()
    let gradient = try lossPass(
      &loss, x, target: .classes(Array(repeating: 1, count: rows))
    ).gradient
    expectClose(
      gradient.sum(axis: -1), Tensor(zeros: shape.dropLast()),
      "SoftmaxCrossEntropyLoss.backward: p and t both sum to 1, so each row of p − t sums to 0")
  }

  @Test(.waits(for: steps)) func theCallersTensorsStayAsTheyAre() throws {
    let rows: Tensor = [[1, 0], [0, 1]]
    let scores: Tensor = [[1, 2], [3, 4]]
    var loss = SoftmaxCrossEntropyLoss()
    _ = try lossPass(&loss, scores, target: .values(rows))
    #expect(scores == [[1, 2], [3, 4]], "the loss changes the scores in place")
    #expect(rows == [[1, 0], [0, 1]], "the loss changes the target in place")
  }

  // MARK: What is given

  @Test(.waits(for: steps)) func wrongArgumentsStop() async {
    let early = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = SoftmaxCrossEntropyLoss()
      _ = loss.backward()
    }
    expectWords(of: early, "SoftmaxCrossEntropyLoss.backward", "no forward pass to go back through")
    let count = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = SoftmaxCrossEntropyLoss()
      _ = loss.forward([[1, 2]], target: .classes([0, 1]))
    }
    expectWords(of: count, "SoftmaxCrossEntropyLoss.forward: expected 1 class indices, got 2")
  }

  @Test func aConfigurationMakesTheSameLoss() throws {
    let copy = try SoftmaxCrossEntropyLoss(
      configuration: SoftmaxCrossEntropyLoss(reduction: .sum).configuration)
    #expect(copy.reduction == .sum)
    #expect(SoftmaxCrossEntropyLoss().reduction == .mean)
    #expect(copy.isClassification)
  }
}
