import CourseCommandLine
import CourseTraining
import Foundation
import Networks

/// Runs the trainings of a study one after the other, and shows their progress.
struct StudySession {
  private let stream: TextStream?
  private let count: Int
  private var done = 0
  private let start = ContinuousClock.now
  /// The rows of the runs so far, which an interruption preserves.
  private(set) var finished: StudyTable?

  /// - Parameters:
  ///   - stream: the stream for progress; `nil` for none
  ///   - count: the number of runs to come
  init(on stream: TextStream?, count: Int = 0) {
    self.stream = stream
    self.count = count
  }

  /// The same with a number of runs to come.
  func expecting(_ count: Int) -> StudySession { StudySession(on: stream, count: count) }

  /// The outcome of a run.
  enum Outcome {
    case finished
    /// The loss or a weight stopped being finite.
    case diverged
  }

  /// Trains a network.
  ///
  /// Divergence is a result, not an error; a signal ends the study.
  /// - Parameters:
  ///   - title: the title in the progress line
  ///   - fit: calls `fit` with the given callbacks
  mutating func train(
    _ title: String, _ network: inout NeuralNetwork,
    fit: (_ network: inout NeuralNetwork, _ callbacks: [any TrainingCallback]) throws -> Void
  ) throws -> Outcome {
    var callbacks: [any TrainingCallback] = [StopOnInterruption()]
    if let stream {
      callbacks.append(
        StudyProgress(on: stream, title: title, done: done, count: count, start: start))
    }
    defer { stream?.clearLine() }
    done += 1
    do {
      try fit(&network, callbacks)
    } catch let error as CourseError where error.kind == .diverged {
      return .diverged
    }
    if Interruption.isRequested { throw Interruption.status }
    return .finished
  }

  /// Keeps the rows of the CSV file so far.
  mutating func keep(_ rows: StudyTable) { finished = rows }

  /// The progress line of work that is no training.
  func progress(_ title: String, total: Int, unit: String? = nil) -> ProgressLine {
    ProgressLine(title, total: total, unit: unit, on: stream)
  }

  /// Prints a line about a completed part of the study.
  func report(_ text: String) { stream?.line(text) }
}

/// The progress line of a study: `3/14 LSTM  ████▌      45%  12 s left`
private struct StudyProgress: TrainingCallback {
  let title: String
  let done: Int
  let count: Int
  private var line: LiveLine
  private var plan: TrainingPlan?
  private var progress: WorkProgress

  init(
    on stream: TextStream, title: String, done: Int, count: Int, start: ContinuousClock.Instant
  ) {
    self.title = title
    self.done = done
    self.count = count
    line = LiveLine(on: stream)
    progress = WorkProgress(total: max(count, done + 1), at: start)
  }

  mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws {
    self.plan = plan
  }

  mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    guard line.isDue(), let plan else { return .proceed }
    let part =
      Double(report.epoch * plan.stepsPerEpoch + report.batch)
      / Double(plan.epochs * plan.stepsPerEpoch)
    progress.reach(Double(done) + part)
    line.showBar(
      "\(done + 1)/\(count) \(title)", fraction: progress.fraction,
      parts: [["loss \(lossText(Float(report.training.loss)))"]]
        + (progress.secondsLeft.map { [[durationText($0) + " left"]] } ?? []))
    return .proceed
  }

  mutating func trainingEnded(_ history: TrainingHistory, network: inout NeuralNetwork) throws {
    line.clear()
  }
}
