import Shared

/// Loops over rows and columns, and the tensor operations that replace them.
///
/// Each pair of functions computes the same: the first element by element, the second with an `axis:`.
/// `x` has the shape `[N, C]`: N rows (examples), C columns (features).
///
/// Task: Protocols/First-Principles.md, 0.3.
public enum Axes {
  // MARK: Sums of rows: axis 1 disappears, or stays with the size 1

  /// The sum of each row, `[N, 1]`, as two loops.
  public static func rowSumsByLoops(_ x: Tensor) -> Tensor {
    // TODO(0.3): sums[n, 0] is the sum of x[n, c] over all c.
    // BEGIN SOLUTION
    var sums = Tensor(zeros: [x.shape[0], 1])
    for n in 0..<x.shape[0] {
      for c in 0..<x.shape[1] { sums[n, 0] += x[n, c] }
    }
    return sums
    // END SOLUTION
  }

  /// The sum of each row, `[N, 1]`.
  public static func rowSums(_ x: Tensor) -> Tensor {
    // TODO(0.3): sum along axis 1, and keep that axis.
    // BEGIN SOLUTION
    return x.sum(axis: 1, keepDims: true)
    // END SOLUTION
  }

  // MARK: Sums of columns: axis 0 disappears

  /// The sum of each column, `[C]`, as two loops.
  public static func columnSumsByLoops(_ x: Tensor) -> Tensor {
    // TODO(0.3): sums[c] is the sum of x[n, c] over all n.
    // BEGIN SOLUTION
    var sums = Tensor(zeros: [x.shape[1]])
    for n in 0..<x.shape[0] {
      for c in 0..<x.shape[1] { sums[c] += x[n, c] }
    }
    return sums
    // END SOLUTION
  }

  /// The sum of each column, `[C]`.
  public static func columnSums(_ x: Tensor) -> Tensor {
    // TODO(0.3): sum along axis 0.
    // BEGIN SOLUTION
    return x.sum(axis: 0)
    // END SOLUTION
  }

  // MARK: A bias for each column

  /// Adds the bias `[C]` to each row, as two loops.
  public static func addingBiasByLoops(_ x: Tensor, bias: Tensor) -> Tensor {
    // TODO(0.3): y[n, c] is x[n, c] + bias[c].
    // BEGIN SOLUTION
    var y = x
    for n in 0..<x.shape[0] {
      for c in 0..<x.shape[1] { y[n, c] += bias[c] }
    }
    return y
    // END SOLUTION
  }

  /// Adds the bias `[C]` to each row.
  public static func addingBias(_ x: Tensor, bias: Tensor) -> Tensor {
    // TODO(0.3): one operator. [N, C] and [C] are lined up at their last axis.
    // BEGIN SOLUTION
    return x + bias
    // END SOLUTION
  }

  // MARK: Standardising: mean 0 and standard deviation 1 in each column

  /// `(x[n, c] − mean[c]) / deviation[c]`, with loops; the variance is the mean of the squared differences.
  public static func standardizedColumnsByLoops(_ x: Tensor) -> Tensor {
    // TODO(0.3): for each column its mean, its variance (divided by N), then the new numbers.
    // BEGIN SOLUTION
    var y = x
    let count = Float(x.shape[0])
    for c in 0..<x.shape[1] {
      var mean: Float = 0
      for n in 0..<x.shape[0] { mean += x[n, c] / count }
      var variance: Float = 0
      for n in 0..<x.shape[0] { variance += (x[n, c] - mean) * (x[n, c] - mean) / count }
      for n in 0..<x.shape[0] { y[n, c] = (x[n, c] - mean) / variance.squareRoot() }
    }
    return y
    // END SOLUTION
  }

  /// `(x − mean) / deviation`, with the mean and the deviation of each column.
  public static func standardizedColumns(_ x: Tensor) -> Tensor {
    // TODO(0.3): mean(axis: 0) and square(_:) and sqrt(_:) are all that is needed.
    // BEGIN SOLUTION
    let centered = x - x.mean(axis: 0)
    return centered / sqrt(square(centered).mean(axis: 0))
    // END SOLUTION
  }

  // MARK: Accuracy

  /// The fraction of rows whose largest score is where the one-hot row has its 1, with loops.
  public static func accuracyByLoops(scores: Tensor, oneHot: Tensor) -> Float {
    // TODO(0.3): for each row find the column of the largest score and look up oneHot[n, column].
    // BEGIN SOLUTION
    var correct: Float = 0
    for n in 0..<scores.shape[0] {
      var best = 0
      for c in 0..<scores.shape[1] where scores[n, c] > scores[n, best] { best = c }
      correct += oneHot[n, best]
    }
    return correct / Float(scores.shape[0])
    // END SOLUTION
  }

  /// The fraction of rows whose largest score is where the one-hot row has its 1.
  public static func accuracy(scores: Tensor, oneHot: Tensor) -> Float {
    // TODO(0.3): compare scores.argmax(axis: 1) with oneHot.argmax(axis: 1), which are arrays of Int.
    // BEGIN SOLUTION
    let (answers, truths) = (scores.argmax(axis: 1), oneHot.argmax(axis: 1))
    return Float(zip(answers, truths).count { $0 == $1 }) / Float(truths.count)
    // END SOLUTION
  }
}
