/// The fraction of yes-or-no answers that are right: on the same side of the threshold as the truth.
///
///     var accuracy = BinaryAccuracy()
///     accuracy.update(prediction: [[0.9], [0.3]], target: .classes([1, 1]))
///     accuracy.value   // 0.5
public struct BinaryAccuracy: Metric {
  /// "accuracy"
  public var name: String { "accuracy" }
  /// A prediction of at least this much says yes.
  public let threshold: Float
  /// The number of right answers, and of all.
  public var sums = MetricSums()

  /// Starts without answers. On scores before a sigmoid the threshold is 0.
  public init(threshold: Float = 0.5) { self.threshold = threshold }

  /// Collects one batch.
  /// - Parameters:
  ///   - prediction: a probability for each question, `[N, K]`
  ///   - target: as many numbers, of which those of at least 0.5 mean yes; or for K = 1 the classes 0 and 1
  public mutating func update(prediction: Tensor, target: Target) {
    let truth = target.binaryTruth(for: prediction, place: "BinaryAccuracy")
    let right = ((prediction .>= threshold) .== (truth .>= 0.5)).sum()
    sums.add(Double(right), count: prediction.count)
  }
}

extension Target {
  /// The truth of yes-or-no questions, one number for each prediction: given values as they are, and the
  /// classes 0 and 1 as a column of numbers.
  package func binaryTruth(for prediction: Tensor, place: String) -> Tensor {
    switch self {
    case .values(let values):
      guard values.shape == prediction.shape else {
        stop(place, expected: "targets of shape \(prediction.shape)", received: "\(values.shape)")
      }
      return values
    case .classes(let classes):
      guard classes.count == prediction.count else {
        stop(place, expected: "\(prediction.count) classes", received: "\(classes.count)")
      }
      if let wrong = classes.first(where: { $0 != 0 && $0 != 1 }) {
        stop(place, expected: "the classes 0 and 1", received: "\(wrong)")
      }
      return Tensor(classes.map(Float.init)).reshaped(to: prediction.shape)
    case .classSequences:
      stop(place, expected: "a number for each prediction", received: "sequences of classes")
    case .tasks:
      stop(place, expected: "a number for each prediction", received: summary)
    }
  }
}
