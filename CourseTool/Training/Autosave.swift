import Foundation
import Networks

/// Saves the network now and then, so that a crash or a power cut costs at most that much work.
///
/// By the clock and not by epochs: syncing a file to the disk takes longer than an epoch on a small data
/// set, and an epoch on a large one can take an hour.
struct Autosave: TrainingCallback {
  private let url: URL
  private let interval: Duration
  private var last = ContinuousClock.now

  init(to url: URL, every interval: Duration = .seconds(30)) {
    self.url = url
    self.interval = interval
  }

  /// A checkpoint holds what the other callbacks did.
  var runsLast: Bool { true }

  mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws {
    last = .now
  }

  mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    let now = ContinuousClock.now
    if now - last >= interval {
      try network.save(to: url)
      last = now
    }
    return .proceed
  }
}
