import Foundation

/// A learning-rate range test: the loss while the rate grows from step to step, and the rate it suggests.
///
///     let test = try network.learningRateRangeTest(on: parts.train, options: options)
///     network.optimizer!.learningRate = test.learningRate
///     try network.fit(parts.train, options: options)
///
/// The rate grows by the same factor with each step, from too small to too large, so at first the loss hardly
/// changes, then it falls, and at last it rises. Suggested is the rate at which it falls fastest: where the slope
/// `dL/d(log η)` of the smoothed loss is steepest, before its minimum.
///
/// - Reference: Smith (2017), *Cyclical learning rates for training neural networks*, section 3.3. Smith reads the
///   rates from the plot; the rule of the steepest slope is that of fastai and PyTorch Lightning.
public struct LearningRateRangeTest: Codable, Sendable, Equatable {
  /// The rate of each step.
  public let rates: [Float]
  /// The loss after each step, on the same training examples each time.
  public let losses: [Double]
  /// The losses smoothed: their mean under a Gaussian over the steps, of standard deviation `smoothing`.
  public let smoothedLosses: [Double]
  /// The rate at which the smoothed loss falls fastest, in two significant digits.
  public let learningRate: Float

  /// The standard deviation of the Gaussian, in steps.
  static let smoothing = 3.0
  /// The test ends where the loss is so many times the lowest one.
  static let limit = 4.0

  /// Finds the suggestion.
  /// - Throws: when the loss falls nowhere
  init(rates: [Float], losses: [Double]) throws {
    (self.rates, self.losses) = (rates, losses)
    let smoothed = Self.smoothed(losses)
    smoothedLosses = smoothed
    let lowest: Int = smoothed.indices.min { smoothed[$0] < smoothed[$1] } ?? 0
    // A fall of a hundredth is one of the batches.
    guard lowest >= 2, smoothed[0] - smoothed[lowest] > 0.01 * abs(smoothed[0]) else {
      throw CourseError(
        .invalidData, "the loss falls at no learning rate",
        expected: "a loss that falls as the rate grows",
        received:
          "\(losses.count) steps, with losses from \(losses.first.map { "\(Float($0))" } ?? "-") on",
        location: "the rates from \(rates.first ?? 0) to \(rates.last ?? 0)",
        remedy: "Choose a number, and check the scaling of the features.")
    }
    // Equal steps are equal distances of log η.
    let slopes = (1..<lowest).map { (step: Int) -> Double in
      smoothed[step + 1] - smoothed[step - 1]
    }
    let steepest: Int = slopes.indices.min { slopes[$0] < slopes[$1] } ?? 0
    learningRate = Float(String(format: "%.1e", rates[steepest + 1])) ?? rates[steepest + 1]
  }

  private static func smoothed(_ losses: [Double]) -> [Double] {
    let reach = Int(3 * smoothing)
    let weights = (0...reach).map { exp(-Double($0 * $0) / (2 * smoothing * smoothing)) }
    return losses.indices.map { place in
      var (sum, total) = (0.0, 0.0)
      for other in max(0, place - reach)...min(losses.count - 1, place + reach) {
        let weight = weights[abs(other - place)]
        sum += weight * losses[other]
        total += weight
      }
      return sum / total
    }
  }
}

extension NeuralNetwork {
  /// Trains a copy of the network with a learning rate that grows from step to step, to find a good one.
  ///
  /// The network itself does not change. The copy takes its steps as `fit` does, on the same batches in the same
  /// order, and the result depends on the seed only. Rates grow exponentially: `ηₖ = η₀ · (ηₙ₋₁ / η₀)^(k / (n − 1))`.
  /// After each step the loss is measured on some training examples, always the same ones, in training mode (batch
  /// norm has no running statistics yet): losses of single batches differ by more than a step changes them. The test
  /// ends early where the loss is 4 times the lowest one, or no longer finite.
  ///
  /// - Parameters:
  ///   - options: the options of the training that is to follow; its epochs and schedule do not matter
  ///   - rates: the lowest and the highest rate
  ///   - steps: the number of steps
  ///   - callbacks: called as in `fit`
  /// - Throws: the errors of `fit`, and an error when the loss falls nowhere
  public func learningRateRangeTest(
    on data: Dataset, options: TrainingOptions, rates: ClosedRange<Float> = 1e-6...10,
    steps: Int = 200, callbacks: [any TrainingCallback] = []
  ) throws -> LearningRateRangeTest {
    try rangeTest(examples: data.count, options, rates, steps, measuring: data) {
      network, options, recorder in
      try network.fit(data, options: options, metrics: [], callbacks: [recorder] + callbacks)
    }
  }

