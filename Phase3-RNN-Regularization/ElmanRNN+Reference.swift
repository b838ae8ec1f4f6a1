import Shared

// Task 3.3.
//
//   forward, t = 0, 1, ...     h_t = tanh(x_t · W + h_{t−1} · U + b)
//   backward, from the last    dh ← dh + dY_t        da = dh ⊙ (1 − h_t²)
//                              dW += x_tᵀ · da       dU += h_{t−1}ᵀ · da       db += Σₙ da
//                              dx_t = da · Wᵀ        dh = da · Uᵀ, to the step before
//
// The names: w, u, b are W, U, b; h is the hidden state; d... is the gradient with respect to it.

extension ElmanRNN {
  /// `h_t = tanh(x_t · W + h_{t−1} · U + b)`, step after step.
  package func referenceForward(_ sequences: TimeSteps, from start: RecurrentState)
    -> [RecurrentStep]
  {
    // TODO(3.3): for each step in sequences.order, compute the new h from sequences.input(at: t) and
    // state.hidden. Append sequences.step(t, from: state, to: ...) to the record, and go on with its `after`.
    // BEGIN SOLUTION
    let (w, u, b) = (inputWeights.value, recurrentWeights.value, bias.value)
    var state = start
    var record: [RecurrentStep] = []
    for t in sequences.order {
      let h = tanh(sequences.input(at: t).matmul(w) + state.hidden.matmul(u) + b)
      let step = sequences.step(t, from: state, to: RecurrentState(hidden: h))
      record.append(step)
      state = step.after
    }
    return record
    // END SOLUTION
  }

  /// Backpropagation through time.
  package func referenceBackward(
    _ record: [RecurrentStep], outputGradients: [Tensor], finalGradient: RecurrentState
  ) -> RecurrentGradients {
    // TODO(3.3): go through the record backwards. dh starts as finalGradient.hidden. At each step add
    // outputGradients[step.time]; only step.unmasked(dh) goes through tanh. Add this step's share to dW,
    // dU and db. The step before gets da · Uᵀ, and step.masked(dh) from the sequences without this step.
    // BEGIN SOLUTION
    let (w, u) = (inputWeights.value, recurrentWeights.value)
    var dW = Tensor(zeros: w.shape)
    var dU = Tensor(zeros: u.shape)
    var db = Tensor(zeros: bias.value.shape)
    var dX = outputGradients  // one entry for each step; all are replaced
    var dh = finalGradient.hidden
    for step in record.reversed() {
      dh += outputGradients[step.time]
      let da = step.unmasked(dh) * (1 - square(step.after.hidden))
      dW += step.input.matmul(da, transposingSelf: true)
      dU += step.before.hidden.matmul(da, transposingSelf: true)
      db += da.sum(axis: 0)
      dX[step.time] = da.matmul(w, transposingOther: true)
      dh = da.matmul(u, transposingOther: true) + step.masked(dh)
    }
    return RecurrentGradients(
      input: Tensor(stacking: dX, axis: 1),
      weights: RecurrentWeights(input: dW, recurrent: dU, bias: db),
      initialState: RecurrentState(hidden: dh))
    // END SOLUTION
  }
}
