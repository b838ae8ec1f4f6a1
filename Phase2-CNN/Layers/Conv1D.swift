import Shared

/// A one-dimensional convolution, for signals: sound, sensor readings, text.
///
/// Computes `Y = f(Z)` with, for signal n, output channel o and place x,
/// `Z[n, o, x] = b[o] + Σ_c Σⱼ X[n, c, x·s + j·d − p] · W[o, c, j]`, where X is 0 outside of the signal.
/// - `X`: input, `[N, C, L]` (N batch size, C `inputChannels`, L length)
/// - `W`: weights, `[O, C / groups, k]`; `b`: bias, `[O]` (O `outputChannels`)
/// - `s`: `stride`, `d`: `dilation`, `p`: padding in front; `f`: `activation`
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
///   where it is a time-delay network. Task: Protocols/Phase2-CNN.md, 2.3.
public struct Conv1D: Layer {
  /// "Conv1D"
  public static let typeName = "Conv1D"
  /// The constructor arguments.
  public let configuration: ConvolutionConfiguration
  /// The weights W, `[outputChannels, inputChannels / groups, k]`.
  public var weights: Parameter
  /// The bias b, `[outputChannels]`, if there is one.
  public var bias: Parameter?
  /// Which body of code runs: the kernels, or the loops of task 2.3.
  public var implementation: Implementation
  /// Set while the two bodies are compared.
  private var isTrial = false
  /// Whether the kernels run. A body that is unfinished or wrong runs as it stands, also in place of `.fast`.
  private var runsKernel: Bool { implementation == .fast && (isTrial || Self.referenceIsKernel) }

  private var lastPass: ConvolutionPass?

  /// Creates a layer with freshly drawn weights.
  /// - Parameter seed: makes the weights reproducible. Without it they differ from layer to layer; a network
  ///   draws them again from its own seed.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: Int, stride: Int = 1,
    padding: Padding = .valid, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
    activation: Activation = .identity, initializer: StandardInitializer = .heNormal,
    biasInitializer: StandardInitializer = .zeros, implementation: Implementation = .fast,
    seed: UInt64? = nil
  ) {
    let configuration = ConvolutionConfiguration(
      inputChannels: inputChannels, outputChannels: outputChannels, kernelSize: [kernelSize],
      stride: [stride], padding: padding, dilation: [dilation], groups: groups, hasBias: bias,
      activation: activation, initializer: initializer, biasInitializer: biasInitializer)
    self = orStop { try Conv1D(configuration: configuration) }.seeded(seed)
    self.implementation = implementation
  }

  /// Creates the layer from a checkpoint; it will run the kernels.
  public init(configuration: ConvolutionConfiguration) throws {
    try configuration.check(rank: 1, of: Self.typeName)
    self.configuration = configuration
    (weights, bias) = configuration.parameters
    implementation = .fast
  }

  /// `[inputChannels, L]` becomes `[outputChannels, L']`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let geometry = try configuration.geometry(for: inputShape, of: Self.typeName)
    return [geometry.outputChannels, geometry.columns.output]
  }

  /// What the activation makes.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    configuration.activation.outputKind
  }

  /// `Y = f(X ∗ W + b)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let geometry = configuration.geometry(ofBatch: input, of: Self.typeName)
    let output =
      if runsKernel {
        input.convolved(
          with: weights.value, bias: bias?.value, activation: configuration.activation, geometry,
          shape: [input.shape[0], geometry.outputChannels, geometry.columns.output])
      } else {
        configuration.activation(referenceForward(input, geometry))
      }
    lastPass =
      mode == .training
      ? ConvolutionPass(
        input: input, output: output, activation: configuration.activation, geometry: geometry)
      : nil
    return output
  }

  /// Accumulates `dW` and `db` and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let (pass, dZ) = lastPass.takeGradientBeforeActivation(
      outputGradient, configuration.activation, of: Self.typeName)
    let (geometry, inputShape) = (pass.geometry, pass.input.shape)
    // X goes before dX comes: together they would be most of the memory of a large layer.
    accumulateGradients(consume pass, dZ)
    return runsKernel
      ? dZ.convolutionInputGradient(weights: weights.value, geometry, shape: inputShape)
      : referenceInputGradient(dZ, geometry)
  }

  /// Accumulates `dW` and `db` only: the first layer of a network has nobody to pass `dX` to.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    let (pass, dZ) = lastPass.takeGradientBeforeActivation(
      outputGradient, configuration.activation, of: Self.typeName)
    accumulateGradients(pass, dZ)
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

  /// Whether the kernels compute what the readable body computes, tried on a few short signals; they stand in
  /// for it only then.
  static let referenceIsKernel: Bool = {
    let signals = Tensor(normal: [2, 4, 9], key: RandomKey(seed: 3))
    return [
      Conv1D(
        inputChannels: 4, outputChannels: 3, kernelSize: 4, stride: 2, padding: .same, seed: 1),
      Conv1D(
        inputChannels: 4, outputChannels: 2, kernelSize: 2, dilation: 2, groups: 2, bias: false,
        seed: 2),
    ].allSatisfy { layer in
      var (reference, kernel) = (layer, layer)
      reference.implementation = .reference
      let bias = Tensor(arange: 1, to: Float(layer.configuration.outputChannels + 1))
      reference.bias?.value = bias
      kernel.bias?.value = bias
      kernel.isTrial = true
      return reference.agrees(with: kernel, on: signals)
    }
  }()
}
