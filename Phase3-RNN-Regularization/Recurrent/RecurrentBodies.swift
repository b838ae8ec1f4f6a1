import Shared

/// The two bodies of a recurrent layer: the readable steps that a student writes, and the kernel.
///
/// The steps lead from one state to the next. Everything around them is given here: checks, masks, initial and
/// final states.
package protocol RecurrentBodies: RecurrentLayer, TwoBodied {
  var configuration: RecurrentConfiguration { get set }
  /// The values that the layer keeps from pass to pass.
  var memory: RecurrentMemory { get set }

  /// Goes through the sequences and records every step, in the order of the visit.
  func referenceForward(_ sequences: TimeSteps, from start: RecurrentState) -> [RecurrentStep]

  /// Goes back through the record: backpropagation through time.
  /// - Parameters:
  ///   - record: the result of `referenceForward`
  ///   - outputGradients: `outputGradients[t]` is the gradient that reaches the hidden state of step t from
  ///     outside, `[N, H]`
  ///   - finalGradient: the gradient that reaches the state after the last step from outside
  func referenceBackward(
    _ record: [RecurrentStep], outputGradients: [Tensor], finalGradient: RecurrentState
  ) -> RecurrentGradients
}

/// The values that a recurrent layer keeps from pass to pass.
package struct RecurrentMemory: Sendable {
  /// The values that the body which ran keeps for `backward`.
  enum Pass {
    case kernel(RecurrentPass)
    case steps([RecurrentStep], mask: Tensor?)
  }
  var kept = Kept<(pass: Pass, inputShape: [Int])>()
  var finalState: RecurrentState?
  var initialStateGradient: RecurrentState?

  /// Keeps nothing.
  package init() {}
}

extension RecurrentBodies {
  /// The state after the last step of the last pass.
  public var finalState: RecurrentState? {
    get { memory.finalState }
    set { memory.finalState = newValue }
  }
  /// The gradient with respect to the initial state of the last training pass.
  public var initialStateGradient: RecurrentState? { memory.initialStateGradient }

  /// Whether each batch continues where the one before it ended; may be switched at any time.
  public var isStateful: Bool {
    get { configuration.isStateful }
    set {
      var changed = configuration
      changed.isStateful = newValue
      var sized = changed
      sized.inputSize = max(sized.inputSize, 1)
      orStop { try sized.check(Self.cell, of: Self.typeName) }
      configuration = changed
    }
  }

  // MARK: Forward

  private func requireFit(_ input: Tensor, _ state: RecurrentState?, _ mask: Tensor?) {
    var place: String { "\(Self.typeName).forward" }
    if configuration.inputSize == 0 {
      orStop { throw missingInputSize(of: place, argument: "inputSize:") }
    }
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
  public mutating func forward(
    _ input: Tensor, initialState: RecurrentState?, mask: Tensor?, mode: Mode
  ) -> Tensor {
    let start = initialState ?? (configuration.isStateful ? memory.finalState : nil)
    requireFit(input, start, mask)
    // Released before the next pass, which is as large.
    memory.kept.clear()
    memory.initialStateGradient = nil
    let mask = mask ?? configuration.mask(of: input)
    let output =
      runsKernel
      ? fastForward(input, from: start, mask: mask, mode: mode)
      : walk(input, from: start, mask: mask, mode: mode)
    return configuration.returnsSequence ? output : memory.finalState?.hidden ?? output
  }

  /// The pass of the kernel.
  private mutating func fastForward(
    _ input: Tensor, from start: RecurrentState?, mask: Tensor?, mode: Mode
  ) -> Tensor {
    let weights = RecurrentWeights(
      input: inputWeights.value, recurrent: recurrentWeights.value, bias: bias.value,
      candidateRecurrentBias: candidateRecurrentBias?.value)
    let (output, finalState, pass) = input.recurrentForward(
      Self.cell, weights: weights, initialState: start, mask: mask,
      reversed: configuration.isReversed, keeping: mode == .training)
    memory.finalState = finalState
    if let pass { memory.kept.set((.kernel(pass), input.shape), in: mode) }
    return output
  }

  /// The pass of the readable steps.
  private mutating func walk(
    _ input: Tensor, from start: RecurrentState?, mask: Tensor?, mode: Mode
  ) -> Tensor {
    let start = start ?? zeroState(batch: input.shape[0])
    let sequences = TimeSteps(input, mask: mask, isReversed: configuration.isReversed)
    let record = referenceForward(sequences, from: start)
    // An unfinished body has no states to show: an empty output fails in words where it is used.
    guard sequences.isComplete(record, from: start) else {
      memory.finalState = nil
      return Tensor(zeros: [0])
    }
    memory.finalState = record.last?.after
    memory.kept.set((.steps(record, mask: mask), input.shape), in: mode)
    return sequences.output(of: record)
  }

  private func zeroState(batch: Int) -> RecurrentState {
    let zeros = Tensor(zeros: [batch, configuration.hiddenSize])
    return RecurrentState(hidden: zeros, cell: Self.cell == .lstm ? zeros : nil)
  }

  // MARK: Backward

  /// Accumulates the gradients of the weights, summed over all steps, and returns `dX`.
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
    // Consuming it matters here: it shares the weights' memory, and the optimizer would have to copy them.
    let (pass, inputShape) = memory.kept.take(for: Self.typeName)
    let (batch, length) = (inputShape[0], inputShape[1])
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
      var whole = finalGradient ?? zeroState(batch: batch)
      whole.hidden += outputGradient
      finalGradient = whole
    }
    let dY = returnsSequence ? outputGradient : nil
    let gradients =
      switch pass {
      case .kernel(let pass):
        pass.backward(
          outputGradient: dY, finalStateGradient: finalGradient,
          needsInputGradient: needsInputGradient)
      case .steps(let record, let mask):
        walkBack(record, dY, mask: mask?.reshaped(to: [batch, length, 1]), finalGradient)
      }
    // Nothing to add up: the body is unfinished.
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

