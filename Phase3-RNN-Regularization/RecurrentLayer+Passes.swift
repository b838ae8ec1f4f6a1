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
    let (output, finalState, kept) = pass(
      input, from: start, mask: mask ?? configuration.mask(of: input),
      keeping: mode == .training)
    memory.finalState = finalState
    memory.lastPass = kept.map { RecurrentMemory.Pass(kept: $0, inputShape: input.shape) }
    memory.initialStateGradient = nil
    return configuration.returnsSequence ? output : finalState?.hidden ?? output
  }

  private func pass(_ input: Tensor, from start: RecurrentState?, mask: Tensor?, keeping: Bool)
    -> (output: Tensor, finalState: RecurrentState?, kept: RecurrentMemory.Kept?)
  {
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
        "\(Self.typeName).backward", expected: "a forward pass with mode .training before it",
        received: "none (an inference pass keeps nothing)")
    }
    let (batch, length) = (pass.inputShape[0], pass.inputShape[1])
    let shape = [batch, configuration.hiddenSize]
    requireGradient(
      outputGradient,
      shape: configuration.returnsSequence ? [batch, length, configuration.hiddenSize] : shape,
      of: Self.typeName)
    var finalGradient =
      finalStateGradient
      ?? RecurrentState(zerosOf: Self.cell, batch: batch, hiddenSize: configuration.hiddenSize)
    if Self.cell == .lstm, finalGradient.cell == nil { finalGradient.cell = Tensor(zeros: shape) }
    if let problem = problem(of: finalGradient, batch: batch) {
      stop("\(Self.typeName).backward", expected: problem.expected, received: problem.received)
    }
    if !configuration.returnsSequence { finalGradient.hidden += outputGradient }

    let gradients: RecurrentGradients
    switch pass.kept {
    case .record(let record, let mask):
      // The output of a masked step is 0 whatever the state, so no gradient comes from there.
      let masked =
        mask.map { outputGradient * $0.reshaped([batch, length, 1]) } ?? outputGradient
      gradients = referenceBackward(
        record,
        outputGradients: (0..<length).map { t in
          configuration.returnsSequence ? masked.slice(axis: 1, at: t) : Tensor(zeros: shape)
        }, finalGradient: finalGradient)
    }
    inputWeights.accumulate(gradients.weights.input)
    recurrentWeights.accumulate(gradients.weights.recurrent)
    bias.accumulate(gradients.weights.bias)
    if let gradient = gradients.weights.candidateRecurrentBias {
      candidateRecurrentBias?.accumulate(gradient)
    }
    memory.initialStateGradient = gradients.initialState
    return gradients
  }
}

extension RecurrentLayer {
  /// Tries the readable body and the kernel on a few numbers.
  static func checkReferenceAgainstKernel() -> Bool { false }
}
