import CourseTestSupport
import Foundation
import Phase1FeedForward
import Shared
import Testing

/// Task 1.5.
@Suite(.watched) struct CrossEntropyLossTests {
  private static let p: Tensor = [
    [0.7, 0.2, 0.1], [0.05, 0.15, 0.8], [0.3, 0.4, 0.3], [0.25, 0.5, 0.25],
  ]
  private static let target = Target.classes([0, 1, 2, 1])

  /// What the other tests wait for.
  static let example = Stage(
    "theLossIsAveragedOverTheBatch() and theGradientIsAveragedLikeTheLoss()"
  ) {
    CrossEntropyLossTests().theLossIsAveragedOverTheBatch()
    try CrossEntropyLossTests().theGradientIsAveragedLikeTheLoss()
  }

  @Test func theLossIsAveragedOverTheBatch() {
    var loss = CrossEntropyLoss()
    Self.expectLoss(loss.forward(Self.p, target: Self.target))
  }

  // p = torch.tensor([[0.7, 0.2, 0.1], ...], dtype=torch.float64, requires_grad=True)
  // L = torch.nn.functional.nll_loss(torch.log(p), torch.tensor([0, 1, 2, 1]), reduction="mean")
  // L.backward(); print(L, p.grad)          # and with reduction="sum"

  /// Names what is wrong with the loss.
  static func expectLoss(_ value: Float, sourceLocation: SourceLocation = #_sourceLocation) {
    let (mean, sum): (Float, Float) = (1.03772873, 4.15091491)
    expectClose(
      value, mean, "CrossEntropyLoss.forward",
      mistakes: [
        "it is not averaged: divide by the batch size for .mean (scale(for:))": sum,
        "it is averaged twice: scale(for:) has divided by the batch size already": mean / 4,
        "it is divided by the number of classes, too: the mean is over the examples": sum / 12,
        "it is divided by the number of classes instead of the batch size": sum / 3,
        "it is averaged twice, over the classes, too: .sum() and scale(for:)": sum / 48,
        "truth and prediction are swapped: L = −Σ t ln p, not −Σ p ln t":
          -(p * log(Tensor.maximum(target.truth(for: p, place: "test"), 6e-8))).sum() / 4,
        "the sign is wrong: L = −Σ t ln p": -mean,
        "the sign is wrong, and it is not averaged": -sum,
        "the probabilities of the wrong classes count, too: only t = 1 does":
          -log(p).sum() / 4,
        "the logarithm is missing: L = −Σ t ln p": -(0.7 + 0.15 + 0.3 + 0.5) / 4,
        "the logarithm is missing, and so is the sign: L = −Σ t ln p": (0.7 + 0.15 + 0.3 + 0.5) / 4,
        "the logarithm is taken of 1 − p: L = −Σ t ln p":
          -(log(1 - p) * target.truth(for: p, place: "test")).sum() / 4,
        "this is the loss of binary targets: of the wrong classes nothing counts, L = −Σ t ln p":
          sum / 4 - (log(1 - p) * (1 - target.truth(for: p, place: "test"))).sum() / 4,
        "it is the logarithm to base 2: ln p": mean / 0.693147,
        "it is the logarithm to base 10: ln p": mean / 2.302585,
        "it is zero": 0,
      ], notFinite: "the logarithm of a truth of 0 is infinite: L = −Σ t ln p, not −Σ p ln t",
      sourceLocation: sourceLocation)
  }

  @Test func theLossIsSummedOnRequest() throws {
    try Self.example.require()
    var loss = CrossEntropyLoss(reduction: .sum)
    expectClose(
      loss.forward(Self.p, target: Self.target), 4.15091491,
      "CrossEntropyLoss(reduction: .sum).forward",
      mistakes: ["it is averaged: .sum wants the plain sum (scale(for:))": 1.03772873])
  }

  private static let sumGradient: Tensor = [
    [-1.42857143, 0, 0], [0, -6.66666667, 0], [0, 0, -3.33333333], [0, -2, 0],
  ]

