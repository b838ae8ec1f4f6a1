/// The weights of a recurrent layer, G = `gateCount` blocks of H columns.
package struct RecurrentWeights: Sendable, Equatable {
  /// W, `[F, G·H]`, the weights of the input.
  package var input: Tensor
  /// U, `[H, G·H]`, the weights of the hidden state.
  package var recurrent: Tensor
  /// b, `[G·H]`.
  package var bias: Tensor
  /// c, `[H]`, of a GRU: added to the recurrent share of its candidate, which the reset gate multiplies.
  package var candidateRecurrentBias: Tensor?

  /// Creates weights.
  package init(
    input: Tensor, recurrent: Tensor, bias: Tensor, candidateRecurrentBias: Tensor? = nil
  ) {
    self.input = input
    self.recurrent = recurrent
    self.bias = bias
    self.candidateRecurrentBias = candidateRecurrentBias
  }
}

/// The gradients that backpropagation through time returns.
package struct RecurrentGradients: Sendable {
  /// dX, `[N, T, F]`, if it was asked for.
  package var input: Tensor?
  /// The gradients of the weights, summed over all steps and sequences.
  package var weights: RecurrentWeights
  /// The gradients of the state that the first step started from.
  package var initialState: RecurrentState

  /// Creates gradients.
  package init(input: Tensor?, weights: RecurrentWeights, initialState: RecurrentState) {
    self.input = input
    self.weights = weights
    self.initialState = initialState
  }

  /// No gradients, for a body that is not written yet. Tests then fail with words.
  package init() {
    let nothing = Tensor(zeros: [0])
    input = nil
    weights = RecurrentWeights(input: nothing, recurrent: nothing, bias: nothing)
    initialState = RecurrentState(hidden: nothing)
  }
}