  /// The same on batches that are made while the network trains.
  /// - Parameter data: training examples to measure the loss on
  public func learningRateRangeTest(
    on batches: some TrainingBatches, measuring data: Dataset, options: TrainingOptions,
    rates: ClosedRange<Float> = 1e-6...10, steps: Int = 200,
    callbacks: [any TrainingCallback] = []
  ) throws -> LearningRateRangeTest {
    var options = options
    options.batchSize = batches.batchSize
    return try rangeTest(
      examples: batches.examplesPerEpoch, options, rates, steps, measuring: data
    ) { network, options, recorder in
      try network.fit(batches, options: options, metrics: [], callbacks: [recorder] + callbacks)
    }
  }

  private func rangeTest(
    examples: Int, _ options: TrainingOptions, _ rates: ClosedRange<Float>, _ steps: Int,
    measuring data: Dataset,
    fit: (inout NeuralNetwork, TrainingOptions, RangeTestRecorder) throws -> Void
  ) throws -> LearningRateRangeTest {
    guard rates.lowerBound > 0, rates.upperBound > rates.lowerBound, rates.upperBound.isFinite,
      steps >= 10
    else {
      throw CourseError(
        .invalidArgument, "a range of learning rates",
        expected: "two rates above 0, the second one larger, and at least 10 steps",
        received: "\(rates.lowerBound) to \(rates.upperBound) in \(steps) steps")
    }
    var (copy, options) = (self, options)
    options.schedule = ExponentialGrowth(
      from: rates.lowerBound, to: rates.upperBound, over: steps)
    let stepSize = Swift.max(1, options.batchSize * options.accumulationSteps)
    options.epochs = steps / Swift.max(1, examples / stepSize) + 1
    let record = RangeTestRecord()
    let sample = try rangeTestSample(of: data, batchSize: options.batchSize)
    do {
      try fit(&copy, options, RangeTestRecorder(steps: steps, sample: sample, record: record))
    } catch let error as CourseError where error.kind == .diverged && !record.losses.isEmpty {
      // The end of the test.
    }
    return try LearningRateRangeTest(rates: record.rates, losses: record.losses)
  }

  /// Four batches of the data or as many as 100 examples take, prepared for the layers.
  private func rangeTestSample(of data: Dataset, batchSize: Int) throws -> [TrainingBatch] {
    let size = Swift.min(Swift.max(batchSize, 1), Swift.max(data.count, 1))
    let count = Swift.min(Swift.max(4, (99 + size) / size), data.count / size)
    let order = RandomKey(seed: seed).folded("range test").permutation(of: data.count)
    let chosen = try prepared(
      data.subset(order.prefix(count * size).sorted()), role: "training data")
    return (0..<count).map { chosen.batch(at: Array(($0 * size)..<(($0 + 1) * size))) }
  }
}

/// `first · (last / first)^(k / (steps − 1))`, whatever the rate of the optimizer
private struct ExponentialGrowth: LearningRateSchedule {
  private let first, last: Float
  private let steps: Int

  init(from first: Float, to last: Float, over steps: Int) {
    (self.first, self.last, self.steps) = (first, last, steps)
  }

  func learningRate(step: Int, epoch: Int, base: Float) -> Float {
    let part = Double(min(step, steps - 1)) / Double(steps - 1)
    return Float(Double(first) * pow(Double(last) / Double(first), part))
  }
}

/// The rates and losses so far; a class, because `fit` keeps its callbacks.
private final class RangeTestRecord {
  var rates: [Float] = []
  var losses: [Double] = []
}

/// Records the loss after each step, and ends the test where it has risen.
private struct RangeTestRecorder: TrainingCallback {
  let steps: Int
  let sample: [TrainingBatch]
  let record: RangeTestRecord
  private var lowest = Double.infinity

  init(steps: Int, sample: [TrainingBatch], record: RangeTestRecord) {
    (self.steps, self.sample, self.record) = (steps, sample, record)
  }

  mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl {
    let loss = Tensor.withoutSubnormals { network.loss(on: sample) }
    guard loss.isFinite else { return .stop }
    record.rates.append(report.learningRate)
    record.losses.append(loss)
    lowest = min(lowest, loss)
    let hasRisen = loss > LearningRateRangeTest.limit * lowest
    return hasRisen || record.losses.count == steps ? .stop : .proceed
  }
}

extension NeuralNetwork {
  /// The loss on batches in training mode, penalties included; the network does not change.
  fileprivate func loss(on batches: [TrainingBatch]) -> Double {
    var copy = self
    copy.resetState()
    guard var loss else { return .nan }
    var running = RunningScores()
    for batch in batches {
      let output = copy.forward(
        batch.features, sideInputs: batch.sideInputs, mode: .training)
      running.add(
        loss: loss.forward(output, target: batch.targets, weights: batch.weights),
        isMean: loss.reduction == .mean, penalty: penaltyValue, count: batch.targets.answerCount,
        weight: loss.totalWeight(of: batch.targets, weights: batch.weights))
    }
    return running.scores(isMean: loss.reduction == .mean).loss
  }
}