  @Test func theGradientIsAveragedLikeTheLoss() throws {
    var loss = CrossEntropyLoss()
    Self.expectGradient(try lossPass(&loss, Self.p, target: Self.target).gradient)
  }

  /// Names what is wrong with the gradient.
  static func expectGradient(
    _ gradient: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let t = target.truth(for: p, place: "test")
    expectClose(
      gradient, sumGradient / 4, "CrossEntropyLoss.backward",
      mistakes: [
        "it is not averaged: the loss is a mean, so its gradient is divided by N, too":
          sumGradient,
        "it is averaged twice": sumGradient / 16,
        "it is divided by the number of classes, too": sumGradient / 12,
        "the sign is wrong: dP = −t / p": -sumGradient / 4,
        "the sign is wrong, and it is not averaged": -sumGradient,
        "the classes that are not the right one have no gradient: dP = −t / p": -1 / p / 4,
        "this is the gradient of softmax and cross-entropy together (p − t), which is task 1.6":
          (p - t) / 4,
        "the probability is a factor instead of a divisor: dP = −t / p": -t * p / 4,
        "the division by p is missing: dP = −t / p": -t / 4,
        "this is the loss, not its gradient: dP = −t / p": -t * log(p) / 4,
        "this is the gradient of binary targets: the wrong classes have none":
          ((1 - t) / (1 - p) - t / p) / 4,
        "it is zero: dP = −t / p": Tensor(zeros: [4, 3]),
      ], notFinite: "it is divided by t, which is 0: dP = −t / p, not −p / t",
      sourceLocation: sourceLocation)
  }

  @Test func theGradientIsSummedOnRequest() throws {
    try Self.example.require()
    var loss = CrossEntropyLoss(reduction: .sum)
    expectClose(
      try lossPass(&loss, Self.p, target: Self.target).gradient, Self.sumGradient,
      "CrossEntropyLoss(reduction: .sum).backward",
      mistakes: ["it is averaged: .sum wants −t / p (scale(for:))": Self.sumGradient / 4])
  }

