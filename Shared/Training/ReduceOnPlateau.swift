/// Multiplies the learning rate by `factor` each time the monitored score has not improved for `patience`
/// epochs: small steps reach what large ones jump over.
///
///     try network.fit(
///       parts.train, validation: parts.validation, options: TrainingOptions(epochs: 60),
///       callbacks: [ReduceOnPlateau(factor: 0.5, patience: 5), EarlyStopping(patience: 15)])
///
/// After each epoch: where the score is better than the best before it by more than `minimumImprovement`,
/// the wait starts over; after `patience` epochs in a row without that, `η ← max(factor · η, minimum)`, and
/// the wait starts over. The best score stays.
///
/// All of it follows from the scores of the epochs, which a checkpoint holds: a resumed run lowers the rate
/// after the same epochs, to the same bits. With a schedule the factor applies to all that the schedule
/// returns from then on (see `NeuralNetwork.fit`), and `minimumLearningRate` bounds the rate only at the moment
/// it is lowered.
///
/// PyTorch's `ReduceLROnPlateau` counts one epoch more: its `patience` of 4 is 5 here.
public struct ReduceOnPlateau: TrainingCallback {
  private let factor: Float
  private let patience: Int
  private let minimumImprovement: Double
  private let minimumLearningRate: Float
  private let monitor: EarlyStopping.Monitor

  /// Creates the callback.
  /// - Parameters:
  ///   - factor: the factor between the old learning rate and the new one; above 0 and below 1
  ///   - patience: epochs without improvement after which it is; at least 1
  ///   - minimumImprovement: changes of at most this much do not count as improvement
  ///   - minimumLearningRate: the rate is not lowered beyond this; at least 0
  ///   - monitor: the score to watch
  public init(
    factor: Float = 0.1, patience: Int = 10, minimumImprovement: Double = 0,
    minimumLearningRate: Float = 0, monitor: EarlyStopping.Monitor = .validationLoss
  ) {
    guard factor > 0, factor < 1, patience >= 1, minimumImprovement >= 0,
      minimumLearningRate >= 0, minimumLearningRate.isFinite
    else {
      stop(
        "ReduceOnPlateau",
        expected: "a factor between 0 and 1, a patience of at least 1, and an improvement and a "
          + "learning rate of at least 0",
        received: "\(factor), \(patience), \(minimumImprovement) and \(minimumLearningRate)")
    }
    self.factor = factor
    self.patience = patience
    self.minimumImprovement = minimumImprovement
    self.minimumLearningRate = minimumLearningRate
    self.monitor = monitor
  }

  /// Lowers the learning rate if it is time to.
  public mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    let scores = try (network.progress?.history.epochs ?? []).map {
      try monitor.score(of: $0, for: "ReduceOnPlateau")
    }
    if isPlateau(scores), let rate = network.optimizer?.learningRate, rate > minimumLearningRate {
      network.optimizer?.learningRate = max(rate * factor, minimumLearningRate)
    }
    return .proceed
  }

  /// Whether waiting ends with the last of the scores.
  private func isPlateau(_ scores: [Double]) -> Bool {
    guard var best = scores.first else { return false }
    var waited = 0
    for score in scores.dropFirst() {
      if waited == patience { waited = 0 }
      if score < best - minimumImprovement {
        best = score
        waited = 0
      } else {
        waited += 1
      }
    }
    return waited == patience
  }
}
