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
/// - Complexity: O(N·C).
/// - Reference: Goodfellow, Bengio, Courville (2016), *Deep Learning*, equation 5.12 and section 6.2.
///   Task: Protocols/Phase1-FeedForward.md, 1.5.
public struct CrossEntropyLoss: ClassificationLoss {
  /// "CrossEntropyLoss"
  public static let typeName = "CrossEntropyLoss"
  /// The constructor arguments.
  public let configuration: ClassificationLossConfiguration
  /// The smallest probability that counts.
  public var epsilon: Float { configuration.epsilon ?? 6e-8 }

  private var prediction: Tensor?
  private var truth: Tensor?

  /// Creates the loss, averaged over the batch by default.
  public init(reduction: Reduction = .mean) {
    configuration = ClassificationLossConfiguration(reduction: reduction)
  }

  /// Creates the loss with a guard of its own: the impossible then costs `−ln ε`.
  /// - Parameter epsilon: the smallest probability that counts, above 0 and below 1. The usual one is the
  ///   spacing of `Float` just below 1.
  public init(reduction: Reduction = .mean, epsilon: Float) {
    let configuration = ClassificationLossConfiguration(reduction: reduction, epsilon: epsilon)
    do { try self.init(configuration: configuration) } catch { stop("\(error)") }
  }

  /// Creates the loss from a checkpoint.
  public init(configuration: ClassificationLossConfiguration) throws {
    try configuration.checkEpsilon(of: Self.typeName)
    self.configuration = configuration
  }

  /// Distributions over the classes.
  public var inputKind: OutputKind { .distributions }

  /// The loss of a batch of probabilities.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    let truth = target.truth(for: prediction, place: "CrossEntropyLoss.forward")
    (self.prediction, self.truth) = (prediction, truth)
    // TODO(1.5): L = −Σ t ln(max(p, ε)), times scale(for: truth), which is 1/N for .mean, 1 for .sum.
    // BEGIN SOLUTION
    return -(truth * log(Tensor.maximum(prediction, epsilon))).sum() * scale(for: truth)
    // END SOLUTION
  }

  /// `dP = −t / max(p, ε)`, divided by N for the mean.
  public mutating func backward() -> Tensor {
    // TODO(1.5): dP = −t / max(p, ε), scaled like the loss. kept(by:) gives p and t of forward.
    // BEGIN SOLUTION
    let prediction = prediction.kept(by: "CrossEntropyLoss")
    let truth = truth.kept(by: "CrossEntropyLoss")
    return -truth / Tensor.maximum(prediction, epsilon) * scale(for: truth)
    // END SOLUTION
  }
}
