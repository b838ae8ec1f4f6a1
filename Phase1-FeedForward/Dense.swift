import Shared

/// A fully connected (dense) layer.
///
/// Computes `Y = f(X · W + b)`.
/// - `X`: input, `[N, I]` (N batch size, I `inputSize`), or `[..., I]`: leading axes are all batch
/// - `W`: weights, `[I, O]`; `b`: bias, `[O]` (O `outputSize`)
/// - `f`: `activation`, the identity by default
/// - `Y`: output, `[N, O]`
///
/// Given `dY`, `[N, O]`: `dZ = dY ⊙ f'(Z)` with `Z = X · W + b`, then
/// - `dW = Xᵀ · dZ`, `[I, O]`: how each input went along with each output's gradient
/// - `db = Σₙ dZ`, `[O]`: the bias was added to every row, so every row has a say
/// - `dX = dZ · Wᵀ`, `[N, I]`: the gradient goes back through the same weights
///
///     var layer = Dense(inputSize: 4, outputSize: 3)
///     layer.forward(Tensor(zeros: [2, 4]), mode: .training).shape   // [2, 3]
///
/// A wrong input shape stops the program; `outputShape(for:)` finds it before any data flows.
///
/// - Complexity: O(N·I·O) for each of the three products of a training step.
/// - Reference: Rumelhart, Hinton, Williams (1986), *Nature* 323.
///   Task: Protocols/Phase1-FeedForward.md, 1.2.
public struct Dense: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The number of input features I.
    public var inputSize: Int
    /// The number of output features O.
    public var outputSize: Int
    /// What is applied to each output.
    public var activation: Activation
    /// How the weights are drawn.
    public var initializer: StandardInitializer
    /// How the bias is drawn.
    public var biasInitializer: StandardInitializer
  }

  /// "Dense"
  public static let typeName = "Dense"
  /// The constructor arguments.
  public let configuration: Configuration
  /// The weights W, `[inputSize, outputSize]`.
  public var weights: Parameter
  /// The bias b, `[outputSize]`.
  public var bias: Parameter

  // What `forward` keeps for `backward`: X, and Y to differentiate the activation.
  private var input: Tensor?
  private var output: Tensor?

  /// Creates a layer with freshly drawn weights.
  /// - Parameter seed: makes the weights reproducible. Without it they differ from layer to layer; a network
  ///   draws them again from its own seed.
  public init(
    inputSize: Int, outputSize: Int, activation: Activation = .identity,
    initializer: StandardInitializer = .heNormal, biasInitializer: StandardInitializer = .zeros,
    seed: UInt64? = nil
  ) {
    guard inputSize >= 1, outputSize >= 1 else {
      stop("Dense", expected: "sizes of at least 1", received: "\(inputSize) and \(outputSize)")
    }
    self.init(
      Configuration(
        inputSize: inputSize, outputSize: outputSize, activation: activation,
        initializer: initializer, biasInitializer: biasInitializer))
    self = seeded(seed)
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    try checkSizes([configuration.inputSize, configuration.outputSize], of: Self.typeName)
    try configuration.initializer.check(of: Self.typeName)
    try configuration.biasInitializer.check(of: Self.typeName)
    self.init(configuration)
  }

  private init(_ configuration: Configuration) {
    self.configuration = configuration
    let (inputs, outputs) = (configuration.inputSize, configuration.outputSize)
    let fans = Fans.dense(inputs: inputs, outputs: outputs)
    weights = Parameter(
      shape: [inputs, outputs], initializer: configuration.initializer, fans: fans)
    bias = Parameter(
      shape: [outputs], initializer: configuration.biasInitializer, fans: fans,
      isRegularized: false)
  }

  /// `[..., inputSize]` becomes `[..., outputSize]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.last == configuration.inputSize else {
      throw CourseError(
        .shapeMismatch, "Dense", expected: "input [..., \(configuration.inputSize)]",
        received: "\(inputShape)",
        remedy: "Set inputSize to the last size of what the layer before it returns.")
    }
    return inputShape.dropLast() + [configuration.outputSize]
  }

  /// What the activation makes.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    configuration.activation.outputKind
  }

  /// `Y = f(X · W + b)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank >= 2, input.shape.last == configuration.inputSize else {
      stop(
        "Dense.forward", expected: "input [N, \(configuration.inputSize)]",
        received: "\(input.shape)")
    }
    // TODO(1.2): Y = f(X · W + b), with one call of matmul. In training keep X in self.input and Y in
    // self.output, which backward needs; in inference set both to nil.
    // BEGIN SOLUTION
    let output = input.matmul(
      weights.value, bias: bias.value, activation: configuration.activation)
    self.input = mode == .training ? input : nil
    self.output = mode == .training ? output : nil
    return output
    // END SOLUTION
  }

  /// Accumulates `dW` and `db` and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let dZ = gradientBeforeActivation(outputGradient)
    accumulateGradients(x: rows(of: input.kept(by: "Dense")), dZ: rows(of: dZ))
    // TODO(1.2): dX = dZ · Wᵀ.
    // BEGIN SOLUTION
    return dZ.matmul(weights.value, transposingOther: true)
    // END SOLUTION
  }

  /// Accumulates `dW` and `db` only: the first layer of a network has nobody to pass `dX` to.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    let dZ = gradientBeforeActivation(outputGradient)
    accumulateGradients(x: rows(of: input.kept(by: "Dense")), dZ: rows(of: dZ))
  }

  /// Accumulates `dW = Xᵀ · dZ` and `db = Σₙ dZ`, for the matrices X, `[N, I]`, and dZ, `[N, O]`.
  private mutating func accumulateGradients(x: Tensor, dZ: Tensor) {
    // TODO(1.2): dW = Xᵀ · dZ and db = Σₙ dZ. Add them with weights.accumulate and bias.accumulate.
    // BEGIN SOLUTION
    weights.accumulate(x.matmul(dZ, transposingSelf: true))
    bias.accumulate(dZ.sum(axis: 0))
    // END SOLUTION
  }

  /// `dZ = dY ⊙ f'(Z)`, the gradient before the activation.
  private func gradientBeforeActivation(_ outputGradient: Tensor) -> Tensor {
    let output = output.kept(by: "Dense")
    requireGradient(outputGradient, shape: output.shape, of: "Dense")
    return configuration.activation.inputGradient(output: output, outputGradient: outputGradient)
  }

  /// `[..., C]` as a matrix `[N, C]`: every axis but the last is batch.
  private func rows(of x: Tensor) -> Tensor { x.reshaped([-1, x.shape[x.rank - 1]]) }

  /// Shows `weights`, then `bias`.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("weights", &weights)
    try body("bias", &bias)
  }
}
