import Shared

// Task 3.5. Every batch arrives as rows X, [M, C]: of dense rows M is N, of images it is N · H · W. So all
// sums and means over a channel run along axis 0.
//
//   training:   X̂ = (X − μ) / √(σ² + ε)        Y = γ X̂ + β         μ, σ²: mean and biased variance, [C]
//               μ̃ ← m μ̃ + (1 − m) μ            σ̃² ← m σ̃² + (1 − m) σ² M / (M − 1)
//   inference:  X̂ = (X − μ̃) / √(σ̃² + ε)        Y = γ X̂ + β
//   backward:   dγ = Σ dY ⊙ X̂    dβ = Σ dY
//               dX = γ / √(σ² + ε) · (dY − mean(dY) − X̂ mean(dY ⊙ X̂))
//
// γ is scale.value, β is shift.value, ε is configuration.epsilon, m is momentum.

extension BatchNorm {
  /// Y of a training batch, X̂ and √(σ² + ε). The last two are kept for `referenceBackward`.
  mutating func referenceForward(_ x: Tensor) -> (y: Tensor, normalized: Tensor, deviation: Tensor)
  {
    // TODO(3.5): the mean and the biased variance of each column, √(σ² + ε), X̂ and Y. Update runningMean
    // and runningVariance: `momentum` times the old value, and the rest from μ and from the unbiased variance.
    // BEGIN SOLUTION
    let mean = x.mean(axis: 0)
    let variance = square(x - mean).mean(axis: 0)
    let deviation = sqrt(variance + configuration.epsilon)
    let normalized = (x - mean) / deviation

    let count = Float(x.shape[0])
    runningMean = momentum * runningMean + (1 - momentum) * mean
    runningVariance =
      momentum * runningVariance + (1 - momentum) * variance * (count / (count - 1))
    return (scale.value * normalized + shift.value, normalized, deviation)
    // END SOLUTION
  }

  /// Y in inference.
  func referenceInference(_ x: Tensor) -> Tensor {
    // TODO(3.5): the same with the running averages in place of μ and σ². Nothing is changed.
    // BEGIN SOLUTION
    let normalized = (x - runningMean) / sqrt(runningVariance + configuration.epsilon)
    return scale.value * normalized + shift.value
    // END SOLUTION
  }

  /// Accumulates `dγ` and `dβ` and returns dX, given dY, X̂ and √(σ² + ε).
  mutating func referenceBackward(_ dY: Tensor, normalized: Tensor, deviation: Tensor) -> Tensor {
    // TODO(3.5): add dγ and dβ with scale.accumulate and shift.accumulate, and return dX.
    // BEGIN SOLUTION
    scale.accumulate((dY * normalized).sum(axis: 0))
    shift.accumulate(dY.sum(axis: 0))
    let centred = dY - dY.mean(axis: 0) - normalized * (dY * normalized).mean(axis: 0)
    return scale.value / deviation * centred
    // END SOLUTION
  }
}
