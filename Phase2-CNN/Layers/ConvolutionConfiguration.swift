import Shared

/// The constructor arguments of `Conv1D` and `Conv2D`; the lists have one number for each axis.
public struct ConvolutionConfiguration: Codable, Sendable, Equatable {
  /// The number of channels C of the input; 0 where a network is to infer it.
  public var inputChannels: Int
  /// The number of channels O of the output, one for each kernel.
  public var outputChannels: Int
  /// The size of a kernel along each axis.
  public var kernelSize: [Int]
  /// The step of a kernel from one output place to the next, along each axis.
  public var stride: [Int]
  /// The border around the input.
  public var padding: Padding
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

  /// Collects the arguments; stride and dilation are 1 on each axis unless given.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: [Int], stride: [Int]? = nil,
    padding: Padding = .valid, dilation: [Int]? = nil, groups: Int = 1, hasBias: Bool = true,
    activation: Activation = .identity, initializer: StandardInitializer = .heNormal,
    biasInitializer: StandardInitializer = .zeros
  ) {
    let ones = [Int](repeating: 1, count: kernelSize.count)
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernelSize = kernelSize
    self.stride = stride ?? ones
    self.padding = padding
    self.dilation = dilation ?? ones
    self.groups = groups
    self.hasBias = hasBias
    self.activation = activation
    self.initializer = initializer
    self.biasInitializer = biasInitializer
  }

  /// The shape of the weights, `[O, C / groups, kernel...]`.
  var weightShape: [Int] { [outputChannels, inputChannels / groups] + kernelSize }

  /// Freshly drawn weights and bias.
  var parameters: (weights: Parameter, bias: Parameter?) {
    let fans = Fans.convolution(
      inputChannels: inputChannels / groups, outputChannels: outputChannels / groups,
      kernelSize: kernelSize)
    let bias =
      hasBias
      ? Parameter(
        shape: [outputChannels], initializer: biasInitializer, fans: fans, isRegularized: false)
      : nil
    return (Parameter(shape: weightShape, initializer: initializer, fans: fans), bias)
  }

  /// Throws unless all arguments are in range for a layer with `rank` spatial axes.
  func check(rank: Int, of layer: String) throws {
    try checkAxes(kernelSize, "kernel size", rank: rank, of: layer)
    try checkAxes(stride, "stride", rank: rank, of: layer)
    try checkAxes(dilation, "dilation", rank: rank, of: layer)
    try padding.check(rank: rank, of: layer)
    guard inputChannels >= 1, outputChannels >= 1, groups >= 1,
      inputChannels.isMultiple(of: groups), outputChannels.isMultiple(of: groups)
    else {
      throw CourseError(
        .invalidArgument, "\(layer): channels do not divide into groups",
        expected: "channel counts of at least 1 that are multiples of groups",
        received: "\(inputChannels) input channels, \(outputChannels) output channels, "
          + "\(groups) groups",
        remedy: "Use groups: 1, or as many groups as divide both channel counts.")
    }
    try checkSizes(weightShape, of: layer)
    try initializer.check(of: layer)
    try biasInitializer.check(of: layer)
  }

  /// The sizes for a batch of inputs of shape `[C, spatial...]`; throws when such an input does not fit.
  func geometry(for inputShape: [Int], batch: Int = 1, of layer: String) throws
    -> ConvolutionGeometry
  {
    guard inputChannels > 0 else { throw missingInputSize(of: layer, argument: "inputChannels:") }
    guard inputShape.count == kernelSize.count + 1, inputShape[0] == inputChannels else {
      throw CourseError(
        .shapeMismatch, layer,
        expected: "input [\(inputChannels), \(kernelSize.count == 1 ? "L" : "H, W")] "
          + "(channels first, without the batch)",
        received: "\(inputShape)",
        remedy: "Set inputChannels to the first size that the layer before it returns; an image "
          + "without a channel axis needs one (Reshape).")
    }
    let windows = try kernelSize.indices.map { axis in
      try padding.window(
        axis: axis, input: inputShape[axis + 1], window: kernelSize[axis], stride: stride[axis],
        dilation: dilation[axis], of: layer)
    }
    try checkPadding(windows, of: layer)
    return ConvolutionGeometry(
      batch: batch, inputChannels: inputChannels, outputChannels: outputChannels, groups: groups,
      rows: windows.count == 2 ? windows[0] : .single, columns: windows[windows.count - 1])
  }

  /// Throws when nearly all of the padded input would be padding, which costs memory and work like any other
  /// input: a dilation of 3000 makes 36 million places of an image of 8 x 8.
  private func checkPadding(_ windows: [WindowAxis], of layer: String) throws {
    let padded = windows.map { $0.before + $0.input + $0.after }
    func area(_ sizes: [Int]) -> Double { sizes.reduce(1) { $0 * Double($1) } }
    guard area(padded) > 16 * max(area(windows.map(\.input)), 0x1p16) else { return }
    throw CourseError(
      .shapeMismatch, "\(layer): more padding than input",
      expected: "at most 16 times as many places with padding as without, or 2²⁰",
      received: "\(windows.map(\.input)), and \(padded) with padding",
      remedy: "Use a smaller dilation, a smaller kernel or less padding.")
  }

  /// The sizes for a batch; stops when it does not fit.
  func geometry(ofBatch input: Tensor, of layer: String) -> ConvolutionGeometry {
    if inputChannels == 0 {
      orStop { throw missingInputSize(of: "\(layer).forward", argument: "inputChannels:") }
    }
    guard input.rank == kernelSize.count + 2, input.shape[1] == inputChannels else {
      stop(
        "\(layer).forward",
        expected: "input [N, \(inputChannels), \(kernelSize.count == 1 ? "L" : "H, W")]",
        received: "\(input.shape)")
    }
    return orStop {
      try geometry(for: Array(input.shape.dropFirst()), batch: input.shape[0], of: layer)
    }
  }
}

extension ConvolutionGeometry {
  /// The shape of the input of a convolution of images, `[N, C, H, W]`.
  var inputShape: [Int] { [batch, inputChannels, rows.input, columns.input] }
  /// The shape of the output of a convolution of images, `[N, O, H', W']`.
  var outputShape: [Int] { [batch, outputChannels, rows.output, columns.output] }
  /// The shape of the output of a convolution of signals, `[N, O, L']`.
  var outputSignalShape: [Int] { [batch, outputChannels, columns.output] }
}

/// The values that a convolution keeps from a training pass.
struct ConvolutionPass: Sendable {
  /// X.
  let input: Tensor
  /// Y.
  let output: ActivatedOutput
  /// All sizes.
  let geometry: ConvolutionGeometry

  init(input: Tensor, output: Tensor, activation: Activation, geometry: ConvolutionGeometry) {
    self.input = input
    self.output = ActivatedOutput(output, of: activation)
    self.geometry = geometry
  }
}
