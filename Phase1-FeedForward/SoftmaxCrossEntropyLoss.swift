import Shared

/// Softmax and cross-entropy in one, on raw scores ("logits").
///
/// Computes `L = −Σₙ Σⱼ tₙⱼ ln pₙⱼ` with `ln pⱼ = (xⱼ − m) − ln Σₖ exp(xₖ − m)`, divided by N for the
/// mean.
/// - `x`: scores, `[N, C]`; `m`: the largest score of each row
/// - `t`: the truth as one row for each example, `[N, C]`, which sums to 1
///
/// Gradient: `dX = p − t`, divided by N for the mean.
///
/// The logarithm is never taken of a rounded probability, so the loss is right even where `p` underflows
/// to 0, and the gradient, the difference of two numbers in [0, 1], can neither vanish nor explode. A class
/// with the score −∞ is ruled out: it costs nothing where it is wrong, and the loss is ∞ where it is right.
///
///     var loss = SoftmaxCrossEntropyLoss()
///     loss.forward([[0, 0]], target: .classes([0]))   // 0.6931 = ln 2
///     loss.backward()                                 // [[-0.5, 0.5]]
///
/// - Complexity: O(N·C).
/// - Reference: Bishop (2006), *Pattern Recognition and Machine Learning*, equations 4.108 and 4.109.
///   Task: Protocols/Phase1-FeedForward.md, 1.6.
public struct SoftmaxCrossEntropyLoss: ClassificationLoss {
  /// The constructor arguments.
  public let configuration: ClassificationLossConfiguration
  /// ln p and t.
  private var kept = Kept<(logProbabilities: Tensor, truth: Tensor)>()

  /// The loss of a batch of scores.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    let truth = target.truth(for: prediction, place: "SoftmaxCrossEntropyLoss.forward")
    // TODO(1.6): L = −Σ t ln p, with ln p from logSoftmax below, times scale(for: truth). Where t is 0
    // nothing counts, also where ln p is −∞. Keep ln p and t for backward:
    // kept.set((logProbabilities, truth), in: .training).
    // BEGIN SOLUTION
    let logProbabilities = logSoftmax(prediction)
    kept.set((logProbabilities, truth), in: .training)
    let counted = logProbabilities.zeroed(where: truth .== 0)
    return -(truth * counted).sum() * scale(for: truth)
    // END SOLUTION
  }

  /// `dX = p − t`, divided by N for the mean.
  public mutating func backward() -> Tensor {
    let (logProbabilities, truth) = kept.take(for: "SoftmaxCrossEntropyLoss")
    // TODO(1.6): dX = p − t, scaled like the loss.
    // BEGIN SOLUTION
    return (exp(logProbabilities) - truth) * scale(for: truth)
    // END SOLUTION
  }

  /// `ln pⱼ = (xⱼ − m) − ln Σₖ exp(xₖ − m)`, row by row.
  private func logSoftmax(_ x: Tensor) -> Tensor {
    // TODO(1.6): subtract from each row its maximum, then the logarithm of its sum of exponentials.
    // BEGIN SOLUTION
    let shifted = x - x.max(axis: -1, keepDims: true)
    return shifted - log(exp(shifted).sum(axis: -1, keepDims: true))
    // END SOLUTION
  }
}

extension SoftmaxCrossEntropyLoss {
  /// "SoftmaxCrossEntropyLoss"
  public static let typeName = "SoftmaxCrossEntropyLoss"

  /// Creates the loss, averaged over the batch by default.
  public init(reduction: Reduction = .mean) {
    configuration = ClassificationLossConfiguration(reduction: reduction)
  }

  /// Scores.
  public var inputKind: OutputKind { .scores }

  /// The probabilities of the classes, from a batch of scores.
  public func prediction(from output: Tensor) -> Tensor { exp(logSoftmax(output)) }
}
