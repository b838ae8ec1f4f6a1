import Shared

/// Three ways to look for good weights, from the most naive to the one in general use.
///
/// They minimise `L(w) = 1/N Σₙ (x[n] · w − y[n])²`, which `loss(_:)` computes, and whose gradient is
/// `gradient(_:)`, both in LinearLeastSquares.swift. All begin with weights 0 and evaluate the loss `evaluations`
/// times. Random numbers are a function of the seed.
///
/// Task: Protocols/First-Principles.md, 0.5.
extension LinearLeastSquares {
  /// Random search: candidates are independent draws from a normal distribution; the best one is kept.
  public func randomSearch(evaluations: Int, seed: UInt64) -> SearchResult {
    let start = Tensor(zeros: [weightCount])
    let key = RandomKey(seed: seed)
    // TODO(0.5): begin with var result = SearchResult(start, loss: loss(start)). For each number from 1 below
    // evaluations a candidate, Tensor(normal: [weightCount], key: key.folded(number)), and its loss, given to
    // result.consider(_:loss:). Return the result.
    // BEGIN SOLUTION
    var result = SearchResult(start, loss: loss(start))
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
    let key = RandomKey(seed: seed)
    // TODO(0.5): the same with result.weights + stepSize · (a draw) as the candidate.
    // BEGIN SOLUTION
    var result = SearchResult(start, loss: loss(start))
    for number in 1..<max(evaluations, 1) {
      let step = Tensor(normal: [weightCount], key: key.folded(number)) * stepSize
      let candidate = result.weights + step
      result.consider(candidate, loss: loss(candidate))
    }
    return result
    // END SOLUTION
  }

  /// Gradient descent: each step goes against the gradient, even where the loss rises.
  public func gradientDescent(evaluations: Int, learningRate: Float = 0.1) -> SearchResult {
    let start = Tensor(zeros: [weightCount])
    // TODO(0.5): begin as above, with var weights = start. Then w ← w − η ∂L/∂w, and the loss at the new w, given
    // to result.consider, for evaluations − 1 steps.
    // BEGIN SOLUTION
    var weights = start
    var result = SearchResult(start, loss: loss(start))
    for _ in 1..<max(evaluations, 1) {
      weights -= gradient(weights) * learningRate
      result.consider(weights, loss: loss(weights))
    }
    return result
    // END SOLUTION
  }
}
