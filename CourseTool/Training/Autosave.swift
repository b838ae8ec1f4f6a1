import Foundation
import Networks

/// Saves the network now and then, so that a crash or a power cut costs at most that much work.
///
/// By the clock and not by epochs: syncing a file to the disk takes longer than an epoch on a small data
/// set, and an epoch on a large one can take an hour.
///
/// A file that cannot be written (a disk that is full for a moment) does not end the training: that is said
/// once, and tried again after the next interval.
struct Autosave: TrainingCallback {
  private let output: OutputFile
  private let warnings: TextStream
  private let interval: Duration
  private var last = ContinuousClock.now
  private var hasFailed = false

  init(to output: OutputFile, every interval: Duration = .seconds(30), warnings: TextStream) {
    self.output = output
    self.warnings = warnings
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
      last = now
      try save(network)
    }
    return .proceed
  }

  private mutating func save(_ network: NeuralNetwork) throws {
    do {
      try output.save(network, warnings: warnings)
      if hasFailed { warn("The network is saved again.") }
      hasFailed = false
    } catch let error as CourseError where error.kind == .file {
      if !hasFailed {
        warn("warning: \(error.oneLine); training goes on, and tries again every \(interval)")
      }
      hasFailed = true
    }
  }

  private func warn(_ text: String) {
    warnings.clearLine()
    warnings.line(warnings.style.yellow(text))
  }
}
