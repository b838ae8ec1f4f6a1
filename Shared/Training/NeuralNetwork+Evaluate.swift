/// How a network does on a data set.
public struct Evaluation: Sendable {
  /// The loss.
  public var loss: Double
  /// The fraction classified right; `nil` when the network does not classify.
  public var accuracy: Double?
  /// What the network predicts for each example: probabilities `[N, C]` for classifiers.
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
  /// - Throws: `CourseError` when the data does not fit the network or the network has no loss.
  public func evaluate(_ data: Dataset, batchSize: Int = 256) throws -> Evaluation {
    guard let loss else {
      throw CourseError(
        .invalidArgument, "the network has no loss", expected: "a loss", received: "none",
        remedy: "Set network.loss, or use predict.")
    }
    let data = try prepared(data, role: "data to evaluate on")
    let (scores, outputs) = run(onPrepared: data, batchSize: batchSize)
    var evaluation = Evaluation(
      loss: scores.loss, accuracy: scores.accuracy, predictions: loss.prediction(from: outputs))
    if loss.isClassification {
      let names = classNames.isEmpty ? data.classNames : classNames
      var matrix =
        names.count == outputShape.last
        ? ConfusionMatrix(classNames: names) : ConfusionMatrix(classCount: outputShape.last ?? 1)
      matrix.update(prediction: outputs, target: data.targets)
      evaluation.confusionMatrix = matrix
    }
    return evaluation
  }

  /// What the network predicts for raw features `[N] + inputShape`: probabilities `[N, C]` for a
  /// classifier, the output itself for other losses.
  ///
  /// - Throws: `CourseError` when the features do not fit the network or are not finite.
  public func predict(_ features: Tensor, batchSize: Int = 256) throws -> Tensor {
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
    let prepared = preprocessing?(features) ?? features
    var copy = self
    var outputs: [Tensor] = []
    for start in stride(from: 0, to: prepared.shape[0], by: batchSize) {
      let rows = start..<Swift.min(start + batchSize, prepared.shape[0])
      outputs.append(copy.forward(prepared[rows], mode: .inference))
    }
    if outputs.isEmpty { return Tensor(zeros: [0] + outputShape) }
    let output = Tensor(concatenating: outputs)
    return loss?.prediction(from: output) ?? output
  }

  /// Loss and accuracy on data that preprocessing has been applied to.
  func scores(onPrepared data: Dataset) -> Scores {
    run(onPrepared: data, batchSize: 256).scores
  }

  private func run(
    onPrepared data: Dataset, batchSize: Int
  ) -> (scores: Scores, outputs: Tensor) {
    var copy = self
    var running = RunningScores()
    var outputs: [Tensor] = []
    let isMean = loss!.reduction == .mean
    for start in stride(from: 0, to: data.count, by: batchSize) {
      let indices = start..<Swift.min(start + batchSize, data.count)
      let batch = data.batch(at: indices)
      let output = copy.forward(batch.features, mode: .inference)
      let batchLoss = copy.loss!.forward(output, target: batch.targets)
      let correct =
        loss!.isClassification
        ? zip(output.argmax(axis: -1), batch.targets.classIndices).count { $0 == $1 } : nil
      running.add(loss: batchLoss, isMean: isMean, correct: correct, count: indices.count)
      outputs.append(output)
    }
    return (
      running.scores(isMean: isMean, isClassification: loss!.isClassification),
      Tensor(concatenating: outputs)
    )
  }
}
