import Foundation

/// The decision of a callback on how training goes on.
public enum TrainingControl: Sendable {
  /// Go on.
  case proceed
  /// End the training after this step or epoch. A training that ended after a step goes on within its epoch
  /// when it is resumed.
  case stop
}

/// An observer of training, or a participant in it: progress display, early stopping, checkpoints.
///
/// A callback gets the network `inout`: it may save it, change its learning rate or its weights. It must
/// not capture the network that is being trained.
public protocol TrainingCallback {
  /// Whether this callback comes after all others, because it records their work. False by default.
  var runsLast: Bool { get }
  /// Called once, before the first step.
  mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws
  /// Called after each step.
  mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl
  /// Called after each epoch and its validation.
  mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl
  /// Called once, after the last epoch or when a callback ended training, after an epoch or a step; not
  /// after an error.
  mutating func trainingEnded(_ history: TrainingHistory, network: inout NeuralNetwork) throws
}

extension TrainingCallback {
  /// False.
  public var runsLast: Bool { false }
  /// Does nothing.
  public mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws {}
  /// Lets training go on.
  public mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl { .proceed }
  /// Lets training go on.
  public mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl { .proceed }
  /// Does nothing.
  public mutating func trainingEnded(
    _ history: TrainingHistory, network: inout NeuralNetwork
  ) throws {}
}

/// Prints one line an epoch, or every few epochs.
///
///     epoch 3/20 - loss: 0.2310 - accuracy: 0.9312 - validation loss: 0.2544 - accuracy: 0.9259
///
/// The first and the last epoch always have a line, also where a callback ends the training early.
public struct PrintProgress: TrainingCallback {
  private let interval: Int
  private let print: @Sendable (String) -> Void
  /// The epoch whose line was left out last.
  private var pending: EpochReport?

  /// Creates the callback.
  /// - Parameters:
  ///   - epochs: the number of epochs from one line to the next, at least 1
  ///   - print: gets each line, by default the standard output
  public init(
    every epochs: Int = 1, _ print: @escaping @Sendable (String) -> Void = { Swift.print($0) }
  ) {
    guard epochs >= 1 else {
      stop("PrintProgress", expected: "an interval of at least 1", received: "\(epochs)")
    }
    interval = epochs
    self.print = print
  }

  /// Prints the line of the epoch if it is time to.
  public mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    let number = report.epoch + 1
    if number == 1 || number == report.epochs || number.isMultiple(of: interval) {
      pending = nil
      show(report)
    } else {
      pending = report
    }
    return .proceed
  }

  /// Prints the line of the last epoch if it was left out.
  public mutating func trainingEnded(
    _ history: TrainingHistory, network: inout NeuralNetwork
  ) throws {
    if let pending = pending.take() { show(pending) }
  }

  private func show(_ report: EpochReport) {
    func text(_ scores: Scores) -> String {
      String(format: "loss: %.4f", scores.loss)
        + (scores.accuracy.map { String(format: " - accuracy: %.4f", $0) } ?? "")
    }
    print(
      "epoch \(report.epoch + 1)/\(report.epochs) - " + text(report.training)
        + (report.validation.map { " - validation " + text($0) } ?? ""))
  }
}

/// Saves the network every few epochs; the file is always complete, also when the program is killed.
public struct CheckpointCallback: TrainingCallback {
  private let url: URL
  private let everyEpochs: Int

  /// Creates a callback that saves to `url` after every `everyEpochs` epochs and when training ends.
  public init(url: URL, everyEpochs: Int = 1) {
    guard everyEpochs >= 1 else {
      stop("CheckpointCallback", expected: "a period of at least 1", received: "\(everyEpochs)")
    }
    self.url = url
    self.everyEpochs = everyEpochs
  }

  /// True: a checkpoint holds the work of the other callbacks in this epoch.
  public var runsLast: Bool { true }

  /// Saves the network if it is time to.
  public mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    if (report.epoch + 1).isMultiple(of: everyEpochs) { try network.save(to: url) }
    return .proceed
  }

  /// Saves the network as training leaves it.
  public mutating func trainingEnded(
    _ history: TrainingHistory, network: inout NeuralNetwork
  ) throws {
    try network.save(to: url)
  }
}
