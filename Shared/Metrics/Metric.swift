/// A number that says how good predictions are, collected batch by batch.
///
///     var accuracy = Accuracy()
///     for batch in batches { accuracy.update(prediction: network.predict(batch), target: labels) }
///     accuracy.value
public protocol Metric: Sendable {
  /// What tables and progress bars call the metric.
  var name: String { get }
  /// Takes in one batch.
  /// - Parameters:
  ///   - prediction: a score for each class, `[N, classes]`; the largest wins
  ///   - target: N class indices, or one-hot rows `[N, classes]`
  mutating func update(prediction: Tensor, target: Target)
  /// The metric of everything taken in so far; NaN before the first batch.
  var value: Float { get }
  /// Forgets everything taken in.
  mutating func reset()
}

/// The predicted and the right class of each example, after a check that they fit.
func classPairs(
  prediction: Tensor, target: Target, metric: String
) -> (predicted: [Int], actual: [Int]) {
  guard prediction.rank >= 2, let classCount = prediction.shape.last, classCount > 0 else {
    stop(metric, expected: "predictions [N, classes]", received: "shape \(prediction.shape)")
  }
  if case .values(let values) = target, values.shape != prediction.shape {
    stop(metric, expected: "targets of shape \(prediction.shape)", received: "\(values.shape)")
  }
  var (predicted, actual) = (prediction.argmax(axis: -1), target.classIndices)
  guard predicted.count == actual.count else {
    stop(metric, expected: "\(predicted.count) targets", received: "\(actual.count)")
  }
  if case .classSequences = target {
    let asked = actual.indices.filter { actual[$0] != Target.ignored }
    (predicted, actual) = (asked.map { predicted[$0] }, asked.map { actual[$0] })
  }
  if let wrong = actual.first(where: { !(0..<classCount).contains($0) }) {
    stop(metric, expected: "labels below \(classCount)", received: "\(wrong)")
  }
  return (predicted, actual)
}
