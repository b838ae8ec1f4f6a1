import Shared

/// The distance between predicted and true numbers: for regression in which a few large errors should count little.
///
/// Computes `L = Σ |y − t|`, divided by the number of elements for the mean.
/// - `y`: predictions, `[N, ...]`
/// - `t`: the truth, of the same shape (`Target.values`)
///
/// Gradient: `dY = sign(y − t)`, divided likewise; 0 where they are equal. The best constant prediction is the median
/// of the truth, where that of the squared error is its mean.
///
///     var loss = MeanAbsoluteErrorLoss()
///     loss.forward([[1, 2], [3, 4]], target: .values([[1, 1], [1, 4]]))   // 0.75 = (1 + 2) / 4
///     loss.backward()                                                     // [[0, 0.25], [0.25, 0]]
///
/// - Complexity: O(number of elements).
/// - Reference: Hastie, Tibshirani, Friedman (2009), *The Elements of Statistical Learning*, section 10.6.
public struct MeanAbsoluteErrorLoss: RegressionLoss {
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
    return scale.loss(abs(difference))
  }

  /// `dY = sign(y − t)`, divided by the number of elements for the mean.
  public mutating func backward() -> Tensor {
    let (difference, scale) = kept.take(for: Self.typeName)
    return scale.gradient((difference .> 0) - (difference .< 0))
  }
}
