/// How a network does on a data set.
public struct Evaluation: Sendable {
  /// The quantity that training minimises: the loss on the examples, and the penalties on the weights.
  public var loss: Double
  /// The part of `loss` that is the penalties; 0 without them.
  public var penalty: Double
  /// The mean of each metric over the answers, by its name.
  public var metrics: [String: Double]
  /// The metric "accuracy", the fraction of answers that are right; `nil` when the network does not classify.
  public var accuracy: Double? { metrics["accuracy"] }
  /// The prediction for each example: probabilities `[N, C]` for classifiers. Empty (`[0, C]`)
  /// when the predictions were not to be kept.
  public var predictions: Tensor
  /// How often each class was taken for each other one; `nil` when the network does not classify.
  public var confusionMatrix: ConfusionMatrix?
}

extension NeuralNetwork {
  /// Measures the network on raw examples, in inference mode; changes nothing.
  ///
  ///     let test = try network.evaluate(parts.test)
  ///     print(test.accuracy!, test.confusionMatrix!)
  ///
  /// A network that carries state starts afresh and goes through the examples in order, in batches of the
  /// size that it was trained with.
  ///
  /// Weights of classes and examples count in the loss as in training, `Σ vₙ lₙ / Σ vₙ`; metrics and the confusion
  /// matrix count each example once.
  ///
  /// - Parameters:
  ///   - batchSize: how many examples are computed together; by default as many as keep the outputs of the
  ///     largest layer near 8 MB, at most 256
  ///   - metrics: the metrics to report besides the loss; those of the loss unless given
  ///   - keepingPredictions: whether to return the predictions, which may be large for sequences
  ///   - progress: called after each batch with the number of examples so far
  /// - Throws: `CourseError` when the data does not fit the network or the network has no loss.
  public func evaluate(
    _ data: Dataset, batchSize: Int? = nil, metrics: [any Metric]? = nil,
    keepingPredictions: Bool = true, progress: (_ examples: Int) throws -> Void = { _ in }
  ) throws -> Evaluation {
    try requireLoss()
    let data = try prepared(data, role: "data to evaluate on")
    let size = try evaluationBatchSize(batchSize, count: data.count)
    return try evaluate(
      on: PreparedBatches(
        ofPrepared: DatasetBatches(data, batchSize: size, shuffle: false, seed: 0)),
      classNames: classNames.isEmpty ? data.classNames : classNames, metrics: metrics,
      keepingPredictions: keepingPredictions, progress: progress)
  }

  /// Measures the network on the batches of one epoch, those of an `ImageGenerator` for instance: for
  /// images that do not fit into memory. Predictions are in the order of the batches.
  ///
  ///     let test = try network.evaluate(
  ///       ImageGenerator(
  ///         ImageFolder("flowers/test"), batchSize: 100, imageSize: [3, 32, 32], shuffle: false,
  ///         lastBatch: .short))
  ///
  /// A generator that augments, or that wraps its last batch, is measured on the batches as it makes them.
  ///
  /// - Throws: as with a data set, and the errors of making a batch.
  public func evaluate(
    _ batches: some TrainingBatches, metrics: [any Metric]? = nil, keepingPredictions: Bool = true,
    progress: (_ examples: Int) throws -> Void = { _ in }
  ) throws -> Evaluation {
    try requireLoss()
    try check(batches, role: "data to evaluate on")
    return try evaluate(
      on: PreparedBatches(batches), classNames: classNames, metrics: metrics,
      keepingPredictions: keepingPredictions, progress: progress)
  }

  private func requireLoss() throws {
    guard loss == nil else { return }
    throw CourseError(
      .invalidArgument, "the network has no loss", expected: "a loss", received: "none",
      remedy: "Set network.loss, or use predict.")
  }

  private func evaluate(
    on batches: PreparedBatches<some TrainingBatches>, classNames: [String],
    metrics: [any Metric]?,
    keepingPredictions: Bool, progress: (Int) throws -> Void
  ) throws -> Evaluation {
    let loss = loss!
    var matrix = loss.answerClassCount(outputShape: outputShape).map { count in
      classNames.count == count
        ? ConfusionMatrix(classNames: classNames) : ConfusionMatrix(classCount: count)
    }
    var outputs: [Tensor] = []
    let running = try RunningMetrics(metrics ?? loss.metrics)
    var examples = 0
    let scores = try run(on: batches, metrics: running) { output, target, features in
      if matrix != nil { loss.count(output, target: target, in: &matrix!) }
      if keepingPredictions {
        outputs.append(unscaled(loss.prediction(from: output), of: raw(features)))
      }
      examples += output.shape[0]
      try progress(examples)
    }
    return Evaluation(
      loss: scores.loss, penalty: penaltyValue, metrics: scores.metrics,
      predictions: outputs.isEmpty
        ? Tensor(zeros: [0] + outputShape) : Tensor(concatenating: outputs),
      confusionMatrix: matrix)
  }

