// The checks of a checkpoint's training progress. `fit` counts on them: a number
// that is out of range would stop the program there, or train on other examples without a word.

extension TrainingProgress {
  /// Throws unless these are the numbers of a training of this network.
  func check(outputShape: [Int]) throws {
    try checkOptions()
    try requireRate(baseLearningRate, "baseLearningRate")
    try requireRate(learningRate, "learningRate")

    let examplesPerStep = options.batchSize * options.accumulationSteps
    let stepsPerEpoch = (exampleCount + examplesPerStep - 1) / examplesPerStep
    try require(history.epochs.count...history.epochs.count, epoch, "epoch")
    for (index, report) in history.epochs.enumerated() {
      try report.check(epoch: index, step: (index + 1) * stepsPerEpoch)
    }
    try require(0...stepsPerEpoch, batch, "batch")
    try require((epoch * stepsPerEpoch + batch)...(epoch * stepsPerEpoch + batch), step, "step")
    // A sequence has an answer at each step, and a loss may ask as many questions as there are outputs.
    let examples = min(batch * examplesPerStep, exampleCount)
    let (answers, overflows) = examples.multipliedReportingOverflow(by: outputShape.reduce(1, *))
    try running.check(largestCount: overflows ? Int.max : answers)
  }

  private func checkOptions() throws {
    // Without an upper bound: "until early stopping" is `Int.max`.
    try require(1...Int.max, options.epochs, "epochs")
    // Far beyond any data; its product with the number of epochs in a file fits an `Int`.
    try require(1...(1 << 40), exampleCount, "exampleCount")
    let size = options.batchSize
    // All examples may be fewer than a batch has room for.
    try require(1...max(exampleCount, 1_000_000), size, "batchSize")
    try require(
      1...((exampleCount + size - 1) / size), options.accumulationSteps, "accumulationSteps")
    if let clipping = options.clipping, !clipping.isValid {
      throw damagedCheckpoint(
        "\(clipping.limit)", expected: "a limit of the gradients that is finite and above 0")
    }
  }
}

extension EpochReport {
  fileprivate func check(epoch: Int, step: Int) throws {
    let place = "history.epochs.\(epoch)."
    try require(epoch...epoch, self.epoch, place + "epoch")
    try require((epoch + 1)...Int.max, epochs, place + "epochs")
    try require(step...step, self.step, place + "step")
    try requireRate(learningRate, place + "learningRate")
    for accuracy in [training.accuracy, validation?.accuracy] {
      // Written so that NaN fails.
      if let accuracy, !(0...1).contains(accuracy) {
        throw damagedCheckpoint("\(accuracy)", expected: "\(place)accuracy from 0 to 1")
      }
    }
  }
}

extension RunningScores {
  fileprivate func check(largestCount: Int) throws {
    try require(0...largestCount, seen, "running.seen")
    // Written so that NaN fails.
    if let weight, !(weight >= 0 && weight.isFinite) {
      throw damagedCheckpoint("\(weight)", expected: "a finite running.weight of at least 0")
    }
    for (name, sums) in metrics {
      try require(0...largestCount, sums.count, "running.metrics.\(name).count")
      // Written so that NaN fails.
      let isRight =
        name == "accuracy" ? (0...Double(sums.count)).contains(sums.sum) : sums.sum.isFinite
      guard isRight else {
        throw damagedCheckpoint(
          "\(sums.sum)", expected: "a possible sum of the metric \(name) over \(sums.count) answers"
        )
      }
    }
    guard loss.isFinite, penalty.isFinite, largestCount > 0 || loss == 0 && penalty == 0 else {
      throw damagedCheckpoint(
        "\(loss) and \(penalty)",
        expected: "a running loss and penalty that are finite, and 0 where an epoch begins")
    }
  }
}

private func require(_ range: ClosedRange<Int>, _ value: Int, _ field: String) throws {
  guard !range.contains(value) else { return }
  throw damagedCheckpoint(
    "\(value)",
    expected: range.lowerBound == range.upperBound
      ? "\(field) \(range.lowerBound)" : "\(field) from \(range.lowerBound) to \(range.upperBound)")
}

private func requireRate(_ rate: Float, _ field: String) throws {
  // Written so that NaN fails.
  guard rate >= 0, rate.isFinite else {
    throw damagedCheckpoint("\(rate)", expected: "a finite \(field) of at least 0")
  }
}
