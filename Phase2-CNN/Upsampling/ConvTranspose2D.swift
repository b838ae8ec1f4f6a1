import Shared

/// A transposed convolution: enlarges images by a learned rule, since each input place adds a weighted copy of the
/// kernel to the output. The way back of a convolution with a stride.
///
/// Computes `Y = f(Z)` with
/// `Z[n, o, y·s + i·d − p, x·s + j·d − p] += X[n, c, y, x] · W[c, o, i, j]` for all c, y, x, i, j, plus `b[o]`:
/// what `Conv2D` of the same arguments does for its input gradient, so a convolution maps Y's size to X's.
/// - `X`: input, `[N, C, H, W]` (N batch size, C `inputChannels`)
/// - `W`: weights, `[C, O / groups, kH, kW]`; `b`: bias, `[O]` (O `outputChannels`)
/// - `s`: `stride`, `d`: `dilation`, `p`: padding above and to the left, each for its own axis
/// - `f`: `activation`, the identity by default
/// - `Y`: output, `[N, O, H', W']`, `H' = (H − 1) s − padding + d (kH − 1) + 1 + outputPadding`, W' likewise; with
///   `padding: .same`, `H' = H·s`
///
/// The padding is cut off the output. A convolution of stride s makes the same size of s different ones;
/// `outputPadding`, at the end of an axis, says which of them is meant.
///
/// Given `dY` and `dZ = dY ⊙ f'(Z)`:
/// - `dX[n, c, y, x] = Σ_o Σᵢ Σⱼ dZ[n, o, y·s + i·d − p, x·s + j·d − p] · W[c, o, i, j]`, a convolution of dZ
/// - `dW[c, o, i, j] = Σₙ Σ_y Σₓ X[n, c, y, x] · dZ[n, o, y·s + i·d − p, x·s + j·d − p]`
/// - `db[o] = Σₙ Σ_y Σₓ dZ[n, o, y, x]`
///
///     var layer = ConvTranspose2D(inputChannels: 64, outputChannels: 32, kernelSize: 2, stride: 2)
///     layer.forward(Tensor(zeros: [1, 64, 8, 8]), mode: .training).shape   // [1, 32, 16, 16]
///
/// PyTorch's `padding=1` is `.explicit(before: [1, 1], after: [1, 1])`. A kernel size that is no multiple of the
/// stride covers output places unequally often, which shows as a checkerboard; `Upsample2D` has no such pattern.
///
/// - Complexity: O(N·C·H·W·O/groups·kH·kW) for each of the three sums of a training step.
/// - Reference: Zeiler, Krishnan, Taylor, Fergus (2010), *Deconvolutional networks*, CVPR; Dumoulin, Visin (2016),
///   *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285, chapter 4.
public struct ConvTranspose2D: Layer {
  /// "ConvTranspose2D"
  public static let typeName = "ConvTranspose2D"
  /// The constructor arguments.
  public private(set) var configuration: ConvTransposeConfiguration
  /// The weights W, `[inputChannels, outputChannels / groups, kH, kW]`.
  public var weights: Parameter
  /// The bias b, `[outputChannels]`, if there is one.
  public var bias: Parameter?

  private var kept = Kept<ConvolutionPass>()

  /// Creates a layer with freshly drawn weights.
  ///
  /// Kernel size, stride, output padding and dilation are a number for both axes, or `[vertical, horizontal]`.
  ///
  /// - Parameters:
  ///   - inputChannels: the number of channels of the input; without it, the network that the layer is appended to
  ///     finds it, and draws the weights
  ///   - outputPadding: below the stride
  ///   - seed: makes the weights reproducible. Without it they differ from layer to layer; a network draws them again
  ///     from its own seed.
  public init(
    inputChannels: Int? = nil, outputChannels: Int, kernelSize: AxisSizes, stride: AxisSizes = 1,
    padding: Padding = .valid, outputPadding: AxisSizes = 0, dilation: AxisSizes = 1,
    groups: Int = 1, bias: Bool = true, activation: Activation = .identity,
    initializer: StandardInitializer = .heNormal, biasInitializer: StandardInitializer = .zeros,
    seed: UInt64? = nil
  ) {
    // The fewest channels in place of a number that is not known yet, so that the other arguments are checked at once.
    let configuration = ConvTransposeConfiguration(
      inputChannels: inputChannels ?? max(groups, 1), outputChannels: outputChannels,
      kernelSize: kernelSize.sizes(rank: 2), stride: stride.sizes(rank: 2), padding: padding,
      outputPadding: outputPadding.sizes(rank: 2), dilation: dilation.sizes(rank: 2),
      groups: groups, hasBias: bias, activation: activation, initializer: initializer,
      biasInitializer: biasInitializer)
    self = orStop { try ConvTranspose2D(configuration: configuration) }.seeded(seed)
    if inputChannels == nil { self.configuration.inputChannels = 0 }
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: ConvTransposeConfiguration) throws {
    try configuration.check(of: Self.typeName)
    self.configuration = configuration
    (weights, bias) = configuration.parameters
  }

  /// The layer for inputs of this shape, channels first.
  public func sized(for inputShape: [Int]) throws -> ConvTranspose2D {
    guard configuration.inputChannels == 0 else { return self }
    guard let size = inputShape.first else {
      throw missingInputSize(
        of: Self.typeName, argument: "inputChannels:", received: "a shape \(inputShape)")
    }
    var configuration = configuration
    configuration.inputChannels = size
    return try remade(with: configuration)
  }

  /// `[inputChannels, H, W]` becomes `[outputChannels, H', W']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let geometry = try configuration.geometry(for: inputShape, of: Self.typeName)
    return Array(geometry.inputShape.dropFirst())
  }

  /// The kind of the activation's results.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    configuration.activation.outputKind
  }

  /// `Y = f(Z)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let geometry = configuration.geometry(ofBatch: input, of: Self.typeName)
    var output = input.convolutionInputGradient(
      weights: weights.value, geometry, shape: geometry.inputShape)
    var activation = configuration.activation
    if let bias {
      // ReLU costs nothing in the same pass over memory.
      output.addToChannels(bias.value, relu: activation == .relu)
      if activation == .relu { activation = .identity }
    }
    output = activation(output)
    kept.set(
      ConvolutionPass(
        input: input, output: output, activation: configuration.activation, geometry: geometry),
      in: mode)
    return output
  }

  /// Accumulates `dW` and `db` and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let pass = kept.take(for: Self.typeName)
    let dZ = pass.output.gradientBeforeActivation(outputGradient, of: Self.typeName)
    let (geometry, inputShape) = (pass.geometry, pass.input.shape)
    accumulateGradients(consume pass, dZ)
    return dZ.convolved(
      with: weights.value, bias: nil, activation: .identity, geometry, shape: inputShape)
  }

  /// Accumulates `dW` and `db` only, for the first layer of a network, whose input needs no gradient.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    let pass = kept.take(for: Self.typeName)
    let dZ = pass.output.gradientBeforeActivation(outputGradient, of: Self.typeName)
    accumulateGradients(consume pass, dZ)
  }

  private mutating func accumulateGradients(_ pass: consuming ConvolutionPass, _ dZ: Tensor) {
    weights.accumulate(
      pass.input.convolutionWeightGradient(
        input: dZ, pass.geometry, shape: weights.value.shape))
    bias?.accumulate(dZ.channelSums())
  }

  /// Shows `weights`, then `bias` if there is one.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("weights", &weights)
    if bias != nil { try body("bias", &bias!) }
  }
}
