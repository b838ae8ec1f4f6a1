import Foundation
import Shared

/// The error of predicted probabilities, for one example (the loss) and for a batch (the cost), and the fraction
/// of right predictions (the accuracy).
///
/// - `p`: `probabilities`, `[N, C]`: each row sums to 1
/// - the truth: class indices, `[Int]`, N of them; or one-hot rows, `[N, C]`
///
///     ClassificationCost.loss([0.7, 0.2, 0.1], class: 0)                      // 0.3567 = −ln 0.7
///     ClassificationCost.cost([[0.7, 0.2, 0.1], [0.1, 0.5, 0.4]], classes: [0, 1])   // 0.5249
///
/// Task: Protocols/First-Principles.md, 0.4.
public enum ClassificationCost {
  /// Probabilities are taken for at least this and at most 1 minus this: the logarithm of 0 is −∞.
  public static let clip: Float = 1e-7

  /// The loss of one example: `−ln p[class]`, with p clipped.
  public static func loss(_ probabilities: [Float], class index: Int) -> Float {
    guard probabilities.indices.contains(index) else {
      stop(
        "ClassificationCost.loss", expected: "a class below \(probabilities.count)",
        received: "\(index)")
    }
    // TODO(0.4): clip p[class] to clip...1 − clip, then −ln. logf(x) is the natural logarithm.
    // BEGIN SOLUTION
    let p = min(max(probabilities[index], clip), 1 - clip)
    return -logf(p)
    // END SOLUTION
  }

  /// The cost of a batch: the mean of its losses.
  public static func cost(_ probabilities: Tensor, classes: [Int]) -> Float {
    requireRows(probabilities, classes.count)
    // TODO(0.4): the mean of loss(...) over the rows. probabilities.slice(axis: 0, at: n).scalars is row n.
    // BEGIN SOLUTION
    var sum: Float = 0
    for (n, index) in classes.enumerated() {
      sum += loss(probabilities.slice(axis: 0, at: n).scalars, class: index)
    }
    return sum / Float(classes.count)
    // END SOLUTION
  }

  /// The same for one-hot rows: `−1/N Σₙ Σ_c t[n, c] ln p[n, c]`.
  public static func cost(_ probabilities: Tensor, oneHot: Tensor) -> Float {
    requireRows(probabilities, oneHot.shape.first ?? 0)
    // TODO(0.4): without a loop: clipped(to: clip...(1 - clip)), log(_:), a product, sum(axis:) and mean().
    // BEGIN SOLUTION
    let logarithms = log(probabilities.clipped(to: clip...(1 - clip)))
    return -(oneHot * logarithms).sum(axis: 1).mean()
    // END SOLUTION
  }

  /// The fraction of rows whose largest probability is that of the right class.
  public static func accuracy(_ probabilities: Tensor, classes: [Int]) -> Float {
    requireRows(probabilities, classes.count)
    // TODO(0.4): argmax(axis: 1) gives the predictions.
    // BEGIN SOLUTION
    let answers = probabilities.argmax(axis: 1)
    return Float(zip(answers, classes).count { $0 == $1 }) / Float(classes.count)
    // END SOLUTION
  }

  private static func requireRows(_ probabilities: Tensor, _ count: Int) {
    guard probabilities.rank == 2, probabilities.shape[0] == count, count > 0 else {
      stop(
        "ClassificationCost", expected: "probabilities [\(count), C], one row for each truth",
        received: "\(probabilities.shape)")
    }
  }
}
