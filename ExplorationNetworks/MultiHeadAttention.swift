import Networks
import Shared

/// Attention with learned queries, keys and values: `Attention` between two dense layers.
///
/// Computes `Y = Attention(X · W₁ + b₁) · W₂ + b₂`.
/// - `X`: input, `[N, T, D]`; `Y`: output, of the same shape
/// - `W₁`, `b₁`: `projection`, `[D, 3·D]` and `[3·D]`; it makes queries, keys and values of each step, side by side, and in
///   each of them the heads
/// - `W₂`, `b₂`: `output`, `[D, D]` and `[D]`; it mixes the heads
///
/// Given `dY`, the three layers turn the gradient of their output into that of their input, from the last to the first.
///
///     try network.append(Residual(Sequential(LayerNorm(), MultiHeadAttention(heads: 4))))     // [64, 128] stays
///
/// As in `Attention`, a step sees itself and the steps before it unless `isCausal` is false, and with `isPadded` no step sees
/// the padding behind an example. Forward and backward run in kernels whose memory grows with T, not with its square.
///
/// Parameters are named `projection.weights`, `output.weights`. PyTorch's `nn.MultiheadAttention` has the transposes of both,
/// as `in_proj_weight` and `out_proj.weight`.
///
/// - Throws: in a network, `CourseError` when the input is no sequence, or the heads cannot share D.
/// - Complexity: O(N·T·D² + N·T²·D).
/// - Reference: Vaswani et al. (2017), "Attention is all you need", *NeurIPS*, section 3.2.2.
public struct MultiHeadAttention: LayerContainer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The numbers of each step, D; 0 where a network is to infer it.
    public var inputSize: Int
    /// Those of the attention.
    public var attention: Attention.Configuration
    /// The rule by which the weights of both dense layers are drawn.
    public var initializer: StandardInitializer

    /// Collects the arguments.
    public init(
      inputSize: Int, attention: Attention.Configuration,
      initializer: StandardInitializer = .xavierUniform
    ) {
      (self.inputSize, self.attention, self.initializer) = (inputSize, attention, initializer)
    }
  }

  /// The constructor arguments.
  public private(set) var configuration: Configuration
  /// Projection, attention and output. In one array, so that `forEachLayer` shows them in place.
  private var parts: [any Layer]
  private static let names = ["projection", "attention", "output"]

  /// Creates a layer with freshly drawn weights.
  /// - Parameters:
  ///   - inputSize: the numbers of each step, D, a multiple of `heads`; without it, the network that the layer is appended to
  ///     finds it, and draws the weights
  ///   - heads: the number of heads, at least 1
  ///   - isCausal: whether each step sees only itself and the steps before it, as for the prediction of the next one
  ///   - isPadded: whether examples have different lengths, after which there is padding
  ///   - initializer: how the weights of both dense layers are drawn
  ///   - seed: makes the weights reproducible; a network draws them again from its own seed
  public init(
    inputSize: Int? = nil, heads: Int, isCausal: Bool = true, isPadded: Bool = false,
    initializer: StandardInitializer = .xavierUniform, seed: UInt64? = nil
  ) {
    // In place of a size that is not known yet one that suits the heads, so that the other arguments are checked at once.
    let configuration = Configuration(
      inputSize: inputSize ?? max(1, heads),
      attention: .init(heads: heads, isCausal: isCausal, isPadded: isPadded),
      initializer: initializer)
    self = orStop { try MultiHeadAttention(configuration: configuration) }.seeded(seed)
    if inputSize == nil { self.configuration.inputSize = 0 }
  }

  /// Creates the layer from its configuration, as a checkpoint holds it.
  public init(configuration: Configuration) throws {
    let attention = try Attention(configuration: configuration.attention)
    let size = configuration.inputSize
    try checkSizes([size, 3, size], of: Self.typeName)
    guard size % attention.heads == 0 else {
      throw CourseError(
        .invalidArgument, "MultiHeadAttention: an input size that the heads cannot share",
        expected: "a multiple of \(attention.heads)", received: "\(size)")
    }
    self.configuration = configuration
    func dense(_ outputs: Int) throws -> Dense {
      try Dense(
        configuration: .init(
          inputSize: size, outputSize: outputs, initializer: configuration.initializer))
    }
    parts = [try dense(3 * size), attention, try dense(size)]
  }

  /// The layer for inputs of this shape, `[T, D]`.
  public func sized(for inputShape: [Int]) throws -> MultiHeadAttention {
    guard configuration.inputSize == 0 else { return self }
    guard let size = inputShape.last else {
      throw missingInputSize(
        of: Self.typeName, argument: "inputSize:", received: "a shape \(inputShape)")
    }
    var configuration = configuration
    configuration.inputSize = size
    return try remade(with: configuration)
  }

  /// `[T, D]` for `[T, D]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard configuration.inputSize > 0 else {
      throw missingInputSize(of: Self.typeName, argument: "inputSize:")
    }
    guard inputShape.count == 2, inputShape[0] > 0, inputShape[1] == configuration.inputSize else {
      throw CourseError(
        .shapeMismatch, "MultiHeadAttention: input shape",
        expected: "steps of \(configuration.inputSize) numbers, [T, \(configuration.inputSize)]",
        received: "\(inputShape)")
    }
    return inputShape
  }

  /// `[T, D]`, `[T, 3 · D]` and `[T, D]`.
  public func inputShapes(for inputShape: [Int]) throws -> [[Int]] {
    let shape = try outputShape(for: inputShape)
    return [shape, [shape[0], 3 * shape[1]], shape]
  }

  /// `Y = Attention(X · W₁ + b₁) · W₂ + b₂`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    if configuration.inputSize == 0 {
      orStop { throw missingInputSize(of: "MultiHeadAttention.forward", argument: "inputSize:") }
    }
    guard input.rank == 3, input.shape[2] == configuration.inputSize else {
      stop(
        "MultiHeadAttention.forward", expected: "[N, T, \(configuration.inputSize)]",
        received: "\(input.shape)")
    }
    var output = input
    for index in parts.indices { output = parts[index].forward(output, mode: mode) }
    return output
  }

  /// Accumulates the gradients of both dense layers; returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    parts[0].backward(backwardToProjection(outputGradient))
  }

  /// Accumulates the gradients only.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    parts[0].backwardWithoutInputGradient(backwardToProjection(outputGradient))
  }

  private mutating func backwardToProjection(_ outputGradient: Tensor) -> Tensor {
    parts[1].backward(parts[2].backward(outputGradient))
  }

  /// Shows the two dense layers and the attention between them.
  public mutating func forEachLayer(
    _ body: (_ name: String, _ layer: inout any Layer) throws -> Void
  ) rethrows {
    for index in parts.indices { try body(Self.names[index], &parts[index]) }
  }
}
