import Shared

/// The cross-entropy of yes-or-no questions: one question (spam or not), or several whose answers do not
/// exclude each other.
///
/// Computes `L = −Σ [t ln p + (1 − t) ln(1 − p)]`, divided by the number of elements for the mean.
/// - `p`: the predicted probability of yes, `[N, K]`; or scores `x`, `[N, K]`, of which `p = σ(x)`
/// - `t`: the truth, `[N, K]`, 1 for yes and 0 for no, or a probability; for K = 1 also the classes 0 and 1
///
/// On probabilities (after a `Sigmoid`): `dP = −t / max(p, ε) + (1 − t) / max(1 − p, ε)`. The logarithms are
/// guarded by the same ε, so that a probability of 0 or 1 gives a finite loss and a slope that still teaches.
///
/// On scores (`on: .logits`, no `Sigmoid`): with `ln σ(x) = −s(−x)`, `ln(1 − σ(x)) = −s(x)` and the softplus
/// `s(x) = ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|)`, nothing is rounded to 0 before its logarithm is taken:
/// `L = Σ [t s(−x) + (1 − t) s(x)]`, `dX = σ(x) − t`. That is the better choice to train with.
///
/// All are divided by the number of elements for the mean, as in PyTorch.
///
/// Where yes is rare, `positiveWeights` `u`, one for each question, let it count more: the terms of yes are
/// multiplied by uₖ, as by `pos_weight` in PyTorch: `L = −Σ [uₖ t ln p + (1 − t) ln(1 − p)]`. With label smoothing ε
/// the truth is `(1 − ε) t + ε / 2`. Where examples have weights `s`, `[N]`, their terms are multiplied by sₙ, and the
/// mean divides by `K Σₙ sₙ`.
///
///     var loss = BinaryCrossEntropyLoss()
///     loss.forward([[0.5]], target: .classes([1]))   // 0.6931 = ln 2
///     loss.backward()                                // [[-2]]
///     loss = BinaryCrossEntropyLoss(on: .logits)
///     loss.forward([[0]], target: .classes([1]))     // 0.6931
///     loss.backward()                                // [[-0.5]]
///
/// - Complexity: O(number of elements).
/// - Reference: Bishop (2006), *Pattern Recognition and Machine Learning*, equations 4.90 and 4.91; Szegedy,
///   Vanhoucke, Ioffe, Shlens, Wojna (2016), *Rethinking the Inception architecture*, section 7 (label smoothing).
public struct BinaryCrossEntropyLoss: Loss {
  /// The kind of numbers that the network returns.
  public enum Input: String, Codable, Sendable, CaseIterable {
    /// Probabilities, from 0 to 1.
    case probabilities
    /// Scores, any numbers: the probability is their sigmoid.
    case logits
  }

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The kind of numbers that the network returns.
    public var input: Input
    /// How the losses of a batch are combined.
    public var reduction: Reduction
    /// The smallest probability that counts; `nil` for the usual one.
    public var epsilon: Float?
    /// How much yes counts, for each question or for all of them; `nil` where it counts as much as no.
    public var positiveWeights: [Float]?
    /// The share of the truth that is spread over yes and no; `nil` for none.
    public var labelSmoothing: Float?

    /// Creates a configuration.
    public init(
      input: Input = .probabilities, reduction: Reduction = .mean, epsilon: Float? = nil,
      positiveWeights: [Float]? = nil, labelSmoothing: Float? = nil
    ) {
      self.input = input
      self.reduction = reduction
      self.epsilon = epsilon
      self.positiveWeights = positiveWeights
      self.labelSmoothing = labelSmoothing == 0 ? nil : labelSmoothing
    }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  /// How the losses of a batch are combined.
  public var reduction: Reduction { configuration.reduction }
  /// The smallest probability that counts.
  public var epsilon: Float { configuration.epsilon ?? 6e-8 }

