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
/// With class weights `w`, weights of examples `s` or label smoothing `ε`, as in PyTorch:
/// `L = −Σₙ sₙ Σⱼ wⱼ t'ₙⱼ ln pₙⱼ` with `t' = (1 − ε) t + ε / C`, divided by `Σₙ sₙ Σⱼ wⱼ tₙⱼ` for the mean.
/// (PyTorch divides by N where the truth is given as rows.)
///
/// - Complexity: O(N·C).
/// - Reference: Bishop (2006), *Pattern Recognition and Machine Learning*, equations 4.108 and 4.109; Szegedy,
///   Vanhoucke, Ioffe, Shlens, Wojna (2016), *Rethinking the Inception architecture*, section 7 (label smoothing).
///   Task: Protocols/Phase1-FeedForward.md, 1.6.
public struct SoftmaxCrossEntropyLoss: ClassificationLoss {
  /// The constructor arguments.
  public let configuration: ClassificationLossConfiguration
  /// ln p and t.
  private var kept = Kept<(logProbabilities: Tensor, truth: Tensor)>()
  /// The same of a batch with weights.
  private var weighted: (logProbabilities: Tensor, truth: WeightedTruth)?

  /// The loss of a batch of scores.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    if let loss = weightedLoss(prediction, target) { return loss }
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
    if let gradient = weightedGradient() { return gradient }
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

  /// Creates the loss with classes that count differently, or with smoothed labels.
  ///
  ///     var loss = SoftmaxCrossEntropyLoss(classWeights: [1, 3])
  ///     loss.forward([[0, 0], [0, 2]], target: .classes([0, 1]))   // 0.2684 = (1 · 0.6931 + 3 · 0.1269) / 4
  ///
  /// - Parameters:
  ///   - classWeights: a finite number of at least 0 for each class, such as `balancedClassWeights()` of the
  ///     training data, so that rare classes count as much as frequent ones
  ///   - labelSmoothing: the share of the truth that is spread over all classes, at least 0 and below 1; 0.1 is
  ///     usual
  public init(
    reduction: Reduction = .mean, classWeights: [Float]? = nil, labelSmoothing: Float = 0
  ) {
    let configuration = ClassificationLossConfiguration(
      reduction: reduction, classWeights: classWeights, labelSmoothing: labelSmoothing)
    self = orStop { try SoftmaxCrossEntropyLoss(configuration: configuration) }
  }

  /// Creates the loss from its configuration, as a checkpoint holds it.
  public init(configuration: ClassificationLossConfiguration) throws {
    try configuration.check(of: Self.typeName)
    self.configuration = configuration
  }

  /// Scores.
  public var inputKind: OutputKind { .scores }

  /// The probabilities of the classes, from a batch of scores.
  public func prediction(from output: Tensor) -> Tensor { exp(logSoftmax(output)) }

  // MARK: Weights

  /// True.
  public var takesWeights: Bool { true }

  /// The loss of a batch of scores whose examples count differently.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    weightedLoss(prediction, target, weights: weights) ?? forward(prediction, target: target)
  }

  /// The loss where classes or examples have weights, or labels are smoothed; `nil` elsewhere.
  private mutating func weightedLoss(
    _ prediction: Tensor, _ target: Target, weights: Tensor? = nil
  ) -> Float? {
    weighted = nil
    if configuration.isPlain && weights == nil { return nil }
    let truth = WeightedTruth(
      target, prediction: prediction, configuration: configuration, weights: weights,
      place: "SoftmaxCrossEntropyLoss.forward")
    let logProbabilities = logSoftmax(prediction)
    weighted = (logProbabilities, truth)
    return truth.loss(ofLogProbabilities: logProbabilities)
  }

  /// The gradient of that loss; `nil` where there was none.
  private mutating func weightedGradient() -> Tensor? {
    weighted.take().map { $1.softmaxGradient(logProbabilities: $0) }
  }
}
