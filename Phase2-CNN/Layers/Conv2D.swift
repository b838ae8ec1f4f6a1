import Shared

/// A two-dimensional convolution: each output channel shows where its small kernel matches the image.
///
/// Computes `Y = f(Z)` with, for image n, output channel o and place (y, x),
/// `Z[n, o, y, x] = b[o] + Σ_c Σᵢ Σⱼ X[n, c, y·s + i·d − p, x·s + j·d − p] · W[o, c, i, j]`,
/// where X is 0 outside of the image.
/// - `X`: input, `[N, C, H, W]` (N batch size, C `inputChannels`)
/// - `W`: weights, `[O, C / groups, kH, kW]`; `b`: bias, `[O]` (O `outputChannels`)
/// - `s`: `stride`, `d`: `dilation`, `p`: padding above and to the left, each for its own axis
/// - `f`: `activation`, the identity by default
/// - `Y`: output, `[N, O, H', W']`, `H' = ⌊(H + padding − d (kH − 1) − 1) / s⌋ + 1`, W' likewise
///
/// With groups, output channel o sees only the C / groups input channels of its group, which is number
/// `o / (O / groups)`. The kernel is not flipped: strictly this is a cross-correlation.
///
/// Given `dY` and `dZ = dY ⊙ f'(Z)`, each product of the sum above sends its share back:
/// - `dW[o, c, i, j] = Σₙ Σ_y Σₓ dZ[n, o, y, x] · X[n, c, y·s + i·d − p, x·s + j·d − p]`
/// - `db[o] = Σₙ Σ_y Σₓ dZ[n, o, y, x]`
/// - `dX[n, c, y·s + i·d − p, x·s + j·d − p] += dZ[n, o, y, x] · W[o, c, i, j]`
///
///     var layer = Conv2D(inputChannels: 3, outputChannels: 8, kernelSize: 5, stride: 2)
///     layer.forward(Tensor(zeros: [1, 3, 32, 32]), mode: .training).shape   // [1, 8, 14, 14]
///
/// A wrong input shape stops the program; `outputShape(for:)` finds it before any data flows.
///
/// Kernels of 3 x 3 and 5 x 5 with stride 1 use Winograd's algorithm from 16 channels on. It adds and subtracts
/// inputs before it multiplies them, so it rounds more: its largest error, relative to the largest value, is
/// 9e-7 with 16 channels and 3.6e-6 with 512; that of the direct sums is 4e-7 to 8e-7.
///
/// - Complexity: O(N·O·H'·W'·C/groups·kH·kW) for each of the three sums of a training step.
/// - Reference: LeCun, Bottou, Bengio, Haffner (1998), *Proceedings of the IEEE* 86; initialisation: He,
///   Zhang, Ren, Sun (2015), *ICCV*. Task: Protocols/Phase2-CNN.md, 2.1 and 2.2, in Conv2D+Reference.swift.
public struct Conv2D: Layer, TwoBodied {
  /// "Conv2D"
  public static let typeName = "Conv2D"
  /// The constructor arguments.
  public private(set) var configuration: ConvolutionConfiguration
  /// The weights W, `[outputChannels, inputChannels / groups, kH, kW]`.
  public var weights: Parameter
  /// The bias b, `[outputChannels]`, if there is one.
  public var bias: Parameter?
  /// The body that runs: the kernels, or the loops of tasks 2.1 and 2.2.
  public var implementation = Implementation.fast

  private var kept = Kept<ConvolutionPass>()

  /// Creates a layer with freshly drawn weights.
  ///
  /// Kernel size, stride and dilation are a number for both axes, or `[vertical, horizontal]`.
  ///
  /// - Parameters:
  ///   - inputChannels: the number of channels of the input; without it, the network that the layer is appended to
  ///     finds it, and draws the weights
  ///   - seed: makes the weights reproducible. Without it they differ from layer to layer; a network draws them again
  ///     from its own seed.
  public init(
    inputChannels: Int? = nil, outputChannels: Int, kernelSize: AxisSizes, stride: AxisSizes = 1,
    padding: Padding = .valid, dilation: AxisSizes = 1, groups: Int = 1, bias: Bool = true,
    activation: Activation = .identity, initializer: StandardInitializer = .heNormal,
    biasInitializer: StandardInitializer = .zeros, implementation: Implementation = .fast,
    seed: UInt64? = nil
  ) {
    // The fewest channels in place of a number that is not known yet, so that the other arguments are checked at once.
    let configuration = ConvolutionConfiguration(
      inputChannels: inputChannels ?? max(groups, 1), outputChannels: outputChannels,
      kernelSize: kernelSize.sizes(rank: 2), stride: stride.sizes(rank: 2), padding: padding,
      dilation: dilation.sizes(rank: 2), groups: groups, hasBias: bias, activation: activation,
      initializer: initializer, biasInitializer: biasInitializer)
    self = orStop { try Conv2D(configuration: configuration) }.seeded(seed)
    if inputChannels == nil { self.configuration.inputChannels = 0 }
    self.implementation = implementation
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: ConvolutionConfiguration) throws {
    try configuration.check(rank: 2, of: Self.typeName)
    self.configuration = configuration
    (weights, bias) = configuration.parameters
  }

