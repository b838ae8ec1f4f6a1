import Shared

/// What `ElmanRNN`, `LSTM` and `GRU` have in common: sequences `[N, T, F]` go in, and a state goes along.
///
/// What one step computes stands in the layers' readable bodies, `referenceForward` and
/// `referenceBackward`. This protocol does the rest: checks, masks, initial and final states, and the state
/// carried from batch to batch.
public protocol RecurrentLayer: StateCarryingLayer where Configuration == RecurrentConfiguration {
  /// Which kernel belongs to the layer.
  static var cell: RecurrentCell { get }
  /// Whether the readable body was found to compute what the kernel computes; the kernel stands in for it
  /// only then.
  static var referenceIsKernel: Bool { get }

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
  /// What the layer keeps from pass to pass.
  var memory: RecurrentMemory { get set }

  /// Walks along the sequences and records every step, in the order of the visit.
  func referenceForward(_ sequences: TimeSteps, from start: RecurrentState) -> [RecurrentStep]

  /// Goes the way back: backpropagation through time.
  /// - Parameters:
  ///   - record: what `referenceForward` returned
  ///   - outputGradients: `outputGradients[t]` is the gradient that reaches the hidden state of step t from
  ///     outside, `[N, H]`
  ///   - finalGradient: the gradient that reaches the state after the last step from outside
  func referenceBackward(
    _ record: [RecurrentStep], outputGradients: [Tensor], finalGradient: RecurrentState
  ) -> RecurrentGradients
}

/// What a recurrent layer keeps from pass to pass.
public struct RecurrentMemory: Sendable {
  /// A training pass that `backward` can follow.
  struct Pass: Sendable {
    var kept: Kept
    var inputShape: [Int]
  }
  /// What the body that ran has kept.
  enum Kept: Sendable {
    /// The kernel's.
    case pass(RecurrentPass)
    /// The readable body's.
    case record([RecurrentStep], mask: Tensor?)
  }
  var lastPass: Pass?
  var finalState: RecurrentState?
  var initialStateGradient: RecurrentState?

  /// Remembers nothing.
  public init() {}
}

extension RecurrentLayer {
  /// None: only a GRU has it.
  public var candidateRecurrentBias: Parameter? {
    get { nil }
    set {}
  }

  /// The state after the last step of the last pass, of training or of inference. A stateful layer starts
  /// the next pass with it.
  public var finalState: RecurrentState? { memory.finalState }
  /// The gradient of the state that the last training pass started from; `backward` computes it. A stateful
  /// layer does not pass it on to the batch before: that is where backpropagation through time is truncated.
  public var initialStateGradient: RecurrentState? { memory.initialStateGradient }
  /// The weights as the kernels take them.
  public var weights: RecurrentWeights {
    RecurrentWeights(
      input: inputWeights.value, recurrent: recurrentWeights.value, bias: bias.value,
      candidateRecurrentBias: candidateRecurrentBias?.value)
  }

  // MARK: Shapes

  /// `[T, F]` becomes `[T, H]`, or `[H]` when only the last step is returned.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 2, inputShape[1] == configuration.inputSize else {
      throw CourseError(
        .shapeMismatch, Self.typeName,
        expected: "input [T, \(configuration.inputSize)] (steps, features)",
        received: "\(inputShape)",
        remedy: inputShape.count == 2
          ? "Set inputSize to the number of features of each step."
          : "Give the input a time axis (Reshape), or tokens a vector each (Embedding).")
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
    guard configuration.isStateful, let state = memory.finalState,
      let problem = problem(of: state, batch: batchShape[0])
    else { return }
    throw CourseError(
      .shapeMismatch, "\(Self.typeName): carried state", expected: problem.expected,
      received: problem.received,
      remedy: "Use batches of one size throughout, or call resetState() before another size.")
  }

  /// What does not fit when `batch` sequences are to start from `state`.
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
    var state = memory.finalState ?? RecurrentState(hidden: empty, cell: empty)
    try body("hidden", &state.hidden)
    if Self.cell == .lstm {
      var cell = state.cell ?? empty
      try body("cell", &cell)
      state.cell = cell
    } else {
      state.cell = nil
    }
    memory.finalState = state.hidden.count == 0 ? nil : state
  }

  /// Whether the layer is stateful.
  public var carriesState: Bool { configuration.isStateful }

  /// Forgets the carried state: the next batch starts from zeros.
  public mutating func resetState() { memory.finalState = nil }
}