  @Test func oneHotRowsAndClassIndicesAreTheSame() throws {
    try Self.example.require()
    var (first, second) = (CrossEntropyLoss(), CrossEntropyLoss())
    let rows = Target.values([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]])
    let byIndex = try lossPass(&first, Self.p, target: Self.target)
    let byRow = try lossPass(&second, Self.p, target: rows)
    #expect(byIndex.value == byRow.value)
    #expect(byIndex.gradient == byRow.gradient)
  }

  // t = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.6, 0.3]]); L = -(t * torch.log(p)).sum() / 2
  @Test func softTargetsMatchPyTorch() throws {
    try Self.example.require()
    var loss = CrossEntropyLoss()
    let (value, gradient) = try lossPass(
      &loss, [[0.7, 0.2, 0.1], [0.05, 0.15, 0.8]],
      target: .values([[0.5, 0.25, 0.25], [0.1, 0.6, 0.3]]))
    expectClose(value, 1.33056575, "CrossEntropyLoss.forward with soft targets")
    expectClose(
      gradient, [[-0.35714286, -0.625, -1.25], [-1, -2, -0.1875]],
      "CrossEntropyLoss.backward with soft targets")
  }

  @Test func aProbabilityOfZeroGivesAFiniteLoss() throws {
    try Self.example.require()
    var loss = CrossEntropyLoss()
    let value = loss.forward([[0, 1], [1, 0]], target: .classes([0, 0]))
    #expect(
      value.isFinite,
      """
      CrossEntropyLoss.forward: the logarithm of a probability of 0 is infinite: take it of \
      max(p, epsilon). Got \(value)
      """)
    // −ln(6e-8) / 2
    expectClose(value, 8.31448, "CrossEntropyLoss.forward with a probability of 0", rtol: 1e-4)
  }

  @Test func aProbabilityOfZeroGivesAFiniteGradient() throws {
    try Self.example.require()
    var loss = CrossEntropyLoss(reduction: .sum)
    let gradient = try lossPass(&loss, [[0, 1]], target: .classes([0])).gradient
    Self.expectGradientAtZero(gradient)
  }

  /// Names what is wrong with the gradient at a probability of 0.
  static func expectGradientAtZero(
    _ gradient: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectClose(
      gradient, [[-1.6666667e7, 0]], "CrossEntropyLoss.backward at a probability of 0",
      mistakes: [
        "it is 0: a network that is sure of the wrong class must still learn": [[0, 0]]
      ],
      notFinite: """
        the gradient at a probability of 0 is infinite: divide by max(p, epsilon), as forward takes the \
        logarithm of it
        """, sourceLocation: sourceLocation)
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    try Self.example.require()
    // Probabilities away from 0: nearer to it the loss is too curved for finite differences.
    let p = Tensor(uniform: [5, 3], in: 0.3..<0.9, key: RandomKey(seed: varied(1)))
    for reduction in Reduction.allCases {
      try expectGradients(
        of: CrossEntropyLoss(reduction: reduction), prediction: p,
        target: .classes([2, 0, 1, 1, 0]))
    }
    try expectGradients(
      of: CrossEntropyLoss(), prediction: p,
      target: .values(Tensor(uniform: [5, 3], key: RandomKey(seed: varied(2)))))
  }

  @Test(arguments: [[1, 2], [6, 3], [2, 3, 4]])
  func theGradientHasTheShapeOfThePrediction(shape: [Int]) throws {
    try Self.example.require()
    let p = Tensor(uniform: shape, in: 0.1..<0.9, key: RandomKey(seed: varied(1)))
    let rows = p.count / shape[shape.count - 1]
    var loss = CrossEntropyLoss()
    let (value, gradient) = try lossPass(
      &loss, p, target: .classes(Array(repeating: 1, count: rows)))
    #expect(gradient.shape == shape)
    let logarithms = log(p.reshaped(to: [rows, -1])).slice(axis: 1, at: 1)
    expectClose(value, -logarithms.mean(), "CrossEntropyLoss.forward of shape \(shape)")
  }

  @Test func theCallersTensorsStayAsTheyAre() throws {
    try Self.example.require()
    let rows: Tensor = [[1, 0], [0, 1]]
    let prediction: Tensor = [[0.25, 0.75], [0, 1]]
    var loss = CrossEntropyLoss()
    _ = try lossPass(&loss, prediction, target: .values(rows))
    #expect(prediction == [[0.25, 0.75], [0, 1]], "the loss changes the prediction in place")
    #expect(rows == [[1, 0], [0, 1]], "the loss changes the target in place")
  }

  // MARK: What is given

  @Test func wrongArgumentsStop() async throws {
    try Self.example.require()
    let early = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = CrossEntropyLoss()
      _ = loss.backward()
    }
    expectWords(of: early, "CrossEntropyLoss.backward", "no forward pass to go back through")
    let count = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = CrossEntropyLoss()
      _ = loss.forward([[0.5, 0.5]], target: .classes([0, 1]))
    }
    expectWords(of: count, "CrossEntropyLoss.forward: expected 1 class indices, got 2")
    let shape = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = CrossEntropyLoss()
      _ = loss.forward([[0.5, 0.5]], target: .values([[1, 0, 0]]))
    }
    expectWords(of: shape, "CrossEntropyLoss.forward", "[1, 2]", "[1, 3]")
  }

  @Test func aConfigurationMakesTheSameLoss() throws {
    let copy = try CrossEntropyLoss(configuration: CrossEntropyLoss(reduction: .sum).configuration)
    #expect(copy.reduction == .sum)
    #expect(CrossEntropyLoss().reduction == .mean)
    #expect(copy.isClassification)
    #expect(copy.prediction(from: Self.p) == Self.p, "probabilities are predictions already")
  }
}
