import Networks
import Shared

/// Vectors of tokens, layers, and a score for each token from the same vectors: the weights of the two ends of a
/// language model are one table (weight tying).
///
/// Computes `S = F(E[X]) · Eᵀ`.
/// - `X`: token indices as floats, `[N, T]`
/// - `E`: vectors, `[V, D]`, with `E[X]` of shape `[N, T, D]`
/// - `F`: `body`, which returns `[N, T, D]`
/// - `S`: scores of the next token, `[N, T, V]`: how much the output of the body resembles each vector
///
/// Given `dS`, with `H = F(E[X])`: `dH = dS · E`, `dX = F'(dH)`, and E gets a gradient from both ends,
/// `dE = dSᵀ · H`, over all steps, plus the rows of `dX` at their tokens.
///
///     let layer = TiedEmbedding(
///       Embedding(vocabularySize: 76, embeddingSize: 16), body: Sequential(Dense(inputSize: 16, outputSize: 16)))
///     try network.append(layer)                  // [64] becomes [64, 76]
///
/// - Throws: in a network, `CourseError(.shapeMismatch)` when the body returns no vectors of the length D.
/// - Complexity: that of the body and O(N · T · V · D).
/// - Reference: Press, Wolf (2017), "Using the output embedding to improve language models", *EACL*.
public struct TiedEmbedding: LayerContainer, TokenLayer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable {
    /// Those of the table.
    public var embedding: Embedding.Configuration
    /// Those of the layers in between.
    public var body: Sequential.Configuration
  }

  /// Table and body. In one array, so that `forEachLayer` shows them in place.
  private var parts: [any Layer]
  private var kept = Kept<Tensor>()

  /// The vectors.
  public var embedding: Embedding { part(0) }
  /// The layers between the vectors and the scores.
  public var body: Sequential { part(1) }
  /// The number of tokens V.
  public var vocabularySize: Int { embedding.vocabularySize }
  /// The constructor arguments.
  public var configuration: Configuration {
    Configuration(embedding: embedding.configuration, body: body.configuration)
  }

  /// Creates the layer of a table and the layers that read its vectors.
  public init(_ embedding: Embedding, body: Sequential) { parts = [embedding, body] }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    self.init(
      try Embedding(configuration: configuration.embedding),
      body: try Sequential(configuration: configuration.body))
  }

  /// E, the only parameter of the embedding.
  private var table: Tensor {
    var table = Tensor(zeros: [0, 0])
    parts[0].visitParameters { table = $1.value }
    return table
  }

  private func part<Part: Layer>(_ index: Int) -> Part {
    guard let part = parts[index] as? Part else {
      stop(
        "TiedEmbedding", expected: "\(Part.typeName)",
        received: "\(type(of: parts[index]).typeName)")
    }
    return part
  }

  /// The layer for inputs of this shape.
  public func sized(for inputShape: [Int]) throws -> TiedEmbedding {
    try TiedEmbedding(
      embedding,
      body: located("body", body) {
        try body.sized(for: embedding.outputShape(for: inputShape))
      })
  }

  /// `[T, V]` for `[T]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let vectors = try embedding.outputShape(for: inputShape)
    let output = try located("body", body) { try body.outputShape(for: vectors) }
    guard output == vectors else {
      throw CourseError(
        .shapeMismatch, "TiedEmbedding: output of the body", expected: "\(vectors), as its input",
        received: "\(output)",
        remedy: "End the body with a layer that returns vectors of the length of the embedding.")
    }
    return inputShape + [vocabularySize]
  }

  /// `[T]` and `[T, D]`.
  public func inputShapes(for inputShape: [Int]) throws -> [[Int]] {
    [inputShape, try embedding.outputShape(for: inputShape)]
  }

  /// Throws when one of the inputs is no token.
  public func check(inputs: Tensor, firstExample: Int) throws {
    try embedding.check(inputs: inputs, firstExample: firstExample)
  }

  /// `S = F(E[X]) · Eᵀ`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let output = parts[1].forward(parts[0].forward(input, mode: mode), mode: mode)
    kept.set(output, in: mode)
    return output.matmul(table, transposingOther: true)
  }

  /// Accumulates the gradients of the body and of E; returns 0 for every token.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    parts[0].backward(backwardToVectors(outputGradient))
  }

  /// Accumulates the gradients only.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    parts[0].backwardWithoutInputGradient(backwardToVectors(outputGradient))
  }

  /// Accumulates `dSᵀ · H` and the gradients of the body; returns `dX`.
  private mutating func backwardToVectors(_ outputGradient: Tensor) -> Tensor {
    let (output, table) = (kept.take(for: Self.typeName), table)
    requireGradient(
      outputGradient, shape: output.shape.dropLast() + [table.shape[0]], of: Self.typeName)
    func rows(_ x: Tensor) -> Tensor { x.reshaped(to: [-1, x.shape[x.rank - 1]]) }
    let gradient = rows(outputGradient).matmul(rows(output), transposingSelf: true)
    parts[0].forEachParameter { $1.accumulate(gradient) }
    return parts[1].backward(outputGradient.matmul(table))
  }

  /// Shows the table and the body.
  public mutating func forEachLayer(
    _ body: (_ name: String, _ layer: inout any Layer) throws -> Void
  ) rethrows {
    try body("embedding", &parts[0])
    try body("body", &parts[1])
  }
}
