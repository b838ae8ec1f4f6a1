import Networks

/// Loss and accuracy on one part of the data.
struct PartReport: Encodable, Sendable {
  var examples: Int
  /// The loss, penalties included.
  var loss: Double
  /// The part of the loss that the weights cost; absent where they cost nothing.
  var penalty: Double?
  var accuracy: Double?
  /// The confusion matrix, row by row: `confusion[right][predicted]`.
  var confusion: [[Int]]?
  /// Precision, recall and F1 of each class.
  var classes: [ClassScores]?

  /// - Parameter details: whether to tell the classes apart
  init(_ evaluation: Evaluation, examples: Int, details: Bool = false) {
    self.examples = examples
    loss = evaluation.loss
    penalty = evaluation.penalty == 0 ? nil : evaluation.penalty
    accuracy = evaluation.accuracy
    if details, let matrix = evaluation.confusionMatrix {
      confusion = matrix.counts
      classes = matrix.report.classes
    }
  }
}

/// What a training run did, as `--json` prints it.
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
}

extension NeuralNetwork {
  /// The number of numbers that training changes.
  var parameterCount: Int {
    var copy = self
    var count = 0
    copy.forEachParameter { _, parameter in count += parameter.value.count }
    return count
  }
}
