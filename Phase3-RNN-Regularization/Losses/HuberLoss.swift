import Shared

/// The squared distance for small errors and the distance for large ones: for regression with outliers.
///
/// Computes `L = Σ h(y − t)`, divided by the number of elements for the mean, where
/// `h(d) = d² / 2` for `|d| ≤ δ`, and `δ (|d| − δ / 2)` beyond.
/// - `y`: predictions, `[N, ...]`
/// - `t`: the truth, of the same shape (`Target.values`)
/// - `δ`: where the parabola becomes a line, in the unit of the scaled targets
///
/// Gradient: `dY = min(max(y − t, −δ), δ)`, divided likewise.
///
///     var loss = HuberLoss()
///     loss.forward([[1, 2], [3, 4]], target: .values([[1, 1], [1, 4]]))   // 0.5 = (0.5 + 1.5) / 4
///     loss.backward()                                                     // [[0, 0.25], [0.25, 0]]
///
/// With δ = 1 it is the *smooth L1* loss of Fast R-CNN, whose `β` otherwise divides it as well: `h / β` with δ = β.
///
/// - Complexity: O(number of elements).
/// - Reference: Huber (1964), "Robust Estimation of a Location Parameter", *Annals of Mathematical Statistics* 35; as
///   `torch.nn.HuberLoss`; Girshick (2015), *Fast R-CNN*, ICCV, equation 3.
public struct HuberLoss: RegressionLoss {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The error up to which the loss is a square.
    public var delta: Float
    /// How the losses of a batch are combined.
    public var reduction: Reduction

    /// Creates a configuration.
    public init(delta: Float = 1, reduction: Reduction = .mean) {
      (self.delta, self.reduction) = (delta, reduction)
    }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  /// How the losses of a batch are combined.
  public var reduction: Reduction { configuration.reduction }
  private var kept = Kept<(difference: Tensor, scale: TermScale)>()

  /// Creates the loss, averaged by default.
  public init(delta: Float = 1, reduction: Reduction = .mean) {
    self = orStop { try HuberLoss(configuration: .init(delta: delta, reduction: reduction)) }
  }

  /// Creates the loss from its configuration; throws unless δ is above 0.
  public init(configuration: Configuration) throws {
    guard configuration.delta > 0, configuration.delta.isFinite else {
      throw CourseError(
        .invalidArgument, "HuberLoss: delta out of range", expected: "a number above 0",
        received: "\(configuration.delta)")
    }
    self.configuration = configuration
  }

  /// The loss of a batch of predictions whose examples count differently.
  public mutating func forward(_ prediction: Tensor, target: Target, weights: Tensor?) -> Float {
    let (difference, scale) = terms(prediction, target, weights: weights)
    kept.set((difference, scale), in: .training)
    // With c the difference cut to ±δ, h = c (d − c / 2) in both parts.
    let cut = clipped(difference)
    return scale.loss(cut * (difference - cut / 2))
  }

  /// `dY = min(max(y − t, −δ), δ)`, divided by the number of elements for the mean.
  public mutating func backward() -> Tensor {
    let (difference, scale) = kept.take(for: Self.typeName)
    return scale.gradient(clipped(difference))
  }

  private func clipped(_ difference: Tensor) -> Tensor {
    let limit = Tensor(configuration.delta)
    return .minimum(.maximum(difference, -limit), limit)
  }
}
