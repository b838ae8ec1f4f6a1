import Shared

// The kernels of batch norm: the statistics in one pass over memory, normalising, scaling, shifting and
// ReLU in a second one; two passes backward.

extension BatchNorm {
  /// What the kernels keep for `backward`.
  struct FastPass: Sendable {
    let input: Tensor
    let normalization: ChannelNormalization
    /// 1 / √(σ² + ε), `[C]`.
    let inverse: Tensor
  }

  /// Y of a training batch.
  mutating func fastForward(_ x: Tensor, relu: Bool) -> Tensor {
    let (mean, variance) = x.channelMoments()
    let inverse = 1 / sqrt(variance + configuration.epsilon)
    let normalization = ChannelNormalization(
      center: mean, factor: scale.value * inverse, shift: shift.value, relu: relu)
    fastPass = FastPass(input: x, normalization: normalization, inverse: inverse)

    let momentum = configuration.momentum
    let count = Float(x.count / configuration.channels)
    runningMean = momentum * runningMean + (1 - momentum) * mean
    runningVariance =
      momentum * runningVariance + (1 - momentum) * variance * (count / (count - 1))
    return x.normalized(normalization)
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
    let (gradients, products) = accumulateFast(dY, pass)
    let factor = pass.normalization.factor
    let count = Float(pass.input.count / configuration.channels)
    return pass.input.normalizationGradient(
      overwriting: dY, slope: -factor * square(pass.inverse) * products / count,
      offset: -factor * gradients / count, pass.normalization)
  }

  /// Accumulates `dγ` and `dβ`; returns `Σ dY` and `Σ dY ⊙ (X − μ)`, with dY cut off where ReLU gave 0.
  private mutating func accumulateFast(
    _ dY: Tensor, _ pass: FastPass
  ) -> (gradients: Tensor, products: Tensor) {
    let sums = pass.input.normalizationSums(outputGradient: dY, pass.normalization)
    scale.accumulate(sums.products * pass.inverse)
    shift.accumulate(sums.gradients)
    return sums
  }

  /// Whether the kernels run: they stand in for the formulas only where both agree, so that an unfinished
  /// task does not train.
  var runsKernels: Bool { implementation == .fast && Self.formulasAreKernels }

  private static let formulasAreKernels: Bool = {
    var reference = BatchNorm(channels: 2)
    reference.scale.value = [2, -0.5]
    reference.shift.value = [1, 3]
    reference.runningMean = [0.5, -1]
    var fast = reference
    let x: Tensor = [[1, -2], [4, 0.5], [-3, 7], [2.5, 3]]
    let dY: Tensor = [[1, 2], [-1, 0.5], [3, -2], [0.25, 1]]
    // Shapes first: an unfinished body may return anything.
    let y = reference.referenceForward(x)
    guard isSame(y, fast.fastForward(x, relu: false)), let pass = fast.fastPass,
      reference.normalized?.shape == x.shape, reference.deviation?.shape == [2],
      isSame(reference.runningMean, fast.runningMean),
      isSame(reference.runningVariance, fast.runningVariance),
      isSame(reference.referenceInference(x), fast.fastInference(x, relu: false)),
      isSame(reference.referenceBackward(dY), fast.fastBackward(dY, pass)),
      let scaleGradient = reference.scale.gradient, let shiftGradient = reference.shift.gradient
    else { return false }
    return fast.scale.gradient.map { isSame(scaleGradient, $0) } == true
      && fast.shift.gradient.map { isSame(shiftGradient, $0) } == true
  }()

  private static func isSame(_ a: Tensor, _ b: Tensor) -> Bool {
    a.shape == b.shape && (abs(a - b) .<= 1e-4).sum() == Float(a.count)
  }
}
