import Shared

/// A table of learned vectors, one for each token: it turns words and characters into numbers.
///
/// Computes `Y[n, t] = E[X[n, t]]`: the row of the table that the token names.
/// - `X`: token indices as floats, `[N, T]` (N batch size, T steps; other shapes work the same)
/// - `E`: weights, `[V, D]` (V `vocabularySize`, D `embeddingSize`)
/// - `Y`: output, `[N, T, D]`
///
/// It is a dense layer on one-hot rows, without the multiplications by 0. Given `dY`: `dE[v] = Σ dY[n, t]` over all
/// places whose token is v. Indices have no gradient; `dX` is 0.
///
/// The row of `paddingIndex` starts at 0 and has no gradient, so it stays 0: a recurrent layer with
/// `paddingValue: 0` after it leaves those steps out.
///
///     var layer = Embedding(vocabularySize: 10, embeddingSize: 4)
///     layer.forward([[1, 7, 1]], mode: .training).shape   // [1, 3, 4]
///
/// A token that is no whole number, or not below V, is refused before training, evaluation and prediction start
/// where the layer is the network's first; elsewhere it stops the program. Both messages say where it is.
///
/// - Complexity: O(N·T·D).
/// - Reference: Bengio et al. (2003), *A neural probabilistic language model*, JMLR 3.
public struct Embedding: TokenLayer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The number of tokens V.
    public var vocabularySize: Int
    /// The length D of the vectors.
    public var embeddingSize: Int
    /// The token that stands for nothing.
    public var paddingIndex: Int?
    /// How the vectors are drawn.
    public var initializer: StandardInitializer

    /// Creates a configuration.
    public init(
      vocabularySize: Int, embeddingSize: Int, paddingIndex: Int? = nil,
      initializer: StandardInitializer = .normal(mean: 0, standardDeviation: 1)
    ) {
      self.vocabularySize = vocabularySize
      self.embeddingSize = embeddingSize
      self.paddingIndex = paddingIndex
      self.initializer = initializer
    }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  /// The number of tokens V.
  public var vocabularySize: Int { configuration.vocabularySize }
  /// The vectors E, `[vocabularySize, embeddingSize]`.
  public var weights: Parameter

  private var kept = Kept<(tokens: [Int], inputShape: [Int])>()

  /// Creates a layer with freshly drawn vectors.
  /// - Parameter seed: makes the vectors reproducible. Without it they differ from layer to layer; a network
  ///   draws them again from its own seed.
  public init(
    vocabularySize: Int, embeddingSize: Int, paddingIndex: Int? = nil,
    initializer: StandardInitializer = .normal(mean: 0, standardDeviation: 1),
    seed: UInt64? = nil
  ) {
    let configuration = Configuration(
      vocabularySize: vocabularySize, embeddingSize: embeddingSize, paddingIndex: paddingIndex,
      initializer: initializer)
    self = orStop { try Embedding(configuration: configuration) }.seeded(seed)
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    try checkSizes([configuration.vocabularySize, configuration.embeddingSize], of: Self.typeName)
    try configuration.initializer.check(of: Self.typeName)
    if let index = configuration.paddingIndex,
      !(0..<configuration.vocabularySize).contains(index)
    {
      throw CourseError(
        .invalidArgument, "Embedding: padding index out of range",
        expected: "0 to \(configuration.vocabularySize - 1)", received: "\(index)")
    }
    self.configuration = configuration
    weights = Parameter(
      shape: [configuration.vocabularySize, configuration.embeddingSize],
      initializer: PaddedTable(
        base: configuration.initializer, paddingIndex: configuration.paddingIndex),
      fans: .dense(
        inputs: configuration.vocabularySize, outputs: configuration.embeddingSize))
  }

  /// `[T]` becomes `[T, embeddingSize]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.allSatisfy({ $0 >= 1 }) else {
      throw CourseError(
        .shapeMismatch, "Embedding: sequences of length 0", expected: "at least one token",
        received: "\(inputShape)", remedy: "Leave empty sequences out.")
    }
    return inputShape + [configuration.embeddingSize]
  }

  /// Throws when one of the inputs is no token.
  public func check(inputs: Tensor, firstExample: Int) throws {
    guard let (place, value) = firstWrongToken(in: inputs) else { return }
    let index = index(of: place, in: inputs.shape)
    let steps = index.dropFirst()
    throw CourseError(
      .invalidData, "\(Self.typeName): a token is out of range", expected: tokensInWords,
      received: Int(exactly: value).map { "\($0)" } ?? "\(value)",
      location: "example \(firstExample + index[0])"
        + (steps.isEmpty ? "" : ", step \(steps.map { "\($0)" }.joined(separator: ", "))"),
      remedy:
        "Make the layer for a larger vocabulary, or give the network data of its own vocabulary.")
  }

  /// The vector of each token.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let tokens = self.tokens(in: input)
    kept.set((tokens, input.shape), in: mode)
    return weights.value.rows(at: tokens)
      .reshaped(to: input.shape + [configuration.embeddingSize])
  }

  /// Accumulates `dE` and returns 0 for every token.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    Tensor(zeros: accumulate(outputGradient))
  }

  /// Accumulates `dE`.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    _ = accumulate(outputGradient)
  }

  /// Accumulates `dE` and returns the shape of the input.
  private mutating func accumulate(_ outputGradient: Tensor) -> [Int] {
    let (tokens, inputShape) = kept.take(for: Self.typeName)
    let size = configuration.embeddingSize
    requireGradient(outputGradient, shape: inputShape + [size], of: Self.typeName)
    var gradient = Tensor(zeros: weights.value.shape)
    gradient.add(rows: outputGradient.reshaped(to: [tokens.count, size]), at: tokens)
    if let index = configuration.paddingIndex { gradient.clearRow(index) }
    weights.accumulate(gradient)
    return inputShape
  }

  /// The tokens as whole numbers; stops where one is out of range.
  func tokens(in input: Tensor) -> [Int] {
    if let (place, value) = firstWrongToken(in: input) {
      stop(
        "Embedding.forward", expected: tokensInWords,
        received: "\(value) at \(index(of: place, in: input.shape))")
    }
    return input.scalars.map { Int($0) }
  }

  /// The first input that is no token, and its place in row-major order.
  private func firstWrongToken(in input: Tensor) -> (place: Int, value: Float)? {
    let limit = Float(configuration.vocabularySize)
    let scalars = input.scalars
    // NaN is in no range.
    let place = scalars.firstIndex { !($0 >= 0 && $0 < limit) || $0 != $0.rounded(.down) }
    return place.map { ($0, scalars[$0]) }
  }

  /// The valid inputs, for messages.
  private var tokensInWords: String {
    "whole numbers from 0 to \(configuration.vocabularySize - 1), a token each"
  }

  /// The index along each axis of the element at a row-major position.
  private func index(of place: Int, in shape: [Int]) -> [Int] {
    var rest = place
    return shape.reversed().map { size in
      defer { rest /= size }
      return rest % size
    }.reversed()
  }

  /// Shows `weights`.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("weights", &weights)
  }
}

/// Draws a table, one row of which stays 0.
private struct PaddedTable: Initializer {
  let base: StandardInitializer
  let paddingIndex: Int?

  func tensor(shape: [Int], fans: Fans, key: RandomKey) -> Tensor {
    var table = base.tensor(shape: shape, fans: fans, key: key)
    if let paddingIndex { table.clearRow(paddingIndex) }
    return table
  }
}

extension Tensor {
  /// Sets a row of a matrix to 0.
  fileprivate mutating func clearRow(_ index: Int) {
    self[index..<(index + 1)] = Tensor(zeros: [1, shape[1]])
  }
}
