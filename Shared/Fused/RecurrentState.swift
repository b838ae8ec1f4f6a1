/// The kinds of recurrent layers.
public enum RecurrentCell: String, Sendable, Codable, CaseIterable {
  /// `h' = tanh(x W + h U + b)`.
  case elman
  /// Four gates and a cell state (long short-term memory); in the order input, forget, candidate, output.
  case lstm
  /// Three gates (gated recurrent unit); in the order reset, update, candidate.
  case gru

  /// How many blocks of H columns the weights of the cell have side by side.
  public var gateCount: Int {
    switch self {
    case .elman: 1
    case .lstm: 4
    case .gru: 3
    }
  }
}

/// The state of a recurrent layer between two steps.
public struct RecurrentState: Sendable, Equatable {
  /// The hidden state h, `[N, H]`: the output of the step.
  public var hidden: Tensor
  /// The cell state c of an LSTM, `[N, H]`.
  public var cell: Tensor?

  /// Creates a state.
  public init(hidden: Tensor, cell: Tensor? = nil) {
    self.hidden = hidden
    self.cell = cell
  }
}

/// The weights of a recurrent layer, G = `gateCount` blocks of H columns.
public struct RecurrentWeights: Sendable, Equatable {
  /// W, `[F, G·H]`, the weights of the input.
  public var input: Tensor
  /// U, `[H, G·H]`, the weights of the hidden state.
  public var recurrent: Tensor
  /// b, `[G·H]`.
  public var bias: Tensor
  /// c, `[H]`, of a GRU: added to the recurrent share of its candidate, which the reset gate multiplies.
  public var candidateRecurrentBias: Tensor?

  /// Creates weights.
  public init(
    input: Tensor, recurrent: Tensor, bias: Tensor, candidateRecurrentBias: Tensor? = nil
  ) {
    self.input = input
    self.recurrent = recurrent
    self.bias = bias
    self.candidateRecurrentBias = candidateRecurrentBias
  }
}

/// The gradients that backpropagation through time returns.
public struct RecurrentGradients: Sendable {
  /// dX, `[N, T, F]`, if it was asked for.
  public var input: Tensor?
  /// The gradients of the weights, summed over all steps and sequences.
  public var weights: RecurrentWeights
  /// The gradients of the state that the first step started from.
  public var initialState: RecurrentState

  /// Creates gradients.
  public init(input: Tensor?, weights: RecurrentWeights, initialState: RecurrentState) {
    self.input = input
    self.weights = weights
    self.initialState = initialState
  }

  /// No gradients, for a body that is not written yet. Tests then fail with words.
  public init() {
    let nothing = Tensor(zeros: [0])
    input = nil
    weights = RecurrentWeights(input: nothing, recurrent: nothing, bias: nothing)
    initialState = RecurrentState(hidden: nothing)
  }
}
