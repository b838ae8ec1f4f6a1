import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct MeanSquaredErrorLossTests {
  private let y: Tensor = [[1, 2, -1], [3, 4, 0.5]]
  private let t: Tensor = [[1, 1, 1], [1, 4, 0]]

  // y, t = torch.tensor(..., dtype=torch.float64); L = F.mse_loss(y, t, reduction="mean")
  // L.backward(); print(L, y.grad)                           # and with reduction="sum"
  @Test func numbersMatchPyTorch() throws {
    var loss = MeanSquaredErrorLoss()
    let mean = try lossPass(&loss, y, target: .values(t))
    expectClose(
      mean.value, 1.541666667, "MeanSquaredErrorLoss.forward",
      mistakes: [
        "the mean is over the examples, not over all elements": 9.25 / 2,
        "it is not averaged": 9.25, "it is halved": 1.541666667 / 2,
      ])
    let gradient: Tensor = [[0, 2, -4], [4, 0, 1]]
    expectClose(
      mean.gradient, gradient / 6, "MeanSquaredErrorLoss.backward",
      mistakes: ["the factor 2 is missing": gradient / 12, "it is not averaged": gradient])
    var summed = MeanSquaredErrorLoss(reduction: .sum)
    let sum = try lossPass(&summed, y, target: .values(t))
    expectClose(sum.value, 9.25, "MeanSquaredErrorLoss(reduction: .sum).forward")
    expectClose(sum.gradient, gradient, "MeanSquaredErrorLoss(reduction: .sum).backward")
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    for reduction in Reduction.allCases {
      try expectGradients(
        of: MeanSquaredErrorLoss(reduction: reduction),
        prediction: Tensor(normal: [3, 2, 4], key: RandomKey(seed: varied(5))),
        target: .values(Tensor(normal: [3, 2, 4], key: RandomKey(seed: varied(6)))))
    }
  }

  @Test func targetsThatDoNotFitAreRefused() async throws {
    let loss = MeanSquaredErrorLoss()
    #expect(loss.metrics.map(\.name) == ["RMSE", "MAE", "R2"] && !loss.isClassification)
    try loss.check(outputShape: [3], target: .values(t))
    expectCourseError(.shapeMismatch, "[N] + [1]", "[2, 3]") {
      try loss.check(outputShape: [1], target: .values(t))
    }
    expectCourseError(.shapeMismatch, "2 classes") {
      try loss.check(outputShape: [1], target: .classes([0, 1]))
    }
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var loss = MeanSquaredErrorLoss()
      _ = loss.forward([[1, 2]], target: .values([[1], [2]]))
    }
    expectWords(of: result, "MeanSquaredErrorLoss.forward", "[1, 2]", "[2, 1]")
  }
}
