/// The factors of the terms of a loss that is a sum over the K numbers of each of N examples.
///
/// Without weights `1 / (N K)` for the mean and 1 for the sum; where examples have weights `s`, `sₙ / (K Σₙ sₙ)` and
/// `sₙ`.
package struct TermScale: Sendable {
  private let factor: Float
  /// The weights of the examples, of as many axes as the terms.
  private let column: Tensor?

  /// The factors for terms of a shape `[N, ...]`.
  /// - Parameter weights: `s`, `[N]`; `nil` where all examples count alike
  package init(_ shape: [Int], reduction: Reduction, weights: Tensor?, place: String) {
    let count = shape.reduce(1, *)
    guard let weights else {
      (factor, column) = (reduction == .mean ? 1 / Float(Swift.max(count, 1)) : 1, nil)
      return
    }
    requireWeights(weights, count: shape.first ?? 0, place: place)
    column = weights.reshaped(to: [weights.count] + [Int](repeating: 1, count: shape.count - 1))
    let total = weights.sum() * Float(count / Swift.max(weights.count, 1))
    factor = reduction == .mean ? (total > 0 ? 1 / total : 0) : 1
  }

  /// The loss, from its terms.
  package func loss(_ terms: Tensor) -> Float {
    (column.map { terms * $0 } ?? terms).sum() * factor
  }

  /// The gradient of the loss, from those of its terms.
  package func gradient(_ gradients: Tensor) -> Tensor {
    (column.map { gradients * $0 } ?? gradients) * factor
  }
}