  /// x, t, and the factors of the terms.
  private var kept = Kept<(prediction: Tensor, truth: Tensor, scale: TermScale)>()

  /// Creates the loss, averaged by default.
  /// - Parameters:
  ///   - input: whether the network returns probabilities or scores
  ///   - epsilon: the smallest probability that counts, above 0 and below 1; the usual one is the spacing of
  ///     `Float` just below 1. Scores need none.
  ///   - positiveWeights: how much yes counts compared with no, one number above 0 for each question or one for
  ///     all; for a rare yes usually the number of noes divided by that of yeses
  ///   - labelSmoothing: the share of the truth that is spread over yes and no, at least 0 and below 1
  public init(
    on input: Input = .probabilities, reduction: Reduction = .mean, epsilon: Float? = nil,
    positiveWeights: [Float]? = nil, labelSmoothing: Float = 0
  ) {
    let configuration = Configuration(
      input: input, reduction: reduction, epsilon: epsilon, positiveWeights: positiveWeights,
      labelSmoothing: labelSmoothing)
    self = orStop { try BinaryCrossEntropyLoss(configuration: configuration) }
  }

  /// Creates the loss from a checkpoint.
  public init(configuration: Configuration) throws {
    try ClassificationLossConfiguration(
      reduction: configuration.reduction, epsilon: configuration.epsilon,
      labelSmoothing: configuration.labelSmoothing
    ).check(of: Self.typeName)
    if let weights = configuration.positiveWeights,
      weights.isEmpty || !weights.allSatisfy({ $0 > 0 && $0.isFinite })
    {
      throw CourseError(
        .invalidArgument, "\(Self.typeName): positive weights out of range",
        expected: "a finite number above 0 for each question, or one for all",
        received: "\(weights)")
    }
    self.configuration = configuration
  }

  /// Probabilities or scores, as the loss was made for.
  public var inputKind: OutputKind {
    configuration.input == .logits ? .scores : .probabilities
  }

  /// True.
  public var takesWeights: Bool { true }

