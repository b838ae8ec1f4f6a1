extension NeuralNetwork {
  /// Trains the network on a data set.
  ///
  /// Each epoch visits every example once, in an order that depends on the seed and the epoch, in
  /// batches of `batchSize` (the last may be smaller). Each step minimises the loss of `batchSize` ·
  /// `accumulationSteps` examples.
  ///
  /// The quantity minimised, and reported as the loss, is the loss on the examples plus the penalties on the
  /// weights. Where classes or examples have weights, a mean loss is the weighted mean `Σ vₙ lₙ / Σ vₙ`, over all
  /// examples of a step with its accumulated parts, and over an epoch. Metrics count each example once.
  ///
  /// With layers that carry state (`carriesState`) each epoch starts afresh and goes through the
  /// data in order: example i of a batch is followed by example i of the next one.
  ///
  /// A network without names for its classes and features takes over those of the data.
  ///
  /// The schedule decides the learning rate of each step. A rate that is set in between, by a callback or
  /// before a training is resumed (also with another optimizer), takes its place: the schedule goes on from
  /// there, all it returns scaled by `new / old`. Without a schedule that is the new rate itself.
  ///
  ///     let parts = try Dataset.digits.split(seed: 1)
  ///     network.preprocessing = try .minMax(parts.train)
  ///     let history = try network.fit(
  ///       parts.train, validation: parts.validation,
  ///       options: TrainingOptions(epochs: 20, batchSize: 50),
  ///       callbacks: [EarlyStopping(patience: 5)])
  ///
  /// - Parameters:
  ///   - data: raw examples; `preprocessing` is applied to them
  ///   - validation: examples to report on after each epoch, a data set or batches; never trained on
  ///   - options: epochs, batches, clipping, schedule
  ///   - metrics: the metrics to report besides the loss; those of the loss unless given
  ///   - callbacks: called in order, those that record last
  ///   - resuming: whether to continue from `progress` instead of beginning again
  /// - Returns: the scores of every epoch.
  /// - Throws: `CourseError` before anything is trained, when data, labels or settings do not fit; and
  ///   `.diverged` when the loss stops being finite, naming step, layer and learning rate.
  @discardableResult
  public mutating func fit(
    _ data: Dataset, validation: (any ValidationData)? = nil, options: TrainingOptions,
    metrics: [any Metric]? = nil, callbacks: [any TrainingCallback] = [], resuming: Bool = false
  ) throws -> TrainingHistory {
    let data = try prepared(data, role: "training data")
    try requireAnswers(of: data, batchSize: options.batchSize, role: "training data")
    // Where the network has no names, those of the training data count.
    var validation = validation
    if let other = validation as? Dataset {
      validation = try other.aligned(
        featureNames: data.featureNames, classNames: data.classNames, role: "validation data")
    }
    let batches = DatasetBatches(
      data, batchSize: Swift.min(options.batchSize, data.count), shuffle: options.shuffle,
      seed: seed)
    return try train(
      on: PreparedBatches(ofPrepared: batches), validation: validation, options: options,
      metrics: metrics, callbacks: callbacks, resuming: resuming)
  }

  /// Trains the network on batches that are made while it trains, such as those of an `ImageGenerator`.
  ///
  ///     let images = try ImageGenerator(
  ///       ImageFolder("flowers"), batchSize: 50, imageSize: [3, 32, 32],
  ///       augmentation: [.mirror, .crop(padding: 4)], seed: 1)
  ///     try network.fit(images, validation: flowersToReportOn, options: TrainingOptions(epochs: 20))
  ///
  /// Training starts at the first batch of the first epoch, wherever `batches` stood, or where it was
  /// interrupted. Size and order are those of the batches, not those of the options; all else is as with a
  /// data set.
  ///
  /// - Throws: as with a data set, and the errors of making a batch, of an image that cannot be read for
  ///   instance. The network is then as the last step left it, and can go on from there (`resuming`).
  @discardableResult
  public mutating func fit(
    _ batches: some TrainingBatches, validation: (any ValidationData)? = nil,
    options: TrainingOptions,
    metrics: [any Metric]? = nil, callbacks: [any TrainingCallback] = [], resuming: Bool = false
  ) throws -> TrainingHistory {
    try check(batches, role: "training data")
    try checkNames(
      classes: batches.classNames, features: batches.featureNames, of: batches.name,
      role: "training data")
    return try train(
      on: PreparedBatches(batches), validation: validation, options: options,
      metrics: metrics, callbacks: callbacks, resuming: resuming)
  }

  private mutating func train(
    on prepared: PreparedBatches<some TrainingBatches>, validation: (any ValidationData)?,
    options: TrainingOptions, metrics: [any Metric]?, callbacks: [any TrainingCallback],
    resuming: Bool
  ) throws -> TrainingHistory {
    var (options, batches) = (options, prepared)
    let source = prepared.base
    (options.batchSize, options.shuffle) = (source.batchSize, source.shuffle)
    let exampleCount = source.examplesPerEpoch
    try check(options, exampleCount: exampleCount)
    // An epoch has no more batches than a step could take.
    let accumulationSteps = Swift.min(options.accumulationSteps, source.batchesPerEpoch)
    options.accumulationSteps = accumulationSteps
    var validation = validation.map(PreparedValidation.init)
    try validation?.prepare(for: self)
    try checkBatches(of: options, exampleCount: exampleCount, resuming: resuming)
    try validation?.chooseBatchSize(for: self, trainingSize: source.batchSize)
    try checkNames()
    let fresh = try RunningMetrics(metrics ?? loss!.metrics)
    let rate = optimizerStates!.learningRate
    try begin(
      TrainingProgress(
        options: options, exampleCount: exampleCount, batches: source.settings,
        baseLearningRate: rate, learningRate: rate), resuming: resuming)
    var metrics = fresh
    metrics.resume(current.running.metrics)
    adoptNames(classes: source.classNames, features: source.featureNames)

    var callbacks = callbacks.filter { !$0.runsLast } + callbacks.filter(\.runsLast)
    let batchesPerEpoch = source.batchesPerEpoch
    let plan = TrainingPlan(
      epochs: options.epochs, startEpoch: current.epoch, exampleCount: exampleCount,
      batchSize: Swift.min(source.batchSize * accumulationSteps, exampleCount),
      stepsPerEpoch: (batchesPerEpoch + accumulationSteps - 1) / accumulationSteps)
    for index in callbacks.indices {
      try callbacks[index].trainingBegan(plan, network: &self)
    }
    batches.base.seek(batch: current.epoch * batchesPerEpoch + current.batch * accumulationSteps)
    training: while current.epoch < options.epochs && !current.isStopped {
      // In the middle of an epoch, a resumed run has its state from the checkpoint.
      if current.batch == 0 { resetState() }
      // The memory that reading, scaling or evaluating the data needed.
      BufferPool.shared.empty()
      while current.batch < plan.stepsPerEpoch {
        let left = batchesPerEpoch - current.batch * accumulationSteps
        // All that the step needs: when one of them cannot be read, the step has not begun.
        let parts = try (0..<Swift.min(accumulationSteps, left)).map { _ in
          try batches.next(for: self)
        }
        try Tensor.withoutSubnormals {
          try step(on: parts, schedule: options.schedule, metrics: &metrics)
        }
        let report = stepReport(plan)
        var control = TrainingControl.proceed
        for index in callbacks.indices
        where try callbacks[index].stepEnded(report, network: &self) == .stop {
          control = .stop
        }
        // Not recorded as a stop: a resumed training goes on with the rest of the epoch.
        if control == .stop {
          try requireFiniteParameters(step: report.step, learningRate: report.learningRate)
          break training
        }
      }
      // Evaluation needs memory in other sizes.
      BufferPool.shared.empty()
      try endEpoch(
        plan, validation: validation, metrics: fresh, callbacks: &callbacks)
      metrics = fresh
    }
    for index in callbacks.indices {
      try callbacks[index].trainingEnded(current.history, network: &self)
    }
    return current.history
  }

  /// The progress of a training that has begun.
  private var current: TrainingProgress {
    get { progress! }
    _modify { yield &progress! }
  }

  // MARK: One step

  /// Forward and backward on each of the batches, and one update.
  private mutating func step(
    on batches: [TrainingBatch], schedule: any LearningRateSchedule,
    metrics: inout RunningMetrics
  ) throws {
    let learningRate = try takeLearningRate(from: schedule)
    let isMean = loss!.reduction == .mean
    let penalty = penaltyValue
    let weights = batches.map { loss!.totalWeight(of: $0.targets, weights: $0.weights) }
    let totalWeight = weights.reduce(0, +)
    for (batch, weight) in zip(batches, weights) {
      // The last batch of an epoch needs memory in other sizes.
      if batch.targets.count < current.options.batchSize { BufferPool.shared.empty() }
      let output = forward(batch.features, sideInputs: batch.sideInputs, mode: .training)
      try check(output: output, batch: current.batch)
      let batchLoss = loss!.forward(output, target: batch.targets, weights: batch.weights)
      guard batchLoss.isFinite, penalty.isFinite else {
        throw divergence(
          on: batch, step: current.step, learningRate: learningRate, loss: batchLoss,
          penalty: penalty)
      }
      current.running.add(
        loss: batchLoss, isMean: isMean, penalty: penalty, count: batch.targets.answerCount,
        weight: weight)
      let (answer, truth) = (
        unscaled(output, of: raw(batch.features)), unscaled(batch.targets, of: raw(batch.features))
      )
      metrics.update(prediction: answer, target: truth, sums: &current.running.metrics)
      var gradient = loss!.backward()
      // Means over parts of unequal size add up to the mean over all of them.
      if isMean, batches.count > 1, totalWeight > 0 {
        gradient *= Float(weight) / Float(totalWeight)
      }
      backward(gradient)
    }
    // Once a step, however many parts it has.
    addPenaltyGradients()
    if let clipping = current.options.clipping { clipGradients(clipping) }
    applyGradients()
    current.step += 1
    current.batch += 1
  }

  /// The learning rate of the next step, which the optimizer gets.
  private mutating func takeLearningRate(from schedule: any LearningRateSchedule) throws -> Float {
    current.adopt(learningRate: optimizerStates!.learningRate)
    let rate = schedule.learningRate(
      step: current.step, epoch: current.epoch, base: current.baseLearningRate)
    // Written so that NaN fails.
    guard rate >= 0, rate.isFinite else {
      throw CourseError(
        .invalidArgument, "learning rate out of range", expected: "a finite number of at least 0",
        received: "\(rate)", location: "step \(current.step + 1)",
        remedy: "Correct the schedule, or what a callback sets as network.optimizer!.learningRate.")
    }
    optimizerStates!.learningRate = rate
    current.learningRate = rate
    return rate
  }

  private func stepReport(_ plan: TrainingPlan) -> StepReport {
    StepReport(
      epoch: current.epoch, epochs: plan.epochs, batch: current.batch,
      batchCount: plan.stepsPerEpoch, step: current.step,
      training: current.running.scores(isMean: loss!.reduction == .mean),
      learningRate: current.learningRate)
  }

  // MARK: One epoch

  private mutating func endEpoch(
    _ plan: TrainingPlan, validation: PreparedValidation?, metrics: RunningMetrics,
    callbacks: inout [any TrainingCallback]
  ) throws {
    let step = stepReport(plan)
    try requireFiniteParameters(step: step.step, learningRate: step.learningRate)
    let report = EpochReport(
      epoch: current.epoch, epochs: plan.epochs, step: step.step, training: step.training,
      validation: try validation.map { try $0.scores(of: self, metrics: metrics) },
      learningRate: step.learningRate)
    // The progress moves on before the callbacks run: a checkpoint that one of them writes resumes with
    // the next epoch.
    current.history.epochs.append(report)
    current.epoch += 1
    current.batch = 0
    current.running = RunningScores()
    for index in callbacks.indices
    where try callbacks[index].epochEnded(report, network: &self) == .stop {
      current.isStopped = true
    }
  }
}
