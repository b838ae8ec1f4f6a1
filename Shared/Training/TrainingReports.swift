/// Loss and metrics on a set of examples.
public struct Scores: Codable, Sendable, Equatable {
  /// The quantity that training minimises: the mean of the loss over the answers asked for, or their sum if
  /// the loss says so, and the penalties on the weights. A sequence asks for an answer at each step that is
  /// not ignored, any other example for one.
  public var loss: Double
  /// The part of `loss` that is the penalties; `nil` without them.
  public var penalty: Double?
  /// The mean of each metric over the answers, by its name.
  public var metrics: [String: Double]
  /// The metric "accuracy", the fraction of answers that are right; `nil` when the network does not classify.
  public var accuracy: Double? { metrics["accuracy"] }

  /// Creates scores.
  public init(loss: Double, penalty: Double? = nil, metrics: [String: Double] = [:]) {
    self.loss = loss
    self.penalty = penalty
    self.metrics = metrics
  }
}

/// The plan of a training, before its first step.
public struct TrainingPlan: Sendable {
  /// The number of epochs in all.
  public var epochs: Int
  /// The epoch that training starts or resumes in, counted from 0.
  public var startEpoch: Int
  /// The number of training examples.
  public var exampleCount: Int
  /// The number of examples in a step.
  public var batchSize: Int
  /// The number of steps in an epoch.
  public var stepsPerEpoch: Int
}

/// The state of a training after a step.
public struct StepReport: Sendable {
  /// The epoch, counted from 0, and the number of epochs.
  public var epoch: Int
  /// The number of epochs in all.
  public var epochs: Int
  /// Steps done in this epoch.
  public var batch: Int
  /// Steps in an epoch.
  public var batchCount: Int
  /// Steps done since training started.
  public var step: Int
  /// Loss and accuracy over the examples of this epoch so far, each measured before its own step.
  public var training: Scores
  /// The learning rate of this step.
  public var learningRate: Float
}

/// The results of an epoch.
public struct EpochReport: Codable, Sendable, Equatable {
  /// The epoch, counted from 0.
  public var epoch: Int
  /// The number of epochs in all.
  public var epochs: Int
  /// Steps done since training started.
  public var step: Int
  /// Loss and accuracy over the epoch, each batch measured before its own step.
  public var training: Scores
  /// Loss and accuracy on the validation data after the epoch.
  public var validation: Scores?
  /// The learning rate of the last step.
  public var learningRate: Float
}

/// The results of each epoch.
public struct TrainingHistory: Codable, Sendable, Equatable {
  /// The reports, one an epoch.
  public var epochs: [EpochReport] = []

  /// Creates an empty history.
  public init() {}
}

/// Where training stands: all that is needed, besides weights and optimizer, to go on as if it had
/// never stopped.
public struct TrainingProgress: Codable, Sendable, Equatable {
  /// Epochs finished.
  public internal(set) var epoch = 0
  /// Steps done in the epoch after those.
  public internal(set) var batch = 0
  /// Steps done since training started.
  public internal(set) var step = 0
  /// The settings of the training, with the batch size and the accumulation steps that the data allow.
  public internal(set) var options: TrainingOptions
  /// The number of training examples.
  public internal(set) var exampleCount: Int
  /// Further settings of the batches, where they are made while the network trains; `nil` for a data set.
  public internal(set) var batches: String?
  /// The learning rate that a schedule starts from.
  public internal(set) var baseLearningRate: Float
  /// The learning rate of the last step; before the first, that of the optimizer.
  public internal(set) var learningRate: Float
  /// The results of the epochs finished.
  public internal(set) var history = TrainingHistory()
  /// Whether a callback ended the training before its last epoch.
  public internal(set) var isStopped = false
  /// The patience of the `EarlyStopping` that ended it; `nil` where none did.
  public internal(set) var stoppingPatience: Int?
  /// The instruction set it ran on: the bits of a resumed run are the same on the same one only.
  public internal(set) var instructionSet = Parallelism.instructionSet
  /// The sums for the scores of the unfinished epoch.
  var running = RunningScores()

  /// Lets a learning rate that was set since the last step hold: the schedule goes on from it.
  mutating func adopt(learningRate new: Float) {
    let old = learningRate
    guard new != old else { return }
    // Without a schedule old is the base, and new must become it to the last bit.
    baseLearningRate =
      old == baseLearningRate || old == 0
      ? new : Float(Double(baseLearningRate) * Double(new) / Double(old))
  }
}

/// Sums over the examples seen so far.
struct RunningScores: Codable, Sendable, Equatable {
  var loss = 0.0
  /// The penalty on the weights, once for each answer: `penalty / seen` is the mean.
  var penalty = 0.0
  /// The answers that were asked for: over them penalties are averaged, and losses where all count alike.
  var seen = 0
  /// Their weights together, over which losses are averaged; `nil` where all count alike.
  var weight: Double?
  /// The sums of each metric, by its name.
  var metrics: [String: MetricSums] = [:]

  /// Adds the loss of a batch.
  /// - Parameters:
  ///   - isMean: whether `loss` is a mean over the `count` answers of the batch or their sum
  ///   - penalty: the penalty on the weights at this step
  ///   - weight: the weights of the answers together
  mutating func add(loss: Float, isMean: Bool, penalty: Double, count: Int, weight: Double) {
    self.loss += Double(loss) * (isMean ? weight : 1)
    self.penalty += penalty * Double(count)
    if self.weight != nil || weight != Double(count) {
      self.weight = (self.weight ?? Double(seen)) + weight
    }
    seen += count
  }

  /// The loss includes the penalties: it is the quantity minimised.
  func scores(isMean: Bool) -> Scores {
    let count = Double(Swift.max(seen, 1))
    let weight = weight ?? count
    return Scores(
      loss: (isMean ? (weight > 0 ? loss / weight : 0) : loss) + penalty / count,
      penalty: penalty == 0 ? nil : penalty / count,
      metrics: metrics.compactMapValues(\.value))
  }
}

/// The metrics of a training or an evaluation.
struct RunningMetrics {
  private var metrics: [any Metric]

  /// Throws when two metrics have the same name.
  init(_ metrics: [any Metric]) throws {
    self.metrics = metrics
    let names = metrics.map(\.name)
    guard Set(names).count == names.count else {
      throw CourseError(
        .invalidArgument, "two metrics have the same name",
        received: names.joined(separator: ", "), remedy: "Give each metric a name of its own.")
    }
    for index in metrics.indices { self.metrics[index].reset() }
  }

  /// Goes on from the sums of the same metrics in an unfinished epoch.
  mutating func resume(_ sums: [String: MetricSums]) {
    for index in metrics.indices {
      metrics[index].sums = sums[metrics[index].name] ?? MetricSums()
    }
  }

  /// Collects a batch, and notes the new sums.
  mutating func update(prediction: Tensor, target: Target, sums: inout [String: MetricSums]) {
    for index in metrics.indices {
      metrics[index].update(prediction: prediction, target: target)
      sums[metrics[index].name] = metrics[index].sums
    }
  }
}
