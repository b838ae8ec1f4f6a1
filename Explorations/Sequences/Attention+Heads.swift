import Shared

// The heads of an attention layer: side by side in its input and output, apart where it computes.

extension Attention {
  /// Queries, keys and values, `[N, H, T, d]` each, of an input `[N, T, 3 · H · d]`.
  func split(_ input: Tensor) -> (q: Tensor, k: Tensor, v: Tensor) {
    requireInput(input)
    let (n, steps, size) = (input.shape[0], input.shape[1], input.shape[2] / (3 * heads))
    let parts = input.reshaped(to: [n, steps, 3, heads, size]).transposed(axes: [2, 0, 3, 1, 4])
    return (parts.slice(axis: 0, at: 0), parts.slice(axis: 0, at: 1), parts.slice(axis: 0, at: 2))
  }

  /// `A` of all heads for an input, `[N, H, T, T]`.
  package func weights(of input: Tensor) -> Tensor {
    let (q, k, _) = split(input)
    return weights(q: q, k: k)
  }

  /// Stops unless a batch has the right shape.
  func requireInput(_ input: Tensor) {
    guard input.rank == 3, input.shape[2] > 0, input.shape[2] % (3 * heads) == 0 else {
      stop(
        "Attention.forward",
        expected: "queries, keys and values of \(counted(heads, "head")), [N, T, 3 · H · d]",
        received: "\(input.shape)")
    }
  }

  /// The heads side by side: `[N, T, H · d]` of `[N, H, T, d]`.
  func merged(_ x: Tensor) -> Tensor {
    x.transposed(axes: [0, 2, 1, 3]).reshaped(to: [x.shape[0], x.shape[2], heads * x.shape[3]])
  }

  /// The gradient of the output, `[N, T, H · d]`, with the heads apart, `[N, H, T, d]`.
  func separated(_ outputGradient: Tensor, like q: Tensor) -> Tensor {
    let (n, steps, size) = (q.shape[0], q.shape[2], q.shape[3])
    requireGradient(outputGradient, shape: [n, steps, heads * size], of: "Attention")
    return outputGradient.reshaped(to: [n, steps, heads, size]).transposed(axes: [0, 2, 1, 3])
  }

  /// `[N, T, 3 · H · d]`: three tensors of `[N, H, T, d]` as they lie in the input.
  func joined(_ q: Tensor, _ k: Tensor, _ v: Tensor) -> Tensor {
    for gradient in [q, k, v] where gradient.shape != q.shape {
      stop(
        "Attention.joined", expected: "three tensors of one shape", received: "\(gradient.shape)")
    }
    let (n, steps, size) = (q.shape[0], q.shape[2], heads * q.shape[3])
    return Tensor(stacking: [q, k, v], axis: 0).transposed(axes: [1, 3, 0, 2, 4])
      .reshaped(to: [n, steps, 3 * size])
  }

  /// −∞ for the steps that a step does not see, and 0 for the others, `[T, T]`; for examples of different lengths
  /// `[N, 1, T, T]`.
  func mask(examples: Int, steps: Int) -> Tensor {
    func mask(length: Int) -> [Float] {
      (0..<steps).flatMap { step in
        (0..<steps).map { isCausal && $0 > step || $0 >= length ? -Float.infinity : 0 }
      }
    }
    guard configuration.isPadded else {
      return Tensor(shape: [steps, steps], scalars: mask(length: steps))
    }
    let lengths = lengths.values(for: "Attention.forward", count: examples, steps: steps)
    return Tensor(
      shape: [lengths.count, 1, steps, steps], scalars: lengths.flatMap(mask(length:)))
  }

  /// The lengths of a batch of such a shape; `nil` if all steps count.
  func paddedLengths(of shape: [Int]) -> [Int]? {
    configuration.isPadded
      ? lengths.values(for: "Attention.forward", count: shape[0], steps: shape[1]) : nil
  }
}
