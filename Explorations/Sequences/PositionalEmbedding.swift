import Shared

/// Tells attention where in the sequence a step is: adds a learned vector for each place.
///
/// Computes `Y[n, t] = X[n, t] + P[t]`.
/// - `X`: input, `[N, T, D]`; `Y`: output, of the same shape
/// - `P`: weights, `[L, D]`, with L = `maximumLength`; T is at most L
///
/// Without it attention would not know an order: it adds up values, and a sum is the same in any order.
///
/// Given `dY`: `dX = dY` and `dP[t] = Σₙ dY[n, t]`.
///
///     var layer = PositionalEmbedding(maximumLength: 64, size: 16)
///     layer.forward(Tensor(zeros: [1, 10, 16]), mode: .inference).shape      // [1, 10, 16]
///
/// - Complexity: O(N·T·D).
/// - Reference: Gehring et al. (2017), "Convolutional Sequence to Sequence Learning", *ICML*, section 3.1; as in GPT.
public struct PositionalEmbedding: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The largest number of steps, L.
    public var maximumLength: Int
    /// The length of the vectors, D.
    public var size: Int
    /// How the vectors are drawn.
    public var initializer: StandardInitializer

    /// Creates a configuration.
    public init(
      maximumLength: Int, size: Int,
      initializer: StandardInitializer = .normal(mean: 0, standardDeviation: 0.02)
    ) {
      (self.maximumLength, self.size, self.initializer) = (maximumLength, size, initializer)
    }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  /// The vectors P, `[maximumLength, size]`.
  public var weights: Parameter
  private var kept = Kept<[Int]>()

  /// Creates a layer with freshly drawn vectors.
  /// - Parameters:
  ///   - maximumLength: the largest number of steps, L
  ///   - size: the length of the vectors, D
  ///   - initializer: how the vectors are drawn
  ///   - seed: makes the vectors reproducible; a network draws them again from its own seed
  public init(
    maximumLength: Int, size: Int,
    initializer: StandardInitializer = .normal(mean: 0, standardDeviation: 0.02),
    seed: UInt64? = nil
  ) {
    let configuration = Configuration(
      maximumLength: maximumLength, size: size, initializer: initializer)
    self = orStop { try PositionalEmbedding(configuration: configuration) }.seeded(seed)
  }

  /// Creates the layer from a checkpoint; throws unless the sizes are at least 1.
  public init(configuration: Configuration) throws {
    try checkSizes([configuration.maximumLength, configuration.size], of: Self.typeName)
    try configuration.initializer.check(of: Self.typeName)
    self.configuration = configuration
    weights = Parameter(
      shape: [configuration.maximumLength, configuration.size],
      initializer: configuration.initializer,
      fans: .dense(inputs: configuration.maximumLength, outputs: configuration.size))
  }

  /// The shape of the input, `[T, D]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 2, inputShape[1] == configuration.size, inputShape[0] >= 1 else {
      throw CourseError(
        .shapeMismatch, "PositionalEmbedding: input shape",
        expected: "steps of \(configuration.size) numbers, [T, \(configuration.size)]",
        received: "\(inputShape)")
    }
    guard inputShape[0] <= configuration.maximumLength else {
      throw CourseError(
        .shapeMismatch, "PositionalEmbedding: a sequence beyond the position table",
        expected: "at most \(counted(configuration.maximumLength, "step"))",
        received: "\(inputShape[0])", remedy: "Use shorter sequences, or a larger maximumLength.")
    }
    return inputShape
  }

  /// `Y = X + P`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank == 3 else {
      stop("PositionalEmbedding.forward", expected: "[N, T, D]", received: "\(input.shape)")
    }
    _ = orStop { try outputShape(for: Array(input.shape.dropFirst())) }
    kept.set(input.shape, in: mode)
    return input + weights.value[0..<input.shape[1]]
  }

  /// Accumulates `dP` and returns `dX = dY`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let shape = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: shape, of: Self.typeName)
    let sum = outputGradient.sum(axis: 0)
    let missing = configuration.maximumLength - shape[1]
    weights.accumulate(
      missing == 0 ? sum : sum.padded(before: [0, 0], after: [missing, 0]))
    return outputGradient
  }

  /// Shows the vectors.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows { try body("weights", &weights) }
}
