/// The truth of a batch in which classes or examples count differently, or whose labels are smoothed.
///
/// `qₙⱼ = sₙ wⱼ ((1 − ε) tₙⱼ + ε / C)`, and `vₙ = sₙ Σⱼ wⱼ tₙⱼ`
/// - `t`: the truth as one row for each answer, `[N, C]` or `[N, T, C]`; 0 where nothing is asked for
/// - `w`: the weight of each class, `[C]`; `s`: the weight of each example, `[N]`; 1 without such weights
/// - `ε`: the label smoothing
///
/// A cross-entropy is then `−Σ q ln p`, divided by `Σ v` for the mean.
package struct WeightedTruth: Sendable {
  /// `q`, of the shape of the predictions.
  package let rows: Tensor
  /// The factor of the summed loss and of its gradient: `1 / Σ v` for the mean, 1 for the sum. It is 0 where
  /// nothing counts.
  package let scale: Float

  /// The truth of a batch.
  /// - Parameter weights: the weights of the examples, `[N]`
  package init(
    _ target: Target, prediction: Tensor, configuration: ClassificationLossConfiguration,
    weights: Tensor?, place: String
  ) {
    let classCount = prediction.shape.last ?? 0
    var truth: Tensor
    if case .classSequences(let labels, _) = target {
      let asked = Tensor(labels.map { $0 == Target.ignored ? 0 : 1 }).reshaped(to: [
        labels.count, 1,
      ])
      truth = Tensor(oneHot: labels.map { Swift.max($0, 0) }, classCount: classCount) * asked
      truth = truth.reshaped(to: prediction.shape)
    } else {
      truth = target.truth(for: prediction, place: place)
    }
    let classWeights = configuration.classWeights.map { Tensor($0) }
    if let classWeights, classWeights.count != classCount {
      stop(place, expected: "\(classWeights.count) classes", received: "\(classCount)")
    }
    var rows = truth
    if let smoothing = configuration.labelSmoothing {
      // A row that sums to 0 asks for nothing, and stays 0.
      let asked = truth.sum(axis: -1, keepDims: true)
      rows = truth * (1 - smoothing) + asked * (smoothing / Float(classCount))
    }
    if let classWeights {
      rows *= classWeights
      truth *= classWeights
    }
    if let weights {
      requireWeights(weights, count: prediction.shape.first ?? 0, place: place)
      let column = weights.reshaped(
        to: [weights.count] + [Int](repeating: 1, count: truth.rank - 1))
      rows *= column
      truth *= column
    }
    self.rows = rows
    if configuration.reduction == .mean {
      let total = truth.sum()
      scale = total > 0 ? 1 / total : 0
    } else {
      scale = 1
    }
  }

  /// `−Σ q ln p`, divided by `Σ v` for the mean. Where q is 0 nothing counts, also where ln p is −∞.
  /// - Parameter logProbabilities: `ln p`, of the shape of the truth
  package func loss(ofLogProbabilities logProbabilities: Tensor) -> Float {
    -(rows * logProbabilities.zeroed(where: rows .== 0)).sum() * scale
  }

  /// The gradient of the loss with respect to the scores of which `p` is the softmax:
  /// `dXₙⱼ = pₙⱼ Σₖ qₙₖ − qₙⱼ`, divided likewise.
  package func softmaxGradient(logProbabilities: Tensor) -> Tensor {
    (exp(logProbabilities) * rows.sum(axis: -1, keepDims: true) - rows) * scale
  }
}

/// Stops unless there is a weight for each example.
package func requireWeights(_ weights: Tensor, count: Int, place: String) {
  guard weights.shape == [count] else {
    stop(
      place, expected: "a weight for each of \(count) examples, shape [\(count)]",
      received: "shape \(weights.shape)")
  }
}
