import Shared

/// A loss without labels: two views of the same image are to have the same embedding, and the embeddings of a batch are to
/// differ (variance-invariance-covariance regularisation).
///
/// Without the last two terms a network would give every image the same embedding, and have no loss at all. Computes
/// `L = λ s + μ (v(A) + v(B)) / 2 + ν (c(A) + c(B))`, where
///
///     s     = 1/(N D) Σₙⱼ (aₙⱼ − bₙⱼ)²                              invariance: the views of an image agree
///     v(Z)  = 1/D Σⱼ max(0, 1 − σⱼ)       σⱼ = √(varⱼ + ε)           variance: each feature varies in the batch
///     c(Z)  = 1/D Σᵢ≠ⱼ C²ᵢⱼ               C = ZcᵀZc / (N − 1)        covariance: no feature repeats another one
///
/// - `A`, `B`: embeddings of the first and the second view of each image, `[N, D]`
/// - `Zc`: Z without the mean of each column; `varⱼ = Cⱼⱼ` is the variance of column j, divided by N − 1
/// - `λ`, `μ`, `ν`: 25, 25 and 1; `ε` = 0.0001
///
/// Gradients, for `Z` one of the views and `Z'` the other one:
///
///     ds/dZ = 2 (Z − Z') / (N D)
///     dv/dZ = −[σⱼ < 1] Zc / (D (N − 1) σⱼ)
///     dc/dZ = 4 Zc · C₀ / (D (N − 1))                              C₀: C with zeros on the diagonal
///
///     var loss = VICRegLoss()
///     let a: Tensor = [[1, 0], [-1, 0]]
///     loss.forward(a, a)                            // 12.375: the second feature does not vary, 25 · (1 − 0.01) / 2
///
/// - Complexity: O(N · D²).
/// - Reference: Bardes, Ponce, LeCun (2022), "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised
///   Learning", *ICLR*, with the factors of the authors' code. Task: Protocols/Explorations.md, 5.7.
public struct VICRegLoss: Sendable {
  /// λ, the weight of the invariance.
  public let invariance: Float
  /// μ, the weight of the variance.
  public let variance: Float
  /// ν, the weight of the covariance.
  public let covariance: Float
  private let epsilon: Float = 1e-4
  private var kept = Kept<(a: Tensor, b: Tensor)>()

  /// s, v and c of two views, before they are weighted and added.
  func terms(_ a: Tensor, _ b: Tensor) -> (
    s: Float, v: (a: Float, b: Float), c: (a: Float, b: Float)
  ) {
    func v(_ z: Tensor) -> Float {
      // TODO(5.7): v(Z). z.variance(axis: 0, unbiased: true) is divided by N − 1; Tensor.maximum(x, 0) cuts off.
      // BEGIN SOLUTION
      let deviation = sqrt(z.variance(axis: 0, unbiased: true) + epsilon)
      return Tensor.maximum(1 - deviation, 0).mean()
      // END SOLUTION
    }
    func c(_ z: Tensor) -> Float {
      // TODO(5.7): c(Z). covariances(of: z) is yours, too: C₀.
      // BEGIN SOLUTION
      return square(covariances(of: z)).sum() / Float(z.shape[1])
      // END SOLUTION
    }
    // TODO(5.7): s, a mean over all N · D elements; and the three terms in a tuple.
    // BEGIN SOLUTION
    let s = square(a - b).mean()
    return (s, (v(a), v(b)), (c(a), c(b)))
    // END SOLUTION
  }

  /// C₀, `[D, D]`: the covariances of the columns, with zeros in place of the variances.
  func covariances(of z: Tensor) -> Tensor {
    // 0 on the diagonal and 1 elsewhere.
    let offDiagonal = 1 - Tensor(eye: z.shape[1])
    // TODO(5.7): ZcᵀZc / (N − 1) ⊙ offDiagonal.
    // BEGIN SOLUTION
    let centred = z - z.mean(axis: 0)
    return centred.matmul(centred, transposingSelf: true) / Float(z.shape[0] - 1) * offDiagonal
    // END SOLUTION
  }

  /// dL/dZ of one view; `other` is the other one.
  func gradient(of z: Tensor, other: Tensor) -> Tensor {
    // TODO(5.7): λ ds/dZ + μ/2 dv/dZ + ν dc/dZ.
    // BEGIN SOLUTION
    let (n, d) = (Float(z.shape[0]), Float(z.shape[1]))
    let centred = z - z.mean(axis: 0)
    let deviation = sqrt(z.variance(axis: 0, unbiased: true) + epsilon)
    let ds = 2 * (z - other) / (n * d)
    let dv = -(deviation .< 1) * centred / (d * (n - 1) * deviation)
    let dc = 4 * centred.matmul(covariances(of: z)) / (d * (n - 1))
    return invariance * ds + variance / 2 * dv + covariance * dc
    // END SOLUTION
  }

  // MARK: Given

  /// The loss of a batch of embeddings of two views, `[N, D]` each.
  public mutating func forward(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.rank == 2, a.shape == b.shape, a.shape[0] >= 2, a.shape[1] >= 1 else {
      stop(
        "VICRegLoss.forward", expected: "two tensors [N, D] with N of at least 2",
        received: "\(a.shape) and \(b.shape)")
    }
    kept.set((a, b), in: .training)
    let (s, v, c) = terms(a, b)
    return invariance * s + variance * (v.a + v.b) / 2 + covariance * (c.a + c.b)
  }

  /// `dA` and `dB`, `[N, D]` each.
  public mutating func backward() -> (Tensor, Tensor) {
    let (a, b) = kept.take(for: "VICRegLoss")
    return (gradient(of: a, other: b), gradient(of: b, other: a))
  }

  /// Creates the loss.
  /// - Parameters:
  ///   - invariance: λ, at least 0
  ///   - variance: μ, at least 0
  ///   - covariance: ν, at least 0
  public init(invariance: Float = 25, variance: Float = 25, covariance: Float = 1) {
    guard [invariance, variance, covariance].allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      stop(
        "VICRegLoss", expected: "finite weights of at least 0",
        received: "\(invariance), \(variance), \(covariance)")
    }
    (self.invariance, self.variance, self.covariance) = (invariance, variance, covariance)
  }
}
