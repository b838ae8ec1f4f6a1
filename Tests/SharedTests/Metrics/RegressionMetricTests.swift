import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct RegressionMetricTests {
  // mean_squared_error(t, y) ** .5, mean_absolute_error(t, y), r2_score(t, y) of scikit-learn.
  private let y: Tensor = [[1, 10], [2, 30], [5, 20]]
  private let t: Tensor = [[1, 12], [3, 28], [5, 26]]

  private func value(_ metric: some Metric, shift: Float = 0) -> Float {
    var metric = metric
    // In two batches.
    for rows in [0..<2, 2..<3] {
      metric.update(prediction: y[rows] + shift, target: .values(t[rows] + shift))
    }
    return metric.value
  }

  @Test func valuesMatchScikitLearn() {
    expectClose(value(RootMeanSquaredError()), 2.7386127875, "RMSE")
    expectClose(value(MeanAbsoluteError()), 1.8333333333, "MAE")
    expectClose(value(R2()), 0.7927631579, "R2")
    // Far from 0 the squares have no digits left for the differences.
    expectClose(value(R2(), shift: 100_000), 0.7927631579, "R2 of large numbers", rtol: 1e-4)
  }

  @Test func equalTargetsHaveNoDetermination() {
    var metric = R2()
    metric.update(prediction: [[1], [2]], target: .values([[3], [3]]))
    #expect(metric.value.isNaN && R2().value.isNaN)
  }

  @Test func sumsAreKeptInCheckpoints() throws {
    var metric = R2()
    metric.update(prediction: y, target: .values(t))
    let copy = try JSONDecoder().decode(MetricSums.self, from: JSONEncoder().encode(metric.sums))
    #expect(copy == metric.sums)
    let old = try JSONDecoder().decode(MetricSums.self, from: Data(#"{"sum":3,"count":4}"#.utf8))
    #expect(old.value == 0.75)
    #expect(try String(decoding: JSONEncoder().encode(old), as: UTF8.self).count < 24)
  }

  @Test func scaledTargetsComeBackInTheirUnit() throws {
    let targets = Target.values([[100, 5], [300, 5.5], [200, 7]])
    let data = try Dataset(features: [[1], [3], [2]], targets: targets)
    let scaler = try FeatureScaler.standardizingTargets(data)
    expectClose(Tensor(scaler.offset), [200, 5.8333333], "mean of the targets")
    guard case .values(let values) = targets else { return }
    expectClose(scaler.inverse(scaler(values)), values, "there and back", rtol: 1e-6)
    expectClose(
      FeatureScaler.dividing(by: 4).inverse([[1, 2]]), [[4, 8]], "one number for all")
    expectCourseError(.invalidData, "the same in all training examples", "target 0") {
      try FeatureScaler.standardizingTargets(
        Dataset(features: [[1], [2]], targets: .values([[3], [3]])))
    }
    expectCourseError(.invalidData, "no numbers to scale") {
      try FeatureScaler.standardizingTargets(.iris)
    }
  }
}
