import CCourseKernels

extension Tensor {
  /// Runs a recurrent cell over all steps of a batch of sequences; `self` is x, `[N, T, F]`.
  ///
  /// The part that does not depend on the state is one matrix product for all steps; a step is one product with
  /// U, packed once, and the arithmetic of its gates in the same pass.
  /// - Parameters:
  ///   - weights: W, U and b, G blocks of H columns each
  ///   - initialState: the state before the first step; `nil` is zeros
  ///   - mask: `[N, T]` of 0 and 1, or `nil`; a step with mask 0 leaves the state as it is, and its output
  ///     is 0
  ///   - reversed: time runs from the last step to the first; outputs stay at their own step
  ///   - keeping: whether a backward pass will follow
  /// - Returns: the hidden state after each step, `[N, T, H]`; the state after the last step processed;
  ///   the values that the backward pass needs
  /// - Complexity: O(N·T·H·(F + H)). Runs on all threads; the result does not depend on how many.
  package func recurrentForward(
    _ cell: RecurrentCell, weights: RecurrentWeights, initialState: RecurrentState?, mask: Tensor?,
    reversed: Bool, keeping: Bool
  ) -> (output: Tensor, finalState: RecurrentState, pass: RecurrentPass?) {
    guard rank == 3, shape[1] >= 1 else {
      stop(
        "recurrent pass", expected: "input [N, T, F] of at least one step", received: "\(shape)")
    }
    let pass = RecurrentPass(
      cell, input: shape, weights: weights, mask: mask, reversed: reversed)
    if let initialState { pass.requireState(initialState) }
    let output = Tensor(shape: [pass.batch, pass.steps, pass.hiddenSize]) { _ in }
    let final = pass.emptyState()
    withPointers(to: [self, initialState?.hidden, initialState?.cell]) { pointers in
      pass.withLayer { layer in
        let work = Tensor(shape: [kernels_recurrent_work_count(nil, &layer, false)]) { _ in }
        withResults([pass.kept, work, output]) { results in
          kernels_recurrent_forward(
            nil, &layer, pointers[0], pointers[1], pointers[2], results[0], results[1], results[2],
            final.kernel)
        }
      }
    }
    return (output, final, keeping ? pass : nil)
  }
}

