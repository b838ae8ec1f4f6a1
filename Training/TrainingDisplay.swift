import CourseCommandLine
import Foundation
import Shared

/// Shows the progress of training: a bar on a terminal, one line per epoch elsewhere.
package struct TrainingDisplay: TrainingCallback {
  private let stream: TextStream
  private var line: LiveLine
  private var plan: TrainingPlan?
  private var start = ContinuousClock.now
  /// In examples, those of all epochs; known after the first step, in whose epoch a resumed run may be far.
  private var progress: WorkProgress?
  private var lastValidation: Scores?

  /// Whether the examples are sequences of a text, whose losses are shown as perplexities.
  private let isText: Bool

  package init(on stream: TextStream, isText: Bool = false) {
    self.stream = stream
    self.isText = isText
    line = LiveLine(on: stream)
  }

  package mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) throws {
    self.plan = plan
    start = .now
  }

  package mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    let now = ContinuousClock.now
    guard let plan, progress == nil || line.isDue(at: now) else { return .proceed }
    func examples(_ steps: Int) -> Double {
      Double(report.epoch * plan.exampleCount + min(steps * plan.batchSize, plan.exampleCount))
    }
    var progress =
      self.progress
      ?? WorkProgress(
        total: plan.epochs * plan.exampleCount, done: examples(report.batch - 1), at: start)
    progress.reach(examples(report.batch), at: now)
    self.progress = progress
    if line.isDue(at: now) {
      line.showBar(
        title(report.epoch, of: report.epochs), fraction: progress.fraction,
        parts: parts(report.training, progress), at: now)
    }
    return .proceed
  }

  package mutating func epochEnded(
    _ report: EpochReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    lastValidation = report.validation
    if isKept(epoch: report.epoch, of: report.epochs) {
      let head =
        title(report.epoch, of: report.epochs) + "  "
        + words(report.training).joined(separator: "  ")
      func tail(named: Bool) -> String {
        report.validation.map {
          "   validation " + words($0, named: named).joined(separator: "  ")
        } ?? ""
      }
      // Where the line would wrap, the names stand in its first half only; where that does not suffice, the second
      // half has a line of its own.
      func fits(_ text: String) -> Bool {
        !stream.features.isTerminal || text.count <= stream.width
      }
      let forms = [head + tail(named: true), head + tail(named: false)]
      if let form = forms.first(where: fits) {
        line.leave(form)
      } else {
        line.leave(head)
        line.leave(tail(named: true))
      }
    }
    return .proceed
  }

  package mutating func trainingEnded(
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

  private func title(_ epoch: Int, of epochs: Int) -> String {
    "epoch \("\(epoch + 1)".padded(left: "\(epochs)".count))/\(epochs)"
  }

  /// Those of `epoch 12/40 ███████▌       31%  loss 0.1234  accuracy 0.9630  12 s left  850 examples/s`.
  func parts(_ scores: Scores, _ progress: WorkProgress) -> [[String]] {
    words(scores).map { [$0] }
      + (progress.secondsLeft.map { [[durationText($0) + " left"]] } ?? [])
      + (progress.rate.map { [rateForms($0, isText ? "sequences" : "examples")] } ?? [])
      + (lastValidation?.accuracy.map { [["validation \(fixed($0, 3))"]] } ?? [])
  }

  private func words(_ scores: Scores, named: Bool = true) -> [String] {
    let loss =
      isText ? ("perplexity", fixed(scores.perplexity, 3)) : ("loss", lossText(Float(scores.loss)))
    return
      ([loss] + scores.metrics.sorted { $0.key < $1.key }.map { ($0.key, metricText($0.value)) })
      .map { name, value in named ? "\(name) \(value)" : value }
  }
}

/// Ends training after the current step on a signal.
package struct StopOnInterruption: TrainingCallback {
  package init() {}

  package mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    Interruption.isRequested ? .stop : .proceed
  }
}
