import Shared

/// A one-dimensional convolution, for signals: sound, sensor readings, text.
///
/// Computes `Y = f(Z)` with, for signal n, output channel o and place x,
/// `Z[n, o, x] = b[o] + Σ_c Σⱼ X[n, c, x·s + j·d − p] · W[o, c, j]`, where X is 0 outside of the signal.
/// - `X`: input, `[N, C, L]` (N batch size, C `inputChannels`, L length)
/// - `W`: weights, `[O, C / groups, k]`; `b`: bias, `[O]` (O `outputChannels`)
/// - `s`: `stride`, `d`: `dilation`, `p`: padding before the signal; `f`: `activation`
/// - `Y`: output, `[N, O, L']`, `L' = ⌊(L + padding − d (k − 1) − 1) / s⌋ + 1`
///
/// Given `dY` and `dZ = dY ⊙ f'(Z)`:
/// - `dW[o, c, j] = Σₙ Σₓ dZ[n, o, x] · X[n, c, x·s + j·d − p]`
/// - `db[o] = Σₙ Σₓ dZ[n, o, x]`
/// - `dX[n, c, x·s + j·d − p] += dZ[n, o, x] · W[o, c, j]`
///
///     var layer = Conv1D(inputChannels: 2, outputChannels: 4, kernelSize: 3, padding: .same)
///     layer.forward(Tensor(zeros: [1, 2, 10]), mode: .training).shape   // [1, 4, 10]
///
/// A wrong input shape stops the program; `outputShape(for:)` finds it before any data flows.
///
/// - Complexity: O(N·O·L'·C/groups·k) for each of the three sums of a training step.
/// - Reference: Waibel et al. (1989), *IEEE Transactions on Acoustics, Speech, and Signal Processing* 37,
///   where it is a time-delay network. Task: Protocols/Phase2-CNN.md, 2.3, in Conv1D+Reference.swift.
public struct Conv1D: Layer, TwoBodied {
  /// "Conv1D"
  public static let typeName = "Conv1D"
  /// The constructor arguments.
  public private(set) var configuration: ConvolutionConfiguration
  /// The weights W, `[outputChannels, inputChannels / groups, k]`.
  public var weights: Parameter
  /// The bias b, `[outputChannels]`, if there is one.
  public var bias: Parameter?
  /// The body that runs: the kernels, or the loops of task 2.3.
  public var implementation = Implementation.fast

  private var kept = Kept<ConvolutionPass>()

  /// Creates a layer with freshly drawn weights.
  /// - Parameters:
  ///   - inputChannels: the number of channels of the input; without it, the network that the layer is appended to
  ///     finds it, and draws the weights
  ///   - seed: makes the weights reproducible. Without it they differ from layer to layer; a network draws them again
  ///     from its own seed.
  public init(
    inputChannels: Int? = nil, outputChannels: Int, kernelSize: Int, stride: Int = 1,
    padding: Padding = .valid, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
    activation: Activation = .identity, initializer: StandardInitializer = .heNormal,
    biasInitializer: StandardInitializer = .zeros, implementation: Implementation = .fast,
    seed: UInt64? = nil
  ) {
    // The fewest channels in place of a number that is not known yet, so that the other arguments are checked at once.
    let configuration = ConvolutionConfiguration(
      inputChannels: inputChannels ?? max(groups, 1), outputChannels: outputChannels,
      kernelSize: [kernelSize],
      stride: [stride], padding: padding, dilation: [dilation], groups: groups, hasBias: bias,
      activation: activation, initializer: initializer, biasInitializer: biasInitializer)
    self = orStop { try Conv1D(configuration: configuration) }.seeded(seed)
    if inputChannels == nil { self.configuration.inputChannels = 0 }
    self.implementation = implementation
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: ConvolutionConfiguration) throws {
    try configuration.check(rank: 1, of: Self.typeName)
    self.configuration = configuration
    (weights, bias) = configuration.parameters
  }

  /// The layer for inputs of this shape, channels first.
  public func sized(for inputShape: [Int]) throws -> Conv1D {
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

  /// `[inputChannels, L]` becomes `[outputChannels, L']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let geometry = try configuration.geometry(for: inputShape, of: Self.typeName)
    return Array(geometry.outputSignalShape.dropFirst())
  }

  /// The kind of the activation's results.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    configuration.activation.outputKind
  }

  /// `Y = f(X ∗ W + b)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let geometry = configuration.geometry(ofBatch: input, of: Self.typeName)
    let activation = configuration.activation
    let output =
      runsKernel
      ? input.convolved(
        with: weights.value, bias: bias?.value, activation: activation, geometry,
        shape: geometry.outputSignalShape)
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

  // The first trial leaves room where the windows end, as in Conv2D.
  package static let agreement = agree(on: [
    (
      Conv1D(
        inputChannels: 2, outputChannels: 2, kernelSize: 2, stride: 2,
        padding: .explicit(before: [1], after: [0]), biasInitializer: .uniform(low: -1, high: 1),
        seed: 3),
      Tensor(normal: [2, 2, 4], key: RandomKey(seed: 3))
    ),
    (
      Conv1D(
        inputChannels: 4, outputChannels: 3, kernelSize: 4, stride: 2, padding: .same,
        biasInitializer: .uniform(low: -1, high: 1), seed: 1),
      Tensor(normal: [2, 4, 9], key: RandomKey(seed: 3))
    ),
    (
      Conv1D(
        inputChannels: 4, outputChannels: 2, kernelSize: 2, dilation: 2, groups: 2, bias: false,
        seed: 2),
      Tensor(normal: [2, 4, 9], key: RandomKey(seed: 3))
    ),
  ])
}