  /// The way back through the readable steps.
  private func walkBack(
    _ record: [RecurrentStep], _ dY: Tensor?, mask: Tensor?, _ finalGradient: RecurrentState?
  ) -> RecurrentGradients {
    let zeros = zeroState(batch: record[0].input.shape[0])
    // The output of a masked step is 0 whatever the state, so no gradient comes from there.
    let dY = dY.map { dY in mask.map { dY * $0 } ?? dY }
    return referenceBackward(
      record, outputGradients: record.indices.map { dY?.slice(axis: 1, at: $0) ?? zeros.hidden },
      finalGradient: finalGradient ?? zeros)
  }

  // MARK: The comparison of the two bodies

  /// A layer with random weights, for `agree(on:running:)`.
  package static var trials: [Self] {
    let configuration = RecurrentConfiguration(
      inputSize: 2, hiddenSize: 3, forgetBias: cell == .lstm ? 0.5 : nil)
    var layer = orStop { try Self(configuration: configuration) }
    let key = RandomKey(seed: 1)
    layer.forEachParameter { $1.value = Tensor(normal: $1.value.shape, key: key.folded($0)) }
    return [layer]
  }

  /// The results of a pass from a state, with a mask and a gradient of the final state, and of an inference.
  package static func tryBody(of trial: Self, _ implementation: Implementation) -> [Tensor] {
    var layer = trial
    layer.implementation = implementation
    func draw(_ name: String, _ shape: [Int]) -> Tensor {
      Tensor(normal: shape, key: RandomKey(seed: 1).folded(name))
    }
    func state(_ name: String) -> RecurrentState {
      RecurrentState(
        hidden: draw(name, [2, 3]), cell: cell == .lstm ? draw("\(name) cell", [2, 3]) : nil)
    }
    let input = draw("input", [2, 4, 2])
    let output = layer.forward(
      input, initialState: state("start"), mask: [[1, 1, 1, 1], [1, 0, 1, 0]], mode: .training)
    guard output.shape == [2, 4, 3], let final = layer.finalState else { return [output] }
    let dX = layer.backward(draw("gradient", [2, 4, 3]), finalStateGradient: state("end"))
    var results = [output, final.hidden, final.cell, dX].compactMap { $0 }
    // An unfinished body accumulates no gradient.
    layer.forEachParameter { if let gradient = $1.gradient { results.append(gradient) } }
    let start = layer.initialStateGradient
    results += [start?.hidden, start?.cell].compactMap { $0 }
    return results + [layer.forward(input, mode: .inference)]
  }
}
