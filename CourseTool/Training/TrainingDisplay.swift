import CourseCommandLine
import Foundation
import Networks

/// Shows the progress of training: a bar on a terminal, one line per epoch elsewhere.
struct TrainingDisplay: TrainingCallback {
  private let stream: TextStream
  private var line: LiveLine
  private var plan: TrainingPlan?
  private var start = ContinuousClock.now
  private var lastValidation: Scores?

  /// Whether losses are shown as perplexities, as is usual for texts.
  private let showsPerplexity: Bool

  init(on stream: TextStream, showsPerplexity: Bool = false) {
    self.stream = stream
    self.showsPerplexity = showsPerplexity
    line = LiveLine(on: stream)
  }

  mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws {
    self.plan = plan
    start = .now
  }

  mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    guard line.isDue(), let plan else { return .proceed }
    let total = plan.epochs * plan.stepsPerEpoch
    let done = report.epoch * plan.stepsPerEpoch + report.batch
    // The earlier epochs of a resumed run took no time now.
    let fresh = done - plan.startEpoch * plan.stepsPerEpoch
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    line.show(
      progressText(
        report, fraction: Double(done) / Double(total),
        secondsLeft: fresh > 0 ? seconds / Double(fresh) * Double(total - done) : nil))
    return .proceed
  }

  mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    lastValidation = report.validation
    if isKept(epoch: report.epoch, of: report.epochs) {
      let count = "\(report.epochs)".count
      line.leave(
        "epoch \("\(report.epoch + 1)".padded(left: count))/\(report.epochs)  "
          + text(report.training) + (report.validation.map { "   validation " + text($0) } ?? ""))
    }
    return .proceed
  }

  mutating func trainingEnded(
    _ history: TrainingHistory, network: inout NeuralNetwork
  ) throws {
    line.clear()
  }

  /// A file gets every epoch; a terminal, which also shows the bar, about ten of them.
  private func isKept(epoch: Int, of epochs: Int) -> Bool {
    guard stream.features.isTerminal else { return true }
    let period = (epochs + 9) / 10
    return (epoch + 1).isMultiple(of: period) || epoch + 1 == epochs
  }

  /// `epoch 12/40 ███████▌        31%  loss 0.1234  accuracy 0.963  0.61 s left`
  func progressText(_ report: StepReport, fraction: Double, secondsLeft: Double?) -> String {
    let style = stream.style
    let count = "\(report.epochs)".count
    let head = "epoch \("\(report.epoch + 1)".padded(left: count))/\(report.epochs) "
    var tail = " " + "\(Int(fraction * 100))%".padded(left: 4)
    // The most important first: parts that do not fit into the line are omitted.
    let parts =
      [text(report.training)] + (secondsLeft.map { [durationText($0) + " left"] } ?? [])
      + (lastValidation?.accuracy.map { ["validation \(fixed($0, 3))"] } ?? [])
    let smallest = 10
    // Room for the ^C that the terminal shows.
    let width = stream.features.width - 3
    for part in parts
    where head.count + smallest + tail.count + 2 + part.count <= width {
      tail += "  " + part
    }
    let room = width - head.count - tail.count
    let bar = ProgressBar.text(
      fraction, width: max(0, min(28, room)), unicode: stream.features.usesUnicode)
    return head + style.cyan(bar) + tail
  }

  private func text(_ scores: Scores) -> String {
    (showsPerplexity
      ? "perplexity \(fixed(scores.perplexity, 3))" : "loss \(lossText(Float(scores.loss)))")
      + (scores.accuracy.map { "  accuracy \(fixed($0, 4))" } ?? "")
  }
}

/// Ends training after the current step on a signal.
struct StopOnInterruption: TrainingCallback {
  mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    Interruption.isRequested ? .stop : .proceed
  }
}
