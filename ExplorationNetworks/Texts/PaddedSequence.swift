import Networks
import Shared

/// Vectors of tokens, and layers that know how long each sequence is: those that leave padding out.
///
/// Computes `Y = F(E[X], l)`.
/// - `X`: token indices as floats, `[N, T]`, which end with the padding index where a sequence is shorter than T
/// - `E`: the table of an `Embedding` with a padding index, `E[X]` of `[N, T, D]`
/// - `l`: lengths, `[N, 1]`: the number of tokens before the padding at the end, at least 1
/// - `F`: `body`; its layers get `l` as the side input `"lengths"` if they ask for it, as `Attention` and `PoolOverTime` do
///
/// The tokens tell the lengths, so a network of it needs no side input. The vectors of the padding are 0, which recurrent
/// layers with `paddingValue: 0` skip.
///
///     let layer = PaddedSequence(
///       Embedding(vocabularySize: 100, embeddingSize: 8, paddingIndex: 0), body: Sequential(PoolOverTime(.mean)))
///
/// - Complexity: that of the body and O(N·T·D).
public struct PaddedSequence: LayerContainer, TokenLayer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable {
    /// Those of the table.
    public var embedding: Embedding.Configuration
    /// Those of the layers that read the vectors.
    public var body: Sequential.Configuration

    /// Creates a configuration.
    public init(embedding: Embedding.Configuration, body: Sequential.Configuration) {
      (self.embedding, self.body) = (embedding, body)
    }
  }

  /// The token that stands for nothing.
  private let padding: Int
  /// Table and body. In one array, so that `forEachLayer` shows them in place.
  private var parts: [any Layer]
  /// The side inputs that come from outside.
  private var sideInputs: [String: Tensor] = [:]

  /// The layers that read the vectors.
  public var body: Sequential {
    guard let body = parts[1] as? Sequential else {
      stop("PaddedSequence", expected: "Sequential", received: "\(type(of: parts[1]).typeName)")
    }
    return body
  }
  /// The vectors.
  public var embedding: Embedding {
    guard let embedding = parts[0] as? Embedding else {
      stop("PaddedSequence", expected: "Embedding", received: "\(type(of: parts[0]).typeName)")
    }
    return embedding
  }
  /// The number of tokens.
  public var vocabularySize: Int { embedding.vocabularySize }
  /// The constructor arguments.
  public var configuration: Configuration {
    Configuration(embedding: embedding.configuration, body: body.configuration)
  }

  /// Creates the layer of a table with a padding index and the layers that read its vectors.
  public init(_ embedding: Embedding, body: Sequential) {
    self = orStop { try PaddedSequence(parts: embedding, body) }
  }

  /// Creates the layer from a checkpoint; throws when the table has no padding index.
  public init(configuration: Configuration) throws {
    try self.init(
      parts: Embedding(configuration: configuration.embedding),
      Sequential(configuration: configuration.body))
  }

  private init(parts embedding: Embedding, _ body: Sequential) throws {
    guard let padding = embedding.configuration.paddingIndex else {
      throw CourseError(
        .invalidArgument, "PaddedSequence: an embedding without a padding index",
        expected: "a token that stands for nothing", received: "none",
        remedy: "Give the embedding a paddingIndex.")
    }
    self.padding = padding
    parts = [embedding, body]
  }

  /// The layer for inputs of this shape.
  public func sized(for inputShape: [Int]) throws -> PaddedSequence {
    try PaddedSequence(
      parts: embedding,
      located("body", body) { try body.sized(for: embedding.outputShape(for: inputShape)) })
  }

  /// That of the body for `[T, D]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 1 else {
      throw CourseError(
        .shapeMismatch, "PaddedSequence: input shape", expected: "[T], tokens",
        received: "\(inputShape)")
    }
    let vectors = try embedding.outputShape(for: inputShape)
    return try located("body", body) { try body.outputShape(for: vectors) }
  }

  /// `[T]` and `[T, D]`.
  public func inputShapes(for inputShape: [Int]) throws -> [[Int]] {
    [inputShape, try embedding.outputShape(for: inputShape)]
  }

  /// Throws when one of the inputs is no token.
  public func check(inputs: Tensor, firstExample: Int) throws {
    try embedding.check(inputs: inputs, firstExample: firstExample)
  }

  /// The kind of the body's output.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    parts[1].outputKind(for: .numbers)
  }

  /// Those of the layers inside, without the lengths.
  public var sideInputShapes: [String: [Int]] {
    parts[1].sideInputShapes.filter { $0.key != PaddedLengths.sideInput }
  }

  /// Takes the other side inputs that the body asks for.
  public mutating func take(sideInputs: [String: Tensor]) {
    self.sideInputs = sideInputs.filter { $0.key != PaddedLengths.sideInput }
  }

  /// `Y = F(E[X], l)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank == 2 else {
      stop("PaddedSequence.forward", expected: "tokens [N, T]", received: "\(input.shape)")
    }
    let others = sideInputs
    parts[1].take(sideInputs: others.merging([PaddedLengths.sideInput: lengths(of: input)]) { $1 })
    // The lengths are those of this batch only.
    defer { parts[1].take(sideInputs: others) }
    return parts[1].forward(parts[0].forward(input, mode: mode), mode: mode)
  }

  /// The number of tokens before the padding at the end, at least 1, `[N, 1]`.
  func lengths(of input: Tensor) -> Tensor {
    let padding = Float(padding)
    let (tokens, steps) = (input.scalars, input.shape[1])
    let lengths = (0..<input.shape[0]).map { row in
      let last = tokens[(row * steps)..<((row + 1) * steps)].lastIndex { $0 != padding }
      return Float(max(1, last.map { $0 - row * steps + 1 } ?? 1))
    }
    return Tensor(shape: [input.shape[0], 1], scalars: lengths)
  }

  /// Accumulates the gradients of body and table; returns 0 for every token.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    parts[0].backward(parts[1].backward(outputGradient))
  }

  /// Accumulates the gradients only.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    parts[0].backwardWithoutInputGradient(parts[1].backward(outputGradient))
  }

  /// Shows the table and the body.
  public mutating func forEachLayer(
    _ body: (_ name: String, _ layer: inout any Layer) throws -> Void
  ) rethrows {
    try body("embedding", &parts[0])
    try body("body", &parts[1])
  }
}
