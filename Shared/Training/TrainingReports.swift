/// Loss and accuracy on a set of examples.
public struct Scores: Codable, Sendable, Equatable {
  /// The loss: the mean over the examples, or their sum if the loss says so.
  public var loss: Double
  /// The fraction of examples classified right; `nil` when the network does not classify.
  public var accuracy: Double?

  /// Creates scores.
  public init(loss: Double, accuracy: Double? = nil) {
    self.loss = loss
    self.accuracy = accuracy
  }
}

/// What `fit` is about to do.
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

/// How training goes, after a step.
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

/// How training went, after an epoch.
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

/// What happened in each epoch.
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
  /// The number of epochs that training was to have.
  public internal(set) var epochs: Int
  /// The settings of the run; a resumed run must have the same.
  public internal(set) var settings: Settings
  /// The learning rate that a schedule starts from.
  public internal(set) var baseLearningRate: Float
  /// What happened in the epochs finished.
  public internal(set) var history = TrainingHistory()
  /// Whether a callback ended the training before its last epoch.
  public internal(set) var isStopped = false
  /// The instruction set it ran on: the bits of a resumed run are the same on the same one only.
  public internal(set) var instructionSet = Parallelism.instructionSet
  /// The sums behind the scores of the unfinished epoch.
  var running = RunningScores()

  /// What must not change between the parts of one run.
  public struct Settings: Codable, Sendable, Equatable {
    /// The number of training examples.
    public var exampleCount: Int
    /// The number of examples in a batch.
    public var batchSize: Int
    /// Whether each epoch has its own order.
    public var shuffle: Bool
    /// The number of batches whose gradients add up to one step.
    public var accumulationSteps: Int
    /// How gradients were limited before each step; `nil` when they were not.
    public var clipping: GradientClipping?
  }
}

/// Sums over the examples seen so far.
struct RunningScores: Codable, Sendable, Equatable {
  var loss = 0.0
  var correct = 0
  var seen = 0

  /// - Parameter isMean: whether `loss` is a mean over the `count` examples of a batch or their sum
  mutating func add(loss: Float, isMean: Bool, correct: Int?, count: Int) {
    self.loss += Double(loss) * (isMean ? Double(count) : 1)
    self.correct += correct ?? 0
    seen += count
  }

  func scores(isMean: Bool, isClassification: Bool) -> Scores {
    Scores(
      loss: isMean ? loss / Double(Swift.max(seen, 1)) : loss,
      accuracy: isClassification ? Double(correct) / Double(Swift.max(seen, 1)) : nil)
  }
}
