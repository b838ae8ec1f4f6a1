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
