import Shared

/// The cross-entropy between predicted probabilities and the truth.
///
/// Computes `L = −Σₙ Σⱼ tₙⱼ ln(max(pₙⱼ, ε))`, divided by N for the mean.
/// - `p`: predicted probabilities, `[N, C]`, for instance from `Softmax`
/// - `t`: the truth as one row for each example, `[N, C]`: a 1 in the column of the right class
/// - `ε`: `epsilon`, which keeps the logarithm of a probability of 0 finite
///
/// Gradient: `dPₙⱼ = −tₙⱼ / max(pₙⱼ, ε)`, divided by N for the mean. Where `p < ε` this is the slope at
/// ε, not the 0 of the flat piece there: a network that is sure of the wrong class must still learn.
///
///     var loss = CrossEntropyLoss()
///     loss.forward([[0.5, 0.5]], target: .classes([0]))   // 0.6931 = ln 2
///     loss.backward()                                     // [[-2, 0]]
///
/// With class weights, weights of examples or label smoothing t becomes q, and N the sum of the weights, as in
/// `SoftmaxCrossEntropyLoss`.
///
/// - Complexity: O(N·C).
/// - Reference: Goodfellow, Bengio, Courville (2016), *Deep Learning*, equation 5.12 and section 6.2.
///   Task: Protocols/Phase1-FeedForward.md, 1.5.
public struct CrossEntropyLoss: ClassificationLoss {
  /// The constructor arguments.
  public let configuration: ClassificationLossConfiguration
  /// The smallest probability that counts.
  public var epsilon: Float { configuration.epsilon ?? 6e-8 }
  /// p and t.
  private var kept = Kept<(prediction: Tensor, truth: Tensor)>()

  /// The loss of a batch of probabilities.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    let truth = truth(of: target, for: prediction)
    kept.set((prediction, truth), in: .training)
    // TODO(1.5): L = −Σ t ln(max(p, ε)), times scale(for: truth), which is 1/N for .mean, 1 for .sum.
    // BEGIN SOLUTION
    return -(truth * log(Tensor.maximum(prediction, epsilon))).sum() * scale(for: truth)
    // END SOLUTION
  }

  /// `dP = −t / max(p, ε)`, divided by N for the mean.
  public mutating func backward() -> Tensor {
    let (prediction, truth) = kept.take(for: "CrossEntropyLoss")
    // TODO(1.5): dP = −t / max(p, ε), scaled like the loss.
    // BEGIN SOLUTION
    return -truth / Tensor.maximum(prediction, epsilon) * scale(for: truth)
    // END SOLUTION
  }
}

extension CrossEntropyLoss {
  /// "CrossEntropyLoss"
  public static let typeName = "CrossEntropyLoss"

  /// Creates the loss, averaged over the batch by default.
  public init(reduction: Reduction = .mean) {
    configuration = ClassificationLossConfiguration(reduction: reduction)
  }

  /// Creates the loss with another epsilon, with classes that count differently, or with smoothed labels.
  /// - Parameters:
  ///   - epsilon: the smallest probability that counts, above 0 and below 1: a probability of 0 for the right
  ///     class costs `−ln ε`. The usual one is the spacing of `Float` just below 1.
  ///   - classWeights: a finite number of at least 0 for each class
  ///   - labelSmoothing: the share of the truth that is spread over all classes, at least 0 and below 1
  public init(
    reduction: Reduction = .mean, epsilon: Float? = nil, classWeights: [Float]? = nil,
    labelSmoothing: Float = 0
  ) {
    let configuration = ClassificationLossConfiguration(
      reduction: reduction, epsilon: epsilon, classWeights: classWeights,
      labelSmoothing: labelSmoothing)
    self = orStop { try CrossEntropyLoss(configuration: configuration) }
  }

  /// Creates the loss from its configuration, as a checkpoint holds it.
  public init(configuration: ClassificationLossConfiguration) throws {
    try configuration.check(of: Self.typeName)
    self.configuration = configuration
  }

  /// Distributions over the classes.
  public var inputKind: OutputKind { .distributions }

  // MARK: Weights

  /// True.
  public var takesWeights: Bool { true }

  /// The loss of a batch of probabilities whose examples count differently.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    guard weights != nil else { return forward(prediction, target: target) }
    var plain = CrossEntropyLoss(reduction: reduction, epsilon: epsilon)
    let truth = truth(of: target, for: prediction, weights: weights)
    defer { kept = plain.kept }
    return plain.forward(prediction, target: .values(truth))
  }

  /// The truth, in which classes and examples have their weights. `scale(for:)` divides by the number of rows, so
  /// the rows are multiplied by it where the mean is a weighted one.
  private func truth(
    of target: Target, for prediction: Tensor, weights: Tensor? = nil
  ) -> Tensor {
    let place = "CrossEntropyLoss.forward"
    if configuration.isPlain && weights == nil {
      return target.truth(for: prediction, place: place)
    }
    let truth = WeightedTruth(
      target, prediction: prediction, configuration: configuration, weights: weights, place: place)
    return truth.rows * (truth.scale / scale(for: truth.rows))
  }
}
