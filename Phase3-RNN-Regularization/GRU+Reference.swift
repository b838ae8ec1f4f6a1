import Shared

// Task 3.8.
//
//   forward, t = 0, 1, ...     r = σ(x_t · W_r + h_{t−1} · U_r + b_r)      z likewise
//                              q = h_{t−1} · U_n + c        n = tanh(x_t · W_n + b_n + r ⊙ q)
//                              h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}
//   backward, from the last    d = dh + dY_t
//                              da_n = d ⊙ (1 − z) ⊙ (1 − n²)     da_z = d ⊙ (h_{t−1} − n) ⊙ z (1 − z)
//                              dq = da_n ⊙ r                     da_r = da_n ⊙ q ⊙ r (1 − r)
//                              dW += x_tᵀ · [da_r, da_z, da_n]   dU += h_{t−1}ᵀ · [da_r, da_z, dq]
//                              db += Σₙ [da_r, da_z, da_n]       dc += Σₙ dq
//                              dx_t = [da_r, da_z, da_n] · Wᵀ    dh = [da_r, da_z, dq] · Uᵀ + d ⊙ z
//
// The names: r, z, n are the gates reset, update, candidate; q is the recurrent share of the candidate; c is
// candidateRecurrentBias!.value.

extension GRU {
  /// Three gates, then the new hidden state; step after step.
  package func referenceForward(_ sequences: TimeSteps, from start: RecurrentState)
    -> [RecurrentStep]
  {
    // TODO(3.8): as in ElmanRNN. Keep the two products apart: the reset gate multiplies the recurrent one
    // only. Hand [r, z, n, q] to sequences.step as gates:.
    // BEGIN SOLUTION
    let (w, u, b) = (inputWeights.value, recurrentWeights.value, bias.value)
    let c = candidateRecurrentBias!.value
    let size = configuration.hiddenSize
    var state = start
    var record: [RecurrentStep] = []
    for t in sequences.order {
      let h = state.hidden
      let fromInput = sequences.input(at: t).matmul(w) + b
      let fromHidden = h.matmul(u)
      func sum(_ k: Int) -> Tensor {
        fromInput.gate(k, hiddenSize: size) + fromHidden.gate(k, hiddenSize: size)
      }
      let r = sigmoid(sum(0))
      let z = sigmoid(sum(1))
      let q = fromHidden.gate(2, hiddenSize: size) + c
      let n = tanh(fromInput.gate(2, hiddenSize: size) + r * q)
      let step = sequences.step(
        t, from: state, to: RecurrentState(hidden: (1 - z) * n + z * h), gates: [r, z, n, q])
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
    // TODO(3.8): as in ElmanRNN. The gradients before the gates differ in the third block: da_n for the
    // share of the input, dq = da_n ⊙ r for the share of the hidden state.
    // BEGIN SOLUTION
    let (w, u) = (inputWeights.value, recurrentWeights.value)
    var dW = Tensor(zeros: w.shape)
    var dU = Tensor(zeros: u.shape)
    var db = Tensor(zeros: bias.value.shape)
    var dc = Tensor(zeros: [configuration.hiddenSize])
    var dX = outputGradients  // one entry for each step; all are replaced
    var dh = finalGradient.hidden
    for step in record.reversed() {
      let (r, z, n, q) = (step.gates[0], step.gates[1], step.gates[2], step.gates[3])
      let h = step.before.hidden
      dh += outputGradients[step.time]
      let d = step.unmasked(dh)
      let daN = d * (1 - z) * (1 - square(n))
      let daZ = d * (h - n) * z * (1 - z)
      let daR = daN * q * r * (1 - r)
      let dq = daN * r
      let dInput = Tensor(concatenating: [daR, daZ, daN], axis: 1)
      let dHidden = Tensor(concatenating: [daR, daZ, dq], axis: 1)
      dW += step.input.matmul(dInput, transposingSelf: true)
      dU += h.matmul(dHidden, transposingSelf: true)
      db += dInput.sum(axis: 0)
      dc += dq.sum(axis: 0)
      dX[step.time] = dInput.matmul(w, transposingOther: true)
      dh = dHidden.matmul(u, transposingOther: true) + d * z + step.masked(dh)
    }
    return RecurrentGradients(
      input: Tensor(stacking: dX, axis: 1),
      weights: RecurrentWeights(input: dW, recurrent: dU, bias: db, candidateRecurrentBias: dc),
      initialState: RecurrentState(hidden: dh))
    // END SOLUTION
  }
}
