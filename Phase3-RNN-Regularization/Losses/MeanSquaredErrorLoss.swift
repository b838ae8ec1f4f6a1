import Shared

/// The squared distance between predicted and true numbers: for regression.
///
/// Computes `L = Σ (y − t)²`, divided by the number of elements for the mean.
/// - `y`: predictions, `[N, ...]`
/// - `t`: the truth, of the same shape (`Target.values`)
///
/// Gradient: `dY = 2 (y − t)`, divided likewise. As in PyTorch the mean is over all elements and not over the
/// examples; the exercises' L2 loss is the sum. Where examples have weights `s`, `[N]`, the loss is
/// `Σₙ sₙ Σₖ (yₙₖ − tₙₖ)²`, divided by `K Σₙ sₙ` for the mean, of K numbers an example.
///
///     var loss = MeanSquaredErrorLoss()
///     loss.forward([[1, 2], [3, 4]], target: .values([[1, 1], [1, 4]]))   // 1.25 = (1 + 4) / 4
///     loss.backward()                                                     // [[0, 0.5], [1, 0]]
///
/// - Complexity: O(number of elements).
/// - Reference: Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 5.5.1: the likelihood of
///   normally distributed errors.
public struct MeanSquaredErrorLoss: RegressionLoss {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// How the losses of a batch are combined.
    public var reduction: Reduction

    /// Creates a configuration.
    public init(reduction: Reduction = .mean) { self.reduction = reduction }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  /// How the losses of a batch are combined.
  public var reduction: Reduction { configuration.reduction }
  /// `y − t`, and the factors of its squares.
  private var kept = Kept<(difference: Tensor, scale: TermScale)>()

  /// Creates the loss, averaged by default.
  public init(reduction: Reduction = .mean) {
    configuration = Configuration(reduction: reduction)
  }

  /// Creates the loss from a checkpoint.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// The loss of a batch of predictions whose examples count differently.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    let (difference, scale) = terms(prediction, target, weights: weights)
    kept.set((difference, scale), in: .training)
    return scale.loss(square(difference))
  }

  /// `dY = 2 (y − t)`, divided by the number of elements for the mean.
  public mutating func backward() -> Tensor {
    let (difference, scale) = kept.take(for: Self.typeName)
    return scale.gradient(2 * difference)
  }
}
