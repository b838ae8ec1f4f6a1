/// The fraction of examples whose highest score is that of the right class.
///
/// Works alike for class indices and for one-hot targets; of equal scores the first counts.
///
///     var accuracy = Accuracy()
///     accuracy.update(prediction: [[0.9, 0.1], [0.3, 0.7]], target: .classes([0, 0]))
///     accuracy.value   // 0.5
public struct Accuracy: Metric {
  /// "accuracy"
  public var name: String { "accuracy" }
  /// The number of right answers, and of all.
  public var sums = MetricSums()

  /// Starts without answers.
  public init() {}

  /// Collects one batch.
  public mutating func update(prediction: Tensor, target: Target) {
    let pairs = classPairs(prediction: prediction, target: target, metric: "Accuracy")
    let right = zip(pairs.predicted, pairs.actual).count { $0 == $1 }
    sums.add(Double(right), count: pairs.actual.count)
  }
}

/// The fraction of examples whose right class is among the `k` with the highest scores.
///
///     var top2 = TopKAccuracy(k: 2)
///     top2.update(prediction: [[0.5, 0.3, 0.2]], target: .classes([1]))
///     top2.value   // 1.0
public struct TopKAccuracy: Metric {
  /// How many guesses each example has.
  public let k: Int
  /// "top-k accuracy", with the number
  public var name: String { "top-\(k) accuracy" }
  /// The number of right answers, and of all.
  public var sums = MetricSums()

  /// Starts without answers.
  public init(k: Int) {
    guard k >= 1 else { stop("TopKAccuracy", expected: "k of at least 1", received: "\(k)") }
    self.k = k
  }

  /// Collects one batch.
  public mutating func update(prediction: Tensor, target: Target) {
    let actual = classPairs(prediction: prediction, target: target, metric: "TopKAccuracy").actual
    let classCount = prediction.shape[prediction.rank - 1]
    var right = 0
    prediction.read { scores in
      for (row, label) in actual.enumerated() {
        let own = scores[row * classCount + label]
        // The place of the right class when the scores are sorted; of equal ones the first counts.
        // Written so that a NaN never helps.
        var place = 0
        for other in 0..<classCount where other != label {
          let score = scores[row * classCount + other]
          if !(score < own || (score == own && other > label)) { place += 1 }
        }
        if place < k && !own.isNaN { right += 1 }
      }
    }
    sums.add(Double(right), count: actual.count)
  }
}
