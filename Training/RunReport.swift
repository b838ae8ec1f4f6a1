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
  /// Of a network that names a class for each pixel: the fraction of right pixels, the mean intersection over union
  /// without the background, and the intersection over union of each class that occurred, by its name.
  package var pixelAccuracy: Double?
  package var meanIoU: Double?
  package var iou: [String: Double]?
  /// Of a detector, the mean average precision at an overlap of 0.5; only where it was measured.
  package var meanAveragePrecision: Double?
  /// Root mean squared error, mean absolute error and coefficient of determination of a regression.
  package var rmse: Double?
  package var mae: Double?
  package var r2: Double?
  /// The errors of a series' last row as the prediction of the next ones.
  package var persistence: Persistence?
  /// The fraction of the examples whose labels are all right, where each may have several.
  package var exactMatch: Double?
  /// The perplexity of a text, `exp(loss)`, and the bits per character, `loss / ln 2`.
  package var perplexity: Double?
  package var bitsPerCharacter: Double?
  /// The confusion matrix, row by row: `confusion[true][predicted]`; absent above 200 classes.
  package var confusion: [[Int]]?
  /// The errors: `[true, predicted, count]`.
  package var mistakes: [[Int]]?
  /// Precision, recall and F1 of each class or label.
  package var classes: [ClassScores]?

  /// The errors of persistence, "tomorrow as today".
  package struct Persistence: Encodable, Sendable {
    package var rmse: Double?
    package var mae: Double?
    package var r2: Double?
  }

  /// Adds the scores of labels, where each example may have several.
  package mutating func add(_ labels: MultiLabelReport?) {
    guard let labels else { return }
    (exactMatch, classes) = (labels.exactMatch, labels.scores.classes)
  }

  /// Adds the errors of persistence, where the examples are windows of a series.
  package mutating func addPersistence(of network: NeuralNetwork, on data: Dataset) {
    guard let errors = network.preparation?.persistenceErrors(on: data) else { return }
    persistence = Persistence(rmse: errors["RMSE"], mae: errors["MAE"], r2: errors["R2"])
  }

  package init(examples: Int, loss: Double) { (self.examples, self.loss) = (examples, loss) }

  /// - Parameters:
  ///   - details: whether to report the single classes
  ///   - isText: whether the loss is the mean over the characters of a text
  package init(_ evaluation: Evaluation, examples: Int, details: Bool = false, isText: Bool = false)
  {
    self.examples = examples
    loss = evaluation.loss
    penalty = evaluation.penalty == 0 ? nil : evaluation.penalty
    accuracy = evaluation.accuracy
    pixelAccuracy = evaluation.metrics["pixel accuracy"]
    meanIoU = evaluation.metrics["mean IoU without background"]
    if details, meanIoU != nil, let overlaps = evaluation.confusionMatrix?.classOverlaps {
      iou = [:]
      for row in overlaps { iou?[row.name] = row.iou }
    }
    rmse = evaluation.metrics["RMSE"]
    mae = evaluation.metrics["MAE"]
    r2 = evaluation.metrics["R2"]
    if isText {
      perplexity = evaluation.perplexity
      bitsPerCharacter = evaluation.bitsPerCharacter
    }
    if details, !isText, let matrix = evaluation.confusionMatrix {
      if matrix.classCount <= 200 { confusion = matrix.counts }
      mistakes = matrix.entries.filter { $0.actual != $0.predicted }.map {
        [$0.actual, $0.predicted, $0.count]
      }
      classes = matrix.report.classes
    }
  }
}

extension MultiLabelReport {
  /// The report of a network that gives each example several labels; `nil` for others, and without predictions.
  package init?(_ evaluation: Evaluation, on data: Dataset, _ network: NeuralNetwork) {
    guard let labels = network.preparation?.labels, case .values(let truth) = data.targets,
      truth.shape == evaluation.predictions.shape, truth.shape.last == labels.names.count
    else { return nil }
    self.init(predictions: evaluation.predictions, truth: truth, names: labels.names)
  }
}

/// The report of a training run, for `--json`.
package struct RunReport: Encodable, Sendable {
  package var recipe: Settings
  package var output: String
  /// The other files that were written, by the names of their options.
  package var files: [String: String] = [:]
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
  /// The range test that found the learning rate; absent where it was given.
  package var learningRateRangeTest: LearningRateRangeTest?
  /// Of a detector, how well it finds things in the test part.
  package var detection: DetectionFigures?
  /// Of a network that was pretrained without labels, how well its features tell the classes of the test part apart.
  package var representation: RepresentationFigures?
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

/// How well a detector finds things.
package struct DetectionFigures: Encodable, Sendable {
  /// The number of images.
  package var images: Int
  /// The mean average precision at an overlap of 0.5, as in VOC 2010; absent where there is nothing to find, as the next
  /// two and the recall are.
  package var meanAveragePrecision: Double?
  /// The mean over the overlaps 0.50, 0.55, ..., 0.95, as in COCO.
  package var cocoMeanAveragePrecision: Double?
  /// The mean average precision where each detection is a proposal.
  package var withoutRegression: Double?
  /// The mean number of proposals of an image.
  package var proposals: Double
  /// The share of the things that a proposal overlaps by half.
  package var proposalRecall: Double?
  /// The single classes.
  package var classes: [Row]

  /// One class.
  package struct Row: Encodable, Sendable {
    package var name: String
    /// The number of things of the class.
    package var things: Int
    /// Absent where there are none.
    package var averagePrecision: Double?

    package init(name: String, things: Int, averagePrecision: Double?) {
      (self.name, self.things, self.averagePrecision) = (name, things, averagePrecision)
    }
  }

  package init(
    images: Int, meanAveragePrecision: Double?, cocoMeanAveragePrecision: Double?,
    withoutRegression: Double?, proposals: Double, proposalRecall: Double?, classes: [Row]
  ) {
    (self.images, self.meanAveragePrecision) = (images, meanAveragePrecision)
    (self.cocoMeanAveragePrecision, self.withoutRegression) = (
      cocoMeanAveragePrecision, withoutRegression
    )
    (self.proposals, self.proposalRecall, self.classes) = (proposals, proposalRecall, classes)
  }
}

/// How well the classes of images can be told from features that were learned without labels.
package struct RepresentationFigures: Encodable, Sendable {
  /// The number of images with labels that were learned from.
  package var labelled: Int
  /// The number of images that were tested.
  package var tested: Int
  /// The encoder, and the features that it is compared with.
  package var rows: [Row]

  /// One kind of features.
  package struct Row: Encodable, Sendable {
    package var name: String
    /// How many there are.
    package var features: Int
    /// The accuracy of the five nearest neighbours.
    package var nearestNeighbours: Double
    /// The accuracy of a linear probe.
    package var linearProbe: Double
    /// The penalty of the probe.
    package var penalty: Float

    package init(
      name: String, features: Int, nearestNeighbours: Double, linearProbe: Double, penalty: Float
    ) {
      (self.name, self.features, self.penalty) = (name, features, penalty)
      (self.nearestNeighbours, self.linearProbe) = (nearestNeighbours, linearProbe)
    }
  }

  package init(labelled: Int, tested: Int, rows: [Row]) {
    (self.labelled, self.tested, self.rows) = (labelled, tested, rows)
  }
}