  /// The predictions for raw features `[N] + inputShape`: probabilities `[N, C]` for a
  /// classifier, the output itself for other losses.
  ///
  /// - Parameter sideInputs: the side inputs that the layers ask for, `[N]` + shape each
  /// - Throws: `CourseError` when the features do not fit the network, are not finite, or are none for its first
  ///   layer.
  public func predict(
    _ features: Tensor, sideInputs: [String: Tensor] = [:], batchSize: Int? = nil
  ) throws -> Tensor {
    guard features.rank == inputShape.count + 1, features.shape.dropFirst() == inputShape[...]
    else {
      throw CourseError(
        .shapeMismatch, "features do not fit the network",
        expected: "shape [N] + \(inputShape)", received: "\(features.shape)")
    }
    if let wrong = features.firstNonFiniteIndex {
      let length = features.count / features.shape[0]
      throw CourseError(
        .invalidData, "feature is not finite", expected: "numbers", received: "NaN or infinity",
        location: "example \(wrong / length), feature \(wrong % length)",
        remedy: "Remove the example or fill in the value.")
    }
    try checkInputs { check in try check(preprocessing?(features) ?? features, 0) }
    let count = features.shape[0]
    try check(sideInputs, count: count, role: "data to predict", name: "features")
    let batchSize = try evaluationBatchSize(batchSize, count: count)
    var copy = try inferenceCopy(batchSize: batchSize, count: count)
    var outputs: [Tensor] = []
    for start in stride(from: 0, to: count, by: batchSize) {
      let examples = start..<Swift.min(start + batchSize, count)
      let rows = features[examples]
      let output = copy.forward(
        preprocessing?(rows) ?? rows, sideInputs: sideInputs.mapValues { $0[examples] },
        mode: .inference)
      outputs.append(unscaled(loss?.prediction(from: output) ?? output, of: rows))
    }
    return outputs.isEmpty
      ? Tensor(zeros: [0] + outputShape) : Tensor(concatenating: outputs)
  }

  /// Throws unless the network can be measured on such batches.
  func check(_ batches: some TrainingBatches, role: String) throws {
    // First, since the shape of side inputs may also be that of the targets.
    try check(sideInputShapes: batches.sideInputShapes, role: role, name: batches.name)
    try check(
      inputShape: batches.inputShape, targets: batches.targets, role: role, name: batches.name)
    try preprocessing?.check(inputShape: inputShape)
  }

  /// One epoch of batches in inference mode.
  fileprivate func run(
    on batches: PreparedBatches<some TrainingBatches>, metrics: RunningMetrics,
    _ body: (_ output: Tensor, _ target: Target, _ features: Tensor) throws -> Void
  ) throws -> Scores {
    var copy = try inferenceCopy(
      batchSize: batches.base.batchSize, count: batches.base.examplesPerEpoch)
    var running = RunningScores()
    let isMean = loss!.reduction == .mean
    let penalty = penaltyValue
    var (batches, metrics) = (batches, metrics)
    batches.base.seek(batch: 0)
    for number in 0..<batches.base.batchesPerEpoch {
      let batch = try batches.next(for: self)
      let output = copy.forward(
        batch.features, sideInputs: batch.sideInputs, mode: .inference)
      try check(output: output, batch: number)
      let batchLoss = copy.loss!.forward(output, target: batch.targets, weights: batch.weights)
      running.add(
        loss: batchLoss, isMean: isMean, penalty: penalty, count: batch.targets.answerCount,
        weight: copy.loss!.totalWeight(of: batch.targets, weights: batch.weights))
      metrics.update(
        prediction: unscaled(output, of: raw(batch.features)),
        target: unscaled(batch.targets, of: raw(batch.features)), sums: &running.metrics)
      try body(output, batch.targets, batch.features)
    }
    return running.scores(isMean: isMean)
  }
}

/// The data that a network is measured on after each epoch, as its layers get them.
enum PreparedValidation {
  case dataset(Dataset, batchSize: Int)
  case batches(any TrainingBatches)

  init(_ data: any ValidationData) {
    switch data {
    case let data as Dataset: self = .dataset(data, batchSize: 1)
    case let batches as any TrainingBatches: self = .batches(batches)
    default:
      stop(
        "NeuralNetwork.fit", expected: "a Dataset or TrainingBatches to validate on",
        received: "\(type(of: data))")
    }
  }

  /// Applies the preprocessing of the network to a data set; throws when the data do not fit.
  mutating func prepare(for network: NeuralNetwork) throws {
    switch self {
    case .dataset(let data, let size):
      self = .dataset(try network.prepared(data, role: "validation data"), batchSize: size)
    case .batches(let batches): try network.check(batches, role: "validation data")
    }
  }

  /// Chooses the size of the batches of a data set. Whether the layers can process them is checked when that time
  /// comes: batch norm cannot before it was trained.
  mutating func chooseBatchSize(for network: NeuralNetwork, trainingSize: Int) throws {
    guard case .dataset(let data, _) = self else { return }
    let size = try Self.located {
      try network.evaluationBatchSize(nil, count: data.count, trainingSize: trainingSize)
    }
    self = .dataset(data, batchSize: size)
  }

  /// Loss and metrics of a network.
  func scores(of network: NeuralNetwork, metrics: RunningMetrics) throws -> Scores {
    func scores(on batches: PreparedBatches<some TrainingBatches>) throws -> Scores {
      try network.run(on: batches, metrics: metrics) { _, _, _ in }
    }
    return try Self.located {
      switch self {
      case .dataset(let data, let size):
        let batches = DatasetBatches(data, batchSize: size, shuffle: false, seed: 0)
        return try scores(on: PreparedBatches(ofPrepared: batches))
      case .batches(let batches):
        func open(_ batches: some TrainingBatches) throws -> Scores {
          try scores(on: PreparedBatches(batches))
        }
        return try open(batches)
      }
    }
  }

  /// Adds to the place of an error that it is about the validation data.
  private static func located<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch var error as CourseError {
      error.location = ["validation data", error.location].compactMap { $0 }.joined(separator: ", ")
      throw error
    }
  }
}
