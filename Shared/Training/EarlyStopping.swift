/// Ends training when the monitored score has not improved for `patience` epochs, and gives the network
/// back the weights of its best epoch.
///
/// The best weights lie in the network itself and in its checkpoints, so that a resumed run stops at the
/// same epoch with the same weights.
///
/// - Reference: Prechelt (1998), *Early stopping - but when?*
public struct EarlyStopping: TrainingCallback {
  /// What is watched.
  public enum Monitor: String, Sendable {
    /// The loss on the validation data; lower is better.
    case validationLoss
    /// The accuracy on the validation data; higher is better.
    case validationAccuracy
    /// The loss on the training data; lower is better.
    case trainingLoss
  }

  private let patience: Int
  private let minimumImprovement: Double
  private let monitor: Monitor

  /// Creates the callback.
  /// - Parameters:
  ///   - patience: epochs without improvement that are allowed; at least 1
  ///   - minimumImprovement: changes of at most this much do not count as improvement
  ///   - monitor: the score to watch
  public init(
    patience: Int, minimumImprovement: Double = 0, monitor: Monitor = .validationLoss
  ) {
    guard patience >= 1, minimumImprovement >= 0 else {
      stop(
        "EarlyStopping", expected: "a patience of at least 1 and an improvement of at least 0",
        received: "\(patience) and \(minimumImprovement)")
    }
    self.patience = patience
    self.minimumImprovement = minimumImprovement
    self.monitor = monitor
  }

  private static let memory = "EarlyStopping"

  /// Forgets what an earlier training left behind, unless this one continues it.
  public mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws {
    let isFresh = plan.startEpoch == 0 && network.progress?.step == 0
    if isFresh { network.callbackMemory[Self.memory] = nil }
  }

  /// Remembers the weights if this epoch is the best so far.
  public mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    let history = network.progress?.history.epochs ?? []
    let scores = try history.map(score)
    // The best epoch by the rule "better than the best before it by more than minimumImprovement".
    var best = 0
    for epoch in scores.indices where scores[epoch] < scores[best] - minimumImprovement {
      best = epoch
    }
    if best == scores.count - 1 {
      var weights: [String: Tensor] = [:]
      network.forEachParameter { name, parameter in weights[name] = parameter.value }
      network.forEachState { name, state in weights[name] = state }
      network.callbackMemory[Self.memory] = weights
    }
    return scores.count - 1 - best >= patience ? .stop : .proceed
  }

  /// Puts the best weights back.
  public mutating func trainingEnded(
    _ history: TrainingHistory, network: inout NeuralNetwork
  ) throws {
    guard let weights = network.callbackMemory.removeValue(forKey: Self.memory) else { return }
    network.forEachParameter { name, parameter in
      if let value = weights[name] { parameter.value = value }
    }
    network.forEachState { name, state in
      if let value = weights[name] { state = value }
    }
  }

  /// The monitored score of an epoch, lower is better.
  private func score(_ report: EpochReport) throws -> Double {
    let score: Double? =
      switch monitor {
      case .validationLoss: report.validation?.loss
      case .validationAccuracy: report.validation?.accuracy.map { -$0 }
      case .trainingLoss: report.training.loss
      }
    guard let score else {
      throw CourseError(
        .invalidArgument, "EarlyStopping has nothing to monitor",
        expected: "validation data for \(monitor.rawValue)", received: "none",
        remedy: "Pass validation data to fit, or monitor the training loss.")
    }
    return score
  }
}
