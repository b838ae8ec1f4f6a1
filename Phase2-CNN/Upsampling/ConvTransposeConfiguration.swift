import Shared

/// The constructor arguments of `ConvTranspose2D`; the lists have one number for each axis.
public struct ConvTransposeConfiguration: Codable, Sendable, Equatable {
  /// The number of channels C of the input; 0 where a network is to infer it.
  public var inputChannels: Int
  /// The number of channels O of the output.
  public var outputChannels: Int
  /// The size of a kernel along each axis.
  public var kernelSize: [Int]
  /// The step of a kernel from one input place to the next, along each axis of the output.
  public var stride: [Int]
  /// The border that is cut off the output.
  public var padding: Padding
  /// The number of places that are added at the end of each axis of the output.
  public var outputPadding: [Int]
  /// The distance between neighbouring places of a kernel, along each axis.
  public var dilation: [Int]
  /// The number of groups of channels; an output channel sees the input channels of its group.
  public var groups: Int
  /// Whether a bias is added.
  public var hasBias: Bool
  /// The function applied to each output.
  public var activation: Activation
  /// The rule by which the weights are drawn.
  public var initializer: StandardInitializer
  /// The rule by which the bias is drawn.
  public var biasInitializer: StandardInitializer

  /// Collects the arguments; stride and dilation are 1 on each axis unless given, the output padding 0.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: [Int], stride: [Int]? = nil,
    padding: Padding = .valid, outputPadding: [Int]? = nil, dilation: [Int]? = nil,
    groups: Int = 1, hasBias: Bool = true, activation: Activation = .identity,
    initializer: StandardInitializer = .heNormal, biasInitializer: StandardInitializer = .zeros
  ) {
    let ones = [Int](repeating: 1, count: kernelSize.count)
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernelSize = kernelSize
    self.stride = stride ?? ones
    self.padding = padding
    self.outputPadding = outputPadding ?? [Int](repeating: 0, count: kernelSize.count)
    self.dilation = dilation ?? ones
    self.groups = groups
    self.hasBias = hasBias
    self.activation = activation
    self.initializer = initializer
    self.biasInitializer = biasInitializer
  }

  /// The convolution whose input gradient this layer computes: of its output, and back to its input.
  private var adjoint: ConvolutionConfiguration {
    ConvolutionConfiguration(
      inputChannels: outputChannels, outputChannels: inputChannels, kernelSize: kernelSize,
      stride: stride, padding: padding, dilation: dilation, groups: groups, hasBias: hasBias,
      activation: activation, initializer: initializer, biasInitializer: biasInitializer)
  }

  /// Freshly drawn weights `[C, O / groups, kH, kW]` and bias `[O]`.
  ///
  /// Of the kH·kW places of a kernel, one in sʏ·sₓ meets a given output: so many values flow into it.
  var parameters: (weights: Parameter, bias: Parameter?) {
    let (area, steps) = (kernelSize.reduce(1, *), stride.reduce(1, *))
    let fans = Fans(
      fanIn: max(1, inputChannels / groups * area / steps),
      fanOut: outputChannels / groups * area)
    let bias =
      hasBias
      ? Parameter(
        shape: [outputChannels], initializer: biasInitializer, fans: fans, isRegularized: false)
      : nil
    let weights = Parameter(shape: adjoint.weightShape, initializer: initializer, fans: fans)
    return (weights, bias)
  }

  /// Throws unless all arguments are in range.
  func check(of layer: String) throws {
    try adjoint.check(rank: 2, of: layer)
    guard outputPadding.count == 2, zip(outputPadding, stride).allSatisfy({ 0 <= $0 && $0 < $1 })
    else {
      throw CourseError(
        .invalidArgument, "\(layer): output padding out of range",
        expected: "2 numbers of at least 0 and below the stride \(stride)",
        received: "\(outputPadding)",
        remedy: "Choose an output padding below the stride.")
    }
    guard padding != .same || outputPadding == [0, 0] else {
      throw CourseError(
        .invalidArgument, "\(layer): output padding with padding: .same",
        expected: "[0, 0], since .same makes the output as large as the input times the stride",
        received: "\(outputPadding)", remedy: "Leave out the output padding.")
    }
  }

  /// The sizes for a batch of inputs `[C, H, W]`, as the convolution of the output sees them; throws when such an
  /// input does not fit.
  func geometry(for inputShape: [Int], batch: Int = 1, of layer: String) throws
    -> ConvolutionGeometry
  {
    guard inputChannels > 0 else { throw missingInputSize(of: layer, argument: "inputChannels:") }
    guard inputShape.count == 3, inputShape[0] == inputChannels else {
      throw CourseError(
        .shapeMismatch, layer,
        expected: "input [\(inputChannels), H, W] (channels first, without the batch)",
        received: "\(inputShape)",
        remedy: "Set inputChannels to the first size that the layer before it returns; an image "
          + "without a channel axis needs one (Reshape).")
    }
    let sizes = try (0..<2).map { axis in
      try outputSize(axis: axis, input: inputShape[axis + 1], of: layer)
    }
    let geometry = try adjoint.geometry(
      for: [outputChannels] + sizes, batch: batch, of: layer)
    assert([geometry.rows.output, geometry.columns.output] == Array(inputShape.dropFirst()))
    return geometry
  }

  /// The number of output places along an axis with `input` places.
  private func outputSize(axis: Int, input: Int, of layer: String) throws -> Int {
    let extent = dilation[axis] * (kernelSize[axis] - 1) + 1
    guard (1...maximumSize / stride[axis]).contains(input) else {
      throw CourseError(
        .shapeMismatch, "\(layer): size of the input out of range",
        expected: "from 1 to \(maximumSize / stride[axis]) places on spatial axis \(axis), for an "
          + "output of at most 2³⁰",
        received: "\(input)")
    }
    let size =
      switch padding {
      case .same: input * stride[axis]
      case .valid: (input - 1) * stride[axis] + extent + outputPadding[axis]
      case .explicit(let before, let after):
        (input - 1) * stride[axis] + extent + outputPadding[axis] - before[axis] - after[axis]
      }
    guard size >= 1 else {
      throw CourseError(
        .shapeMismatch, "\(layer): padding cuts off the whole output",
        expected: "at least one place on spatial axis \(axis)",
        received: "\(input) places, which become \(size)", remedy: "Use less padding.")
    }
    return size
  }

  /// The sizes for a batch; stops when it does not fit.
  func geometry(ofBatch input: Tensor, of layer: String) -> ConvolutionGeometry {
    if inputChannels == 0 {
      orStop { throw missingInputSize(of: "\(layer).forward", argument: "inputChannels:") }
    }
    guard input.rank == 4, input.shape[1] == inputChannels else {
      stop(
        "\(layer).forward", expected: "input [N, \(inputChannels), H, W]",
        received: "\(input.shape)")
    }
    return orStop {
      try geometry(for: Array(input.shape.dropFirst()), batch: input.shape[0], of: layer)
    }
  }
}
