extension NeuralNetwork {
  /// Trains the network on a data set.
  ///
  /// Each epoch visits every example once, in an order that depends on the seed and the epoch, in
  /// batches of `batchSize` (the last may be smaller). Each step minimises the loss of `batchSize` ·
  /// `accumulationSteps` examples: with more than one accumulation step, the gradients of that many
  /// batches add up before the weights change, which gives the step of a larger batch in the memory of
  /// a small one.
  ///
  /// What is minimised, and reported as the loss, is the loss on the examples plus the penalties on the
  /// weights. With layers that carry state (`carriesState`) each epoch starts afresh and goes through the
  /// data in order: example i of a batch is followed by example i of the next one.
  ///
  ///     let parts = try Dataset.digits.split(seed: 1)
  ///     network.preprocessing = try .minMax(parts.train)
  ///     let history = try network.fit(
  ///       parts.train, validation: parts.validation, epochs: 20, batchSize: 50,
  ///       callbacks: [EarlyStopping(patience: 5)])
  ///
  /// - Parameters:
  ///   - data: raw examples; `preprocessing` is applied to them
  ///   - validation: examples to report on after each epoch; never trained on
  ///   - epochs: the number of epochs in all; a resumed run does those that are left
  ///   - batchSize: the number of examples whose gradients are computed together
  ///   - shuffle: whether each epoch has its own random order
  ///   - accumulationSteps: the number of batches in a step
  ///   - clipping: how gradients are limited before each step
  ///   - schedule: the learning rate of each step
  ///   - callbacks: called in order, those that record last
  ///   - resuming: whether to continue from `progress` rather than start anew
  /// - Returns: the scores of every epoch.
  /// - Throws: `CourseError` before anything is trained, when data, labels or settings do not fit; and
  ///   `.diverged` when the loss stops being finite, naming step, layer and learning rate.
  @discardableResult
  public mutating func fit(
    _ data: Dataset, validation: Dataset? = nil, epochs: Int, batchSize: Int = 32,
    shuffle: Bool = true, accumulationSteps: Int = 1, clipping: GradientClipping? = nil,
    schedule: any LearningRateSchedule = ConstantSchedule(),
    callbacks: [any TrainingCallback] = [], resuming: Bool = false
  ) throws -> TrainingHistory {
    let settings = TrainingProgress.Settings(
      exampleCount: data.count, batchSize: batchSize, shuffle: shuffle,
      accumulationSteps: accumulationSteps, clipping: clipping)
    try check(settings: settings, epochs: epochs)
    let data = try prepared(data, role: "training data")
    let validation = try validation.map { try prepared($0, role: "validation data") }
    try checkBatches(of: settings, resuming: resuming)
    let validationSize = try validationBatchSize(for: validation, trainingSize: batchSize)
    try begin(settings: settings, epochs: epochs, resuming: resuming)

    var callbacks = callbacks.filter { !$0.runsLast } + callbacks.filter(\.runsLast)
    let stepSize = batchSize * accumulationSteps
    let plan = TrainingPlan(
      epochs: epochs, startEpoch: current.epoch, exampleCount: data.count, batchSize: stepSize,
      stepsPerEpoch: (data.count + stepSize - 1) / stepSize)
    for index in callbacks.indices {
      try callbacks[index].trainingBegan(plan, network: &self)
    }
    while current.epoch < epochs && !current.isStopped {
      // In the middle of an epoch, a resumed run has its state from the checkpoint.
      if current.batch == 0 { resetState() }
      let order =
        shuffle
        ? NeuralNetwork.order(epoch: current.epoch, exampleCount: data.count, seed: seed)
        : Array(0..<data.count)
      while current.batch < plan.stepsPerEpoch {
        let start = current.batch * stepSize
        let indices = order[start..<Swift.min(start + stepSize, data.count)]
        try step(on: data, at: indices, schedule: schedule)
        let report = stepReport(plan)
        var control = TrainingControl.proceed
        for index in callbacks.indices
        where try callbacks[index].stepEnded(report, network: &self) == .stop {
          control = .stop
        }
        // Not recorded as a stop: whoever resumes goes on with the rest of the epoch.
        if control == .stop { return current.history }
      }
      releaseLastBatch(example: data.batch(at: [0]).features)
      try endEpoch(
        plan, validation: validation, validationSize: validationSize, callbacks: &callbacks)
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

  /// Forward, backward and update on the examples with the given indices.
  private mutating func step(
    on data: Dataset, at indices: ArraySlice<Int>, schedule: any LearningRateSchedule
  ) throws {
    let learningRate = schedule.learningRate(
      step: current.step, epoch: current.epoch, base: current.baseLearningRate)
    optimizer!.learningRate = learningRate
    let isMean = loss!.reduction == .mean
    let penalty = penaltyValue
    let size = current.settings.batchSize
    let answerCount =
      indices.count <= size ? nil : data.targets.rows(at: indices).answerCount
    for start in stride(from: indices.startIndex, to: indices.endIndex, by: size) {
      let part = indices[start..<Swift.min(start + size, indices.endIndex)]
      let batch = data.batch(at: part)
      let output = forward(batch.features, mode: .training)
      let batchLoss = loss!.forward(output, target: batch.targets)
      guard batchLoss.isFinite, penalty.isFinite else {
        throw divergence(
          on: batch, step: current.step, learningRate: learningRate, loss: batchLoss,
          penalty: penalty)
      }
      let partCount = batch.targets.answerCount
      current.running.add(
        loss: batchLoss, isMean: isMean, penalty: penalty,
        answers: loss!.answers(output, target: batch.targets), count: partCount)
      var gradient = loss!.backward()
      // Means over parts of unequal size add up to the mean over all of them.
      if isMean, let answerCount, answerCount > 0 {
        gradient *= Float(partCount) / Float(answerCount)
      }
      backward(gradient)
    }
    // Once a step, however many parts it has.
    addPenaltyGradients()
    if let clipping = current.settings.clipping { clipGradients(clipping) }
    applyGradients()
    current.step += 1
    current.batch += 1
  }

  /// Lets the optimizer change every parameter that has a gradient, and clears the gradients.
  public mutating func applyGradients() {
    guard var optimizer else {
      stop(
        "NeuralNetwork.applyGradients", expected: "a network with an optimizer", received: "none")
    }
    // Taken out, so that the visitor may change the optimizer while the network is being changed.
    self.optimizer = nil
    optimizer.beginStep()
    var slot = 0
    forEachParameter { _, parameter in
      if let gradient = parameter.gradient {
        optimizer.update(&parameter.value, gradient: gradient, slot: slot)
        parameter.clearGradient()
      }
      slot += 1
    }
    self.optimizer = optimizer
  }

  private func stepReport(_ plan: TrainingPlan) -> StepReport {
    StepReport(
      epoch: current.epoch, epochs: plan.epochs, batch: current.batch,
      batchCount: plan.stepsPerEpoch, step: current.step,
      training: current.running.scores(isMean: loss!.reduction == .mean),
      learningRate: optimizer!.learningRate)
  }

  // MARK: One epoch

  /// Lets the layers drop what they kept of the last batch, often most of the memory of a training, before
  /// evaluation needs some. An inference pass keeps nothing, so one over a single example does it; not
  /// where it would change the state that is carried on.
  private mutating func releaseLastBatch(example: Tensor) {
    if !carriesState { _ = forward(example, mode: .inference) }
  }

  private mutating func endEpoch(
    _ plan: TrainingPlan, validation: Dataset?, validationSize: Int,
    callbacks: inout [any TrainingCallback]
  ) throws {
    let step = stepReport(plan)
    try requireFiniteParameters(step: step.step, learningRate: step.learningRate)
    let report = EpochReport(
      epoch: current.epoch, epochs: plan.epochs, step: step.step, training: step.training,
      validation: try validation.map { try scores(onPrepared: $0, batchSize: validationSize) },
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
