import Shared

/// The softmax function: turns each row of scores into probabilities that sum to 1.
///
/// Computes `yⱼ = exp(xⱼ − m) / Σₖ exp(xₖ − m)` over the last axis, where `m` is the largest `x` of
/// *that row*. Subtracting `m` changes nothing in exact arithmetic and keeps `exp` from overflowing; a
/// maximum over the whole batch instead would make rows far below it 0 / 0.
/// - `x`, `y`: `[N, C]` (N batch size, C classes), or `[..., C]`
///
/// Given `dY`: `dXⱼ = yⱼ (dYⱼ − Σₖ dYₖ yₖ)`, row by row.
///
///     var softmax = Softmax()
///     softmax.forward([[0, 0], [1000, 0]], mode: .inference)   // [[0.5, 0.5], [1, 0]]
///
/// For training a classifier, leave this layer out and use `SoftmaxCrossEntropyLoss` on the scores:
/// it is exact where this layer rounds to 0.
///
/// - Complexity: O(N·C).
/// - Reference: Bridle (1990), *Neurocomputing*. Task: Protocols/Phase1-FeedForward.md, 1.4.
public struct Softmax: ParameterFreeLayer {
  /// The probabilities y.
  private var kept = Kept<Tensor>()

  /// Creates the layer.
  public init() {}

  /// The probabilities of each row.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard let classCount = input.shape.last, classCount >= 1 else {
      stop("Softmax.forward", expected: "input [..., C]", received: "\(input.shape)")
    }
    // TODO(1.4): subtract each row's own maximum, exponentiate, divide by each row's sum. Keep y for
    // backward: kept.set(output, in: mode).
    // BEGIN SOLUTION
    let exponentials = exp(input - input.max(axis: -1, keepDims: true))
    let output = exponentials / exponentials.sum(axis: -1, keepDims: true)
    kept.set(output, in: mode)
    return output
    // END SOLUTION
  }

  /// `dX = y ⊙ (dY − Σₖ dYₖ yₖ)`, row by row.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let output = kept.take(for: "Softmax")
    requireGradient(outputGradient, shape: output.shape, of: "Softmax")
    // TODO(1.4): dX = y ⊙ (dY − s), where s holds the sum of dY ⊙ y over each row.
    // BEGIN SOLUTION
    let rowSums = (outputGradient * output).sum(axis: -1, keepDims: true)
    return output * (outputGradient - rowSums)
    // END SOLUTION
  }
}

extension Softmax {
  /// "Softmax"
  public static let typeName = "Softmax"

  /// The shape of the input, which needs at least one axis.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard !inputShape.isEmpty else {
      throw CourseError(
        .shapeMismatch, "Softmax", expected: "input with a class axis, [..., C]", received: "[]")
    }
    return inputShape
  }

  /// Distributions.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { .distributions }
}
