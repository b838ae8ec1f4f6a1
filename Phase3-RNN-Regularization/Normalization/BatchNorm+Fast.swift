import Shared

// The kernels of batch norm: the statistics in one pass over memory, then normalising, scaling, shifting and
// ReLU in a second one; two passes backward.

extension BatchNorm: TwoBodied {
  /// Compared on rows and on images.
  package static let agreement: Agreement = {
    var layer = BatchNorm(channels: 2)
    layer.scale.value = [2, -0.5]
    layer.shift.value = [1, 3]
    layer.runningMean = [0.5, -1]
    return agree(on: [
      (layer, Tensor([[1, -2], [4, 0.5], [-3, 7], [2.5, 3]])),
      (layer, Tensor([[[1, -2, 3], [4, 0.5, 2]], [[-3, 7, 0], [2.5, 3, -1]]])),
    ])
  }()

  /// The values that the kernels keep for `backward`.
  struct FastPass: Sendable {
    let input: Tensor
    let normalization: ChannelNormalization
    /// 1 / √(σ² + ε), `[C]`.
    let inverse: Tensor
  }

  /// Y of a training batch.
  mutating func fastForward(_ x: Tensor, relu: Bool) -> (y: Tensor, pass: FastPass) {
    let (mean, variance) = x.channelMoments()
    let inverse = 1 / sqrt(variance + configuration.epsilon)
    let normalization = ChannelNormalization(
      center: mean, factor: scale.value * inverse, shift: shift.value, relu: relu)

    let (old, new) = (momentum, 1 - momentum)
    let count = Float(x.count / configuration.channels)
    runningMean = old * runningMean + new * mean
    runningVariance = old * runningVariance + new * variance * (count / (count - 1))
    return (
      x.normalized(normalization),
      FastPass(input: x, normalization: normalization, inverse: inverse)
    )
  }

  /// Y in inference.
  func fastInference(_ x: Tensor, relu: Bool) -> Tensor {
    x.normalized(
      ChannelNormalization(
        center: runningMean,
        factor: scale.value / sqrt(runningVariance + configuration.epsilon), shift: shift.value,
        relu: relu))
  }

  /// Accumulates `dγ` and `dβ` and returns dX.
  mutating func fastBackward(_ dY: consuming Tensor, _ pass: FastPass) -> Tensor {
    // Σ dY and Σ dY ⊙ (X − μ), with dY cut off where ReLU gave 0.
    let (gradients, products) = pass.input.normalizationSums(
      outputGradient: dY, pass.normalization)
    scale.accumulate(products * pass.inverse)
    shift.accumulate(gradients)
    let factor = pass.normalization.factor
    let count = Float(pass.input.count / configuration.channels)
    return pass.input.normalizationGradient(
      overwriting: dY, slope: -factor * square(pass.inverse) * products / count,
      offset: -factor * gradients / count, pass.normalization)
  }
}
