import Shared

/// One learned vector for a bag of tokens: the sum of theirs, in no order, or its mean.
///
/// Computes `Y[n] = Σₜ E[X[n, t]] / cₙ`.
/// - `X`: token indices as floats, `[N, T]` (N batch size, T tokens)
/// - `E`: weights, `[V, D]` (V `vocabularySize`, D `embeddingSize`)
/// - `cₙ`: 1 for `.sum`, `mₙ` for `.mean` and `√mₙ` for `.squareRoot`, where `mₙ` is the number of tokens of example n that are
///   no padding, or 1 where there are none
/// - `Y`: output, `[N, D]`
///
/// It is an `Embedding` and a sum over the steps, without the vectors of the steps in memory. `paddingIndex` fills up
/// rows with fewer tokens: its row of E is 0 and stays so, and it does not count in `mₙ`.
///
/// Given `dY`: `dE[v] = Σₙ kₙᵥ · dY[n] / cₙ`, where `kₙᵥ` counts the places of example n with token v. Indices have no
/// gradient; `dX` is 0.
///
///     var layer = EmbeddingBag(vocabularySize: 10, embeddingSize: 4, paddingIndex: 0)
///     layer.forward([[1, 7, 1], [3, 0, 0]], mode: .training).shape   // [2, 4]
///
/// The mean forgets how long a text is. The sum over the root keeps a little of it: independent vectors then have a sum of
/// the same size, however many they are.
///
/// Wrong tokens are refused as by `Embedding`.
///
/// - Complexity: O(N·T·D) and, since the gradient is that of the whole table, O(V·D) in the backward pass.
/// - Reference: Joulin, Grave, Bojanowski, Mikolov (2017), "Bag of tricks for efficient text classification", *EACL*.
public struct EmbeddingBag: TokenLayer {
  /// The divisor of the sum of the vectors.
  public enum Reduction: String, Codable, Sendable, CaseIterable {
    /// 1, the number of tokens, the root of that number.
    case sum, mean, squareRoot
  }

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The table of vectors.
    public var table: Embedding.Configuration
    /// The divisor of the sum.
    public var reduction: Reduction

    /// Creates a configuration.
    public init(table: Embedding.Configuration, reduction: Reduction = .mean) {
      (self.table, self.reduction) = (table, reduction)
    }
  }

  /// The table, which knows its tokens and padding.
  private var table: Embedding
  /// The divisor of the sum.
  public let reduction: Reduction
  private var kept = Kept<(bags: Bags, inputShape: [Int])>()

  /// The constructor arguments.
  public var configuration: Configuration {
    Configuration(table: table.configuration, reduction: reduction)
  }
  /// The number of tokens V.
  public var vocabularySize: Int { table.vocabularySize }
  /// The vectors E, `[vocabularySize, embeddingSize]`.
  public var weights: Parameter {
    get { table.weights }
    set { table.weights = newValue }
  }

  /// Creates a layer with freshly drawn vectors.
  /// - Parameters:
  ///   - paddingIndex: the token that stands for nothing
  ///   - reduction: the divisor of the sum
  ///   - seed: makes the vectors reproducible; a network draws them again from its own seed
  public init(
    vocabularySize: Int, embeddingSize: Int, paddingIndex: Int? = nil,
    reduction: Reduction = .mean,
    initializer: StandardInitializer = .normal(mean: 0, standardDeviation: 1),
    seed: UInt64? = nil
  ) {
    let table = Embedding.Configuration(
      vocabularySize: vocabularySize, embeddingSize: embeddingSize, paddingIndex: paddingIndex,
      initializer: initializer)
    self = orStop {
      try EmbeddingBag(configuration: Configuration(table: table, reduction: reduction))
    }.seeded(seed)
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    table = try Embedding(configuration: configuration.table)
    reduction = configuration.reduction
  }

  /// `[T]` becomes `[embeddingSize]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 1, inputShape[0] >= 1 else {
      throw CourseError(
        .shapeMismatch, "EmbeddingBag: input shape", expected: "[T], at least one token",
        received: "\(inputShape)", remedy: "Give each example a row of tokens.")
    }
    return [table.configuration.embeddingSize]
  }

  /// Throws when one of the inputs is no token.
  public func check(inputs: Tensor, firstExample: Int) throws {
    try table.check(inputs: inputs, firstExample: firstExample)
  }

  /// The tokens of a batch that are no padding, the example of each, and the factor of each example.
  private struct Bags: Sendable {
    var tokens: [Int] = []
    var examples: [Int] = []
    var factors: Tensor
  }

  /// `Y[n] = Σₜ E[X[n, t]] / cₙ`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank == 2 else {
      stop("EmbeddingBag.forward", expected: "[N, T]", received: "\(input.shape)")
    }
    let bags = bags(of: table.tokens(in: input), count: input.shape[0])
    kept.set((bags, input.shape), in: mode)
    var sums = Tensor(zeros: [input.shape[0], table.configuration.embeddingSize])
    sums.add(rows: weights.value.rows(at: bags.tokens), at: bags.examples)
    return sums * bags.factors
  }

  private func bags(of tokens: [Int], count: Int) -> Bags {
    var bags = Bags(factors: Tensor(ones: [count, 1]))
    let length = tokens.count / max(count, 1)
    var factors: [Float] = []
    for example in 0..<count {
      let start = bags.tokens.count
      for token in tokens[(example * length)..<((example + 1) * length)]
      where token != table.configuration.paddingIndex {
        bags.tokens.append(token)
        bags.examples.append(example)
      }
      let number = Float(max(bags.tokens.count - start, 1))
      switch reduction {
      case .sum: factors.append(1)
      case .mean: factors.append(1 / number)
      case .squareRoot: factors.append(1 / number.squareRoot())
      }
    }
    bags.factors = Tensor(shape: [count, 1], scalars: factors)
    return bags
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
    let (bags, inputShape) = kept.take(for: Self.typeName)
    requireGradient(
      outputGradient, shape: [inputShape[0], table.configuration.embeddingSize], of: Self.typeName)
    var gradient = Tensor(zeros: weights.value.shape)
    gradient.add(rows: (outputGradient * bags.factors).rows(at: bags.examples), at: bags.tokens)
    weights.accumulate(gradient)
    return inputShape
  }

  /// Shows `weights`.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try table.forEachParameter(body)
  }
}
