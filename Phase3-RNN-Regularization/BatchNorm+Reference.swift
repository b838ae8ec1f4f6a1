import Shared

// Task 3.5. Every batch arrives as rows X, [M, C]: of dense rows M is N, of images it is N · H · W. So all
// sums and means over a channel are those along axis 0.

extension BatchNorm {
  /// Y of a training batch.
  mutating func referenceForward(_ x: Tensor) -> Tensor {
    // TODO(3.5): the mean and the biased variance of each column, X̂ = (X − μ) / √(σ² + ε), Y = γ X̂ + β.
    // Keep X̂ in self.normalized and √(σ² + ε) in self.deviation. Update runningMean and runningVariance:
    // `configuration.momentum` times the old value, and the rest from μ and from the unbiased variance.
    // BEGIN SOLUTION
    let mean = x.mean(axis: 0)
    let variance = square(x - mean).mean(axis: 0)
    let deviation = sqrt(variance + configuration.epsilon)
    let normalized = (x - mean) / deviation
    self.deviation = deviation
    self.normalized = normalized

    let momentum = configuration.momentum
    let count = Float(x.shape[0])
    runningMean = momentum * runningMean + (1 - momentum) * mean
    runningVariance =
      momentum * runningVariance + (1 - momentum) * variance * (count / (count - 1))
    return scale.value * normalized + shift.value
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

  /// Accumulates `dγ` and `dβ` and returns dX.
  mutating func referenceBackward(_ dY: Tensor) -> Tensor {
    let normalized = normalized.kept(by: Self.typeName)
    let deviation = deviation.kept(by: Self.typeName)
    // TODO(3.5): dγ = Σ dY ⊙ X̂ and dβ = Σ dY over the rows; add them with scale.accumulate and
    // shift.accumulate. dX = γ / √(σ² + ε) · (dY − mean(dY) − X̂ mean(dY ⊙ X̂)).
    // BEGIN SOLUTION
    scale.accumulate((dY * normalized).sum(axis: 0))
    shift.accumulate(dY.sum(axis: 0))
    let centred = dY - dY.mean(axis: 0) - normalized * (dY * normalized).mean(axis: 0)
    return scale.value / deviation * centred
    // END SOLUTION
  }
}
