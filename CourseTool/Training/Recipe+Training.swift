import CourseCommandLine
import CourseTraining
import Networks

extension Recipe {
  /// The options of the training.
  func options(for training: Dataset) -> TrainingOptions {
    TrainingOptions(
      epochs: epochs, batchSize: batchSize, shuffle: !isText || blocks > 0, clipping: clip.clipping,
      schedule: schedule(stepsPerEpoch: stepCount(of: training)))
  }

  /// The steps of an epoch.
  private func stepCount(of training: Dataset) -> Int {
    stepsPerEpoch > 0 ? stepsPerEpoch : (training.count + batchSize - 1) / batchSize
  }

  /// Notes on parts of the schedule that the training does not reach. These are no errors: the number of steps follows
  /// the data, and a resumed training may have more.
  func scheduleNotes(for training: Dataset) -> [String] {
    let steps = epochs * stepCount(of: training)
    var notes: [String] = []
    if scheduleName != .oneCycle, warmUp >= steps, warmUp > 0 {
      notes.append(
        "the warm-up of \(counted(warmUp, "step")) (--warm-up) never ends: the training has "
          + "\(counted(steps, "step")), so the full learning rate is not reached")
    }
    if scheduleName == .step, decay != 1, decayEvery > 1, decayEvery >= epochs {
      notes.append(
        "the learning rate falls after \(counted(decayEvery, "epoch")) (--decay-every), and the training has "
          + counted(epochs, "epoch"))
    }
    return notes
  }

  /// The range test of the learning rate, on the batches of the training.
  /// - Parameter stream: the stream for its progress; `nil` for none
  func rangeTest(
    of network: NeuralNetwork, on training: Dataset, progress stream: TextStream?
  ) throws -> LearningRateRangeTest {
    let steps = 200
    let progress = ProgressLine("trying learning rates", total: steps, unit: "steps", on: stream)
    defer { progress.clear() }
    let options = options(for: training)
    let callbacks: [any TrainingCallback] = [StopOnInterruption(), StepCount(on: progress)]
    let test = Result {
      if let batches = try augmented(training) {
        return try network.learningRateRangeTest(
          on: batches, measuring: training, options: options, steps: steps, callbacks: callbacks)
      }
      return try network.learningRateRangeTest(
        on: training, options: options, steps: steps, callbacks: callbacks)
    }
    // A test that a signal ended has no result.
    if Interruption.isRequested { throw Interruption.status }
    return try test.get()
  }
}

extension LearningRateRangeTest {
  /// The choice and its reason, in one line.
  var remark: String {
    "learning rate \(shortNumber(learningRate)): of \(counted(rates.count, "step")) with rates from "
      + "\(shortNumber(rates.first ?? 0)) to \(shortNumber(rounded(rates.last ?? 0))), the loss fell fastest there"
  }

  private func rounded(_ rate: Float) -> Float { Float(roundedNumber(Double(rate))) ?? rate }
}

/// Shows the number of steps.
private struct StepCount: TrainingCallback {
  let progress: ProgressLine
  init(on progress: ProgressLine) { self.progress = progress }

  mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    progress.show(report.step)
    return .proceed
  }
}

extension Recipe {
  /// The perplexity of scores on the characters of a text; `nil` for other data.
  var perplexity: ((Scores) -> Double)? { isText ? { $0.perplexity } : nil }
}
