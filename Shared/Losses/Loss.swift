/// How the losses of the examples of a batch become one number.
public enum Reduction: String, Codable, Sendable, CaseIterable {
  /// Their mean: the step size does not depend on the batch size. The default everywhere.
  case mean
  /// Their sum, as the FAU exercises have it. `fit` and `evaluate` then report the sum over all examples; a
  /// penalty, which each step pays once whatever its size, is added to it as its mean over the steps.
  case sum
}

/// A measure of how wrong a prediction is, with its gradient.
///
/// `forward` returns the loss of a batch and keeps the values that `backward` needs, as layers do.
public protocol Loss: Configurable {
  /// The name under which checkpoints know the loss.
  static var typeName: String { get }
  /// Creates the loss from its configuration.
  init(configuration: Configuration) throws
  /// The constructor arguments of this loss.
  var configuration: Configuration { get }
  /// How the losses of a batch are combined.
  var reduction: Reduction { get }

  /// The kind of numbers that a prediction must hold: `fit` and `evaluate` refuse others.
  var inputKind: OutputKind { get }
  /// Whether the largest number of a prediction names its class.
  var isClassification: Bool { get }
  /// Between how many classes each answer of a network with such an output chooses; `nil` when it chooses none,
  /// so that there is no confusion matrix.
  func answerClassCount(outputShape: [Int]) -> Int?
  /// Takes the answers of a batch into a confusion matrix of that many classes.
  func count(_ output: Tensor, target: Target, in matrix: inout ConfusionMatrix)
  /// The metrics that `fit` and `evaluate` report unless they are given others.
  var metrics: [any Metric] { get }

  /// The loss of a batch. `prediction` is the network's output, `[N, ...]`.
  mutating func forward(_ prediction: Tensor, target: Target) -> Float
  /// Whether examples can have weights: then `forward(_:target:weights:)` knows them.
  var takesWeights: Bool { get }
  /// The loss of a batch whose examples count differently: `Σₙ sₙ lₙ`, divided by `Σₙ sₙ` for the mean.
  /// - Parameter weights: `s`, the weight of each example, `[N]`; `nil` where all count alike
  mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float
  /// The divisor of a mean loss: the weights of all answers together, or their number where all count alike. The
  /// mean over several batches is `Σ Vᵦ Lᵦ / Σ Vᵦ`, where Vᵦ is the total weight of a batch.
  func totalWeight(of target: Target, weights: Tensor?) -> Double
  /// The gradient of the loss with respect to the prediction of the last `forward`.
  mutating func backward() -> Tensor
  /// Throws when a network's output shape (without the batch axis) does not fit such targets: called
  /// before training starts.
  func check(outputShape: [Int], target: Target) throws
  /// The prediction that a raw output of the network stands for: probabilities, where it holds scores.
  func prediction(from output: Tensor) -> Tensor
}

extension Loss {
  /// Any numbers.
  public var inputKind: OutputKind { .numbers }
  /// False.
  public var isClassification: Bool { false }
  /// The length of the last axis, where `isClassification`.
  public func answerClassCount(outputShape: [Int]) -> Int? {
    isClassification ? outputShape.last ?? 1 : nil
  }
  /// Takes the largest number of each row for the answer.
  public func count(_ output: Tensor, target: Target, in matrix: inout ConfusionMatrix) {
    matrix.update(prediction: output, target: target)
  }
  /// The accuracy, where `isClassification`.
  public var metrics: [any Metric] { isClassification ? [Accuracy()] : [] }
  /// The output itself.
  public func prediction(from output: Tensor) -> Tensor { output }

  /// False: a loss has to implement weights.
  public var takesWeights: Bool { false }
  /// The loss without weights; stops where there are some.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    if let weights {
      stop(
        "\(Self.typeName).forward",
        expected: "no weights of examples, which this loss does not know",
        received: "weights of shape \(weights.shape)")
    }
    return forward(prediction, target: target)
  }
  /// `Σₙ aₙ sₙ`, where aₙ is the number of answers that example n asks for; their number without weights.
  public func totalWeight(of target: Target, weights: Tensor?) -> Double {
    target.totalWeight(ofExamples: weights, ofClasses: nil)
  }
}
