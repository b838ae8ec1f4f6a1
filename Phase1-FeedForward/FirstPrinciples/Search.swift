import Shared

/// A linear model and how wrong it is: what the three searches below have to make small.
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

/// What a search found.
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

/// Three ways to look for good weights, from the most naive to the one that everybody uses.
///
/// All begin with weights 0 and evaluate the loss `evaluations` times. Random numbers are a function of the seed.
///
/// Task: Protocols/First-Principles.md, 0.5.
extension LinearLeastSquares {
  /// Random search: candidates are independent draws from a normal distribution; the best one is kept.
  public func randomSearch(evaluations: Int, seed: UInt64) -> SearchResult {
    let start = Tensor(zeros: [weightCount])
    var result = SearchResult(start, loss: loss(start))
    let key = RandomKey(seed: seed)
    // TODO(0.5): for each number from 1 below evaluations a candidate,
    // Tensor(normal: [weightCount], key: key.folded(number)), and its loss, given to result.consider.
    // BEGIN SOLUTION
    for number in 1..<max(evaluations, 1) {
      let candidate = Tensor(normal: [weightCount], key: key.folded(number))
      result.consider(candidate, loss: loss(candidate))
    }
    return result
    // END SOLUTION
  }

  /// Random adjustments: a small random step away from the best weights so far, kept if the loss falls.
  /// - Parameter stepSize: the standard deviation of each weight's step
  public func randomAdjustments(
    evaluations: Int, stepSize: Float = 0.1, seed: UInt64
  ) -> SearchResult {
    let start = Tensor(zeros: [weightCount])
    var result = SearchResult(start, loss: loss(start))
    let key = RandomKey(seed: seed)
    // TODO(0.5): the same with result.weights + stepSize · (a draw) as the candidate.
    // BEGIN SOLUTION
    for number in 1..<max(evaluations, 1) {
      let step = Tensor(normal: [weightCount], key: key.folded(number)) * stepSize
      let candidate = result.weights + step
      result.consider(candidate, loss: loss(candidate))
    }
    return result
    // END SOLUTION
  }

  /// Gradient descent: each step goes against the gradient, whatever the loss says.
  public func gradientDescent(evaluations: Int, learningRate: Float = 0.1) -> SearchResult {
    var weights = Tensor(zeros: [weightCount])
    var result = SearchResult(weights, loss: loss(weights))
    // TODO(0.5): w ← w − η ∂L/∂w, then the loss at the new w, given to result.consider.
    // BEGIN SOLUTION
    for _ in 1..<max(evaluations, 1) {
      weights -= gradient(weights) * learningRate
      result.consider(weights, loss: loss(weights))
    }
    return result
    // END SOLUTION
  }
}
