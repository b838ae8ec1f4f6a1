import Shared

/// A layer on a fixed batch of tokens, whose gradients finite differences can check: tokens themselves cannot be moved a
/// little.
///
///     try expectGradients(of: OnTokens(layer, [[1, 7, 1]]), inputShape: [1, 1])
///
/// An input `[N, 1]` of any numbers stands for the first N rows of tokens, which begin again after the last.
public struct OnTokens: Layer {
  private var layer: any Layer
  private let tokens: Tensor
  private let paddedTable: String?

  /// Nothing.
  public var configuration: NoConfiguration { NoConfiguration() }

  /// Wraps a layer.
  /// - Parameter paddedTable: the end of the name of a table whose first row stands for nothing: it is 0 in each pass,
  ///   whatever it is moved to
  public init(_ layer: any Layer, _ tokens: Tensor, paddedTable: String? = nil) {
    (self.layer, self.tokens, self.paddedTable) = (layer, tokens, paddedTable)
  }

  /// Stops: there are no tokens.
  public init(configuration: NoConfiguration) { stop("OnTokens: no tokens") }

  /// Whatever the layer returns for the tokens.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    try layer.outputShape(for: Array(tokens.shape.dropFirst()))
  }

  /// The output for the tokens, for any input.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    if let paddedTable {
      layer.forEachParameter { name, table in
        guard name.hasSuffix(paddedTable) else { return }
        table.value[0..<1] = Tensor(zeros: [1, table.value.shape[1]])
      }
    }
    let rows = (0..<input.shape[0]).map { $0 % tokens.shape[0] }
    return layer.forward(tokens.rows(at: rows), mode: mode)
  }

  /// The gradients of the layer; 0 for the input.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    _ = layer.backward(outputGradient)
    return Tensor(zeros: [outputGradient.shape[0], 1])
  }

  /// Shows those of the layer.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows { try layer.forEachParameter(body) }
}
