import Shared

/// A layer for sequences: `ElmanRNN`, `LSTM` or `GRU`.
///
/// It takes `[N, T, F]` (N sequences, T steps, F features) and passes a state from step to step.
public protocol RecurrentLayer: StateCarryingLayer where Configuration == RecurrentConfiguration {
  /// The kind of the layer.
  static var cell: RecurrentCell { get }

  /// W, `[F, G·H]`.
  var inputWeights: Parameter { get set }
  /// U, `[H, G·H]`.
  var recurrentWeights: Parameter { get set }
  /// b, `[G·H]`.
  var bias: Parameter { get set }
  /// c, `[H]`, of a GRU.
  var candidateRecurrentBias: Parameter? { get set }
  /// Which body of code runs.
  var implementation: Implementation { get set }

  /// The state after the last step of the last pass, of training or of inference. A stateful layer starts
  /// the next pass with it.
  var finalState: RecurrentState? { get set }
  /// The gradient with respect to the initial state of the last training pass; `backward` computes it. A
  /// stateful layer does not pass it on to the batch before: that is where backpropagation through time is
  /// truncated.
  var initialStateGradient: RecurrentState? { get }

  /// Like `forward(_:mode:)`, with more information on the sequences.
  /// - Parameters:
  ///   - initialState: the state before the first step; `nil` for zeros, or for the carried state
  ///   - mask: `[N, T]`, 1 where a step counts. A step with 0 leaves the state as it is, and its output is
  ///     0. `nil` to find the padding by `paddingValue`.
  mutating func forward(
    _ input: Tensor, initialState: RecurrentState?, mask: Tensor?, mode: Mode
  ) -> Tensor

  /// Like `backward(_:)`, where the final state was used as well: as the first state of a decoder, for
  /// instance.
  /// - Parameter finalStateGradient: the gradient with respect to `finalState`; a missing cell counts as 0
  mutating func backward(_ outputGradient: Tensor, finalStateGradient: RecurrentState?) -> Tensor
}

extension RecurrentLayer {
  /// None: only a GRU has it.
  public var candidateRecurrentBias: Parameter? {
    get { nil }
    set {}
  }

  /// The hidden state after every step, `[N, T, H]`, or after the last one, `[N, H]`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    forward(input, initialState: nil, mask: nil, mode: mode)
  }
  /// The same, from a given state on.
  public mutating func forward(_ input: Tensor, initialState: RecurrentState?, mode: Mode) -> Tensor
  {
    forward(input, initialState: initialState, mask: nil, mode: mode)
  }
  /// The same, without the steps that a mask leaves out.
  public mutating func forward(_ input: Tensor, mask: Tensor?, mode: Mode) -> Tensor {
    forward(input, initialState: nil, mask: mask, mode: mode)
  }
  /// Accumulates the gradients of the weights, summed over all steps, and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    backward(outputGradient, finalStateGradient: nil)
  }

  // MARK: Shapes

  /// The layer for sequences `[T, F]`.
  public func sized(for inputShape: [Int]) throws -> Self {
    guard configuration.inputSize == 0 else { return self }
    guard let size = inputShape.last else {
      throw missingInputSize(
        of: Self.typeName, argument: "inputSize:", received: "a shape \(inputShape)")
    }
    var configuration = configuration
    configuration.inputSize = size
    var layer = try remade(with: configuration)
    layer.implementation = implementation
    return layer
  }

  /// `[T, F]` becomes `[T, H]`, or `[H]` when only the last step is returned.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard configuration.inputSize > 0 else {
      throw missingInputSize(of: Self.typeName, argument: "inputSize:")
    }
    guard inputShape.count == 2, inputShape[1] == configuration.inputSize else {
      throw CourseError(
        .shapeMismatch, Self.typeName,
        expected: "input [T, \(configuration.inputSize)] (steps, features)",
        received: "\(inputShape)",
        remedy: inputShape.count == 2
          ? "Set inputSize to the number of features of each step."
          : "Give the input a time axis (Reshape), or each token a vector (Embedding).")
    }
    guard inputShape[0] >= 1 else {
      throw CourseError(
        .shapeMismatch, "\(Self.typeName): sequences of length 0", expected: "at least one step",
        received: "\(inputShape)", remedy: "Leave empty sequences out.")
    }
    return configuration.returnsSequence
      ? [inputShape[0], configuration.hiddenSize] : [configuration.hiddenSize]
  }

  /// Throws when the shape does not fit, or when a carried state is that of another number of sequences.
  public func check(batchShape: [Int], mode: Mode) throws {
    _ = try outputShape(for: Array(batchShape.dropFirst()))
    guard configuration.isStateful, let state = finalState,
      let problem = problem(of: state, batch: batchShape[0])
    else { return }
    throw CourseError(
      .shapeMismatch, "\(Self.typeName): carried state", expected: problem.expected,
      received: problem.received,
      remedy: "Use batches of one size throughout, or call resetState() before another size.")
  }

  /// The expected and the received state where `batch` sequences cannot start from `state`.
  func problem(of state: RecurrentState, batch: Int) -> (expected: String, received: String)? {
    let shape = [batch, configuration.hiddenSize]
    let isLSTM = Self.cell == .lstm
    guard state.hidden.shape != shape || state.cell?.shape != (isLSTM ? shape : nil) else {
      return nil
    }
    let cell = state.cell.map { "a cell state \($0.shape)" } ?? "no cell state"
    return (
      "a hidden state \(shape) and \(isLSTM ? "a cell state \(shape)" : "no cell state")",
      "a hidden state \(state.hidden.shape) and \(cell)"
    )
  }

  // MARK: Parameters and state

  /// Shows `inputWeights`, `recurrentWeights`, `bias`, and a GRU's `candidateRecurrentBias`.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("inputWeights", &inputWeights)
    try body("recurrentWeights", &recurrentWeights)
    try body("bias", &bias)
    if candidateRecurrentBias != nil {
      try body("candidateRecurrentBias", &candidateRecurrentBias!)
    }
  }

  /// Shows the carried state of a stateful layer: `hidden`, and for an LSTM `cell`; empty tensors
  /// `[0, H]` before the first batch.
  public mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows {
    guard configuration.isStateful else { return }
    let empty = Tensor(zeros: [0, configuration.hiddenSize])
    var state = finalState ?? RecurrentState(hidden: empty, cell: empty)
    try body("hidden", &state.hidden)
    if Self.cell == .lstm {
      var cell = state.cell ?? empty
      try body("cell", &cell)
      state.cell = cell
    } else {
      state.cell = nil
    }
    finalState = state.hidden.count == 0 ? nil : state
  }

  /// Whether the layer is stateful.
  public var carriesState: Bool { configuration.isStateful }

  /// Forgets the carried state: the next batch starts from zeros.
  public mutating func resetState() { finalState = nil }
}
