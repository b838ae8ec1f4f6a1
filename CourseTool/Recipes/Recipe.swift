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
  /// The shape that each example is given, such as [1, 8, 8]; empty: the one that it has.
  var shape: [Int] = []
  /// The output channels of the convolutions, a pooling behind each block; none: no convolutions.
  var maps = Blocks()
  var kernelSize = 3
  /// The kind of the recurrent layers.
  var cell = RecurrentCell.lstm
  /// The width of each recurrent layer; none: no recurrent layers.
  var recurrent: [Int] = []
  /// The size of the vector that stands for a character; 0: the data are not a text.
  var embedding = 0
  /// Of a text, the number of characters that gradients flow back over.
  var sequenceLength = 50
  var hidden: [Int] = []
  /// Whether batch norm follows every convolution, or every hidden layer where there is none.
  var batchNorm = false
  /// The fraction that is dropped behind each hidden layer.
  var dropout: Float = 0
  var optimizer = OptimizerName.sgd
  var learningRate: Float = 0.1
  /// How much of the velocity the optimizer momentum keeps; `nil`: its usual share.
  var momentum: Float?
  /// How much adamw shrinks the weights; `nil`: as usual.
  var weightDecay: Float?
  /// What is done to the training images, anew in each epoch.
  var augment = AugmentSetting.none
  /// What the weights cost in addition to the loss.
  var penalty = PenaltySetting.none
  /// How gradients are limited.
  var clip = ClipSetting.none
  var scheduleName = ScheduleName.step
  /// The learning rate of the schedule `step` is multiplied by this ...
  var decay: Float = 1
  /// ... after each so many epochs.
  var decayEvery = 1
  var epochs = 1
  var batchSize = 32
  /// The shares of the examples for validation and test; training gets the rest.
  var validation = 0.15
  var test = 0.15
  var splitName = SplitName.random
  /// The seed of the split, the weights and the order of the examples.
  var seed: UInt64 = 1

  enum CodingKeys: String, CodingKey {
    case recipe, data, label, scaling, shape, maps, hidden, optimizer, decay, epochs, validation
    case test, seed, cell, recurrent, embedding, momentum, penalty, clip
    case augment
    case weightDecay = "weight-decay"
    case dropout
    case batchNorm = "batch-norm"
    case kernelSize = "kernel-size"
    case sequenceLength = "sequence-length"
    case learningRate = "learning-rate"
    case scheduleName = "schedule"
    case decayEvery = "decay-every"
    case splitName = "split"
    case batchSize = "batch-size"
  }

  /// Whether a text is learned, character by character.
  var isText: Bool { embedding > 0 }

  /// The learning rate of each step, in a training of `stepsPerEpoch` steps an epoch.
  func schedule(stepsPerEpoch: Int) -> any LearningRateSchedule {
    switch scheduleName {
    case .step:
      // A function of the epoch alone, not of the number of epochs: more epochs continue a run instead
      // of changing it. By multiplication, so that no mathematics library decides on the last bit.
      let (decay, decayEvery) = (decay, decayEvery)
      return ScheduleFunction { _, epoch, base in
        (0..<(epoch / decayEvery)).reduce(base) { rate, _ in rate * decay }
      }
    case .cosine: return CosineDecay(over: max(1, epochs * stepsPerEpoch), unit: .step)
    case .oneCycle: return OneCycle(over: max(2, epochs * stepsPerEpoch))
    }
  }
}

/// The output channels of convolutions in blocks: `32+32,64` are two convolutions of 32 channels, a
/// pooling, one of 64, and another pooling.
struct Blocks: Equatable, Sendable {
  var widths: [[Int]] = []
  var isEmpty: Bool { widths.isEmpty }

  init(_ widths: [[Int]] = []) { self.widths = widths }

  init?(_ text: String) {
    if text == "none" { return }
    for block in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sizes = block.split(separator: "+", omittingEmptySubsequences: false).map { Int($0) }
      guard sizes.allSatisfy({ $0.map((1...65_536).contains) ?? false }) else { return nil }
      widths.append(sizes.compactMap { $0 })
    }
  }

  var text: String {
    isEmpty
      ? "none"
      : widths.map { $0.map(String.init).joined(separator: "+") }.joined(separator: ",")
  }
}

/// How the examples are divided into parts.
enum SplitName: String, CaseIterable, Codable, Sendable {
  /// By the seed, each class in the same proportions.
  case random
  /// As they stand in the file: the first ones train, the last ones test.
  case ordered
}

/// The learning-rate schedules that the command line knows.
enum ScheduleName: String, CaseIterable, Codable, Sendable {
  case step, cosine
  case oneCycle = "one-cycle"
}

/// How features are brought to a common scale, fitted on the training part.
enum Scaling: Equatable, Sendable {
  /// Not at all.
  case none
  /// Mean 0 and standard deviation 1 for each feature.
  case standardize
  /// Mean 0 and standard deviation 1 for all features together: for pixels, some of which never change.
  case standardizeAll
  /// Mean 0 and standard deviation 1 for each channel of images.
  case standardizeChannels
  /// From 0 to 1 for each feature.
  case minmax
  /// All features divided by one number.
  case divide(Float)

  /// What may be written, besides a number.
  static let names = [
    Scaling.none, .standardize, .standardizeAll, .standardizeChannels, .minmax,
  ].map(\.text)

  /// The scaler that training data call for.
  func scaler(for training: Dataset) throws -> FeatureScaler? {
    switch self {
    case .none: nil
    case .standardize: try .standardizing(training)
    case .standardizeAll: try .standardizingAll(training)
    case .standardizeChannels: try .standardizingChannels(training)
    case .minmax: try .minMax(training)
    case .divide(let divisor): .dividing(by: divisor)
    }
  }

  var text: String {
    switch self {
    case .none: "none"
    case .standardize: "standardize"
    case .standardizeAll: "standardize-all"
    case .standardizeChannels: "standardize-channels"
    case .minmax: "minmax"
    case .divide(let divisor): shortNumber(divisor)
    }
  }

  init?(_ text: String) {
    switch text {
    case "none": self = .none
    case "standardize": self = .standardize
    case "standardize-all": self = .standardizeAll
    case "standardize-channels": self = .standardizeChannels
    case "minmax": self = .minmax
    default:
      guard let divisor = Float(text), divisor.isFinite, divisor > 0 else { return nil }
      self = .divide(divisor)
    }
  }
}

/// What files hold as the text that the command line takes.
protocol TextCodable: Codable {
  init?(_ text: String)
  var text: String { get }
}

extension TextCodable {
  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = Self(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a \(Self.self): \(text)"))
    }
    self = value
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension Scaling: TextCodable {}
extension Blocks: TextCodable {}

/// The optimizers that the command line knows.
enum OptimizerName: String, CaseIterable, Codable, Sendable {
  case sgd, momentum, adam, adamw, rmsprop, adagrad

  /// The optimizer with its usual settings and these.
  func make(learningRate: Float, momentum: Float?, weightDecay: Float?) -> any Optimizer {
    switch self {
    case .sgd: SGD(learningRate: learningRate)
    case .momentum: Momentum(learningRate: learningRate, momentum: momentum ?? 0.9)
    case .adam: Adam(learningRate: learningRate)
    case .adamw: AdamW(learningRate: learningRate, weightDecay: weightDecay ?? 0.01)
    case .rmsprop: RMSProp(learningRate: learningRate)
    case .adagrad: AdaGrad(learningRate: learningRate)
    }
  }
}
