import CourseCommandLine
import Foundation
import Shared

/// Saves the network at intervals, so that a crash or a power cut loses at most one interval of work.
///
/// By the clock and not by epochs: syncing a file to the disk takes longer than an epoch on a small data
/// set, and an epoch on a large one can take an hour.
///
/// A file that cannot be written (on a full disk) does not end the training: the callback warns once, and
/// retries after the next interval.
package struct Autosave: TrainingCallback {
  private let output: OutputFile
  private let warnings: TextStream
  private let interval: Duration
  private var last = ContinuousClock.now
  private var hasFailed = false

  package init(to output: OutputFile, every interval: Duration = .seconds(30), warnings: TextStream)
  {
    self.output = output
    self.warnings = warnings
    self.interval = interval
  }

  /// After the other callbacks, whose effects belong to the checkpoint.
  package var runsLast: Bool { true }

  package mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws {
    last = .now
  }

  package mutating func stepEnded(
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
      if hasFailed { warn("Saving the network works again.") }
      hasFailed = false
    } catch let error as CourseError where error.kind == .file {
      if !hasFailed {
        warn(
          "warning: \(error.oneLine); training continues, and saving is retried every \(interval)")
      }
      hasFailed = true
    }
  }

  private func warn(_ text: String) {
    warnings.clearLine()
    warnings.line(warnings.style.yellow(text))
  }
}
