import Shared

/// A convolution, ReLU and max pooling in one layer: the block that most convolutional networks repeat.
///
/// `Y = maxpool(max(0, X ∗ W + b))`, for images `[N, C, H, W]`.
///
/// ReLU keeps the order of numbers, so it may come before or after the pooling:
/// `maxpool(relu(z)) = relu(maxpool(z))`, and it cuts off the same gradients either way. In the readable body, the
/// composite, it comes before, and in the fast one after: windows of 2 x 2 leave it a quarter of the elements, and
/// the full-size output of the convolution need not be kept for `backward`.
///
///     var layer = ConvReLUPool(inputChannels: 1, outputChannels: 8, kernelSize: 5, padding: .same)
///     layer.forward(Tensor(zeros: [2, 1, 28, 28]), mode: .training).shape   // [2, 8, 14, 14]
///
/// - Complexity: that of the convolution, and one pass over its output.
/// - Reference: Task: Protocols/Phase2-CNN.md, 2.9, in SandwichLayers.swift.
public struct ConvReLUPool: Layer, TwoBodied {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The arguments of the convolution, without an activation.
    public var convolution: ConvolutionConfiguration
    /// The arguments of the pooling.
    public var pool: MaxPoolConfiguration

    /// Collects the arguments.
    public init(convolution: ConvolutionConfiguration, pool: MaxPoolConfiguration) {
      self.convolution = convolution
      self.pool = pool
    }
  }

  /// "ConvReLUPool"
  public static let typeName = "ConvReLUPool"
  /// The convolution.
  public var convolution: Conv2D
  /// The pooling.
  var pool: MaxPool2D
  /// The body that runs: the kernels, or the composite of task 2.9.
  public var implementation = Implementation.fast
  /// The output of ReLU, which is positive where it let the gradient through.
  var kept = Kept<Tensor>()

  /// The constructor arguments.
  public var configuration: Configuration {
    Configuration(convolution: convolution.configuration, pool: pool.configuration)
  }

  /// Creates a layer with freshly drawn weights. The first arguments are those of `Conv2D`.
  /// - Parameters:
  ///   - pool: the kernel size of the pooling
  ///   - poolStride: the stride of the pooling, its kernel size unless given
  ///   - seed: makes the weights reproducible outside a network, as for `Conv2D`
  public init(
    inputChannels: Int? = nil, outputChannels: Int, kernelSize: AxisSizes,
    stride: AxisSizes = 1, padding: Padding = .valid, dilation: AxisSizes = 1,
    groups: Int = 1, bias: Bool = true, pool: AxisSizes = 2,
    poolStride: AxisSizes? = nil, initializer: StandardInitializer = .heNormal,
    biasInitializer: StandardInitializer = .zeros, implementation: Implementation = .fast,
    seed: UInt64? = nil
  ) {
    convolution = Conv2D(
      inputChannels: inputChannels, outputChannels: outputChannels, kernelSize: kernelSize,
      stride: stride, padding: padding, dilation: dilation, groups: groups, bias: bias,
      initializer: initializer, biasInitializer: biasInitializer, seed: seed)
    self.pool = MaxPool2D(kernelSize: pool, stride: poolStride)
    self.implementation = implementation
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: Configuration) throws {
    try configuration.convolution.require(activation: .identity, in: Self.typeName)
    convolution = try Conv2D(configuration: configuration.convolution)
    pool = try MaxPool2D(configuration: configuration.pool)
  }

  /// The layer for images of this shape.
  public func sized(for inputShape: [Int]) throws -> ConvReLUPool {
    var layer = self
    layer.convolution = try convolution.sized(for: inputShape)
    return layer
  }

  /// `[inputChannels, H, W]` becomes `[outputChannels, H', W']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    try pool.outputShape(for: convolution.outputShape(for: inputShape))
  }

  /// `Y = maxpool(max(0, X ∗ W + b))`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard runsKernel else { return referenceForward(input, mode: mode) }
    let pooled = pool.forward(convolution.forward(input, mode: mode), mode: mode)
    let output = Activation.relu(pooled)
    kept.set(output, in: mode)
    return output
  }

  /// Accumulates the gradients of weights and bias and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    runsKernel
      ? convolution.backward(gradientOfConvolution(outputGradient))
      : referenceBackward(outputGradient)
  }

  /// Accumulates the gradients of weights and bias only.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    if runsKernel {
      convolution.backwardWithoutInputGradient(gradientOfConvolution(outputGradient))
    } else {
      _ = referenceBackward(outputGradient)
    }
  }

  /// `dY` back through ReLU and pooling.
  private mutating func gradientOfConvolution(_ outputGradient: Tensor) -> Tensor {
    let output = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: output.shape, of: Self.typeName)
    return pool.backward(
      Activation.relu.inputGradient(output: output, outputGradient: outputGradient))
  }

  /// Shows the parameters of the convolution: "convolution.weights", "convolution.bias".
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try convolution.forEachParameter { name, parameter in
      try body("convolution.\(name)", &parameter)
    }
  }

  // The first trial keeps the shape up to the pooling, as in ConvReLU.
  package static let agreement = agree(on: [
    (
      ConvReLUPool(
        inputChannels: 2, outputChannels: 2, kernelSize: 3, padding: .same,
        biasInitializer: .uniform(low: -1, high: 1), seed: 3
      ).withKernelParts, Tensor(normal: [2, 2, 6, 8], key: RandomKey(seed: 5))
    ),
    (
      ConvReLUPool(
        inputChannels: 2, outputChannels: 3, kernelSize: [3, 2], padding: .same, pool: [2, 3],
        biasInitializer: .uniform(low: -1, high: 1), seed: 1
      ).withKernelParts, Tensor(normal: [2, 2, 6, 7], key: RandomKey(seed: 3))
    ),
    (
      ConvReLUPool(
        inputChannels: 2, outputChannels: 4, kernelSize: 3, groups: 2, pool: 3, poolStride: 2,
        biasInitializer: .uniform(low: -1, high: 1), seed: 2
      ).withKernelParts, Tensor(normal: [2, 2, 8, 7], key: RandomKey(seed: 4))
    ),
  ])

  /// The layer with parts that run their kernels: so that task 2.9 does not wait for 2.1, 2.2 and 2.4.
  package var withKernelParts: Self {
    var layer = self
    (layer.convolution.implementation, layer.pool.implementation) = (.kernel, .kernel)
    return layer
  }
}
