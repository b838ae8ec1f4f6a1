/// Ends training when the monitored score has not improved for `patience` epochs, and gives the network
/// back the weights of its best epoch.
///
///     let stopping = EarlyStopping(patience: 5)
///     let history = try network.fit(
///       parts.train, validation: parts.validation, options: TrainingOptions(epochs: 100),
///       callbacks: [stopping])
///     print(try stopping.bestEpoch(of: history) ?? 0)
///
/// The best weights lie in the network itself and in its checkpoints, so that a resumed run stops at the
/// same epoch with the same weights. A run that has ended keeps its last weights beside the best ones:
/// resumed, it goes on from the last, as if it had never ended. Weights that were changed in between
/// stay as they are. A run that this callback ended goes on when it is resumed with more patience.
///
/// A score that is not a number counts as worse than any other.
///
/// - Reference: Prechelt (1998), *Early stopping - but when?*
public struct EarlyStopping: TrainingCallback {
  private let patience: Int
  private let minimumImprovement: Double
  private let monitor: Monitor
  /// Whether the network gets back the weights of its best epoch when training ends.
  public let restoresBest: Bool

  /// Creates the callback.
  /// - Parameters:
  ///   - patience: epochs without improvement that are allowed; at least 1
  ///   - minimumImprovement: changes of at most this much do not count as improvement
  ///   - monitor: the score to watch
  ///   - restoresBest: whether the network gets back the weights of its best epoch; otherwise it keeps the last
  public init(
    patience: Int, minimumImprovement: Double = 0, monitor: Monitor = .validationLoss,
    restoresBest: Bool = true
  ) {
    guard patience >= 1, minimumImprovement >= 0 else {
      stop(
        "EarlyStopping", expected: "a patience of at least 1 and an improvement of at least 0",
        received: "\(patience) and \(minimumImprovement)")
    }
    self.patience = patience
    self.minimumImprovement = minimumImprovement
    self.monitor = monitor
    self.restoresBest = restoresBest
  }

  /// Where the weights of the best epoch lie, and those that a run ended with.
  static let (best, end) = ("EarlyStopping", "EarlyStoppingEnd")
  /// Where the number of the best epoch lies beside its weights.
  static let epochName = "epoch"

  /// The best epoch of a training by the monitored score, counted from 0; `nil` before the first.
  public func bestEpoch(of history: TrainingHistory) throws -> Int? {
    history.epochs.isEmpty ? nil : bestEpoch(try scores(history))
  }

  /// The epoch whose weights a network has after a training with this callback, counted from 0: the best one, unless the
  /// callback joined later and has not seen its weights.
  package func keptEpoch(of network: NeuralNetwork) throws -> Int? {
    guard let history = network.progress?.history, let best = try bestEpoch(of: history) else {
      return nil
    }
    guard restoresBest, let memory = network.callbackMemory[Self.best],
      memory[Self.epochName].map({ $0 == Tensor([Float(best)]) }) ?? true
    else { return history.epochs.indices.last }
    return best
  }

  /// Goes on from the weights that the run ended with, where the network has its best ones.
  public mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws {
    if network.progress?.stoppingPatience ?? .max < patience {
      network.progress?.isStopped = false
      network.progress?.stoppingPatience = nil
    }
    guard let last = network.callbackMemory.removeValue(forKey: Self.end),
      var best = network.callbackMemory[Self.best]
    else { return }
    best[Self.epochName] = nil
    if network.snapshot() == best { network.restore(last) }
  }

  /// Remembers the weights if this epoch is the best so far.
  public mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    let scores = try self.scores(network.progress?.history)
    let best = bestEpoch(scores)
    if best == scores.count - 1, restoresBest {
      var memory = network.snapshot()
      memory[Self.epochName] = Tensor([Float(best)])
      network.callbackMemory[Self.best] = memory
    }
    guard scores.count - 1 - best >= patience else { return .proceed }
    network.progress?.stoppingPatience = patience
    return .stop
  }

  /// Puts the best weights back.
  public mutating func trainingEnded(
    _ history: TrainingHistory, network: inout NeuralNetwork
  ) throws {
    guard restoresBest, var best = network.callbackMemory[Self.best] else { return }
    // A part of the run that went on without this callback may have had a better epoch.
    if let epoch = best.removeValue(forKey: Self.epochName),
      epoch != Tensor([Float(bestEpoch(try scores(history)))])
    {
      return
    }
    network.callbackMemory[Self.end] = network.snapshot()
    network.restore(best)
  }

  private func scores(_ history: TrainingHistory?) throws -> [Double] {
    try (history?.epochs ?? []).map { try monitor.score(of: $0, for: "EarlyStopping") }
  }

  /// The best epoch by the rule "better than the best before it by more than minimumImprovement".
  private func bestEpoch(_ scores: [Double]) -> Int {
    var best = 0
    for epoch in scores.indices where scores[epoch] < scores[best] - minimumImprovement {
      best = epoch
    }
    return best
  }
}

extension NeuralNetwork {
  /// Every parameter and every state, by its name in checkpoints.
  func snapshot() -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    visitParameters { name, parameter in tensors[name] = parameter.value }
    visitStates { name, state in tensors[name] = state }
    return tensors
  }

  /// Puts the tensors of a `snapshot` back.
  mutating func restore(_ tensors: [String: Tensor]) {
    forEachParameter { name, parameter in
      if let value = tensors[name] { parameter.value = value }
    }
    forEachState { name, state in
      if let value = tensors[name] { state = value }
    }
  }
}
