import Shared

/// A linear model and its mean squared error, which the three searches in Search.swift minimise.
///
/// `L(w) = 1/N Σₙ (x[n] · w − y[n])²`
/// - `x`: `features`, `[N, D]`; `y`: `targets`, `[N]`; `w`: `[D]`, the last weight may belong to a column of ones
public struct LinearLeastSquares: Sendable {
  /// X, `[N, D]`.
  public let features: Tensor
  /// y, `[N]`.
  public let targets: Tensor
  /// The number of weights D.
  public var weightCount: Int { features.shape[1] }

  /// A problem with given examples.
  public init(features: Tensor, targets: Tensor) {
    guard features.rank == 2, targets.shape == [features.shape[0]] else {
      stop(
        "LinearLeastSquares", expected: "features [N, D] and targets [N]",
        received: "\(features.shape) and \(targets.shape)")
    }
    self.features = features
    self.targets = targets
  }

  /// A problem whose best weights have a loss of 0: features and weights from a normal distribution.
  public init(exampleCount: Int, weightCount: Int, seed: UInt64) {
    let key = RandomKey(seed: seed).folded("LinearLeastSquares")
    let features = Tensor(normal: [exampleCount, weightCount], key: key.folded("features"))
    let truth = Tensor(normal: [weightCount], key: key.folded("weights"))
    self.init(features: features, targets: features.matmul(truth))
  }

  /// L(w)
  public func loss(_ weights: Tensor) -> Float {
    square(features.matmul(weights) - targets).mean()
  }

  /// ∂L/∂w, `[D]`: `2/N Xᵀ · (X · w − y)`
  public func gradient(_ weights: Tensor) -> Tensor {
    let residuals = features.matmul(weights) - targets
    return features.transposed().matmul(residuals) * (2 / Float(targets.count))
  }
}

/// The result of a search.
public struct SearchResult: Sendable {
  /// The best weights.
  public var weights: Tensor
  /// The lowest loss so far, after each evaluation of the loss; it never rises.
  public var losses: [Float]

  /// A search that begins at some weights.
  public init(_ weights: Tensor, loss: Float) {
    self.weights = weights
    losses = [loss]
  }

  /// Takes over a candidate if its loss is the lowest so far, and notes the lowest loss in any case.
  /// - Returns: whether the candidate was better
  @discardableResult
  public mutating func consider(_ candidate: Tensor, loss: Float) -> Bool {
    let best = losses[losses.count - 1]
    let isBetter = loss < best
    if isBetter { weights = candidate }
    losses.append(isBetter ? loss : best)
    return isBetter
  }
}
