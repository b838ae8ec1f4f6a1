import Shared

/// Learned vectors for the words of a table, beside its numbers: some features of an example are tokens, and each of them
/// becomes a row of a table of its own.
///
/// Computes `Y[n] = [X[n, 0], ..., E_f[X[n, f]], ..., X[n, F − 1]]`: the numbers as they are, and in the place of a token
/// the row of `E_f` that it names.
/// - `X`: input, `[N, ..., F]` (N batch size, F `inputSize`), with token indices as floats in the columns f
/// - `E_f`: weights of the column f, `[V_f, D_f]` (V `vocabularySize`, D `embeddingSize`)
/// - `Y`: output, `[N, ..., F + Σ (D_f − 1)]`
///
/// Given `dY`: its numbers go back as they are, its vectors to the rows of their tokens, as in `Embedding`. Tokens have no
/// gradient: there `dX` is 0.
///
///     // Age, one of 300 towns, income.
///     var layer = EntityEmbedding(inputSize: 3, vocabularies: [1: 300], embeddingSize: 4)
///     layer.forward([[31, 17, 2.5]], mode: .training).shape   // [1, 6]
///
/// One-hot features and a dense layer would compute the same with D as the size of that layer; here few numbers describe
/// a word, and it costs no multiplications by 0.
///
/// - Complexity: O(N·Σ D_f) per pass.
/// - Reference: Guo, Berkhahn (2016), *Entity embeddings of categorical variables*, arXiv:1604.06737.
public struct EntityEmbedding: InputCheckingLayer {
  /// A feature that is a token.
  public struct Column: Codable, Sendable, Equatable {
    /// The number of the feature, from 0.
    public var feature: Int
    /// The number of tokens V.
    public var vocabularySize: Int
    /// The length D of the vectors.
    public var embeddingSize: Int

    /// Collects the numbers.
    public init(feature: Int, vocabularySize: Int, embeddingSize: Int) {
      self.feature = feature
      self.vocabularySize = vocabularySize
      self.embeddingSize = embeddingSize
    }
  }

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The number of features F.
    public var inputSize: Int
    /// The features that are tokens, in order.
    public var columns: [Column]
    /// How the vectors are drawn.
    public var initializer: StandardInitializer

    /// Creates a configuration.
    public init(
      inputSize: Int, columns: [Column],
      initializer: StandardInitializer = .normal(mean: 0, standardDeviation: 0.1)
    ) {
      self.inputSize = inputSize
      self.columns = columns
      self.initializer = initializer
    }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  /// The table of each column, in the order of `configuration.columns`.
  public private(set) var embeddings: [Embedding]

  /// Creates a layer with freshly drawn vectors.
  /// - Parameters:
  ///   - inputSize: the number of features
  ///   - vocabularies: the features that are tokens, and the number of tokens of each
  ///   - embeddingSize: the length of the vectors; `nil` for √V, and at most 32
  ///   - seed: makes the vectors reproducible. Without it they differ from layer to layer; a network draws them again
  ///     from its own seed.
  public init(
    inputSize: Int, vocabularies: [Int: Int], embeddingSize: Int? = nil, seed: UInt64? = nil
  ) {
    self = orStop {
      try EntityEmbedding(
        configuration: .init(
          inputSize: inputSize, vocabularies: vocabularies, embeddingSize: embeddingSize))
    }.seeded(seed)
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    let features = configuration.columns.map(\.feature)
    guard configuration.inputSize >= 1, !features.isEmpty, features == Set(features).sorted(),
      features.allSatisfy((0..<configuration.inputSize).contains)
    else {
      throw CourseError(
        .invalidArgument, "\(Self.typeName): columns out of range",
        expected: "different features from 0 to \(configuration.inputSize - 1), in order",
        received: "\(features)")
    }
    self.configuration = configuration
    embeddings = try configuration.columns.map {
      try Embedding(
        configuration: .init(
          vocabularySize: $0.vocabularySize, embeddingSize: $0.embeddingSize,
          initializer: configuration.initializer))
    }
  }

