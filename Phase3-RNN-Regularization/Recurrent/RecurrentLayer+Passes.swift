import Shared

// The way of a batch through a recurrent layer, whichever body runs.

extension RecurrentLayer {
  private func requireFit(_ input: Tensor, _ state: RecurrentState?, _ mask: Tensor?) {
    let place = "\(Self.typeName).forward"
    guard input.rank == 3, input.shape[2] == configuration.inputSize, input.shape[1] >= 1 else {
      stop(
        place, expected: "input [N, T, \(configuration.inputSize)] of at least one step",
        received: "\(input.shape)")
    }
    if let state, let problem = problem(of: state, batch: input.shape[0]) {
      stop(place, expected: problem.expected, received: problem.received)
    }
    guard let mask else { return }
    guard mask.shape == Array(input.shape.prefix(2)) else {
      stop(place, expected: "a mask \(Array(input.shape.prefix(2)))", received: "\(mask.shape)")
    }
    let isBinary = (mask .== 0) + (mask .== 1)
    if mask.count > 0, isBinary.min() == 0 {
      let wrong = mask.scalars[(isBinary .== 0).argmax()]
      stop(place, expected: "a mask of 0 and 1", received: "\(wrong)")
    }
  }

  /// The hidden state after every step, `[N, T, H]`, or after the last one, `[N, H]`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    forward(input, initialState: nil, mask: nil, mode: mode)
  }

  /// Like `forward(_:mode:)`, with more said about the sequences.
  /// - Parameters:
  ///   - initialState: the state before the first step, in place of zeros or of a carried state
  ///   - mask: `[N, T]`, 1 where a step counts. A step with 0 leaves the state as it is, and its output is
  ///     0. In place of what `paddingValue` finds.
  public mutating func forward(
    _ input: Tensor, initialState: RecurrentState? = nil, mask: Tensor? = nil, mode: Mode
  ) -> Tensor {
    let start = initialState ?? (configuration.isStateful ? memory.finalState : nil)
    requireFit(input, start, mask)
    // Out of the way of the next one, which is as large.
    memory.lastPass = nil
    let (output, finalState, kept) = run(
      input, from: start, mask: mask ?? configuration.mask(of: input),
      keeping: mode == .training, kernel: implementation == .fast && Self.referenceIsKernel)
    memory.finalState = finalState
    memory.lastPass = kept.map { RecurrentMemory.Pass(kept: $0, inputShape: input.shape) }
    memory.initialStateGradient = nil
    return configuration.returnsSequence ? output : finalState?.hidden ?? output
  }

  /// Runs one of the two bodies.
  private func run(
    _ input: Tensor, from start: RecurrentState?, mask: Tensor?, keeping: Bool, kernel: Bool
  ) -> (output: Tensor, finalState: RecurrentState?, kept: RecurrentMemory.Kept?) {
    if kernel {
      let (output, finalState, pass) = input.recurrentForward(
        Self.cell, weights: weights, initialState: start, mask: mask,
        reversed: configuration.isReversed, keeping: keeping)
      return (output, finalState, pass.map { .pass($0) })
    }
    let start =
      start
      ?? RecurrentState(
        zerosOf: Self.cell, batch: input.shape[0], hiddenSize: configuration.hiddenSize)
    let sequences = TimeSteps(input, mask: mask, isReversed: configuration.isReversed)
    let record = referenceForward(sequences, from: start)
    // An unfinished body has no states to show: an empty output fails wherever it is used, with words.
    guard sequences.isComplete(record, from: start) else { return (Tensor(zeros: [0]), nil, nil) }
    return (
      sequences.output(of: record), record.last?.after, keeping ? .record(record, mask: mask) : nil
    )
  }

  // MARK: Backward

  /// Accumulates the gradients of the weights, summed over all steps, and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    backward(outputGradient, finalStateGradient: nil)
  }

  /// Like `backward(_:)`, where somebody used the final state as well: the first state of a decoder, for
  /// instance.
  /// - Parameter finalStateGradient: the gradient with respect to `finalState`; a missing cell counts as 0
  public mutating func backward(_ outputGradient: Tensor, finalStateGradient: RecurrentState?)
    -> Tensor
  {
    let gradients = accumulate(outputGradient, finalStateGradient, needsInputGradient: true)
    return gradients.input ?? Tensor(zeros: [0])
  }

  /// Accumulates the gradients of the weights only.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    _ = accumulate(outputGradient, nil, needsInputGradient: false)
  }

  private mutating func accumulate(
    _ outputGradient: Tensor, _ finalStateGradient: RecurrentState?, needsInputGradient: Bool
  ) -> RecurrentGradients {
    guard let pass = memory.lastPass else {
      stop(
        "\(Self.typeName).backward",
        expected: "a forward pass with mode .training before it, and only one backward pass for it",
        received: "none (an inference pass keeps nothing, a backward pass uses it up)")
    }
    // It shares the weights' memory: if it stayed, the optimizer would have to copy them.
    memory.lastPass = nil
    let (batch, length) = (pass.inputShape[0], pass.inputShape[1])
    let size = configuration.hiddenSize
    let returnsSequence = configuration.returnsSequence
    requireGradient(
      outputGradient, shape: returnsSequence ? [batch, length, size] : [batch, size],
      of: Self.typeName)
    var finalGradient = finalStateGradient
    if Self.cell == .lstm, let hidden = finalGradient?.hidden, finalGradient?.cell == nil {
      finalGradient?.cell = Tensor(zeros: hidden.shape)
    }
    if let finalGradient, let problem = problem(of: finalGradient, batch: batch) {
      stop("\(Self.typeName).backward", expected: problem.expected, received: problem.received)
    }
    if !returnsSequence {
      // The output is the final state, so its gradient enters there.
      var whole =
        finalGradient ?? RecurrentState(zerosOf: Self.cell, batch: batch, hiddenSize: size)
      whole.hidden += outputGradient
      finalGradient = whole
    }
    let gradients = self.gradients(
      pass, outputGradient: returnsSequence ? outputGradient : nil, finalGradient: finalGradient,
      needsInputGradient: needsInputGradient)
    // Nothing to add up: the body is not written yet.
    guard gradients.weights.input.count > 0 else { return gradients }
    inputWeights.accumulate(gradients.weights.input)
    recurrentWeights.accumulate(gradients.weights.recurrent)
    bias.accumulate(gradients.weights.bias)
    if let gradient = gradients.weights.candidateRecurrentBias {
      candidateRecurrentBias?.accumulate(gradient)
    }
    memory.initialStateGradient = gradients.initialState
    return gradients
  }

  /// The way back of the body that ran.
  private func gradients(
    _ pass: RecurrentMemory.Pass, outputGradient: Tensor?, finalGradient: RecurrentState?,
    needsInputGradient: Bool
  ) -> RecurrentGradients {
    switch pass.kept {
    case .pass(let pass):
      return pass.backward(
        outputGradient: outputGradient, finalStateGradient: finalGradient,
        needsInputGradient: needsInputGradient)
    case .record(let record, let mask):
      let (batch, length) = (pass.inputShape[0], pass.inputShape[1])
      let zeros = RecurrentState(
        zerosOf: Self.cell, batch: batch, hiddenSize: configuration.hiddenSize)
      // The output of a masked step is 0 whatever the state, so no gradient comes from there.
      let dY = outputGradient.map { dY in
        mask.map { dY * $0.reshaped([batch, length, 1]) } ?? dY
      }
      return referenceBackward(
        record,
        outputGradients: (0..<length).map { dY?.slice(axis: 1, at: $0) ?? zeros.hidden },
        finalGradient: finalGradient ?? zeros)
    }
  }

  // MARK: Does the formula agree with the kernel?

  /// Whether the readable body does what the kernel does, tried on a few numbers. The kernel stands in for
  /// it only then, so an unfinished task does not train, and a wrong one trains wrongly.
  package static func tryReferenceAgainstKernel() -> Bool {
    let arguments = RecurrentConfiguration(
      inputSize: 2, hiddenSize: 3, forgetBias: cell == .lstm ? 0.5 : nil)
    guard var layer = try? Self(configuration: arguments) else { return false }
    let key = RandomKey(seed: 1)
    layer.forEachParameter { $1.value = Tensor(normal: $1.value.shape, key: key.folded($0)) }
    func state(_ name: String) -> RecurrentState {
      func draw(_ part: String) -> Tensor {
        Tensor(normal: [2, 3], key: key.folded(name).folded(part))
      }
      return RecurrentState(hidden: draw("hidden"), cell: cell == .lstm ? draw("cell") : nil)
    }
    let input = Tensor(normal: [2, 4, 2], key: key.folded("input"))
    let outputGradient = Tensor(normal: [2, 4, 3], key: key.folded("gradient"))
    let mask: Tensor = [[1, 1, 1, 1], [1, 0, 1, 0]]
    let results = [true, false].map { kernel -> [Tensor] in
      let (output, finalState, kept) = layer.run(
        input, from: state("start"), mask: mask, keeping: true, kernel: kernel)
      guard let finalState, let kept else { return [] }
      let gradients = layer.gradients(
        RecurrentMemory.Pass(kept: kept, inputShape: input.shape), outputGradient: outputGradient,
        finalGradient: state("end"), needsInputGradient: true)
      return [
        output, finalState.hidden, finalState.cell, gradients.input, gradients.weights.input,
        gradients.weights.recurrent, gradients.weights.bias,
        gradients.weights.candidateRecurrentBias, gradients.initialState.hidden,
        gradients.initialState.cell,
      ].compactMap { $0 }
    }
    // Written so that NaN disagrees.
    return results[0].count == results[1].count
      && zip(results[0], results[1]).allSatisfy { fast, formula in
        fast.shape == formula.shape && abs(fast - formula).max() <= 1e-4
      }
  }
}
