import Networks

/// The settings of one experiment: data, network, training. Enough to do it again.
///
/// As JSON its keys are the names of the command-line options, and a file may give only some of them:
///
///     { "recipe": "digits-mlp", "hidden": [128], "learning-rate": 0.05 }
struct Recipe: Codable, Equatable, Sendable {
  /// The name of the recipe that the settings come from.
  var recipe: String
  /// "digits", "iris", or the path of a CSV file.
  var data = ""
  /// The label column of a CSV file: a name, or a number from 0.
  var label: String?
  var scaling = Scaling.standardize
  var hidden: [Int] = []
  var optimizer = OptimizerName.sgd
  var learningRate: Float = 0.1
  /// The learning rate is multiplied by this after each epoch.
  var decay: Float = 1
  var epochs = 1
  var batchSize = 32
  /// The shares of the examples for validation and test; training gets the rest.
  var validation = 0.15
  var test = 0.15
  /// The seed of the split, the weights and the order of the examples.
  var seed: UInt64 = 1

  enum CodingKeys: String, CodingKey {
    case recipe, data, label, scaling, hidden, optimizer, decay, epochs, validation, test, seed
    case learningRate = "learning-rate"
    case batchSize = "batch-size"
  }

  /// The column of the class in other files with such data.
  var labelColumn: String? {
    label ?? DataSource.bundled.first { $0.name == data }?.label
  }

  /// The learning rate of each step. A function of the epoch alone, not of the number of epochs: more
  /// epochs continue a run instead of changing it.
  var schedule: any LearningRateSchedule {
    let decay = decay
    return ScheduleFunction { _, epoch, base in
      // By multiplication, so that no mathematics library decides on the last bit.
      (0..<epoch).reduce(base) { rate, _ in rate * decay }
    }
  }
}

/// How features are brought to a common scale, fitted on the training part.
enum Scaling: Equatable, Sendable {
  /// Not at all.
  case none
  /// Mean 0 and standard deviation 1 for each feature.
  case standardize
  /// Mean 0 and standard deviation 1 for all features together: for pixels, some of which never change.
  case standardizeAll
  /// From 0 to 1 for each feature.
  case minmax
  /// All features divided by one number.
  case divide(Float)

  /// The scaler that training data call for.
  func scaler(for training: Dataset) throws -> FeatureScaler? {
    switch self {
    case .none: nil
    case .standardize: try .standardizing(training)
    case .standardizeAll: try .standardizingAll(training)
    case .minmax: try .minMax(training)
    case .divide(let divisor): .dividing(by: divisor)
    }
  }

  var text: String {
    switch self {
    case .none: "none"
    case .standardize: "standardize"
    case .standardizeAll: "standardize-all"
    case .minmax: "minmax"
    case .divide(let divisor): shortNumber(divisor)
    }
  }

  init?(_ text: String) {
    switch text {
    case "none": self = .none
    case "standardize": self = .standardize
    case "standardize-all": self = .standardizeAll
    case "minmax": self = .minmax
    default:
      guard let divisor = Float(text), divisor.isFinite, divisor > 0 else { return nil }
      self = .divide(divisor)
    }
  }
}

extension Scaling: Codable {
  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let scaling = Scaling(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "unknown scaling \(text)"))
    }
    self = scaling
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// The optimizers that the command line knows.
enum OptimizerName: String, CaseIterable, Codable, Sendable {
  case sgd

  /// The optimizer with its usual settings and this learning rate.
  func make(learningRate: Float) -> any Optimizer {
    switch self {
    case .sgd: SGD(learningRate: learningRate)
    }
  }
}
