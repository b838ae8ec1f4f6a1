import Foundation
import Phase1FeedForward
import Shared
import TestSupport
import Testing

/// Task 1.5.
@Suite(.watched) struct CrossEntropyLossTests {
  private let p: Tensor = [
    [0.7, 0.2, 0.1], [0.05, 0.15, 0.8], [0.3, 0.4, 0.3], [0.25, 0.5, 0.25],
  ]
  private let target = Target.classes([0, 1, 2, 1])

  // p = torch.tensor([[0.7, 0.2, 0.1], ...], dtype=torch.float64, requires_grad=True)
  // L = torch.nn.functional.nll_loss(torch.log(p), torch.tensor([0, 1, 2, 1]), reduction="mean")
  // L.backward(); print(L, p.grad)          # and with reduction="sum"
  @Test func theLossIsAveragedOverTheBatch() {
    var loss = CrossEntropyLoss()
    let (mean, sum): (Float, Float) = (1.03772873, 4.15091491)
    expectClose(
      loss.forward(p, target: target), mean, "CrossEntropyLoss.forward",
      mistakes: [
        "it is not averaged: divide by the batch size for .mean (scale(for:))": sum,
        "it is averaged twice: scale(for:) has divided by the batch size already": mean / 4,
        "it is divided by the number of classes, too: the mean is over the examples": sum / 12,
        "it is divided by the number of classes instead of the batch size": sum / 3,
        "the sign is wrong: L = −Σ t ln p": -mean,
        "the sign is wrong, and it is not averaged": -sum,
        "the probabilities of the wrong classes count, too: only t = 1 does":
          -log(p).sum() / 4,
        "the logarithm is missing: L = −Σ t ln p": -(0.7 + 0.15 + 0.3 + 0.5) / 4,
        "it is zero": 0,
      ])
  }

  @Test func theLossIsSummedOnRequest() {
    var loss = CrossEntropyLoss(reduction: .sum)
    expectClose(
      loss.forward(p, target: target), 4.15091491, "CrossEntropyLoss(reduction: .sum).forward",
      mistakes: ["it is averaged: .sum wants the plain sum (scale(for:))": 1.03772873])
  }

  private let sumGradient: Tensor = [
    [-1.42857143, 0, 0], [0, -6.66666667, 0], [0, 0, -3.33333333], [0, -2, 0],
  ]

  @Test func theGradientIsAveragedLikeTheLoss() throws {
    var loss = CrossEntropyLoss()
    let gradient = try lossPass(&loss, p, target: target).gradient
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
          (p - target.truth(for: p, place: "test")) / 4,
        "it is zero: dP = −t / p": Tensor(zeros: [4, 3]),
      ])
  }

  @Test func theGradientIsSummedOnRequest() throws {
    var loss = CrossEntropyLoss(reduction: .sum)
    expectClose(
      try lossPass(&loss, p, target: target).gradient, sumGradient,
      "CrossEntropyLoss(reduction: .sum).backward",
      mistakes: ["it is averaged: .sum wants −t / p (scale(for:))": sumGradient / 4])
  }

  @Test func oneHotRowsAndClassIndicesAreTheSame() throws {
    var (first, second) = (CrossEntropyLoss(), CrossEntropyLoss())
    let rows = Target.values([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]])
    let byIndex = try lossPass(&first, p, target: target)
    let byRow = try lossPass(&second, p, target: rows)
    #expect(byIndex.value == byRow.value)
    #expect(byIndex.gradient == byRow.gradient)
  }

  // t = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.6, 0.3]]); L = -(t * torch.log(p)).sum() / 2
  @Test func softTargetsMatchPyTorch() throws {
    var loss = CrossEntropyLoss()
    let (value, gradient) = try lossPass(
      &loss, [[0.7, 0.2, 0.1], [0.05, 0.15, 0.8]],
      target: .values([[0.5, 0.25, 0.25], [0.1, 0.6, 0.3]]))
    expectClose(value, 1.33056575, "CrossEntropyLoss.forward with soft targets")
    expectClose(
      gradient, [[-0.35714286, -0.625, -1.25], [-1, -2, -0.1875]],
      "CrossEntropyLoss.backward with soft targets")
  }

  @Test func aProbabilityOfZeroGivesAFiniteLoss() {
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
    var loss = CrossEntropyLoss(reduction: .sum)
    let gradient = try lossPass(&loss, [[0, 1]], target: .classes([0])).gradient
    #expect(
      gradient.isFinite,
      """
      CrossEntropyLoss.backward: the gradient at a probability of 0 is infinite: divide by \
      max(p, epsilon), as forward takes the logarithm of it. Got \(gradient)
      """)
    expectClose(
      gradient, [[-1.6666667e7, 0]], "CrossEntropyLoss.backward at a probability of 0",
      mistakes: [
        "it is 0: a network that is sure of the wrong class must still learn": [[0, 0]]
      ])
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    // Probabilities away from 0: nearer to it the loss is too curved for finite differences.
    let p = Tensor(uniform: [5, 3], in: 0.3..<0.9, key: RandomKey(seed: 1))
    for reduction in Reduction.allCases {
      try expectGradients(
        of: CrossEntropyLoss(reduction: reduction), prediction: p,
        target: .classes([2, 0, 1, 1, 0]))
    }
    try expectGradients(
      of: CrossEntropyLoss(), prediction: p,
      target: .values(Tensor(uniform: [5, 3], key: RandomKey(seed: 2))))
  }

  @Test(arguments: [[1, 2], [6, 3], [2, 3, 4]])
  func theGradientHasTheShapeOfThePrediction(shape: [Int]) throws {
    let p = Tensor(uniform: shape, in: 0.1..<0.9, key: RandomKey(seed: 1))
    let rows = p.count / shape[shape.count - 1]
    var loss = CrossEntropyLoss()
    let (value, gradient) = try lossPass(
      &loss, p, target: .classes(Array(repeating: 1, count: rows)))
    #expect(gradient.shape == shape)
    let logarithms = log(p.reshaped([rows, -1])).slice(axis: 1, at: 1)
    expectClose(value, -logarithms.mean(), "CrossEntropyLoss.forward of shape \(shape)")
  }

  @Test func theCallersTensorsStayAsTheyAre() throws {
    let rows: Tensor = [[1, 0], [0, 1]]
    let prediction: Tensor = [[0.25, 0.75], [0, 1]]
    var loss = CrossEntropyLoss()
    _ = try lossPass(&loss, prediction, target: .values(rows))
    #expect(prediction == [[0.25, 0.75], [0, 1]], "the loss changes the prediction in place")
    #expect(rows == [[1, 0], [0, 1]], "the loss changes the target in place")
  }

  // MARK: What is given

  @Test func wrongArgumentsStop() async {
    let early = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = CrossEntropyLoss()
      _ = loss.backward()
    }
    expectWords(of: early, "CrossEntropyLoss.backward", "a forward pass")
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

  @Test func aConfigurationMakesTheSameLoss() {
    let copy = CrossEntropyLoss(configuration: CrossEntropyLoss(reduction: .sum).configuration)
    #expect(copy.reduction == .sum)
    #expect(CrossEntropyLoss().reduction == .mean)
    #expect(copy.isClassification)
    #expect(copy.prediction(from: p) == p, "probabilities are predictions already")
  }
}
