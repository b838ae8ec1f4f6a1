import Shared

/// Batch normalisation: gives each channel of a batch mean 0 and variance 1, then a scale and a shift of
/// its own that are learnt.
///
/// Computes, in training, for each channel c with mean μ and biased variance σ² over the batch (and, for
/// images, over all places)
/// `X̂ = (X − μ) / √(σ² + ε)`, `Y = γ X̂ + β`
/// - `X`: input, `[N, C]`, `[N, C, L]` or `[N, C, H, W]` (N batch size, C `channels`)
/// - `γ`: `scale`, `[C]`; `β`: `shift`, `[C]`; `ε`: `epsilon`
/// - `Y`: output, of the shape of X
///
/// and remembers running averages, where `m` is `momentum`, the weight of the *old* value, and M the number
/// of values in a channel, so that `M / (M − 1)` makes the variance unbiased:
/// `μ̃ ← m μ̃ + (1 − m) μ`, `σ̃² ← m σ̃² + (1 − m) σ² M / (M − 1)`, from 0 and 1 on.
///
/// (PyTorch's way. The FAU exercises start with the averages of the first batch, `startsWithFirstBatch`, and
/// average the biased variance, `averagesBiasedVariance`.)
///
/// In inference: `Y = γ (X − μ̃) / √(σ̃² + ε) + β`. Nothing is changed, and each example is on its own.
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
/// single value a channel has no variance, and a layer that was never trained has no averages:
/// `check(batchShape:mode:)` throws before any data flows, `forward` stops.
///
/// - Complexity: O(number of elements): two passes over memory forward, two backward.
/// - Reference: Ioffe, Szegedy (2015), *ICML*. Task: Protocols/Phase3-RNN-Regularization.md, 3.5.
public struct BatchNorm: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The number of channels, or features, C.
    public var channels: Int
    /// The weight of the old value in the running averages.
    public var momentum: Float
    /// What is added to the variance under the root.
    public var epsilon: Float
    /// Whether the running averages start with those of the first batch; `nil`, as files of the first version
    /// have it: with 0 and 1.
    public var startsWithFirstBatch: Bool?
    /// Whether the biased variance is averaged; `nil`, as files of the first version have it: the unbiased one.
    public var averagesBiasedVariance: Bool?
  }

  /// "BatchNorm"
  public static let typeName = "BatchNorm"
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
  /// Which body of code runs: the kernels, or the formulas of task 3.5.
  public var implementation: Implementation

  var batches = PassCounter()
  /// What the formulas keep for `backward`: X̂ as rows, `[M, C]`, and √(σ² + ε), `[C]`.
  var normalized: Tensor?
  var deviation: Tensor?
  /// What the kernels keep.
  var fastPass: FastPass?
  private var inputShape: [Int]?
  /// Y behind ReLU, where the formulas run and it is not the kernels that find its zeros again.
  private var reluOutput: Tensor?

  /// Creates a layer whose scale is 1 and whose shift is 0.
  /// - Parameters:
  ///   - channels: the number of channels of images or signals, or of features of rows
  ///   - momentum: the weight of the old value in the running averages, at least 0 and below 1
  ///   - epsilon: what is added to the variance under the root, above 0
  ///   - startsWithFirstBatch: whether the running averages start with those of the first batch
  ///   - averagesBiasedVariance: whether the biased variance is averaged
  ///   - implementation: whether the formulas run as they are written here or as kernels
  public init(
    channels: Int, momentum: Float = 0.9, epsilon: Float = 1e-5,
    startsWithFirstBatch: Bool = false, averagesBiasedVariance: Bool = false,
    implementation: Implementation = .fast
  ) {
    let configuration = Configuration(
      channels: channels, momentum: momentum, epsilon: epsilon,
      startsWithFirstBatch: startsWithFirstBatch ? true : nil,
      averagesBiasedVariance: averagesBiasedVariance ? true : nil)
    self = orStop { try BatchNorm(configuration: configuration) }
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
    implementation = .fast
  }

  /// How many training batches the running averages have seen.
  public var trainedBatches: Int { batches.count }

  /// The shape of the input: `[C]`, `[C, L]` or `[C, H, W]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard (1...3).contains(inputShape.count), inputShape[0] == configuration.channels else {
      throw CourseError(
        .shapeMismatch, "BatchNorm",
        expected: "input [\(configuration.channels), ...], channels first, of 1 to 3 axes",
        received: "\(inputShape)",
        remedy:
          "Set channels to the first size of what the layer before it returns. (For sequences "
          + "[T, F] there is LayerNorm.)")
    }
    return inputShape
  }

  /// Throws where a training batch has one value a channel, and where an inference has no averages.
  public func check(batchShape: [Int], mode: Mode) throws {
    _ = try outputShape(for: Array(batchShape.dropFirst()))
    switch mode {
    case .training:
      guard valuesPerChannel(batchShape) > 1 else {
        throw CourseError(
          .invalidData, "BatchNorm: a training batch with one value a channel",
          expected: "at least 2, to have a variance", received: "a batch of shape \(batchShape)",
          remedy: "Take a batch size that is larger and leaves no last batch of one example.")
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

  /// `Y = γ X̂ + β`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    forward(input, mode: mode, relu: false)
  }

  /// `Y = γ X̂ + β`, or `max(0, γ X̂ + β)`: ReLU costs nothing where the values are in hand.
  package mutating func forward(_ input: Tensor, mode: Mode, relu: Bool) -> Tensor {
    guard input.rank >= 2 else {
      stop("BatchNorm.forward", expected: "input [N, C, ...]", received: "\(input.shape)")
    }
    orStop { try check(batchShape: input.shape, mode: mode) }
    inputShape = mode == .training ? input.shape : nil
    (normalized, deviation, fastPass, reluOutput) = (nil, nil, nil, nil)
    guard mode == .training else {
      guard !runsKernels else { return fastInference(input, relu: relu) }
      let output = images(referenceInference(rows(of: input)), shape: input.shape)
      return relu ? Activation.relu(output) : output
    }
    return averaging(valuesPerChannel(input.shape)) { layer in
      guard !layer.runsKernels else { return layer.fastForward(input, relu: relu) }
      let output = layer.images(
        layer.referenceForward(layer.rows(of: input)), shape: input.shape)
      guard relu else { return output }
      layer.reluOutput = Activation.relu(output)
      return layer.reluOutput!
    }
  }

  /// Accumulates `dγ` and `dβ` and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    backward(overwriting: outputGradient)
  }

  /// Like `backward(_:)`. A gradient that the caller gives away becomes `dX` in the same memory.
  package mutating func backward(overwriting outputGradient: consuming Tensor) -> Tensor {
    guard let inputShape = inputShape.take() else {
      stop(
        "BatchNorm.backward", expected: "a forward pass with mode .training before it",
        received: "none (an inference pass keeps nothing, a backward pass uses it up)")
    }
    requireGradient(outputGradient, shape: inputShape, of: Self.typeName)
    if let pass = fastPass.take() { return fastBackward(outputGradient, pass) }
    if let y = reluOutput.take() {
      outputGradient = Activation.relu.inputGradient(output: y, outputGradient: outputGradient)
    }
    defer { (normalized, deviation) = (nil, nil) }
    return images(referenceBackward(rows(of: outputGradient)), shape: inputShape)
  }

  /// Shows `scale`, then `shift`.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("scale", &scale)
    try body("shift", &shift)
  }

  /// Shows the running averages, and the number of batches that they have seen.
  public mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try body("runningMean", &runningMean)
    try body("runningVariance", &runningVariance)
    try body("batches", &batches.words)
  }

  /// Throws when a running variance is negative, or the count of batches is none.
  public func checkState() throws {
    guard runningVariance.min() >= 0 else {
      throw CourseError(
        .format, "BatchNorm: a running variance below 0", expected: "numbers of at least 0",
        received: "\(runningVariance.min())")
    }
    try batches.check(of: Self.typeName)
  }

  // MARK: Averages

  /// Runs a training pass, which averages in PyTorch's way, and gives the averages the way that was asked for.
  private mutating func averaging(
    _ valueCount: Int, _ pass: (inout BatchNorm) -> Tensor
  ) -> Tensor {
    let momentum = configuration.momentum
    // With a weight of 0 for the old values, those of the first batch are all there is.
    if configuration.startsWithFirstBatch == true && trainedBatches == 0 {
      configuration.momentum = 0
    }
    let old =
      configuration.averagesBiasedVariance == true
      ? configuration.momentum * runningVariance : nil
    batches.count += 1
    let output = pass(&self)
    configuration.momentum = momentum
    if let old {
      runningVariance = old + (runningVariance - old) * (Float(valueCount - 1) / Float(valueCount))
    }
    return output
  }

  // MARK: Rows

  private func valuesPerChannel(_ batchShape: [Int]) -> Int {
    batchShape.enumerated().reduce(1) { $1.offset == 1 ? $0 : $0 * $1.element }
  }

  /// `[N, C, H, W]` as rows `[N · H · W, C]`: a column holds all values of a channel.
  private func rows(of batch: Tensor) -> Tensor {
    let last = Array(2..<batch.rank)
    return batch.transposed(axes: [0] + last + [1]).reshaped([-1, batch.shape[1]])
  }

  /// The inverse of `rows(of:)`.
  private func images(_ rows: Tensor, shape: [Int]) -> Tensor {
    // An unfinished body returns something else: it fails wherever it is used, with words.
    guard rows.count == shape.reduce(1, *) else { return rows }
    let spatial = Array(shape.dropFirst(2))
    let places = Array(1..<(shape.count - 1))
    return rows.reshaped([shape[0]] + spatial + [shape[1]])
      .transposed(axes: [0, shape.count - 1] + places)
  }
}
