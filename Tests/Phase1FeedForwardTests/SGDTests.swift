import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.1.
@Suite(.watched) struct SGDTests {
  private func stepped(_ weights: Tensor, _ gradient: Tensor, learningRate: Float) -> Tensor {
    let optimizer = SGD(learningRate: learningRate)
    var moved = weights
    optimizer.update(&moved, gradient: gradient)
    return moved
  }

  // MARK: The example to begin with

  private static let weights: Tensor = [[1, -2, 0.5], [3, 0, -1]]
  private static let gradient: Tensor = [[2, 4, -6], [0, 1, 8]]

  @Test func aStepGoesAgainstTheGradient() {
    Self.expectStep(stepped(Self.weights, Self.gradient, learningRate: 0.5))
  }

  /// Names what is wrong with the weights after a step with learning rate 0.5.
  static func expectStep(_ moved: Tensor, sourceLocation: SourceLocation = #_sourceLocation) {
    expectClose(
      moved, [[0, -4, 3.5], [3, -0.5, -5]], "SGD.update",
      mistakes: [
        "the weights do not change": weights,
        "the step goes along the gradient, uphill: w − η · dL/dw, not w + η · dL/dw":
          weights + gradient * 0.5,
        "the learning rate is missing: w − η · dL/dw, not w − dL/dw": weights - gradient,
        "the learning rate is missing, and the step goes uphill: w − η · dL/dw":
          weights + gradient,
        "the weights are replaced by the step: w − η · dL/dw, not − η · dL/dw": gradient * -0.5,
        "the weights are replaced by the step, uphill: w − η · dL/dw, not η · dL/dw":
          gradient * 0.5,
        "the weights are replaced by the gradient: w − η · dL/dw": gradient,
        "the gradient is divided by the learning rate: w − η · dL/dw": weights - gradient / 0.5,
        "the learning rate is multiplied twice: w − η · dL/dw": weights - gradient * 0.25,
        "the gradient is missing: w − η · dL/dw, not w − η": weights - 0.5,
        "the step is multiplied with the weights: w − η · dL/dw, not w (1 − η · dL/dw)":
          weights * (1 - gradient * 0.5),
        "the weights shrink, too: w − η · dL/dw, not w (1 − η) − η · dL/dw":
          weights * 0.5 - gradient * 0.5,
      ], sourceLocation: sourceLocation)
  }

  private static let step = Stage("aStepGoesAgainstTheGradient()") {
    SGDTests().aStepGoesAgainstTheGradient()
  }

  // MARK: Other steps

  @Test(arguments: [[], [1], [3], [2, 3], [2, 1, 5]])
  func weightsOfAnyShapeMove(shape: [Int]) throws {
    try Self.step.require()
    expectClose(
      stepped(Tensor(ones: shape), Tensor(repeating: 4, shape: shape), learningRate: 0.125),
      Tensor(repeating: 0.5, shape: shape), "SGD.update of weights of shape \(shape)")
  }

  // w = torch.tensor([[0.3, -1.2, 0.7], [2.0, 0.1, -0.4]], dtype=torch.float64, requires_grad=True)
  // optimizer = torch.optim.SGD([w], lr=0.05)
  // for _ in range(3): optimizer.zero_grad(); (w ** 3).sum().backward(); optimizer.step()
  @Test func threeStepsMatchPyTorch() throws {
    try Self.step.require()
    let optimizer = SGD(learningRate: 0.05)
    var weights: Tensor = [[0.3, -1.2, 0.7], [2.0, 0.1, -0.4]]
    for _ in 0..<3 {
      optimizer.update(&weights, gradient: weights * weights * 3)
    }
    expectClose(
      weights, [[0.26291083, -2.15884731, 0.519295], [0.9225146, 0.09563201, -0.481472]],
      "SGD.update, three steps")
  }

  @Test func aStepDoesNotDependOnEarlierSteps() throws {
    try Self.step.require()
    let optimizer = SGD(learningRate: 0.5)
    var weights: Tensor = [0, 0]
    for _ in 0..<3 { optimizer.update(&weights, gradient: [1, -2]) }
    expectClose(
      weights, [-1.5, 3], "SGD.update, three steps with the same gradient",
      mistakes: ["the weights do not change": [0, 0], "only the first step counts": [-0.5, 1]])
  }

  @Test func theLearningRateOfNowCounts() throws {
    try Self.step.require()
    var optimizer = SGD(learningRate: 1)
    var weights: Tensor = [1]
    optimizer.learningRate = 0.25
    optimizer.update(&weights, gradient: [2])
    expectClose(
      weights, [0.5], "SGD.update after the learning rate was changed to 0.25",
      mistakes: ["the step has the learning rate that the optimizer was created with": [-1]])
    #expect(optimizer.configuration.learningRate == 0.25)
    expectClose(stepped([1], [2], learningRate: 0), [1], "SGD.update with learning rate 0")
  }

  @Test func onlyTheWeightsHandedInChange() throws {
    try Self.step.require()
    let (before, gradient): (Tensor, Tensor) = ([1, 2], [3, 4])
    var weights = before
    let optimizer = SGD(learningRate: 1)
    optimizer.update(&weights, gradient: gradient)
    #expect(before == [1, 2], "SGD.update changes a copy of the weights that another value holds")
    #expect(gradient == [3, 4], "SGD.update changes the gradient of its caller")
  }

  @Test func aBowlIsDescendedToItsBottom() throws {
    try Self.step.require()
    let optimizer = SGD(learningRate: 0.1)
    var weights: Tensor = [-4, 10]
    // (w₀ − 3)² + (w₁ + 1)² has the gradient 2 (w − [3, −1]).
    for _ in 0..<100 {
      optimizer.update(&weights, gradient: (weights - [3, -1]) * 2)
    }
    expectClose(weights, [3, -1], "the bottom of a bowl after 100 steps of SGD")
  }

  // MARK: What is given

  @Test func aConfigurationMakesTheSameOptimizer() throws {
    let copy = try SGD(configuration: SGD(learningRate: 0.3).configuration)
    #expect(copy.learningRate == 0.3)
    #expect(SGD.typeName == "SGD")
    var configuration = copy.configuration
    for wrong: Float in [-0.1, .nan, .infinity] {
      configuration.learningRate = wrong
      expectCourseError(.invalidArgument, "learning rate", "\(wrong)") {
        try SGD(configuration: configuration)
      }
    }
  }

  @Test func aBadLearningRateStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = SGD(learningRate: -1) }
    expectWords(
      of: result,
      "SGD: argument out of range: expected a finite learning rate of at least 0, got -1.0")
  }
}
