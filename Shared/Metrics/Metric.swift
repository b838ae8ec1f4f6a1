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
  /// How the value of a metric follows from its sums.
  public enum Form: String, Codable, Sendable {
    /// The mean, `sum / count`.
    case mean
    /// The root of the mean.
    case root
    /// The coefficient of determination, from `columns`.
    case determination
    /// The mean intersection over union, from `columns`.
    case intersectionOverUnion
  }

  /// The sums over one of the numbers that a regression predicts, or over the pixels of one class.
  public struct Column: Codable, Sendable, Equatable {
    /// A number near the targets, from which they are counted.
    var shift = 0.0
    /// Of a class, the number of right pixels.
    var sum = 0.0
    var squares = 0.0
    /// The sum of the squared errors; of a class, the pixels that either are of it or were taken for it.
    var errors = 0.0
  }

  /// The sum over the answers: of an accuracy, the number of right ones.
  public var sum = 0.0
  /// The number of answers.
  public var count = 0
  /// How the value follows from the sums.
  public var form = Form.mean
  /// The sums of each number, for a coefficient of determination.
  public var columns: [Column] = []

  /// No answers.
  public init() {}

  /// Adds the sum over more answers.
  public mutating func add(_ sum: Double, count: Int) {
    self.sum += sum
    self.count += count
  }

  /// The mean; `nil` without answers.
  public var mean: Double? { count > 0 ? sum / Double(count) : nil }

  /// The value of the metric; `nil` without answers, and for a determination of targets that are all equal.
  public var value: Double? {
    switch form {
    case .mean: return mean
    case .root: return mean?.squareRoot()
    case .determination:
      let shares = columns.map { column in
        column.errors / (column.squares - column.sum * column.sum / Double(Swift.max(count, 1)))
      }
      guard !shares.isEmpty, shares.allSatisfy(\.isFinite) else { return nil }
      return 1 - shares.reduce(0, +) / Double(shares.count)
    case .intersectionOverUnion:
      let shares = columns.map { $0.sum / ($0.sum + $0.errors) }.filter(\.isFinite)
      return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
    }
  }

  private enum CodingKeys: String, CodingKey { case sum, count, form, columns }

  /// Decodes sums; those of a mean have no form.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    sum = try values.decode(Double.self, forKey: .sum)
    count = try values.decode(Int.self, forKey: .count)
    form = try values.decodeIfPresent(Form.self, forKey: .form) ?? .mean
    columns = try values.decodeIfPresent([Column].self, forKey: .columns) ?? []
  }

  /// Encodes the sums; defaults are left out.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(sum, forKey: .sum)
    try values.encode(count, forKey: .count)
    if form != .mean { try values.encode(form, forKey: .form) }
    if !columns.isEmpty { try values.encode(columns, forKey: .columns) }
  }
}

extension Metric {
  /// The value over all answers so far; NaN before the first batch.
  public var value: Float { Float(sums.value ?? .nan) }
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
