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
///     var loss = BinaryCrossEntropyLoss()
///     loss.forward([[0.5]], target: .classes([1]))   // 0.6931 = ln 2
///     loss.backward()                                // [[-2]]
///     loss = BinaryCrossEntropyLoss(on: .logits)
///     loss.forward([[0]], target: .classes([1]))     // 0.6931
///     loss.backward()                                // [[-0.5]]
///
/// - Complexity: O(number of elements).
/// - Reference: Bishop (2006), *Pattern Recognition and Machine Learning*, equations 4.90 and 4.91.
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

    /// Creates a configuration.
    public init(
      input: Input = .probabilities, reduction: Reduction = .mean, epsilon: Float? = nil
    ) {
      self.input = input
      self.reduction = reduction
      self.epsilon = epsilon
    }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  /// How the losses of a batch are combined.
  public var reduction: Reduction { configuration.reduction }
  /// The smallest probability that counts.
  public var epsilon: Float { configuration.epsilon ?? 6e-8 }

  private var kept = Kept<(prediction: Tensor, truth: Tensor)>()

  /// Creates the loss, averaged by default.
  /// - Parameters:
  ///   - input: whether the network returns probabilities or scores
  ///   - epsilon: the smallest probability that counts, above 0 and below 1; the usual one is the spacing of
  ///     `Float` just below 1. Scores need none.
  public init(
    on input: Input = .probabilities, reduction: Reduction = .mean, epsilon: Float? = nil
  ) {
    let configuration = Configuration(input: input, reduction: reduction, epsilon: epsilon)
    self = orStop { try BinaryCrossEntropyLoss(configuration: configuration) }
  }

  /// Creates the loss from a checkpoint.
  public init(configuration: Configuration) throws {
    try ClassificationLossConfiguration(
      reduction: configuration.reduction, epsilon: configuration.epsilon
    ).checkEpsilon(of: Self.typeName)
    self.configuration = configuration
  }

  /// Probabilities or scores, as the loss was made for.
  public var inputKind: OutputKind {
    configuration.input == .logits ? .scores : .probabilities
  }

  /// The loss of a batch.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    let t = target.binaryTruth(for: prediction, place: "BinaryCrossEntropyLoss.forward")
    kept.set((prediction, t), in: .training)
    let losses =
      switch configuration.input {
      case .probabilities:
        -t * log(Tensor.maximum(prediction, epsilon))
          - (1 - t) * log(Tensor.maximum(1 - prediction, epsilon))
      // An answer that is ruled out costs nothing, also where its score is infinite.
      case .logits:
        t * softplus(-prediction).zeroed(where: t .== 0)
          + (1 - t) * softplus(prediction).zeroed(where: t .== 1)
      }
    return losses.sum() * scale(losses)
  }

  /// The gradient with respect to probabilities or scores.
  public mutating func backward() -> Tensor {
    let (x, t) = kept.take(for: Self.typeName)
    let gradient =
      switch configuration.input {
      case .probabilities:
        (1 - t) / Tensor.maximum(1 - x, epsilon) - t / Tensor.maximum(x, epsilon)
      // σ(x) − t, written so that no digit is lost where σ(x) is nearly 1.
      case .logits: (1 - t) * sigmoid(x) - t * sigmoid(-x)
      }
    return gradient * scale(x)
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

  private func scale(_ elements: Tensor) -> Float {
    reduction == .mean ? 1 / Float(max(elements.count, 1)) : 1
  }

  /// Throws unless the targets are probabilities in the shape of the output, or the classes 0 and 1 for a
  /// single output.
  public func check(outputShape: [Int], target: Target) throws {
    let count = outputShape.reduce(1, *)
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
    case .classSequences: throw refuse("values [N] + \(outputShape)", target.summary)
    }
  }
}
