import CourseTestSupport
import Foundation
import Shared
import Testing

/// Metrics in the reports of `fit` and `evaluate`.
@Suite(.watched) struct MetricReportTests {
  /// The mean of |prediction − target|.
  private struct MeanAbsoluteError: Metric {
    let name = "mean absolute error"
    var sums = MetricSums()
    mutating func update(prediction: Tensor, target: Target) {
      guard case .values(let values) = target else { return }
      sums.add(Double(abs(prediction - values).sum()), count: prediction.count)
    }
  }

  private let data: Dataset

  init() throws {
    let features = Tensor(normal: [10, 3], key: RandomKey(seed: 1))
    data = try Dataset(features: features, targets: .values(features.matmul([[1], [2], [3]])))
  }

  private func network() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0.1), seed: 1)
    try network.append(TinyDense(inputSize: 3, outputSize: 1))
    return network
  }

  @Test func givenMetricsAreReportedByFitAndEvaluate() throws {
    var network = try network()
    let metrics: [any Metric] = [MeanAbsoluteError()]
    #expect(try network.evaluate(data).metrics.isEmpty, "the loss has none")
    let before = try network.evaluate(data, batchSize: 3, metrics: metrics)
    var expected = MeanAbsoluteError()
    expected.update(prediction: try network.predict(data.features), target: data.targets)
    expectClose(
      Float(try #require(before.metrics["mean absolute error"])), expected.value, "evaluate")
    let history = try network.fit(
      data, validation: data, options: TrainingOptions(epochs: 3, batchSize: 3), metrics: metrics)
    let errors = history.epochs.compactMap { $0.validation?.metrics["mean absolute error"] }
    #expect(errors.count == 3 && errors[2] < errors[0])
    #expect(
      try network.evaluate(data, metrics: metrics).metrics["mean absolute error"] == errors[2])
    #expect(history.epochs[0].training.metrics.keys.sorted() == ["mean absolute error"])
  }

  @Test func aMetricGoesOnInTheMiddleOfAnEpoch() throws {
    struct Stop: TrainingCallback {
      mutating func stepEnded(
        _ report: StepReport, network: inout NeuralNetwork
      ) -> TrainingControl { report.step == 2 ? .stop : .proceed }
    }
    let options = TrainingOptions(epochs: 1, batchSize: 3)
    var whole = try network()
    let expected = try whole.fit(data, options: options, metrics: [MeanAbsoluteError()])
    var part = try network()
    try part.fit(data, options: options, metrics: [MeanAbsoluteError()], callbacks: [Stop()])
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "part.safetensors")
      try part.save(to: url)
      var resumed = try loadTiny(url)
      #expect(
        try resumed.fit(data, options: options, metrics: [MeanAbsoluteError()], resuming: true)
          == expected)
    }
  }

  @Test func twoMetricsOfOneNameAreRefused() throws {
    let network = try network()
    expectCourseError(.invalidArgument, "two metrics have the same name") {
      try network.evaluate(data, metrics: [MeanAbsoluteError(), MeanAbsoluteError()])
    }
  }
}
