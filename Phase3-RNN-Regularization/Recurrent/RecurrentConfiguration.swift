import Shared

/// The constructor arguments of `ElmanRNN`, `LSTM` and `GRU`.
public struct RecurrentConfiguration: Codable, Sendable, Equatable {
  /// The number of features F of each step; 0 where a network is to infer it.
  public var inputSize: Int
  /// The number of hidden values H.
  public var hiddenSize: Int
  /// Whether the output is the hidden state after every step, or after the last one only.
  public var returnsSequence: Bool
  /// Whether each batch starts from the state in which the one before it ended.
  public var isStateful: Bool
  /// Whether time runs backwards, from the last step to the first.
  public var isReversed: Bool
  /// The value that marks padding: a step whose features all have it leaves the state as it is.
  public var paddingValue: Float?
  /// How the weights of the input are drawn.
  public var initializer: StandardInitializer
  /// How the weights of the hidden state are drawn, each gate's block by itself.
  public var recurrentInitializer: StandardInitializer
  /// How the biases are drawn, except that of an LSTM's forget gate.
  public var biasInitializer: StandardInitializer
  /// The first bias of an LSTM's forget gate; `nil` for other layers, which have none.
  public var forgetBias: Float?

  /// Creates a configuration.
  public init(
    inputSize: Int, hiddenSize: Int, returnsSequence: Bool = true, isStateful: Bool = false,
    isReversed: Bool = false, paddingValue: Float? = nil,
    initializer: StandardInitializer = .xavierUniform,
    recurrentInitializer: StandardInitializer = .orthogonal,
    biasInitializer: StandardInitializer = .zeros, forgetBias: Float? = nil
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.returnsSequence = returnsSequence
    self.isStateful = isStateful
    self.isReversed = isReversed
    self.paddingValue = paddingValue
    self.initializer = initializer
    self.recurrentInitializer = recurrentInitializer
    self.biasInitializer = biasInitializer
    self.forgetBias = forgetBias
  }

  /// Throws on arguments out of range, which a file may hold.
  func check(_ cell: RecurrentCell, of layer: String) throws {
    try checkSizes([inputSize, hiddenSize, cell.gateCount], of: layer)
    try checkSizes([hiddenSize, hiddenSize, cell.gateCount], of: layer)
    try initializer.check(of: layer)
    try recurrentInitializer.check(of: layer)
    try biasInitializer.check(of: layer)
    for (name, value) in [("padding value", paddingValue), ("forget bias", forgetBias)] {
      guard let value, !value.isFinite else { continue }
      throw CourseError(
        .invalidArgument, "\(layer): argument out of range", expected: "a finite \(name)",
        received: "\(value)")
    }
    guard !(isStateful && isReversed) else {
      throw CourseError(
        .invalidArgument, "\(layer): stateful and reversed", expected: "one of the two",
        received: "both",
        remedy:
          "A layer that reads from the end has no earlier batch to continue: choose one of the two."
      )
    }
  }

  /// 1 for each step `[N, T]`, 0 for those that are padding; `nil` when every step counts.
  func mask(of input: Tensor) -> Tensor? {
    guard let paddingValue, input.count > 0 else { return nil }
    let isPadding = (input .== paddingValue).min(axis: 2)
    return isPadding.max() == 0 ? nil : 1 - isPadding
  }

  /// The initial weights of a layer, W `[F, G·H]`, U `[H, G·H]` and b `[G·H]`.
  func parameters(_ cell: RecurrentCell) -> (
    input: Parameter, recurrent: Parameter, bias: Parameter
  ) {
    let gates = cell.gateCount
    return (
      Parameter(
        shape: [inputSize, gates * hiddenSize],
        initializer: GateByGate(base: initializer, gateCount: gates),
        fans: .dense(inputs: inputSize, outputs: hiddenSize)),
      Parameter(
        shape: [hiddenSize, gates * hiddenSize],
        initializer: GateByGate(base: recurrentInitializer, gateCount: gates),
        fans: .dense(inputs: hiddenSize, outputs: hiddenSize)),
      bias(gates: gates, forgetBias: cell == .lstm ? forgetBias ?? 1 : nil)
    )
  }

  /// A bias for so many gates.
  func bias(gates: Int, forgetBias: Float? = nil) -> Parameter {
    Parameter(
      shape: [gates * hiddenSize],
      initializer: GateBias(
        base: biasInitializer, forgetBias: forgetBias, gateCount: gates),
      fans: .dense(inputs: hiddenSize, outputs: hiddenSize), isRegularized: false)
  }
}

/// The biases of all gates, with a given one for the forget gate, the second of four.
private struct GateBias: Initializer {
  let base: StandardInitializer
  let forgetBias: Float?
  let gateCount: Int

  func tensor(shape: [Int], fans: Fans, key: RandomKey) -> Tensor {
    var bias = base.tensor(shape: shape, fans: fans, key: key)
    guard let forgetBias else { return bias }
    let size = shape[0] / gateCount
    bias[size..<(2 * size)] = Tensor(repeating: forgetBias, shape: [size])
    return bias
  }
}

/// Draws the block of each gate by itself: a property such as being orthogonal belongs to each of them and not
/// to all side by side.
private struct GateByGate: Initializer {
  let base: StandardInitializer
  let gateCount: Int

  func tensor(shape: [Int], fans: Fans, key: RandomKey) -> Tensor {
    let blocks = (0..<gateCount).map { gate in
      base.tensor(
        shape: [shape[0], shape[1] / gateCount], fans: fans, key: key.folded("gate").folded(gate))
    }
    return Tensor(concatenating: blocks, axis: 1)
  }
}
