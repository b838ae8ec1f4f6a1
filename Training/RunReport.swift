import Foundation
import Shared

/// Loss and accuracy on one part of the data.
package struct PartReport: Encodable, Sendable {
  package var examples: Int
  /// The loss, penalties included.
  package var loss: Double
  /// The weight penalty in the loss; absent without one.
  package var penalty: Double?
  package var accuracy: Double?
  /// Root mean squared error, mean absolute error and coefficient of determination of a regression.
  package var rmse: Double?
  package var mae: Double?
  package var r2: Double?
  /// The perplexity of a text, `exp(loss)`.
  package var perplexity: Double?
  /// The confusion matrix, row by row: `confusion[true][predicted]`; absent above 200 classes.
  package var confusion: [[Int]]?
  /// The errors: `[true, predicted, count]`.
  package var mistakes: [[Int]]?
  /// Precision, recall and F1 of each class.
  package var classes: [ClassScores]?

  /// - Parameters:
  ///   - details: whether to report the single classes
  ///   - isText: whether the loss is the mean over the characters of a text
  package init(_ evaluation: Evaluation, examples: Int, details: Bool = false, isText: Bool = false)
  {
    self.examples = examples
    loss = evaluation.loss
    penalty = evaluation.penalty == 0 ? nil : evaluation.penalty
    accuracy = evaluation.accuracy
    rmse = evaluation.metrics["RMSE"]
    mae = evaluation.metrics["MAE"]
    r2 = evaluation.metrics["R2"]
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
package struct RunReport: Encodable, Sendable {
  package var recipe: Settings
  package var output: String
  package var interrupted: Bool
  /// All epochs, and those of this run, which took `seconds`.
  package var epochs: Int
  package var newEpochs: Int
  /// Whether training stopped before its last epoch, for want of a better validation loss.
  package var stoppedEarly = false
  /// The epoch whose weights the network has, from 0; absent before the first has ended.
  package var keptEpoch: Int?
  package var seconds: Double
  package var parameters: Int
  package var threads: Int
  package var instructionSet: String
  package var classNames: [String]
  package var train: PartReport?
  package var validation: PartReport?
  package var test: PartReport?
  package var history: [EpochReport]
  /// Of a text, the perplexities of each epoch.
  package var perplexities: [Perplexities]?

  /// Settings of any type.
  package struct Settings: Encodable, Sendable {
    let value: any Encodable & Sendable
    package func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
  }

  /// The perplexities of an epoch.
  package struct Perplexities: Encodable, Sendable {
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
  package var perplexity: Double { exp(loss - (penalty ?? 0)) }
}
