/// A measure of the quality of predictions: a mean over their answers, collected batch by batch.
///
/// `fit` and `evaluate` report the metrics that they are given, or those of the loss.
///
///     var accuracy = Accuracy()
///     for batch in batches { accuracy.update(prediction: network.predict(batch), target: labels) }
///     accuracy.value
public protocol Metric: Sendable {
  /// The name in tables and reports.
  var name: String { get }
  /// The sum and the number of the answers collected so far.
  var sums: MetricSums { get set }
  /// Collects one batch.
  /// - Parameters:
  ///   - prediction: the outputs of a network, `[N] + outputShape`
  ///   - target: the targets of the batch
  mutating func update(prediction: Tensor, target: Target)
}

/// The sum of a metric over a number of answers.
public struct MetricSums: Codable, Sendable, Equatable {
  /// The sum over the answers: of an accuracy, the number of right ones.
  public var sum = 0.0
  /// The number of answers.
  public var count = 0

  /// No answers.
  public init() {}

  /// Adds the sum over more answers.
  public mutating func add(_ sum: Double, count: Int) {
    self.sum += sum
    self.count += count
  }

  /// The mean; `nil` without answers.
  public var mean: Double? { count > 0 ? sum / Double(count) : nil }
}

extension Metric {
  /// The mean over all answers so far; NaN before the first batch.
  public var value: Float { Float(sums.mean ?? .nan) }
  /// Starts again without answers.
  public mutating func reset() { sums = MetricSums() }
}

/// The predicted and the right class of each example, after a check of their sizes.
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
