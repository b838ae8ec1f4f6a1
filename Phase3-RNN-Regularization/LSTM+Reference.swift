import Shared

// Task 3.4.
//
//   forward, t = 0, 1, ...     z = x_t · W + h_{t−1} · U + b
//                              i = σ(z₀)   f = σ(z₁)   g = tanh(z₂)   o = σ(z₃)
//                              c_t = f ⊙ c_{t−1} + i ⊙ g            h_t = o ⊙ tanh(c_t)
//   backward, from the last    dh ← dh + dY_t                       do = dh ⊙ tanh(c_t)
//                              dc ← dc + dh ⊙ o ⊙ (1 − tanh²(c_t))
//                              di = dc ⊙ g      df = dc ⊙ c_{t−1}      dg = dc ⊙ i
//                              dz = [di ⊙ i (1 − i), df ⊙ f (1 − f), dg ⊙ (1 − g²), do ⊙ o (1 − o)]
//                              dW, dU, db, dx_t and dh from dz, as from da in task 3.3; dc = dc ⊙ f
//
// The names: i, f, g, o are the gates input, forget, candidate, output; z holds their arguments, [N, 4H];
// h and c are the hidden and the cell state; d... is the gradient with respect to it.
// z.gate(k, hiddenSize: H) is block k of z, [N, H].

extension LSTM {
  /// Four gates, then the new cell, then the new hidden state; step after step.
  package func referenceForward(_ sequences: TimeSteps, from start: RecurrentState)
    -> [RecurrentStep]
  {
    // TODO(3.4): as in ElmanRNN, with z in place of the tanh; i, f, g, o from its blocks 0 to 3; the new cell
    // from state.cell, and the new h from the new cell. Hand [i, f, g, o] to sequences.step as gates:.
    // BEGIN SOLUTION
    let (w, u, b) = (inputWeights.value, recurrentWeights.value, bias.value)
    let size = configuration.hiddenSize
    var state = start
    var record: [RecurrentStep] = []
    for t in sequences.order {
      let z = sequences.input(at: t).matmul(w) + state.hidden.matmul(u) + b
      let i = sigmoid(z.gate(0, hiddenSize: size))
      let f = sigmoid(z.gate(1, hiddenSize: size))
      let g = tanh(z.gate(2, hiddenSize: size))
      let o = sigmoid(z.gate(3, hiddenSize: size))
      let c = f * state.cell! + i * g
      let h = o * tanh(c)
      let step = sequences.step(
        t, from: state, to: RecurrentState(hidden: h, cell: c), gates: [i, f, g, o])
      record.append(step)
      state = step.after
    }
    return record
    // END SOLUTION
  }

  /// Backpropagation through time, along the hidden state and along the cell.
  package func referenceBackward(
    _ record: [RecurrentStep], outputGradients: [Tensor], finalGradient: RecurrentState
  ) -> RecurrentGradients {
    // TODO(3.4): as in ElmanRNN, with a second gradient, dc, that starts as finalGradient.cell. At each step
    // dh flows into o and into dc; dc flows into i, f, g and, through f, into the cell before.
    // BEGIN SOLUTION
    let (w, u) = (inputWeights.value, recurrentWeights.value)
    var dW = Tensor(zeros: w.shape)
    var dU = Tensor(zeros: u.shape)
    var db = Tensor(zeros: bias.value.shape)
    var dX = outputGradients  // one entry for each step; all are replaced
    var dh = finalGradient.hidden
    var dc = finalGradient.cell!
    for step in record.reversed() {
      let (i, f, g, o) = (step.gates[0], step.gates[1], step.gates[2], step.gates[3])
      let tanhOfCell = tanh(step.after.cell!)

      dh += outputGradients[step.time]
      let dOutput = step.unmasked(dh) * tanhOfCell
      let dCell = step.unmasked(dc) + step.unmasked(dh) * o * (1 - square(tanhOfCell))

      let dz = Tensor(
        concatenating: [
          dCell * g * i * (1 - i),
          dCell * step.before.cell! * f * (1 - f),
          dCell * i * (1 - square(g)),
          dOutput * o * (1 - o),
        ], axis: 1)
      dW += step.input.matmul(dz, transposingSelf: true)
      dU += step.before.hidden.matmul(dz, transposingSelf: true)
      db += dz.sum(axis: 0)
      dX[step.time] = dz.matmul(w, transposingOther: true)

      dh = dz.matmul(u, transposingOther: true) + step.masked(dh)
      dc = dCell * f + step.masked(dc)
    }
    return RecurrentGradients(
      input: Tensor(stacking: dX, axis: 1),
      weights: RecurrentWeights(input: dW, recurrent: dU, bias: db),
      initialState: RecurrentState(hidden: dh, cell: dc))
    // END SOLUTION
  }
}
