import Phase2CNN
import Phase3RNNRegularization
import Shared

/// A convolution, batch norm, ReLU and, if wanted, max pooling in one layer: the block of VGG-style networks.
///
/// `Y = maxpool(max(0, batchnorm(X ∗ W)))`, for images `[N, C, H, W]`.
///
/// Batch norm measures the convolution's output in one pass over memory; the second pass normalises, scales,
/// shifts and applies ReLU at once. The backward pass computes again from the convolution's output where ReLU gave
/// 0, so the layer keeps that output and, in the convolution, X. The convolution has no bias: batch norm would
/// subtract it again, and its shift takes that place.
///
///     var layer = ConvBatchNormReLU(
///       inputChannels: 3, outputChannels: 8, kernelSize: 3, padding: .same, pool: 2)
///     layer.forward(Tensor(zeros: [2, 3, 32, 32]), mode: .training).shape   // [2, 8, 16, 16]
///
/// For inference, `network.fused()` folds batch norm into the weights.
///
/// - Complexity: that of the convolution, two passes over its output forward, two backward.
/// - Reference: Simonyan, Zisserman (2015), *ICLR*; Ioffe, Szegedy (2015), *ICML*.
public struct ConvBatchNormReLU: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The arguments of the convolution, without an activation.
    public var convolution: ConvolutionConfiguration
    /// The arguments of batch norm.
    public var batchNorm: BatchNorm.Configuration
    /// The arguments of the pooling, if there is one.
    public var pool: MaxPoolConfiguration?

    /// Collects the arguments.
    public init(
      convolution: ConvolutionConfiguration, batchNorm: BatchNorm.Configuration,
      pool: MaxPoolConfiguration? = nil
    ) {
      self.convolution = convolution
      self.batchNorm = batchNorm
      self.pool = pool
    }
  }

  /// "ConvBatchNormReLU"
  public static let typeName = "ConvBatchNormReLU"
  /// The convolution.
  public var convolution: Conv2D
  /// The normalisation of its output.
  public var batchNorm: BatchNorm
  private var pool: MaxPool2D?
  /// The parts keep the values; this, that there was a pass.
  private var kept = Kept<Void>()

  /// The constructor arguments.
  public var configuration: Configuration {
    Configuration(
      convolution: convolution.configuration, batchNorm: batchNorm.configuration,
      pool: pool?.configuration)
  }

  /// Creates a layer with freshly drawn weights. The first arguments are those of `Conv2D`.
  /// - Parameters:
  ///   - momentum: the weight of the old value in batch norm's running averages
  ///   - epsilon: the number that batch norm adds to the variance
  ///   - pool: the kernel size of the max pooling after ReLU; none unless given
  ///   - poolStride: the stride of the pooling, its kernel size unless given
  ///   - seed: makes the weights reproducible outside a network, as for `Conv2D`
  public init(
    inputChannels: Int? = nil, outputChannels: Int, kernelSize: AxisSizes,
    stride: AxisSizes = 1, padding: Padding = .valid, dilation: AxisSizes = 1,
    groups: Int = 1, momentum: Float = 0.9, epsilon: Float = 1e-5, pool: AxisSizes? = nil,
    poolStride: AxisSizes? = nil, initializer: StandardInitializer = .heNormal,
    seed: UInt64? = nil
  ) {
    convolution = Conv2D(
      inputChannels: inputChannels, outputChannels: outputChannels, kernelSize: kernelSize,
      stride: stride, padding: padding, dilation: dilation, groups: groups, bias: false,
      initializer: initializer, seed: seed)
    batchNorm = BatchNorm(channels: outputChannels, momentum: momentum, epsilon: epsilon)
    self.pool = pool.map { MaxPool2D(kernelSize: $0, stride: poolStride) }
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: Configuration) throws {
    let (convolution, batchNorm) = (configuration.convolution, configuration.batchNorm)
    try convolution.require(activation: .identity, in: Self.typeName)
    guard !convolution.hasBias, batchNorm.channels == convolution.outputChannels else {
      throw CourseError(
        .invalidArgument, "ConvBatchNormReLU: parts that do not fit together",
        expected: "a convolution without a bias, and batch norm of its "
          + "\(convolution.outputChannels) channels",
        received: "\(convolution.hasBias ? "one with" : "one without"), and \(batchNorm.channels)")
    }
    self.convolution = try Conv2D(configuration: convolution)
    self.batchNorm = try BatchNorm(configuration: batchNorm)
    pool = try configuration.pool.map { try MaxPool2D(configuration: $0) }
  }

  /// The layer for images of this shape.
  public func sized(for inputShape: [Int]) throws -> ConvBatchNormReLU {
    var layer = self
    layer.convolution = try convolution.sized(for: inputShape)
    return layer
  }

  /// `[inputChannels, H, W]` becomes `[outputChannels, H', W']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let shape = try convolution.outputShape(for: inputShape)
    return try pool?.outputShape(for: shape) ?? shape
  }

  /// Throws where batch norm has no variance, or was never trained.
  public func check(batchShape: [Int], mode: Mode) throws {
    let shape = try convolution.outputShape(for: Array(batchShape.dropFirst()))
    try batchNorm.check(batchShape: batchShape.prefix(1) + shape, mode: mode)
  }

  /// `Y = maxpool(max(0, batchnorm(X ∗ W)))`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let output = batchNorm.forward(
      convolution.forward(input, mode: mode), mode: mode, relu: true)
    kept.set((), in: mode)
    return pool?.forward(output, mode: mode) ?? output
  }

  /// Accumulates the gradients of weights, scale and shift and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    convolution.backward(gradientOfConvolution(outputGradient))
  }

  /// Accumulates the gradients of weights, scale and shift only.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    convolution.backwardWithoutInputGradient(gradientOfConvolution(outputGradient))
  }

  /// `dY` back through pooling, ReLU and batch norm.
  private mutating func gradientOfConvolution(_ outputGradient: Tensor) -> Tensor {
    kept.take(for: Self.typeName)
    guard pool != nil else { return batchNorm.backward(outputGradient) }
    return batchNorm.backward(overwriting: pool!.backward(outputGradient))
  }

  /// Shows "convolution.weights", "batchNorm.scale" and "batchNorm.shift".
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try convolution.forEachParameter { name, parameter in
      try body("convolution.\(name)", &parameter)
    }
    try batchNorm.forEachParameter { name, parameter in
      try body("batchNorm.\(name)", &parameter)
    }
  }

  /// Shows the running averages of batch norm: "batchNorm.runningMean" and so on.
  public mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try batchNorm.forEachState { name, state in try body("batchNorm.\(name)", &state) }
  }

  /// Throws when the running averages of batch norm are impossible.
  public func checkState() throws { try batchNorm.checkState() }

  /// The layer without batch norm, which is folded into the convolution.
  func fused() -> any Layer {
    let folding = batchNorm.folding
    var configuration = convolution.configuration
    configuration.hasBias = true
    let weights = convolution.weights.value * folding.factor.reshaped(to: [-1, 1, 1, 1])
    return orStop {
      guard let pool else {
        configuration.activation = .relu
        var layer = try ConvReLU(configuration: configuration)
        layer.convolution.weights.value = weights
        layer.convolution.bias?.value = folding.offset
        return layer
      }
      var layer = try ConvReLUPool(
        configuration: .init(convolution: configuration, pool: pool.configuration))
      layer.convolution.weights.value = weights
      layer.convolution.bias?.value = folding.offset
      return layer
    }
  }
}