  /// The loss of a batch.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    forward(prediction, target: target, weights: nil)
  }

  /// The loss of a batch whose examples count differently.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    let place = "BinaryCrossEntropyLoss.forward"
    var t = target.binaryTruth(for: prediction, place: place)
    if let smoothing = configuration.labelSmoothing { t = t * (1 - smoothing) + smoothing / 2 }
    let scale = TermScale(prediction.shape, reduction: reduction, weights: weights, place: place)
    kept.set((prediction, t, scale), in: .training)
    let positive: Tensor
    let negative: Tensor
    switch configuration.input {
    case .probabilities:
      positive = -t * log(Tensor.maximum(prediction, epsilon))
      negative = -(1 - t) * log(Tensor.maximum(1 - prediction, epsilon))
    // An answer that is ruled out costs nothing, also where its score is infinite.
    case .logits:
      positive = t * softplus(-prediction).zeroed(where: t .== 0)
      negative = (1 - t) * softplus(prediction).zeroed(where: t .== 1)
    }
    return scale.loss(positiveWeighted(positive) + negative)
  }

  /// The gradient with respect to probabilities or scores.
  public mutating func backward() -> Tensor {
    let (x, t, scale) = kept.take(for: Self.typeName)
    let gradient =
      switch configuration.input {
      case .probabilities:
        (1 - t) / Tensor.maximum(1 - x, epsilon)
          - positiveWeighted(t / Tensor.maximum(x, epsilon))
      // σ(x) − t, written so that no digit is lost where σ(x) is nearly 1.
      case .logits: (1 - t) * sigmoid(x) - positiveWeighted(t * sigmoid(-x))
      }
    return scale.gradient(gradient)
  }

  /// The terms of yes, times its weights.
  private func positiveWeighted(_ terms: Tensor) -> Tensor {
    guard let weights = configuration.positiveWeights else { return terms }
    guard weights.count == 1 || weights.count == terms.shape.last else {
      stop(
        Self.typeName, expected: "\(weights.count) questions, as there are positive weights",
        received: "predictions of shape \(terms.shape)")
    }
    return terms * Tensor(weights)
  }

  /// The probability of yes.
  public func prediction(from output: Tensor) -> Tensor {
    configuration.input == .logits ? sigmoid(output) : output
  }

  /// The fraction of questions answered right: with a probability of at least one half for yes.
  public var metrics: [any Metric] {
    [BinaryAccuracy(threshold: configuration.input == .logits ? 0 : 0.5)]
  }

  /// Two, no and yes, where there is one question; several questions have no common confusion matrix.
  public func answerClassCount(outputShape: [Int]) -> Int? {
    outputShape.reduce(1, *) == 1 ? 2 : nil
  }

  /// Takes no for the class 0 and yes for the class 1.
  public func count(_ output: Tensor, target: Target, in matrix: inout ConfusionMatrix) {
    let (answer, truth) = yesOrNo(output, target: target)
    matrix.update(predicted: answer.scalars.map { Int($0) }, actual: truth.scalars.map { Int($0) })
  }

  /// The predicted and the true answers, 1 for yes and 0 for no.
  private func yesOrNo(_ output: Tensor, target: Target) -> (answer: Tensor, truth: Tensor) {
    let truth = target.binaryTruth(for: output, place: "BinaryCrossEntropyLoss")
    return (output .>= (configuration.input == .logits ? 0 : 0.5), truth .>= 0.5)
  }

  /// `ln(1 + eˣ)`, for any x.
  private func softplus(_ x: Tensor) -> Tensor {
    let small = exp(-abs(x))
    // ln(1 + u) from the rounded sum w = 1 + u: ln w · u / (w − 1), and u itself where w is 1.
    let sum = 1 + small
    let isOne = sum .== 1
    return Tensor.maximum(x, 0) + small * (isOne + log(sum) / (sum - 1 + isOne))
  }

  /// Throws unless the targets are probabilities in the shape of the output, or the classes 0 and 1 for a
  /// single output.
  public func check(outputShape: [Int], target: Target) throws {
    let count = outputShape.reduce(1, *)
    if let weights = configuration.positiveWeights, weights.count > 1,
      weights.count != outputShape.last
    {
      throw CourseError(
        .shapeMismatch, "\(Self.typeName): positive weights that do not fit the network",
        expected: "one, or one for each question of an output \(outputShape)",
        received: "\(weights.count)")
    }
    func refuse(_ expected: String, _ received: String) -> CourseError {
      CourseError(
        .shapeMismatch, "\(Self.typeName): targets that do not fit the network", expected: expected,
        received: received,
        remedy: "Give the last layer one output for each question; for classes that exclude each "
          + "other use SoftmaxCrossEntropyLoss.")
    }
    switch target {
    case .classes(let classes):
      guard count == 1 else {
        throw refuse("values [N] + \(outputShape), 0 or 1 for each output", target.summary)
      }
      if let wrong = classes.firstIndex(where: { $0 != 0 && $0 != 1 }) {
        throw CourseError(
          .invalidData, "label out of range", expected: "the classes 0 and 1",
          received: "\(classes[wrong])", location: "example \(wrong)",
          remedy: "For more than two classes use SoftmaxCrossEntropyLoss.")
      }
    case .values(let values):
      guard Array(values.shape.dropFirst()) == outputShape else {
        throw refuse("values [N] + \(outputShape)", target.summary)
      }
      let isOutside = (values .< 0) + (values .> 1)
      if values.count > 0, isOutside.max() > 0 {
        let wrong = isOutside.argmax()
        throw CourseError(
          .invalidData, "target out of range", expected: "probabilities, from 0 to 1",
          received: "\(values.scalars[wrong])", location: "example \(wrong / max(count, 1))")
      }
    case .classSequences, .tasks: throw refuse("values [N] + \(outputShape)", target.summary)
    }
  }
}
