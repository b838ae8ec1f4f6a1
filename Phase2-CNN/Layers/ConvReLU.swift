import Shared

/// A convolution and ReLU in one layer: the convolution applies ReLU as it writes its output.
///
/// `Y = max(0, X ∗ W + b)`, for images `[N, C, H, W]`; shapes, gradients and arguments are those of `Conv2D`.
///
///     var layer = ConvReLU(inputChannels: 3, outputChannels: 8, kernelSize: 3, padding: .same)
///     layer.forward(Tensor(zeros: [2, 3, 32, 32]), mode: .training).shape   // [2, 8, 32, 32]
///
/// - Complexity: that of the convolution: no pass over the output for the bias, none for ReLU.
/// - Reference: Krizhevsky, Sutskever, Hinton (2012), *NIPS* 25.
public struct ConvReLU: Layer {
  /// "ConvReLU"
  public static let typeName = "ConvReLU"
  /// The convolution, whose activation is ReLU.
  public var convolution: Conv2D
  /// The arguments of the convolution.
  public var configuration: ConvolutionConfiguration { convolution.configuration }

  /// Creates a layer with freshly drawn weights; the arguments are those of `Conv2D`.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: AxisSizes, stride: AxisSizes = 1,
    padding: Padding = .valid, dilation: AxisSizes = 1, groups: Int = 1, bias: Bool = true,
    initializer: StandardInitializer = .heNormal,
    biasInitializer: StandardInitializer = .zeros, seed: UInt64? = nil
  ) {
    convolution = Conv2D(
      inputChannels: inputChannels, outputChannels: outputChannels, kernelSize: kernelSize,
      stride: stride, padding: padding, dilation: dilation, groups: groups, bias: bias,
      activation: .relu, initializer: initializer, biasInitializer: biasInitializer, seed: seed)
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: ConvolutionConfiguration) throws {
    try configuration.require(activation: .relu, in: Self.typeName)
    convolution = try Conv2D(configuration: configuration)
  }

  /// `[inputChannels, H, W]` becomes `[outputChannels, H', W']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    try convolution.outputShape(for: inputShape)
  }

  /// `Y = max(0, X ∗ W + b)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    convolution.forward(input, mode: mode)
  }

  /// Accumulates the gradients of weights and bias and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    convolution.backward(outputGradient)
  }

  /// Accumulates the gradients of weights and bias only.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    convolution.backwardWithoutInputGradient(outputGradient)
  }

  /// Shows the parameters of the convolution: "convolution.weights", "convolution.bias".
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try convolution.forEachParameter { name, parameter in
      try body("convolution.\(name)", &parameter)
    }
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
