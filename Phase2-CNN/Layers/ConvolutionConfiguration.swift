import Shared

/// The constructor arguments of `Conv1D` and `Conv2D`; one number an axis where a list stands.
public struct ConvolutionConfiguration: Codable, Sendable, Equatable {
  /// The number of channels C of the input.
  public var inputChannels: Int
  /// The number of channels O of the output, one for each kernel.
  public var outputChannels: Int
  /// The places of a kernel along each axis.
  public var kernelSize: [Int]
  /// How far a kernel moves from one output place to the next.
  public var stride: [Int]
  /// What is put around the input.
  public var padding: Padding
  /// The distance between neighbouring places of a kernel.
  public var dilation: [Int]
  /// How many groups the channels come in; an output channel sees the input channels of its group.
  public var groups: Int
  /// Whether a bias is added.
  public var hasBias: Bool
  /// What is applied to each output.
  public var activation: Activation
  /// How the weights are drawn.
  public var initializer: StandardInitializer
  /// How the bias is drawn.
  public var biasInitializer: StandardInitializer

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
    guard inputShape.count == kernelSize.count + 1, inputShape[0] == inputChannels else {
      throw CourseError(
        .shapeMismatch, layer,
        expected: "input [\(inputChannels), \(kernelSize.count == 1 ? "L" : "H, W")] "
          + "(channels first, without the batch)",
        received: "\(inputShape)",
        remedy: "Set inputChannels to the first size of what the layer before it returns; an image "
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

/// What a convolution keeps from a training pass for `backward`.
struct ConvolutionPass: Sendable {
  /// X.
  let input: Tensor
  /// Y, where the activation is differentiated from it.
  let output: Tensor?
  /// The shape of Y.
  let outputShape: [Int]
  /// All sizes.
  let geometry: ConvolutionGeometry

  /// Keeps no output that is not needed: in a deep network it would be memory for nothing.
  init(input: Tensor, output: Tensor, activation: Activation, geometry: ConvolutionGeometry) {
    self.input = input
    self.output = activation == .identity ? nil : output
    outputShape = output.shape
    self.geometry = geometry
  }
}

extension ConvolutionPass? {
  /// Takes out what was kept, and `dZ = dY ⊙ f'(Z)`; stops when nothing was kept or the gradient does not
  /// fit.
  mutating func takeGradientBeforeActivation(
    _ outputGradient: Tensor, _ activation: Activation, of layer: String
  ) -> (pass: ConvolutionPass, dZ: Tensor) {
    guard let pass = take() else { stopWithoutTrainingPass(layer) }
    requireGradient(outputGradient, shape: pass.outputShape, of: layer)
    guard let output = pass.output else { return (pass, outputGradient) }
    return (pass, activation.inputGradient(output: output, outputGradient: outputGradient))
  }
}
