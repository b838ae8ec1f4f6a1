import Shared

// The kernels of attention: one pass through the scores of a few queries at a time, forward and backward.

extension Attention: TwoBodied {
  /// Compared with and without the masks, for two heads.
  package static let agreement: Agreement = {
    let x = Tensor(
      shape: [2, 3, 12], scalars: (0..<72).map { Float($0 * 31 % 53) / 20 - 1.3 })
    var padded = Attention(heads: 2, isCausal: false, isPadded: true)
    padded.take(sideInputs: [PaddedLengths.sideInput: Tensor([[2], [3]])])
    return agree(on: [
      (Attention(heads: 2), x), (Attention(heads: 2, isCausal: false), x), (padded, x),
    ])
  }()

  /// `O`, `[N, T, H · d]`.
  mutating func fastForward(_ input: Tensor, mode: Mode) -> Tensor {
    requireInput(input)
    let (output, pass) = input.attention(
      heads: heads, isCausal: isCausal, lengths: paddedLengths(of: input.shape))
    fastKept.set(pass, in: mode)
    return output
  }

  /// `dX = [dQ | dK | dV]`, `[N, T, 3 · H · d]`.
  mutating func fastBackward(_ outputGradient: Tensor) -> Tensor {
    let pass = fastKept.take(for: "Attention")
    requireGradient(outputGradient, shape: pass.outputShape, of: "Attention")
    return pass.gradient(of: outputGradient)
  }
}