/// The values that a pass of `recurrentForward` keeps for its backward pass.
///
/// It shares the memory of the weights and is much larger than them. A layer therefore consumes it in
/// `backward` (`Kept.take(for:)`): otherwise the optimizer would have to copy the weights before it changes
/// them, and two passes would lie in memory at once.
package struct RecurrentPass: Sendable {
  fileprivate let cell: RecurrentCell
  fileprivate let batch, steps, inputSize, hiddenSize: Int
  private let weights: RecurrentWeights
  private let mask: Tensor?
  private let reversed: Bool
  /// Inputs, gates and states of all steps, laid out by the kernel.
  fileprivate private(set) var kept = Tensor(shape: [0]) { _ in }

  fileprivate init(
    _ cell: RecurrentCell, input: [Int], weights: RecurrentWeights, mask: Tensor?, reversed: Bool
  ) {
    self.cell = cell
    (batch, steps, inputSize) = (input[0], input[1], input[2])
    hiddenSize = weights.recurrent.shape.first ?? 0
    self.weights = weights
    self.mask = mask
    self.reversed = reversed
    requireWeights()
    if let mask { require(mask, [batch, steps], "a mask") }
    let count = withLayer { kernels_recurrent_kept_count(nil, &$0) }
    kept = Tensor(shape: [count]) { _ in }
  }

  /// Backpropagation through time.
  /// - Parameters:
  ///   - outputGradient: dY, `[N, T, H]`, or `nil` for zeros
  ///   - finalStateGradient: the gradient of the state after the last step, or `nil` for zeros
  ///   - needsInputGradient: whether to compute dX
  /// - Complexity: O(N·T·H·(F + H)), twice the forward pass.
  package func backward(
    outputGradient: Tensor?, finalStateGradient: RecurrentState?, needsInputGradient: Bool
  ) -> RecurrentGradients {
    if let outputGradient {
      require(outputGradient, [batch, steps, hiddenSize], "an output gradient")
    }
    if let finalStateGradient { requireState(finalStateGradient) }
    let input =
      needsInputGradient ? Tensor(shape: [batch, steps, inputSize]) { _ in } : nil
    let gradients = RecurrentWeights(
      input: Tensor(shape: weights.input.shape) { _ in },
      recurrent: Tensor(shape: weights.recurrent.shape) { _ in },
      bias: Tensor(shape: weights.bias.shape) { _ in },
      candidateRecurrentBias: cell == .gru ? Tensor(shape: [hiddenSize]) { _ in } : nil)
    let initial = emptyState()
    withPointers(
      to: [kept, outputGradient, finalStateGradient?.hidden, finalStateGradient?.cell]
    ) { pointers in
      withLayer { layer in
        let work = Tensor(shape: [kernels_recurrent_work_count(nil, &layer, true)]) { _ in }
        withResults(
          [
            work, input, gradients.input, gradients.recurrent, gradients.bias,
            gradients.candidateRecurrentBias,
          ]
        ) { results in
          var out = CourseRecurrentGradients(
            input: results[1], inputWeights: results[2], recurrentWeights: results[3],
            bias: results[4], candidateBias: results[5], initial: initial.kernel)
          kernels_recurrent_backward(
            nil, &layer, pointers[0], results[0], pointers[1], pointers[2], pointers[3], &out)
        }
      }
    }
    return RecurrentGradients(input: input, weights: gradients, initialState: initial)
  }

  // MARK: For the kernel

  /// Calls `body` with the sizes and weights as the kernel takes them.
  fileprivate func withLayer<R>(_ body: (inout CourseRecurrent) -> R) -> R {
    withPointers(
      to: [
        mask, weights.input, weights.recurrent, weights.bias, weights.candidateRecurrentBias,
      ]
    ) { pointers in
      var layer = CourseRecurrent(
        cell: cell.kernel, batch: batch, steps: steps, inputSize: inputSize,
        hiddenSize: hiddenSize, reversed: reversed, mask: pointers[0], inputWeights: pointers[1],
        recurrentWeights: pointers[2], bias: pointers[3], candidateBias: pointers[4])
      return body(&layer)
    }
  }

  /// A state whose elements the kernel will write.
  fileprivate func emptyState() -> RecurrentState {
    RecurrentState(
      hidden: Tensor(shape: [batch, hiddenSize]) { _ in },
      cell: cell == .lstm ? Tensor(shape: [batch, hiddenSize]) { _ in } : nil)
  }

  private func requireWeights() {
    let columns = cell.gateCount * hiddenSize
    require(weights.input, [inputSize, columns], "input weights")
    require(weights.recurrent, [hiddenSize, columns], "recurrent weights")
    require(weights.bias, [columns], "a bias")
    switch (cell, weights.candidateRecurrentBias) {
    case (.gru, let bias?): require(bias, [hiddenSize], "a recurrent bias of the candidate")
    case (.gru, nil):
      stop(
        "recurrent pass", expected: "a recurrent bias of the candidate, [\(hiddenSize)]",
        received: "none")
    default: break
    }
  }

  fileprivate func requireState(_ state: RecurrentState) {
    require(state.hidden, [batch, hiddenSize], "a hidden state")
    if let cell = state.cell { require(cell, [batch, hiddenSize], "a cell state") }
    if cell == .lstm && state.cell == nil {
      stop("recurrent pass", expected: "a cell state [\(batch), \(hiddenSize)]", received: "none")
    }
  }

  private func require(_ tensor: Tensor, _ shape: [Int], _ what: String) {
    guard tensor.shape == shape else {
      stop("recurrent pass", expected: "\(what) of shape \(shape)", received: "\(tensor.shape)")
    }
  }
}

extension RecurrentCell {
  fileprivate var kernel: CourseCell {
    switch self {
    case .elman: kernelCellElman
    case .lstm: kernelCellLSTM
    case .gru: kernelCellGRU
    }
  }
}

extension RecurrentState {
  /// Where the kernel writes a state that no other value shares yet.
  fileprivate var kernel: CourseState {
    CourseState(hidden: hidden.storage.pointer, cell: cell?.storage.pointer)
  }
}

/// Calls `body` with the elements of each tensor, `nil` for a tensor that is not there.
private func withPointers<R>(
  to tensors: [Tensor?], _ body: ([UnsafePointer<Float>?]) -> R
) -> R {
  withExtendedLifetime(tensors) {
    body(tensors.map { tensor in tensor.map { UnsafePointer($0.storage.pointer) } })
  }
}

/// The same for tensors that are being made: no other value shares them yet, so they may be written to.
private func withResults(
  _ tensors: [Tensor?], _ body: ([UnsafeMutablePointer<Float>?]) -> Void
) {
  withExtendedLifetime(tensors) { body(tensors.map { $0?.storage.pointer }) }
}
