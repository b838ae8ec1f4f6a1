import Shared

/// A recurrent layer that reads the sequence twice, from the front and from the back.
///
/// Computes `Y_t = [h_t, h'_t]`: the hidden state of a layer that has read steps 0 to t, and beside it that of a
/// second layer, with weights of its own, that has read steps T − 1 to t. So each output depends on the steps
/// before *and* after it. `[N, T, F]` becomes `[N, T, 2H]`; or `[N, 2H]`, the final states of both, if the layer
/// returns its last step only.
///
/// Given `dY`: its first half goes back through the first layer, its second through the other, and their
/// input gradients add up.
///
///     var layer = Bidirectional(LSTM(inputSize: 3, hiddenSize: 5))
///     layer.forward(Tensor(zeros: [2, 7, 3]), mode: .training).shape   // [2, 7, 10]
///
/// A stateful layer is refused: the end of a sequence that continues in the next batch is not known yet.
///
/// - Complexity: twice that of the layer.
/// - Reference: Schuster, Paliwal (1997), *IEEE Transactions on Signal Processing* 45.
public struct Bidirectional: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The kind of both layers.
    public var cell: RecurrentCell
    /// The arguments of the layer that reads forwards.
    public var layer: RecurrentConfiguration

    /// Creates a configuration.
    public init(cell: RecurrentCell, layer: RecurrentConfiguration) {
      self.cell = cell
      self.layer = layer
    }
  }

  /// The constructor arguments.
  public private(set) var configuration: Configuration
  /// The layer that reads from the front.
  public var forwardLayer: any RecurrentLayer
  /// The layer that reads from the back.
  public var backwardLayer: any RecurrentLayer

  /// Creates a layer that reads in both directions.
  /// - Parameters:
  ///   - layer: the layer that reads from the front; the other one has the same arguments and fresh weights
  ///   - seed: makes the weights of both reproducible
  public init(_ layer: some RecurrentLayer, seed: UInt64? = nil) {
    var configuration = Configuration(cell: type(of: layer).cell, layer: layer.configuration)
    // A size of 1 in place of one that is not known yet.
    let isSized = configuration.layer.inputSize > 0
    if !isSized { configuration.layer.inputSize = 1 }
    var both = orStop { try Bidirectional(configuration: configuration) }
    both.forwardLayer = layer
    both.backwardLayer.implementation = layer.implementation
    if !isSized { both.configuration.layer.inputSize = 0 }
    self = both.seeded(seed)
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    guard !configuration.layer.isStateful, !configuration.layer.isReversed else {
      throw CourseError(
        .invalidArgument, "Bidirectional: argument out of range",
        expected: "a layer that is neither stateful nor reversed",
        received: "a \(configuration.layer.isStateful ? "stateful" : "reversed") layer")
    }
    self.configuration = configuration
    var reversed = configuration.layer
    reversed.isReversed = true
    forwardLayer = try configuration.cell.layer(configuration.layer)
    backwardLayer = try configuration.cell.layer(reversed)
  }

  /// The layer for sequences `[T, F]`.
  public func sized(for inputShape: [Int]) throws -> Bidirectional {
    guard configuration.layer.inputSize == 0 else { return self }
    guard let size = inputShape.last else {
      throw missingInputSize(
        of: Self.typeName, argument: "inputSize:", received: "a shape \(inputShape)")
    }
    var configuration = configuration
    configuration.layer.inputSize = size
    var both = try remade(with: configuration)
    both.forwardLayer.implementation = forwardLayer.implementation
    both.backwardLayer.implementation = backwardLayer.implementation
    return both
  }

  /// `[T, F]` becomes `[T, 2H]`, or `[2H]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    let shape = try forwardLayer.outputShape(for: inputShape)
    return shape.dropLast() + [2 * configuration.layer.hiddenSize]
  }

  /// Throws when such a batch does not fit.
  public func check(batchShape: [Int], mode: Mode) throws {
    try forwardLayer.check(batchShape: batchShape, mode: mode)
  }

  /// The states of both layers, side by side.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    forward(input, mask: nil, mode: mode)
  }

  /// Like `forward(_:mode:)`, without the steps that a mask leaves out.
  /// - Parameter mask: `[N, T]`, 1 where a step counts
  public mutating func forward(_ input: Tensor, mask: Tensor?, mode: Mode) -> Tensor {
    let fromFront = forwardLayer.forward(input, initialState: nil, mask: mask, mode: mode)
    let fromBack = backwardLayer.forward(input, initialState: nil, mask: mask, mode: mode)
    return Tensor(concatenating: [fromFront, fromBack], axis: -1)
  }

  /// Accumulates the gradients of both layers and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let (front, back) = halves(outputGradient)
    return forwardLayer.backward(front) + backwardLayer.backward(back)
  }

  /// Accumulates the gradients of both layers only.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    let (front, back) = halves(outputGradient)
    forwardLayer.backwardWithoutInputGradient(front)
    backwardLayer.backwardWithoutInputGradient(back)
  }

  /// The shares of the two layers in the gradient of the output.
  private func halves(_ gradient: Tensor) -> (Tensor, Tensor) {
    let size = configuration.layer.hiddenSize
    let rank = configuration.layer.returnsSequence ? 3 : 2
    guard gradient.rank == rank, gradient.shape.last == 2 * size else {
      stop(
        "Bidirectional.backward",
        expected: "a gradient of shape [N, \(rank == 3 ? "T, " : "")\(2 * size)]",
        received: "\(gradient.shape)")
    }
    return rank == 3
      ? (gradient[0..., 0..., 0..<size], gradient[0..., 0..., size...])
      : (gradient[0..., 0..<size], gradient[0..., size...])
  }

  /// Shows the parameters of both layers: "forward.inputWeights", ..., "backward.inputWeights", ...
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try forwardLayer.forEachParameter { try body("forward.\($0)", &$1) }
    try backwardLayer.forEachParameter { try body("backward.\($0)", &$1) }
  }
}

extension RecurrentCell {
  /// A layer of this kind.
  func layer(_ configuration: RecurrentConfiguration) throws -> any RecurrentLayer {
    switch self {
    case .elman: try ElmanRNN(configuration: configuration)
    case .lstm: try LSTM(configuration: configuration)
    case .gru: try GRU(configuration: configuration)
    }
  }
}
