import Shared

/// Batch normalisation: gives each channel of a batch mean 0 and variance 1, then a learned scale and shift of
/// its own.
///
/// Computes, in training, for each channel c with mean μ and biased variance σ² over the batch (and, for
/// images, over all places)
/// `X̂ = (X − μ) / √(σ² + ε)`, `Y = γ X̂ + β`
/// - `X`: input, `[N, C]`, `[N, C, L]` or `[N, C, H, W]` (N batch size, C `channels`)
/// - `γ`: `scale`, `[C]`; `β`: `shift`, `[C]`; `ε`: `epsilon`
/// - `Y`: output, of the shape of X
///
/// and updates running averages, where `m` is `momentum`, the weight of the *old* value, and M the number
/// of values in a channel, so that `M / (M − 1)` makes the variance unbiased:
/// `μ̃ ← m μ̃ + (1 − m) μ`, `σ̃² ← m σ̃² + (1 − m) σ² M / (M − 1)`, from 0 and 1 on.
///
/// (PyTorch's way. The FAU exercises start with the averages of the first batch, `startsWithFirstBatch`, and
/// average the biased variance, `averagesBiasedVariance`.)
///
/// In inference: `Y = γ (X − μ̃) / √(σ̃² + ε) + β`. Nothing is changed, and no example depends on the others. So
/// computes a layer whose scale and shift are frozen in training as well, where `dX = γ / √(σ̃² + ε) · dY`.
///
/// Given `dY`, sums and means over everything but the channel:
/// - `dγ = Σ dY ⊙ X̂`, `dβ = Σ dY`
/// - `dX = γ / √(σ² + ε) · (dY − mean(dY) − X̂ mean(dY ⊙ X̂))`: the mean and the variance depend on X, too
///
///     var layer = BatchNorm(channels: 1)
///     layer.forward([[1], [3]], mode: .training)   // [[-0.999995], [0.999995]]
///     layer.runningMean                            // [0.2]
///
/// PyTorch's `momentum` is the weight of the *new* value: its 0.1 is 0.9 here. A training batch with a
/// single value per channel has no variance, and a layer that was never trained has no averages:
/// `check(batchShape:mode:)` throws before any data flows, `forward` stops.
///
/// - Complexity: O(number of elements): two passes over memory forward, two backward.
/// - Reference: Ioffe, Szegedy (2015), *ICML*. Task: Protocols/Phase3-RNN-Regularization.md, 3.5.
public struct BatchNorm: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The number of channels, or features, C; 0 where a network is to infer it.
    public var channels: Int
    /// The weight of the old value in the running averages.
    public var momentum: Float
    /// The number added to the variance under the root.
    public var epsilon: Float
    /// Whether the running averages start with those of the first batch, and not with 0 and 1.
    public var startsWithFirstBatch: Bool
    /// Whether the biased variance is averaged, and not the unbiased one.
    public var averagesBiasedVariance: Bool

    /// Creates a configuration.
    public init(
      channels: Int, momentum: Float = 0.9, epsilon: Float = 1e-5,
      startsWithFirstBatch: Bool = false, averagesBiasedVariance: Bool = false
    ) {
      self.channels = channels
      self.momentum = momentum
      self.epsilon = epsilon
      self.startsWithFirstBatch = startsWithFirstBatch
      self.averagesBiasedVariance = averagesBiasedVariance
    }
  }

  /// The constructor arguments.
  public private(set) var configuration: Configuration
  /// The scale γ, `[channels]`.
  public var scale: Parameter
  /// The shift β, `[channels]`.
  public var shift: Parameter
  /// The running average of the mean, `[channels]`.
  public internal(set) var runningMean: Tensor
  /// The running average of the unbiased (or biased) variance, `[channels]`.
  public internal(set) var runningVariance: Tensor
  /// The number of training batches in the running averages.
  public private(set) var trainedBatches = 0
  /// Which body of code runs: the kernels, or the formulas of task 3.5.
  public var implementation = Implementation.fast

  /// The values that the body which ran keeps for `backward`.
  private enum Pass {
    /// X̂ as rows, `[M, C]`, and √(σ² + ε), `[C]`; Y after ReLU where it was applied.
    case formulas(normalized: Tensor, deviation: Tensor, relu: Tensor?)
    case kernels(FastPass)
    /// γ / √(σ̃² + ε) of a frozen layer, `[C]`; Y after ReLU where it was applied.
    case frozen(slope: Tensor, relu: Tensor?)
  }
  private var kept = Kept<(pass: Pass, inputShape: [Int])>()

  /// Creates a layer whose scale is 1 and whose shift is 0.
  /// - Parameters:
  ///   - channels: the number of channels of images or signals, or of features of rows; without it, the network that
  ///     the layer is appended to finds it
  ///   - momentum: the weight of the old value in the running averages, at least 0 and below 1
  ///   - epsilon: the number added to the variance under the root, above 0
  ///   - startsWithFirstBatch: whether the running averages start with those of the first batch
  ///   - averagesBiasedVariance: whether the biased variance is averaged
  ///   - implementation: whether the formulas run as they are written or as kernels
  public init(
    channels: Int? = nil, momentum: Float = 0.9, epsilon: Float = 1e-5,
    startsWithFirstBatch: Bool = false, averagesBiasedVariance: Bool = false,
    implementation: Implementation = .fast
  ) {
    // One channel in place of a number that is not known yet, so that the other arguments are checked at once.
    let configuration = Configuration(
      channels: channels ?? 1, momentum: momentum, epsilon: epsilon,
      startsWithFirstBatch: startsWithFirstBatch, averagesBiasedVariance: averagesBiasedVariance)
    self = orStop { try BatchNorm(configuration: configuration) }
    if channels == nil { self.configuration.channels = 0 }
    self.implementation = implementation
  }

  /// Creates the layer from a checkpoint; it will run the kernels.
  public init(configuration: Configuration) throws {
    try checkSizes([configuration.channels], of: Self.typeName)
    // Written so that NaN fails.
    guard (0..<1).contains(configuration.momentum), configuration.epsilon > 0,
      configuration.epsilon.isFinite
    else {
      throw CourseError(
        .invalidArgument, "BatchNorm: argument out of range",
        expected: "a momentum of at least 0 and below 1, a finite epsilon above 0",
        received: "\(configuration.momentum) and \(configuration.epsilon)",
        remedy: "The momentum is the weight of the old value: PyTorch's 0.1 is 0.9 here.")
    }
    self.configuration = configuration
    let shape = [configuration.channels]
    scale = Parameter(Tensor(ones: shape), isRegularized: false)
    shift = Parameter(Tensor(zeros: shape), isRegularized: false)
    runningMean = Tensor(zeros: shape)
    runningVariance = Tensor(ones: shape)
  }

  /// The layer for inputs of this shape, channels first.
  public func sized(for inputShape: [Int]) throws -> BatchNorm {
    guard configuration.channels == 0 else { return self }
    guard let size = inputShape.first else {
      throw missingInputSize(
        of: Self.typeName, argument: "channels:", received: "a shape \(inputShape)")
    }
    var configuration = configuration
    configuration.channels = size
    var layer = try remade(with: configuration)
    layer.implementation = implementation
    return layer
  }

  /// The shape of the input: `[C]`, `[C, L]` or `[C, H, W]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard configuration.channels > 0 else {
      throw missingInputSize(of: Self.typeName, argument: "channels:")
    }
    guard (1...3).contains(inputShape.count), inputShape[0] == configuration.channels else {
      throw CourseError(
        .shapeMismatch, "BatchNorm",
        expected: "input [\(configuration.channels), ...], channels first, of 1 to 3 axes",
        received: "\(inputShape)",
        remedy:
          "Set channels to the first output size of the layer before it. (For sequences [T, F] there "
          + "is LayerNorm.)")
    }
    return inputShape
  }

  /// Throws for a training batch with one value per channel, and for an inference without averages.
  public func check(batchShape: [Int], mode: Mode) throws {
    _ = try outputShape(for: Array(batchShape.dropFirst()))
    switch isFrozen ? .inference : mode {
    case .training:
      guard valuesPerChannel(batchShape) > 1 else {
        throw CourseError(
          .invalidData, "BatchNorm: a training batch with one value per channel",
          expected: "at least 2, to have a variance", received: "a batch of shape \(batchShape)",
          remedy: "Choose a batch size that is larger and leaves no last batch of one example.")
      }
    case .inference:
      guard trainedBatches > 0 else {
        throw CourseError(
          .invalidData, "BatchNorm was never trained",
          expected: "running averages of training batches",
          received: "none", remedy: "Train the network first, or load a trained one.")
      }
    }
  }

  // MARK: Passes

  /// `Y = γ X̂ + β`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    forward(input, mode: mode, relu: false)
  }

  /// `Y = γ X̂ + β`, or `max(0, γ X̂ + β)`: ReLU costs nothing in the same pass over memory.
  package mutating func forward(_ input: Tensor, mode: Mode, relu: Bool) -> Tensor {
    guard input.rank >= 2 else {
      stop("BatchNorm.forward", expected: "input [N, C, ...]", received: "\(input.shape)")
    }
    orStop { try check(batchShape: input.shape, mode: mode) }
    kept.clear()
    guard mode == .training, !isFrozen else {
      let output = inference(input, relu: relu)
      if isFrozen {
        let slope = scale.value / sqrt(runningVariance + configuration.epsilon)
        kept.set((.frozen(slope: slope, relu: relu ? output : nil), input.shape), in: mode)
      }
      return output
    }
    // Both bodies average the unbiased variance; the biased one is a share of its part in the sum.
    let old = configuration.averagesBiasedVariance ? momentum * runningVariance : nil
    let output: Tensor
    if runsKernel {
      let (y, pass) = fastForward(input, relu: relu)
      kept.set((.kernels(pass), input.shape), in: mode)
      output = y
    } else {
      let (rows, normalized, deviation) = referenceForward(rows(of: input))
      let y = images(rows, shape: input.shape)
      output = relu ? Activation.relu(y) : y
      let pass = Pass.formulas(
        normalized: normalized, deviation: deviation, relu: relu ? output : nil)
      kept.set((pass, input.shape), in: mode)
    }
    trainedBatches += 1
    if let old {
      let count = valuesPerChannel(input.shape)
      runningVariance = old + (runningVariance - old) * (Float(count - 1) / Float(count))
    }
    return output
  }

  /// Whether training leaves the layer as it is.
  private var isFrozen: Bool { !scale.isTrainable && !shift.isTrainable }

  private func inference(_ input: Tensor, relu: Bool) -> Tensor {
    if runsKernel { return fastInference(input, relu: relu) }
    let output = images(referenceInference(rows(of: input)), shape: input.shape)
    return relu ? Activation.relu(output) : output
  }

  /// Accumulates `dγ` and `dβ` and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    backward(overwriting: outputGradient)
  }

  /// Like `backward(_:)`. A gradient that the caller gives away becomes `dX` in the same memory.
  package mutating func backward(overwriting outputGradient: consuming Tensor) -> Tensor {
    let (pass, inputShape) = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: inputShape, of: Self.typeName)
    switch pass {
    case .kernels(let pass): return fastBackward(outputGradient, pass)
    case .frozen(let slope, let relu):
      if let relu {
        outputGradient = Activation.relu.inputGradient(output: relu, outputGradient: outputGradient)
      }
      let places = [Int](repeating: 1, count: inputShape.count - 2)
      return outputGradient * slope.reshaped(to: [configuration.channels] + places)
    case .formulas(let normalized, let deviation, let relu):
      if let relu {
        outputGradient = Activation.relu.inputGradient(output: relu, outputGradient: outputGradient)
      }
      let dX = referenceBackward(
        rows(of: outputGradient), normalized: normalized, deviation: deviation)
      return images(dX, shape: inputShape)
    }
  }

  /// The weight of the old value in the running averages of this batch: with 0, those of the first batch are
  /// its own.
  var momentum: Float {
    configuration.startsWithFirstBatch && trainedBatches == 0 ? 0 : configuration.momentum
  }

  // MARK: Parameters and state

  /// Shows `scale`, then `shift`.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("scale", &scale)
    try body("shift", &shift)
  }

  /// Shows the running averages, and the number of batches in them.
  public mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try body("runningMean", &runningMean)
    try body("runningVariance", &runningVariance)
    try body("batches", &trainedBatches.asState)
  }

  /// Throws when a running variance is negative, or when a file gave numbers that are no count of batches.
  public func checkState() throws {
    guard runningVariance.min() >= 0 else {
      throw CourseError(
        .format, "BatchNorm: negative running variance", expected: "numbers of at least 0",
        received: "\(runningVariance.min())")
    }
    try trainedBatches.checkCount(of: Self.typeName)
  }

  // MARK: Rows

  private func valuesPerChannel(_ batchShape: [Int]) -> Int {
    batchShape.enumerated().reduce(1) { $1.offset == 1 ? $0 : $0 * $1.element }
  }

  /// `[N, C, H, W]` as rows `[N · H · W, C]`: a column holds all values of a channel.
  private func rows(of batch: Tensor) -> Tensor {
    let last = Array(2..<batch.rank)
    return batch.transposed(axes: [0] + last + [1]).reshaped(to: [-1, batch.shape[1]])
  }

  /// The inverse of `rows(of:)`.
  private func images(_ rows: Tensor, shape: [Int]) -> Tensor {
    // An unfinished body returns another shape, which fails in words where it is used.
    guard rows.count == shape.reduce(1, *) else { return rows }
    let spatial = Array(shape.dropFirst(2))
    let places = Array(1..<(shape.count - 1))
    return rows.reshaped(to: [shape[0]] + spatial + [shape[1]])
      .transposed(axes: [0, shape.count - 1] + places)
  }
}
