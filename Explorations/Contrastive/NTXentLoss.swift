import Shared

/// The contrastive loss of SimCLR, without labels: two views of the same image are to have the same embedding, and one that
/// differs from those of all other images in the batch (normalised temperature-scaled cross-entropy).
///
/// With the rows of A and B one below the other, `x₁ … x₂ₙ`, and `p(i)` the other view of the image of row i:
/// `zᵢ = xᵢ / |xᵢ|`, `sᵢₖ = zᵢ · zₖ / τ`, `L = −1/(2N) Σᵢ ln (exp sᵢₚ₍ᵢ₎ / Σₖ≠ᵢ exp sᵢₖ)`
/// - `A`, `B`: embeddings of the first and the second view of each image, `[N, D]`
/// - `τ`: `temperature`. The lower it is, the more the nearest of the other images count.
///
/// It is the cross-entropy of a classifier that looks for the other view of row i among the 2N − 1 rows besides it, so its
/// gradient is `dsᵢₖ = (pᵢₖ − [k = p(i)]) / (2N)`, with the softmax p without the diagonal. Then, with `S` the matrix of these,
/// `dZ = (S + Sᵀ) Z / τ`, and back through the normalisation `dxᵢ = (dzᵢ − zᵢ (zᵢ · dzᵢ)) / |xᵢ|`.
///
///     var loss = NTXentLoss(temperature: 1)
///     let a: Tensor = [[1, 0], [0, 1]]
///     loss.forward(a, a)                            // 0.5514 = ln ((e + 2) / e)
///
/// Other images are what keeps the embeddings apart, so it wants large batches; `VICRegLoss` does without them.
///
/// - Complexity: O(N² · D) time and O(N²) memory.
/// - Reference: Chen, Kornblith, Norouzi, Hinton (2020), "A Simple Framework for Contrastive Learning of Visual
///   Representations", *ICML*, equation 1.
public struct NTXentLoss: Sendable {
  /// τ, which divides the similarities.
  public let temperature: Float
  private struct Pass: Sendable {
    /// Z, `[2N, D]`, and the lengths |x|, `[2N, 1]`.
    let normalized: Tensor, lengths: Tensor
    /// p, `[2N, 2N]`.
    let probabilities: Tensor
  }
  private var kept = Kept<Pass>()

  /// Creates the loss.
  /// - Parameter temperature: τ, above 0; 0.5 is the paper's choice for small images
  public init(temperature: Float = 0.5) {
    guard temperature > 0, temperature.isFinite else {
      stop("NTXentLoss", expected: "a finite temperature above 0", received: "\(temperature)")
    }
    self.temperature = temperature
  }

  /// The loss of a batch of embeddings of two views, `[N, D]` each.
  public mutating func forward(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.rank == 2, a.shape == b.shape, a.shape[0] >= 2, a.shape[1] >= 1 else {
      stop(
        "NTXentLoss.forward", expected: "two tensors [N, D] with N of at least 2",
        received: "\(a.shape) and \(b.shape)")
    }
    let x = Tensor(concatenating: [a, b])
    // As in PyTorch's `normalize`, an embedding of length 0 stays what it is.
    let lengths = Tensor.maximum(sqrt(square(x).sum(axis: 1, keepDims: true)), 1e-12)
    let z = x / lengths
    let itself = Tensor(eye: z.shape[0])
    // No row is its own partner: its similarity, 1 / τ, falls below all others, which are at least -1 / τ.
    let similarities =
      (z.matmul(z, transposingOther: true) - 3 * itself) / temperature
    let largest = similarities.max(axis: 1, keepDims: true)
    let exponentials = exp(similarities - largest) * (1 - itself)
    let sums = exponentials.sum(axis: 1, keepDims: true)
    kept.set(
      Pass(normalized: z, lengths: lengths, probabilities: exponentials / sums), in: .training)
    let ofPairs = (z * otherViews(z)).sum(axis: 1, keepDims: true) / temperature
    return (log(sums) + largest - ofPairs).mean()
  }

  /// `dA` and `dB`, `[N, D]` each.
  public mutating func backward() -> (Tensor, Tensor) {
    let pass = kept.take(for: "NTXentLoss")
    let (z, p) = (pass.normalized, pass.probabilities)
    let count = z.shape[0]
    let dZ =
      (p.matmul(z) + p.matmul(z, transposingSelf: true) - 2 * otherViews(z))
      / (Float(count) * temperature)
    let dX = (dZ - z * (z * dZ).sum(axis: 1, keepDims: true)) / pass.lengths
    return (dX[0..<(count / 2)], dX[(count / 2)...])
  }

  /// The rows of B and A in place of those of A and B.
  private func otherViews(_ rows: Tensor) -> Tensor {
    let half = rows.shape[0] / 2
    return Tensor(concatenating: [rows[half...], rows[0..<half]])
  }
}