  /// `[..., F]` becomes `[..., F + Σ (D − 1)]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.last == configuration.inputSize else {
      throw CourseError(
        .shapeMismatch, Self.typeName, expected: "input [..., \(configuration.inputSize)]",
        received: "\(inputShape)",
        remedy: "Set inputSize to the last size that the layer before it returns.")
    }
    return inputShape.dropLast() + [configuration.outputSize]
  }

  /// Throws when a token is none of its column.
  public func check(inputs: Tensor, firstExample: Int) throws {
    for (column, embedding) in zip(configuration.columns, embeddings) {
      do {
        let tokens = inputs.slice(axis: -1, at: column.feature)
        try embedding.check(inputs: tokens, firstExample: firstExample)
      } catch var error as CourseError {
        let place = "feature \(column.feature)"
        error.location = [error.location, place].compactMap { $0 }.joined(separator: ", ")
        throw error
      }
    }
  }

  /// A run of features: numbers, or one token.
  private struct Run {
    /// Where it begins in the input and in the output.
    var input: Int
    var output: Int
    /// Its length in both.
    var inputSize: Int
    var outputSize: Int
    /// The number of the table, if it is a token.
    var table: Int?
  }

  private var runs: [Run] {
    var runs: [Run] = []
    var (input, output) = (0, 0)
    func add(_ inputSize: Int, _ outputSize: Int, table: Int?) {
      guard inputSize > 0 else { return }
      runs.append(
        Run(
          input: input, output: output, inputSize: inputSize, outputSize: outputSize, table: table))
      input += inputSize
      output += outputSize
    }
    for (table, column) in configuration.columns.enumerated() {
      add(column.feature - input, column.feature - input, table: nil)
      add(1, column.embeddingSize, table: table)
    }
    add(configuration.inputSize - input, configuration.inputSize - input, table: nil)
    return runs
  }

  /// The numbers, and the vector of each token.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank >= 2, input.shape.last == configuration.inputSize else {
      stop(
        "\(Self.typeName).forward", expected: "input [N, \(configuration.inputSize)]",
        received: "\(input.shape)")
    }
    let parts = runs.map { run in
      guard let table = run.table else {
        return input.columns(run.input..<(run.input + run.inputSize))
      }
      return embeddings[table].forward(input.slice(axis: -1, at: run.input), mode: mode)
    }
    return Tensor(concatenating: parts, axis: -1)
  }

  /// Accumulates the gradients of the tables and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    requireGradient(outputGradient)
    let parts = runs.map { run in
      let part = outputGradient.columns(run.output..<(run.output + run.outputSize))
      guard let table = run.table else { return part }
      return embeddings[table].backward(part).reshaped(to: part.shape.dropLast() + [1])
    }
    return Tensor(concatenating: parts, axis: -1)
  }

  /// Accumulates the gradients of the tables.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    requireGradient(outputGradient)
    for run in runs {
      guard let table = run.table else { continue }
      embeddings[table].backwardWithoutInputGradient(
        outputGradient.columns(run.output..<(run.output + run.outputSize)))
    }
  }

  private func requireGradient(_ gradient: Tensor) {
    guard gradient.rank >= 2, gradient.shape.last == configuration.outputSize else {
      stop(
        "\(Self.typeName).backward",
        expected: "a gradient of shape [N, \(configuration.outputSize)]",
        received: "\(gradient.shape)")
    }
  }

  /// Shows the table of each column: "1.weights" for the feature 1.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    for (table, column) in configuration.columns.enumerated() {
      try embeddings[table].forEachParameter { try body("\(column.feature).\($0)", &$1) }
    }
  }
}

extension EntityEmbedding.Configuration {
  /// The columns of a table, with vectors of one length or of √V, and at most 32.
  package init(inputSize: Int, vocabularies: [Int: Int], embeddingSize: Int? = nil) {
    self.init(
      inputSize: inputSize,
      columns: vocabularies.sorted { $0.key < $1.key }.map { feature, size in
        .init(
          feature: feature, vocabularySize: size,
          embeddingSize: embeddingSize ?? min(32, Int(Double(max(1, size)).squareRoot().rounded())))
      })
  }

  /// The number of features that the layer returns.
  package var outputSize: Int { columns.reduce(inputSize) { $0 + $1.embeddingSize - 1 } }
}

extension Tensor {
  /// Some places along the last axis.
  fileprivate func columns(_ range: Range<Int>) -> Tensor {
    let outer = shape.dropLast()
    return reshaped(to: [outer.reduce(1, *), shape.last ?? 1])[0..., range]
      .reshaped(to: outer + [range.count])
  }
}
