import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.watched) struct RegressionLossTests {
  // np.where(abs(d) <= delta, d * d / 2, delta * (abs(d) - delta / 2)) for d = y - t, in double precision.
  private let y: Tensor = [[1.5, 0], [2.5, 4.25]]
  private let t: Tensor = [[1, 2], [1, 4]]

  @Test func numbersMatchNumPy() throws {
    var huber = HuberLoss()
    let mean = try lossPass(&huber, y, target: .values(t))
    expectClose(mean.value, 0.6640625, "HuberLoss.forward")
    expectClose(mean.gradient, [[0.125, -0.25], [0.25, 0.0625]], "HuberLoss.backward")
    var narrow = HuberLoss(delta: 0.3)
    expectClose(
      narrow.forward(y, target: .values(t)), 0.2740625, "HuberLoss(delta: 0.3).forward")
    var sum = HuberLoss(reduction: .sum)
    expectClose(sum.forward(y, target: .values(t)), 2.65625, "HuberLoss(reduction: .sum).forward")
    var absolute = MeanAbsoluteErrorLoss()
    let distance = try lossPass(&absolute, y, target: .values(t))
    expectClose(distance.value, 1.0625, "MeanAbsoluteErrorLoss.forward")
    expectClose(
      distance.gradient, [[0.25, -0.25], [0.25, 0.25]], "MeanAbsoluteErrorLoss.backward")
    #expect(absolute.forward([[3]], target: .values([[3]])) == 0)
    #expect(absolute.backward() == [[0]])
    // (h * w[:, None]).sum() / (2 * w.sum())
    expectClose(
      huber.forward(y, target: .values(t), weights: [1, 3]), 0.58984375, "HuberLoss with weights")
    expectClose(
      absolute.forward(y, target: .values(t), weights: [1, 3]), 0.96875,
      "MeanAbsoluteErrorLoss with weights")
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    let prediction = Tensor(normal: [3, 2, 4], key: RandomKey(seed: 5))
    let target = Target.values(Tensor(normal: [3, 2, 4], key: RandomKey(seed: 6)))
    for reduction in Reduction.allCases {
      try expectGradients(
        of: HuberLoss(delta: 0.7, reduction: reduction), prediction: prediction, target: target)
      try expectGradients(
        of: MeanAbsoluteErrorLoss(reduction: reduction), prediction: prediction, target: target)
    }
  }

  @Test func settingsAndTargetsAreChecked() {
    for delta: Float in [0, -1, .nan, .infinity] {
      expectCourseError(.invalidArgument, "delta out of range") {
        try HuberLoss(configuration: .init(delta: delta))
      }
    }
    expectCourseError(.shapeMismatch, "HuberLoss", "[N] + [1]") {
      try HuberLoss().check(outputShape: [1], target: .values(t))
    }
    #expect(MeanAbsoluteErrorLoss().metrics.map(\.name) == ["RMSE", "MAE", "R2"])
  }
}
