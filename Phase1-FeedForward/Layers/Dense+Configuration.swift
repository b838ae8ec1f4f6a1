import Shared

extension Dense {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The number of input features I; 0 where a network is to infer it.
    public var inputSize: Int
    /// The number of output features O.
    public var outputSize: Int
    /// The function applied to each output.
    public var activation: Activation
    /// The rule by which the weights are drawn.
    public var initializer: StandardInitializer
    /// The rule by which the bias is drawn.
    public var biasInitializer: StandardInitializer

    /// Collects the arguments.
    public init(
      inputSize: Int, outputSize: Int, activation: Activation = .identity,
      initializer: StandardInitializer = .heNormal, biasInitializer: StandardInitializer = .zeros
    ) {
      self.inputSize = inputSize
      self.outputSize = outputSize
      self.activation = activation
      self.initializer = initializer
      self.biasInitializer = biasInitializer
    }
  }

  /// "Dense"
  public static let typeName = "Dense"

  /// Creates a layer with freshly drawn weights.
  ///
  ///     try network.append(Dense(outputSize: 10))    // as many inputs as the layer before it has outputs
  ///
  /// - Parameters:
  ///   - inputSize: the number of input features; without it, the network that the layer is appended to finds it, and
  ///     draws the weights
  ///   - seed: makes the weights reproducible. Without it they differ from layer to layer; a network draws them again
  ///     from its own seed.
  public init(
    inputSize: Int? = nil, outputSize: Int, activation: Activation = .identity,
    initializer: StandardInitializer = .heNormal, biasInitializer: StandardInitializer = .zeros,
    seed: UInt64? = nil
  ) {
    // A size of 1 in place of one that is not known yet, so that the other arguments are checked at once.
    let configuration = Configuration(
      inputSize: inputSize ?? 1, outputSize: outputSize, activation: activation,
      initializer: initializer, biasInitializer: biasInitializer)
    self = orStop { try Dense(configuration: configuration) }.seeded(seed)
    if inputSize == nil { self.configuration.inputSize = 0 }
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: Configuration) throws {
    let (inputs, outputs) = (configuration.inputSize, configuration.outputSize)
    try checkSizes([inputs, outputs], of: Self.typeName)
    try configuration.initializer.check(of: Self.typeName)
    try configuration.biasInitializer.check(of: Self.typeName)
    self.configuration = configuration
    kept = KeptPass(of: configuration.activation)
    let fans = Fans.dense(inputs: inputs, outputs: outputs)
    weights = Parameter(
      shape: [inputs, outputs], initializer: configuration.initializer, fans: fans)
    bias = Parameter(
      shape: [outputs], initializer: configuration.biasInitializer, fans: fans,
      isRegularized: false)
  }

  /// The layer for inputs of this shape, `[..., inputSize]`.
  public func sized(for inputShape: [Int]) throws -> Dense {
    guard configuration.inputSize == 0 else { return self }
    guard let size = inputShape.last else {
      throw missingInputSize(
        of: Self.typeName, argument: "inputSize:", received: "a shape \(inputShape)")
    }
    var configuration = configuration
    configuration.inputSize = size
    return try remade(with: configuration)
  }

  /// `[..., inputSize]` becomes `[..., outputSize]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard configuration.inputSize > 0 else {
      throw missingInputSize(of: Self.typeName, argument: "inputSize:")
    }
    guard inputShape.last == configuration.inputSize else {
      throw CourseError(
        .shapeMismatch, "Dense", expected: "input [..., \(configuration.inputSize)]",
        received: "\(inputShape)",
        remedy: "Set inputSize to the last size that the layer before it returns.")
    }
    return inputShape.dropLast() + [configuration.outputSize]
  }

  /// The kind of the activation's results.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    configuration.activation.outputKind
  }

  /// Shows `weights`, then `bias`.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("weights", &weights)
    try body("bias", &bias)
  }

  /// The values that `forward` keeps for `backward`: X, and Y where the slope of the activation needs it.
  struct KeptPass: Sendable {
    private var kept = Kept<(input: Tensor, output: ActivatedOutput)>()
    private let activation: Activation

    init(of activation: Activation) { self.activation = activation }

    /// Like `set` of `Kept`.
    mutating func set(_ values: (input: Tensor, output: Tensor), in mode: Mode) {
      kept.set((values.input, ActivatedOutput(values.output, of: activation)), in: mode)
    }

    /// Like `take` of `Kept`.
    mutating func take(for layer: String) -> (input: Tensor, output: ActivatedOutput) {
      kept.take(for: layer)
    }
  }

  /// Stops unless a batch has the right shape.
  func requireInput(_ input: Tensor) {
    if configuration.inputSize == 0 {
      orStop { throw missingInputSize(of: "Dense.forward", argument: "inputSize:") }
    }
    guard input.rank >= 2, input.shape.last == configuration.inputSize else {
      stop(
        "Dense.forward", expected: "input [N, \(configuration.inputSize)]",
        received: "\(input.shape)")
    }
  }
}
