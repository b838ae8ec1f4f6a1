import Shared

/// A convolution and ReLU in one layer.
///
/// `Y = max(0, X ∗ W + b)`, for images `[N, C, H, W]`; shapes, gradients and arguments are those of `Conv2D`.
///
///     var layer = ConvReLU(inputChannels: 3, outputChannels: 8, kernelSize: 3, padding: .same)
///     layer.forward(Tensor(zeros: [2, 3, 32, 32]), mode: .training).shape   // [2, 8, 32, 32]
///
/// The readable body is the composite: a convolution, then ReLU. In the fast one the convolution applies ReLU as it
/// writes its output.
///
/// - Complexity: that of the convolution: no pass over the output for the bias, none for ReLU.
/// - Reference: Krizhevsky, Sutskever, Hinton (2012), *NIPS* 25.
///   Task: Protocols/Phase2-CNN.md, 2.9, in SandwichLayers.swift.
public struct ConvReLU: Layer, TwoBodied {
  /// "ConvReLU"
  public static let typeName = "ConvReLU"
  /// The convolution, which applies no activation of its own.
  public var convolution: Conv2D
  /// The body that runs: the kernel, or the composite of task 2.9.
  public var implementation = Implementation.fast
  /// What the composite keeps for its backward pass: the output of ReLU.
  var kept = Kept<Tensor>()

  /// The arguments of the convolution, whose activation is ReLU.
  public var configuration: ConvolutionConfiguration {
    var configuration = convolution.configuration
    configuration.activation = .relu
    return configuration
  }

  /// Creates a layer with freshly drawn weights; the arguments are those of `Conv2D`.
  public init(
    inputChannels: Int? = nil, outputChannels: Int, kernelSize: AxisSizes, stride: AxisSizes = 1,
    padding: Padding = .valid, dilation: AxisSizes = 1, groups: Int = 1, bias: Bool = true,
    initializer: StandardInitializer = .heNormal,
    biasInitializer: StandardInitializer = .zeros, implementation: Implementation = .fast,
    seed: UInt64? = nil
  ) {
    convolution = Conv2D(
      inputChannels: inputChannels, outputChannels: outputChannels, kernelSize: kernelSize,
      stride: stride, padding: padding, dilation: dilation, groups: groups, bias: bias,
      initializer: initializer, biasInitializer: biasInitializer, seed: seed)
    self.implementation = implementation
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: ConvolutionConfiguration) throws {
    try configuration.require(activation: .relu, in: Self.typeName)
    var configuration = configuration
    configuration.activation = .identity
    convolution = try Conv2D(configuration: configuration)
  }

  /// The layer for images of this shape.
  public func sized(for inputShape: [Int]) throws -> ConvReLU {
    var layer = self
    layer.convolution = try convolution.sized(for: inputShape)
    return layer
  }

  /// `[inputChannels, H, W]` becomes `[outputChannels, H', W']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    try convolution.outputShape(for: inputShape)
  }

  /// `Y = max(0, X ∗ W + b)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    runsKernel
      ? convolution.forward(input, applying: .relu, mode: mode)
      : referenceForward(input, mode: mode)
  }

  /// Accumulates the gradients of weights and bias and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    runsKernel ? convolution.backward(outputGradient) : referenceBackward(outputGradient)
  }

  /// Accumulates the gradients of weights and bias only.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    if runsKernel {
      convolution.backwardWithoutInputGradient(outputGradient)
    } else {
      _ = referenceBackward(outputGradient)
    }
  }

  /// Shows the parameters of the convolution: "convolution.weights", "convolution.bias".
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try convolution.forEachParameter { name, parameter in
      try body("convolution.\(name)", &parameter)
    }
  }

  // In the first trial all tensors have one shape: usual mistakes show there as wrong numbers, before a wrong shape
  // could end the program.
  package static let agreement = agree(on: [
    (
      ConvReLU(
        inputChannels: 2, outputChannels: 2, kernelSize: 3, padding: .same,
        biasInitializer: .uniform(low: -1, high: 1), seed: 2
      ).withKernelParts, Tensor(normal: [2, 2, 6, 7], key: RandomKey(seed: 4))
    ),
    (
      ConvReLU(
        inputChannels: 2, outputChannels: 3, kernelSize: [3, 2], stride: [2, 1], padding: .same,
        biasInitializer: .uniform(low: -1, high: 1), seed: 1
      ).withKernelParts, Tensor(normal: [2, 2, 7, 6], key: RandomKey(seed: 3))
    ),
  ])

  /// The layer with a convolution that runs its kernels: so that task 2.9 does not wait for 2.1 and 2.2.
  package var withKernelParts: Self {
    var layer = self
    layer.convolution.implementation = .kernel
    return layer
  }
}

extension ConvolutionConfiguration {
  /// Throws unless the convolution has the activation of the layer that holds it.
  package func require(activation expected: Activation, in layer: String) throws {
    guard activation == expected else {
      throw CourseError(
        .invalidArgument, "\(layer): wrong activation", expected: expected.rawValue,
        received: activation.rawValue, remedy: "Use Conv2D for other activations.")
    }
  }
}
