import Shared

/// Softmax and cross-entropy at each step of a sequence, on raw scores: for networks that predict a class (the
/// next character, say) at every step.
///
/// Computes `L = −Σₙ Σₜ mₙₜ ln pₙₜ[kₙₜ]` with `ln pⱼ = (xⱼ − s) − ln Σᵢ exp(xᵢ − s)`, divided by `Σₙ Σₜ mₙₜ` for
/// the mean.
/// - `x`: scores, `[N, T, C]`; `s`: the largest score of each step
/// - `k`: the class of each step (`Target.classSequences`), from 0 to C − 1
/// - `m`: 1 for a step that counts, 0 for one whose class is `Target.ignored`, such as the padding after a
///   short sequence
///
/// Gradient: `dXₙₜ = mₙₜ (pₙₜ − tₙₜ)`, where t is 1 at the right class and 0 elsewhere, divided likewise: the mean
/// is over the steps that count and not over N · T, so that padding does not shrink the gradient.
///
/// Where all steps are ignored, loss and gradient are 0. (PyTorch has 0 / 0 there.)
///
///     var loss = SequenceCrossEntropyLoss()
///     let target = Target.classSequences([0, Target.ignored], length: 2)
///     loss.forward([[[0, 0], [5, 9]]], target: target)   // 0.6931 = ln 2, of the first step
///     loss.backward()                                    // [[[-0.5, 0.5], [0, 0]]]
///
/// Class weights, weights of the sequences and label smoothing are those of `SoftmaxCrossEntropyLoss`, at each step
/// that counts.
///
/// `exp` of the mean loss is the *perplexity*: the number of equally likely classes that would leave the network
/// as uncertain. Divided by `ln 2` it is the number of *bits per character*. `Evaluation` and `Scores` have both.
///
/// - Complexity: O(N·T·C), in two passes over the scores forward and one backward; nothing as large as the
///   scores is kept besides them.
/// - Reference: Bishop (2006), *Pattern Recognition and Machine Learning*, equations 4.108 and 4.109.
public struct SequenceCrossEntropyLoss: Loss {
  /// The constructor arguments.
  public let configuration: ClassificationLossConfiguration
  /// How the losses of a batch are combined.
  public var reduction: Reduction { configuration.reduction }
  /// True: the largest score of a step names its class.
  public var isClassification: Bool { true }
  private var kept = Kept<CrossEntropyPass>()
  /// ln p and the truth of a batch with weights.
  private var weighted: (logProbabilities: Tensor, truth: WeightedTruth)?

  /// Creates the loss, averaged over the steps that count by default.
  /// - Parameters:
  ///   - classWeights: how much each class counts, a finite number of at least 0; `nil` where all count alike
  ///   - labelSmoothing: the share of the truth that is spread over all classes, at least 0 and below 1
  public init(
    reduction: Reduction = .mean, classWeights: [Float]? = nil, labelSmoothing: Float = 0
  ) {
    let configuration = ClassificationLossConfiguration(
      reduction: reduction, classWeights: classWeights, labelSmoothing: labelSmoothing)
    self = orStop { try SequenceCrossEntropyLoss(configuration: configuration) }
  }

  /// Creates the loss from a checkpoint.
  public init(configuration: ClassificationLossConfiguration) throws {
    try configuration.check(of: Self.typeName)
    self.configuration = configuration
  }

  /// Scores.
  public var inputKind: OutputKind { .scores }

  /// True.
  public var takesWeights: Bool { true }

  /// The weights of the steps that count together; their number where all count alike.
  public func totalWeight(of target: Target, weights: Tensor?) -> Double {
    target.totalWeight(ofExamples: weights, ofClasses: configuration.classWeights)
  }

  /// The loss of a batch of scores.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    forward(prediction, target: target, weights: nil)
  }

  /// The loss of a batch of scores whose sequences count differently.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    let place = "SequenceCrossEntropyLoss.forward"
    guard case .classSequences(let labels, let length) = target, prediction.rank == 3,
      prediction.shape[1] == length, labels.count == prediction.shape[0] * length
    else {
      stop(
        place, expected: "scores [N, T, C] and N sequences of T classes",
        received: "scores \(prediction.shape) and \(target.summary)")
    }
    let highest = prediction.shape[2] - 1
    if let low = labels.min(), let high = labels.max(), low < Target.ignored || high > highest {
      stop(
        place, expected: "classes from 0 to \(highest), or \(Target.ignored)",
        received: "\(low < Target.ignored ? low : high)")
    }
    weighted = nil
    if !configuration.isPlain || weights != nil {
      let truth = WeightedTruth(
        target, prediction: prediction, configuration: configuration, weights: weights,
        place: place)
      let shifted = prediction - prediction.max(axis: -1, keepDims: true)
      let logProbabilities = shifted - log(exp(shifted).sum(axis: -1, keepDims: true))
      weighted = (logProbabilities, truth)
      return truth.loss(ofLogProbabilities: logProbabilities)
    }
    let (sum, pass) = prediction.softmaxCrossEntropy(labels: labels)
    kept.set(pass, in: .training)
    return sum * scale(pass)
  }

  /// `dX = m (p − t)`, divided by the number of steps that count for the mean.
  public mutating func backward() -> Tensor {
    if let (logProbabilities, truth) = weighted.take() {
      return truth.softmaxGradient(logProbabilities: logProbabilities)
    }
    let pass = kept.take(for: Self.typeName)
    return pass.gradient(scale: scale(pass))
  }

  private func scale(_ pass: CrossEntropyPass) -> Float {
    reduction == .mean ? 1 / Float(max(pass.answerCount, 1)) : 1
  }

  /// The probabilities that such scores stand for, step by step.
  public func prediction(from output: Tensor) -> Tensor {
    let exponentials = exp(output - output.max(axis: -1, keepDims: true))
    return exponentials / exponentials.sum(axis: -1, keepDims: true)
  }

  /// Throws when the targets are no sequences of the network's length, or a class is out of range.
  public func check(outputShape: [Int], target: Target) throws {
    guard case .classSequences(let labels, let length) = target, outputShape.count == 2,
      outputShape[0] == length
    else {
      throw CourseError(
        .shapeMismatch, "\(Self.typeName): targets that do not fit the network",
        expected: "an output [T, C] and sequences of T classes",
        received: "an output \(outputShape) and \(target.summary)",
        remedy:
          "For one class per sequence, let the last recurrent layer return its last step only, "
          + "and use SoftmaxCrossEntropyLoss.")
    }
    let classCount = outputShape[1]
    try configuration.checkClassWeights(of: Self.typeName, classCount: classCount)
    if let wrong = labels.firstIndex(where: { $0 < Target.ignored || $0 >= classCount }) {
      throw CourseError(
        .invalidData, "label out of range",
        expected: "0 to \(classCount - 1), since the network has \(classCount) outputs, or "
          + "\(Target.ignored) for a step to ignore",
        received: "\(labels[wrong])",
        location: "example \(wrong / length), step \(wrong % length)",
        remedy: "Correct the label, or give the last layer as many outputs as there are classes.")
    }
  }
}