  /// The layer for inputs of this shape, channels first.
  public func sized(for inputShape: [Int]) throws -> Conv2D {
    guard configuration.inputChannels == 0 else { return self }
    guard let size = inputShape.first else {
      throw missingInputSize(
        of: Self.typeName, argument: "inputChannels:", received: "a shape \(inputShape)")
    }
    var configuration = configuration
    configuration.inputChannels = size
    var layer = try remade(with: configuration)
    layer.implementation = implementation
    return layer
  }

  /// `[inputChannels, H, W]` becomes `[outputChannels, H', W']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let geometry = try configuration.geometry(for: inputShape, of: Self.typeName)
    return Array(geometry.outputShape.dropFirst())
  }

  /// The kind of the activation's results.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    configuration.activation.outputKind
  }

  /// `Y = f(X ∗ W + b)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    forward(input, applying: configuration.activation, mode: mode)
  }

  /// `Y = f(X ∗ W + b)` with the activation of the layer that this convolution is a part of.
  mutating func forward(_ input: Tensor, applying activation: Activation, mode: Mode) -> Tensor {
    let geometry = configuration.geometry(ofBatch: input, of: Self.typeName)
    let output =
      runsKernel
      ? input.convolved(
        with: weights.value, bias: bias?.value, activation: activation, geometry,
        shape: geometry.outputShape)
      : activation(referenceForward(input, geometry))
    kept.set(
      ConvolutionPass(input: input, output: output, activation: activation, geometry: geometry),
      in: mode)
    return output
  }

  /// Accumulates `dW` and `db` and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let pass = kept.take(for: Self.typeName)
    let dZ = pass.output.gradientBeforeActivation(outputGradient, of: Self.typeName)
    let (geometry, inputShape) = (pass.geometry, pass.input.shape)
    // X is released before dX is made: together they would be most of the memory of a large layer.
    accumulateGradients(consume pass, dZ)
    return runsKernel
      ? dZ.convolutionInputGradient(weights: weights.value, geometry, shape: inputShape)
      : referenceInputGradient(dZ, geometry)
  }

  /// Accumulates `dW` and `db` only, for the first layer of a network, whose input needs no gradient.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    let pass = kept.take(for: Self.typeName)
    let dZ = pass.output.gradientBeforeActivation(outputGradient, of: Self.typeName)
    accumulateGradients(consume pass, dZ)
  }

  private mutating func accumulateGradients(_ pass: consuming ConvolutionPass, _ dZ: Tensor) {
    guard runsKernel else {
      return accumulateReferenceGradients(pass.input, dZ, pass.geometry)
    }
    weights.accumulate(
      dZ.convolutionWeightGradient(input: pass.input, pass.geometry, shape: weights.value.shape))
    bias?.accumulate(dZ.channelSums())
  }

  /// Shows `weights`, then `bias` if there is one.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("weights", &weights)
    if bias != nil { try body("bias", &bias!) }
  }

  // The first trial leaves room where the windows end: usual mistakes show there as wrong numbers, before an
  // index out of range could end the program. In the others no size of one axis is that of the other, so that a
  // mistake about either of them shows.
  package static let agreement = agree(on: [
    (
      Conv2D(
        inputChannels: 2, outputChannels: 2, kernelSize: 2, stride: [2, 3],
        padding: .explicit(before: [1, 1], after: [0, 0]), dilation: [1, 2],
        biasInitializer: .uniform(low: -1, high: 1), seed: 3),
      Tensor(normal: [2, 2, 4, 7], key: RandomKey(seed: 3))
    ),
    (
      Conv2D(
        inputChannels: 4, outputChannels: 3, kernelSize: [3, 4], stride: [2, 3], padding: .same,
        biasInitializer: .uniform(low: -1, high: 1), seed: 1),
      Tensor(normal: [2, 4, 6, 7], key: RandomKey(seed: 3))
    ),
    (
      Conv2D(
        inputChannels: 4, outputChannels: 2, kernelSize: 2,
        padding: .explicit(before: [1, 2], after: [2, 1]), dilation: [3, 2], groups: 2, bias: false,
        seed: 2),
      Tensor(normal: [2, 4, 6, 7], key: RandomKey(seed: 3))
    ),
  ])
}
