import Foundation
import Networks

/// Loss and accuracy on one part of the data.
struct PartReport: Encodable, Sendable {
  var examples: Int
  /// The loss, penalties included.
  var loss: Double
  /// The weight penalty in the loss; absent without one.
  var penalty: Double?
  var accuracy: Double?
  /// The perplexity of a text, `exp(loss)`.
  var perplexity: Double?
  /// The confusion matrix, row by row: `confusion[true][predicted]`; absent above 200 classes.
  var confusion: [[Int]]?
  /// The errors: `[true, predicted, count]`.
  var mistakes: [[Int]]?
  /// Precision, recall and F1 of each class.
  var classes: [ClassScores]?

  /// - Parameters:
  ///   - details: whether to report the single classes
  ///   - isText: whether the loss is the mean over the characters of a text
  init(_ evaluation: Evaluation, examples: Int, details: Bool = false, isText: Bool = false) {
    self.examples = examples
    loss = evaluation.loss
    penalty = evaluation.penalty == 0 ? nil : evaluation.penalty
    accuracy = evaluation.accuracy
    perplexity = isText ? exp(evaluation.loss - evaluation.penalty) : nil
    if details, !isText, let matrix = evaluation.confusionMatrix {
      if matrix.classCount <= 200 { confusion = matrix.counts }
      mistakes = matrix.entries.filter { $0.actual != $0.predicted }.map {
        [$0.actual, $0.predicted, $0.count]
      }
      classes = matrix.report.classes
    }
  }
}

/// The report of a training run, for `--json`.
struct RunReport: Encodable, Sendable {
  var recipe: Recipe
  var output: String
  var interrupted: Bool
  /// All epochs, and those of this run, which took `seconds`.
  var epochs: Int
  var newEpochs: Int
  var seconds: Double
  var parameters: Int
  var threads: Int
  var instructionSet: String
  var classNames: [String]
  var train: PartReport?
  var validation: PartReport?
  var test: PartReport?
  var history: [EpochReport]
  /// Of a text, the perplexities of each epoch.
  var perplexities: [Perplexities]?

  /// The perplexities of an epoch.
  struct Perplexities: Encodable, Sendable {
    var epoch: Int
    var training: Double
    var validation: Double?

    init(_ report: EpochReport) {
      epoch = report.epoch
      training = report.training.perplexity
      validation = report.validation.map(\.perplexity)
    }
  }
}

extension Scores {
  /// `exp` of the loss on the characters of a text, without the weight penalty.
  var perplexity: Double { exp(loss - (penalty ?? 0)) }
}
