import Foundation

/// How well several labels of each example are recognised: precision, recall and F1 of each label, and the fraction of
/// the answers and of the examples that are right.
///
///     let report = MultiLabelReport(
///       predictions: [[0.9, 0.2], [0.6, 0.7]], truth: [[1, 0], [0, 1]], names: ["comedy", "drama"])
///     report.hamming      // 0.75: three of four answers are right
///     report.exactMatch   // 0.5: one of two examples
///     print(report)
///     //                precision  recall     f1  support
///     // comedy             0.500   1.000  0.667        1
///     // drama              1.000   1.000  1.000        1
///     // macro average      0.750   1.000  0.833        2
///
/// - Reference: Tsoumakas, Katakis (2007), "Multi-Label Classification: An Overview", *IJDWM* 3; as
///   `precision_recall_fscore_support` and `accuracy_score` of scikit-learn.
public struct MultiLabelReport: Sendable, Equatable, Codable, CustomStringConvertible {
  /// The scores of each label, with the number of examples that have it, and their means.
  public let scores: ClassificationReport
  /// The fraction of all answers that are right: 1 − Hamming loss.
  public let hamming: Double
  /// The fraction of the examples whose labels are all right.
  public let exactMatch: Double

  /// Compares predictions with the truth.
  ///
  /// - Parameters:
  ///   - predictions: the probability of each label, `[N, L]`; at least one half says yes
  ///   - truth: 1 for each label of an example and 0 for the others, `[N, L]`
  ///   - names: the names of the labels
  public init(predictions: Tensor, truth: Tensor, names: [String]) {
    guard predictions.rank == 2, predictions.shape == truth.shape,
      names.count == predictions.shape[1]
    else {
      stop(
        "MultiLabelReport", expected: "predictions and truth [N, \(names.count)]",
        received: "\(predictions.shape) and \(truth.shape)")
    }
    let (answer, fact) = (predictions .>= 0.5, truth .>= 0.5)
    let right = answer .== fact
    let count = predictions.shape[0]
    let (hits, guesses, support) = (
      (answer * fact).sum(axis: 0).scalars, answer.sum(axis: 0).scalars, fact.sum(axis: 0).scalars
    )
    func ratio(_ part: Float, _ whole: Float) -> Float { whole == 0 ? 0 : part / whole }
    scores = ClassificationReport(
      names.indices.map { label in
        ClassScores(
          name: names[label], precision: ratio(hits[label], guesses[label]),
          recall: ratio(hits[label], support[label]),
          f1: ratio(2 * hits[label], guesses[label] + support[label]), support: Int(support[label]))
      },
      isPresent: names.indices.map { support[$0] + guesses[$0] > 0 },
      total: Int(support.reduce(0, +)))
    hamming = count == 0 ? 0 : Double(right.sum()) / Double(predictions.count)
    exactMatch = count == 0 ? 0 : Double(right.min(axis: 1).sum()) / Double(count)
  }

  /// A table with a row for each label and one for the means.
  public var description: String { scores.description }
}
