import Shared

/// One minus the Dice coefficient of predicted and true areas: a loss for segmentation that does not care how large an area
/// is.
///
/// Computes, with sums over all images and pixels,
///
///     L = 1 − 1/K Σₖ Dₖ             Dₖ = (2 Iₖ + ε) / (Sₖ + ε)        Iₖ = Σ p t        Sₖ = Σ p + Σ t
///
/// - `p`: predicted probabilities, `[N, K, ...]`
/// - `t`: the truth of the same shape: 1 where a pixel belongs to class k, else 0
/// - `K`: number of classes; `ε`: `epsilon`, so that a class that is neither there nor predicted has D = 1
///
/// Gradient: `dp = −1/K · (2 t (Sₖ + ε) − (2 Iₖ + ε)) / (Sₖ + ε)²`
///
/// A pixel-wise loss counts pixels: where the background has 95 % of them, a network that sees nothing but background has 95 %
/// right. Dice gives it 0 for every other class.
///
///     var loss = DiceLoss()
///     let truth = Tensor([[[1, 1, 0, 0]]])                      // one image, one class, four pixels
///     loss.forward([[[0.5, 0.5, 0, 0]]], truth)                // 0.3333: 1 − 2 · 1 / (1 + 2)
///
/// In a network use `SoftDiceLoss` of Phase 3, which takes scores.
///
/// - Complexity: O(number of elements).
/// - Reference: Milletari, Navab, Ahmadi (2016), "V-Net", *3DV*, with p in place of p² below the line.
///   Task: Protocols/Explorations.md, 5.3.
public struct DiceLoss: Sendable {
  /// ε.
  public let epsilon: Float
  private var kept = Kept<(p: Tensor, t: Tensor)>()

  /// Iₖ and Sₖ of each class, `[1, K, 1, ...]`, so that they broadcast.
  func sums(_ p: Tensor, _ t: Tensor) -> (i: Tensor, s: Tensor) {
    // TODO(5.3): perClass(x) adds up all elements of each class.
    // BEGIN SOLUTION
    return (perClass(p * t), perClass(p) + perClass(t))
    // END SOLUTION
  }

  /// L.
  public mutating func forward(_ p: Tensor, _ t: Tensor) -> Float {
    check(p, t)
    kept.set((p, t), in: .training)
    let (i, s) = sums(p, t)
    // TODO(5.3): 1 − the mean of all Dₖ.
    // BEGIN SOLUTION
    return 1 - ((2 * i + epsilon) / (s + epsilon)).mean()
    // END SOLUTION
  }

  /// `dp`, of the shape of p.
  public mutating func backward() -> Tensor {
    let (p, t) = kept.take(for: "DiceLoss")
    let (i, s) = sums(p, t)
    let classCount = Float(p.shape[1])
    // TODO(5.3): dp, by the formula.
    // BEGIN SOLUTION
    let below = s + epsilon
    return (2 * i + epsilon - 2 * t * below) / (classCount * square(below))
    // END SOLUTION
  }

  // MARK: Given

  /// The sum of all elements of each class, `[1, K, 1, ...]`.
  func perClass(_ x: Tensor) -> Tensor {
    var result = x.sum(axis: 0, keepDims: true)
    for axis in 2..<Swift.max(x.rank, 2) { result = result.sum(axis: axis, keepDims: true) }
    return result
  }

  /// Creates the loss.
  /// - Parameter epsilon: ε, above 0
  public init(epsilon: Float = 1e-6) {
    guard epsilon > 0, epsilon.isFinite else {
      stop("DiceLoss", expected: "a finite epsilon above 0", received: "\(epsilon)")
    }
    self.epsilon = epsilon
  }

  private func check(_ p: Tensor, _ t: Tensor) {
    guard p.rank >= 2, p.shape == t.shape, p.count > 0 else {
      stop(
        "DiceLoss.forward", expected: "probabilities and truth of one shape [N, K, ...]",
        received: "\(p.shape) and \(t.shape)")
    }
  }
}
