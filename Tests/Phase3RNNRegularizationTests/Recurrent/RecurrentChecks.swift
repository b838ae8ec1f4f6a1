import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

// The requirements that ElmanRNN, LSTM and GRU share. Each function is called by a test of each of the three suites.

/// A layer of the given kind.
func recurrentLayer(
  _ cell: RecurrentCell, inputSize: Int = 2, hiddenSize: Int = 3, returnsSequence: Bool = true,
  stateful: Bool = false, reversed: Bool = false, paddingValue: Float? = nil,
  _ implementation: Implementation
) throws -> any RecurrentLayer {
  let configuration = RecurrentConfiguration(
    inputSize: inputSize, hiddenSize: hiddenSize, returnsSequence: returnsSequence,
    isStateful: stateful, isReversed: reversed, paddingValue: paddingValue)
  var layer: any RecurrentLayer =
    switch cell {
    case .elman: try ElmanRNN(configuration: configuration).seeded(varied(1))
    case .lstm: try LSTM(configuration: configuration).seeded(varied(1))
    case .gru: try GRU(configuration: configuration).seeded(varied(1))
    }
  layer.implementation = implementation
  return layer
}

/// A forward pass in training mode, after which a backward pass cannot trap.
func recurrentPass(
  _ layer: inout any RecurrentLayer, _ input: Tensor, from start: RecurrentState? = nil,
  mask: Tensor? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws -> Tensor {
  let output = layer.forward(input, initialState: start, mask: mask, mode: .training)
  let name = type(of: layer).typeName
  let expected = try [input.shape[0]] + layer.outputShape(for: Array(input.shape.dropFirst()))
  try require(
    output.shape == expected,
    """
    \(name).forward: expected output shape \(expected), got \(output.shape). Is every step in the record, in \
    the order of the visit, with a new state [N, H]?
    """, sourceLocation: sourceLocation)
  try require(
    layer.finalState != nil, "\(name).forward: no final state", sourceLocation: sourceLocation)
  return output
}

/// A backward pass after `recurrentPass`; requires that dX has the shape of the input.
func recurrentBackward(
  _ layer: inout any RecurrentLayer, _ outputGradient: Tensor,
  final finalStateGradient: RecurrentState? = nil, inputShape: [Int],
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> Tensor {
  let dX = layer.backward(outputGradient, finalStateGradient: finalStateGradient)
  try require(
    dX.shape == inputShape,
    """
    \(type(of: layer).typeName).backward: dX must have the shape of the input, \(inputShape), got \(dX.shape)
    """, sourceLocation: sourceLocation)
  return dX
}

/// The gradients of a layer, by parameter.
func gradients(of layer: any RecurrentLayer) -> [String: Tensor] {
  var copy = layer
  var all: [String: Tensor] = [:]
  copy.forEachParameter { all[$0] = $1.gradient }
  return all
}

struct RecurrentChecks {
  let cell: RecurrentCell
  let implementation: Implementation

  func fill(_ shape: [Int], _ m: Int, _ k: Int, _ d: Float) -> Tensor {
    RecurrentNumbers.fill(shape, m, k, d)
  }

  /// The layer of `RecurrentNumbers`.
  func numbersLayer(stateful: Bool = false) throws -> any RecurrentLayer {
    var layer = try recurrentLayer(cell, stateful: stateful, implementation)
    let columns = cell.gateCount * 3
    layer.inputWeights.value = fill([2, columns], 11, 7, 6)
    layer.recurrentWeights.value = fill([3, columns], 13, 5, 8)
    layer.bias.value = fill([columns], 7, 3, 4)
    layer.candidateRecurrentBias?.value = fill([3], 5, 2, 3)
    return layer
  }

  func state(_ hidden: Tensor, _ cellState: Tensor) -> RecurrentState {
    RecurrentState(hidden: hidden, cell: cell == .lstm ? cellState : nil)
  }

  // MARK: PyTorch

  /// Outputs, final states and all gradients.
  func agreesWithPyTorch(_ name: String) throws {
    let right = RecurrentNumbers.entry(cell, name)
    var layer = try numbersLayer()
    let start = state(fill([2, 3], 8, 3, 5), fill([2, 3], 7, 4, 4))
    let mask: Tensor? = name == "lengths" ? [[1, 1, 1], [1, 0, 0]] : nil
    let y = try recurrentPass(&layer, fill([2, 3, 2], 9, 4, 4), from: start, mask: mask)
    expect(y, right.y, "output")
    try expectFinalState(of: layer, right)
    let dX = try recurrentBackward(
      &layer, fill([2, 3, 3], 7, 3, 2),
      final: state(fill([2, 3], 6, 5, 3), fill([2, 3], 5, 3, 2)), inputShape: [2, 3, 2])
    expect(dX, right.dX, "dX")
    try expectParameterGradients(of: layer, right)
    let initial = try #require(layer.initialStateGradient)
    expect(initial.hidden, try #require(right.dh0), "dh0")
    if let dc0 = right.dc0 { expect(try #require(initial.cell), dc0, "dc0") }
  }

  /// Three batches, each from where the one before it ended, without gradients across.
  func statefulRunAgreesWithPyTorch() throws {
    let right = RecurrentNumbers.entry(cell, "stateful")
    var layer = try numbersLayer(stateful: true)
    #expect(layer.carriesState)
    let (x, dY) = (fill([2, 9, 2], 9, 4, 4), fill([2, 9, 3], 7, 3, 2))
    var (ys, dXs): ([Tensor], [Tensor]) = ([], [])
    for part in [0..<3, 3..<6, 6..<9] {
      ys.append(try recurrentPass(&layer, x[0..., part]))
      dXs.append(try recurrentBackward(&layer, dY[0..., part], inputShape: [2, 3, 2]))
    }
    expect(Tensor(concatenating: ys, axis: 1), right.y, "output of three stateful batches")
    try expectFinalState(of: layer, right)
    expect(Tensor(concatenating: dXs, axis: 1), right.dX, "dX of three stateful batches")
    try expectParameterGradients(of: layer, right)
  }

  private func expect(
    _ actual: Tensor, _ numbers: [Float], _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    guard actual.count == numbers.count else {
      Issue.record("\(cell), \(what): \(actual.shape)", sourceLocation: sourceLocation)
      return
    }
    expectClose(
      actual, Tensor(shape: actual.shape, scalars: numbers), "\(cell), \(what)", atol: 2e-6,
      sourceLocation: sourceLocation)
  }

  private func expectFinalState(of layer: any RecurrentLayer, _ right: RecurrentNumbers) throws {
    let final = try #require(layer.finalState)
    expect(final.hidden, right.hidden, "final hidden state")
    if let cellState = right.finalCell {
      expect(try #require(final.cell), cellState, "final cell state")
    } else {
      #expect(final.cell == nil)
    }
  }

  private func expectParameterGradients(of layer: any RecurrentLayer, _ right: RecurrentNumbers)
    throws
  {
    let got = gradients(of: layer)
    expect(try #require(got["inputWeights"]), right.dW, "dW")
    expect(try #require(got["recurrentWeights"]), right.dU, "dU")
    expect(try #require(got["bias"]), right.db, "db")
    if let dc = right.dc { expect(try #require(got["candidateRecurrentBias"]), dc, "dc") }
  }

  // MARK: Finite differences

  func gradientsAgreeWithFiniteDifferences() throws {
    for (returnsSequence, reversed, shape) in [
      (true, false, [2, 4, 3]), (false, false, [3, 3, 2]), (true, true, [1, 5, 1]),
      (false, true, [2, 2, 4]),
    ] {
      let layer = try recurrentLayer(
        cell, inputSize: shape[2], hiddenSize: 3, returnsSequence: returnsSequence,
        reversed: reversed, implementation)
      var copy = layer
      let y = try recurrentPass(&copy, Tensor(ones: shape))
      _ = try recurrentBackward(&copy, y, inputShape: shape)
      try expectGradients(of: layer, inputShape: shape)
    }
  }

  /// Steps in the middle and at the end are padding.
  func gradientsWithPaddingAgreeWithFiniteDifferences() throws {
    var x = Tensor(normal: [2, 4, 2], key: RandomKey(seed: varied(3)))
    x[0..<1, 1..<2] = Tensor(repeating: 9, shape: [1, 1, 2])
    x[1..<2, 2...] = Tensor(repeating: 9, shape: [1, 2, 2])
    for returnsSequence in [true, false] {
      var layer = try recurrentLayer(
        cell, returnsSequence: returnsSequence, paddingValue: 9, implementation)
      var explicit = try recurrentLayer(cell, returnsSequence: returnsSequence, implementation)
      let y = try recurrentPass(&layer, x)
      #expect(
        y == explicit.forward(x, mask: [[1, 0, 1, 1], [1, 1, 0, 0]], mode: .training),
        "paddingValue: a step whose features all equal it is masked")
      // Moving a padded input makes a step of it, so the differences are taken with the mask.
      let dY = Tensor(normal: y.shape, key: RandomKey(seed: varied(4)))
      let dX = try recurrentBackward(&layer, dY, inputShape: x.shape)
      #expect(dX[1..<2, 2...].max() == 0 && dX[1..<2, 2...].min() == 0, "dX of a masked step is 0")
      #expect(abs(dX[0..<1, 1..<2]).max() == 0, "dX of a masked step is 0")
      func value(_ weights: Tensor) -> Double {
        var copy = explicit
        copy.recurrentWeights.value = weights
        let y = copy.forward(x, mask: [[1, 0, 1, 1], [1, 1, 0, 0]], mode: .inference)
        return zip(y.scalars, dY.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      let dU = try #require(gradients(of: layer)["recurrentWeights"])
      for (row, column) in [(0, 0), (1, 2), (2, 1)] {
        var (up, down) = (explicit.recurrentWeights.value, explicit.recurrentWeights.value)
        up[row, column] += 0.01
        down[row, column] -= 0.01
        expectClose(
          dU[row, column], Float((value(up) - value(down)) / 0.02), "dU with masked steps",
          atol: 2e-3)
      }
    }
  }
}

// How a recurrent layer behaves in use.

extension RecurrentChecks {
  func lastStepIsTheLastOfAllSteps() throws {
    for reversed in [false, true] {
      var whole = try recurrentLayer(cell, reversed: reversed, implementation)
      var last = try recurrentLayer(
        cell, returnsSequence: false, reversed: reversed, implementation)
      let x = Tensor(normal: [2, 4, 2], key: RandomKey(seed: varied(5)))
      let y = try recurrentPass(&whole, x)
      let final = try recurrentPass(&last, x)
      let place = reversed ? 0 : 3
      #expect(final == y.slice(axis: 1, at: place))
      let dY = Tensor(normal: [2, 3], key: RandomKey(seed: varied(6)))
      var all = Tensor(zeros: [2, 4, 3])
      all[0..., place..<(place + 1)] = dY.reshaped(to: [2, 1, 3])
      expectClose(
        try recurrentBackward(&last, dY, inputShape: x.shape),
        try recurrentBackward(&whole, all, inputShape: x.shape), "\(cell): dX of the last step only"
      )
      let (a, b) = (gradients(of: last), gradients(of: whole))
      for name in a.keys {
        expectClose(try #require(a[name]), try #require(b[name]), "\(cell): \(name), last step")
      }
    }
  }

  func reversedIsForwardOnTheReversedSequence() throws {
    var (forwards, backwards) = try (
      recurrentLayer(cell, implementation), recurrentLayer(cell, reversed: true, implementation)
    )
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: varied(7)))
    func turned(_ x: Tensor) -> Tensor {
      Tensor(stacking: [2, 1, 0].map { x.slice(axis: 1, at: $0) }, axis: 1)
    }
    let y = try recurrentPass(&backwards, x)
    expectClose(y, turned(try recurrentPass(&forwards, turned(x))), "\(cell), reversed")
    #expect(backwards.finalState?.hidden == y.slice(axis: 1, at: 0))
  }

  /// Sequences of a batch do not depend on each other, and padding after one changes nothing.
  func eachSequenceStandsForItself() throws {
    var layer = try recurrentLayer(cell, implementation)
    let x = Tensor(normal: [3, 4, 2], key: RandomKey(seed: varied(8)))
    let mask: Tensor = [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]]
    let y = layer.forward(x, mask: mask, mode: .inference)
    let final = try #require(layer.finalState?.hidden)
    let alone = layer.forward(x[1..<2, 0..<2], mode: .inference)
    try #require(y.shape == [3, 4, 3] && alone.shape == [1, 2, 3])
    expectClose(y[1..<2, 0..<2], alone, "\(cell): a sequence among others")
    expectClose(
      final[1..<2], alone.slice(axis: 1, at: 1),
      "\(cell): the final state of a sequence that is padded at its end")
    #expect(abs(y[1..<2, 2...]).max() == 0, "\(cell): the output of a masked step is 0")
    #expect(abs(final[2..<3]).max() == 0, "\(cell): without a step the state stays")
  }

  func inferenceComputesTheSameAndKeepsNoPass() throws {
    var layer = try recurrentLayer(cell, implementation)
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: varied(9)))
    let trained = try recurrentPass(&layer, x)
    let final = layer.finalState
    #expect(layer.forward(x, mode: .inference) == trained)
    #expect(layer.finalState == final)
  }

  /// The tensors of a caller stay as they are: input, states, gradients, and copies of the layer.
  func nothingIsChangedInPlace() throws {
    var layer = try recurrentLayer(cell, stateful: true, implementation)
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: varied(10)))
    let start = state(Tensor(ones: [2, 3]), Tensor(ones: [2, 3]))
    let dY = Tensor(normal: [2, 3, 3], key: RandomKey(seed: varied(11)))
    let before = (x.scalars, dY.scalars, layer.recurrentWeights.value.scalars)
    let y = try recurrentPass(&layer, x, from: start)
    let (scalars, final) = (y.scalars, try #require(layer.finalState))
    let finalScalars = final.hidden.scalars
    var copy = layer
    let dX = try recurrentBackward(&layer, dY, inputShape: x.shape)
    _ = try recurrentPass(&layer, x * 2)
    #expect(x.scalars == before.0, "\(cell).forward changes its input in place")
    #expect(dY.scalars == before.1, "\(cell).backward changes its argument in place")
    #expect(
      layer.recurrentWeights.value.scalars == before.2,
      "\(cell).backward changes the weights: only the optimizer may, after the whole backward pass")
    #expect(
      start == state(Tensor(ones: [2, 3]), Tensor(ones: [2, 3])),
      "\(cell).forward changes the initial state of its caller in place")
    #expect(y.scalars == scalars, "\(cell): the next batch changes an output that was handed out")
    #expect(
      final.hidden.scalars == finalScalars, "\(cell): the next batch changes an old final state")
    #expect(copy.backward(dY) == dX, "\(cell): a copy goes its own way")
  }

  /// A second batch, without a carried state, must not notice the first one.
  func nothingRemainsOfTheLastBatch() throws {
    var layer = try recurrentLayer(cell, implementation)
    var fresh = layer
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: varied(12)))
    let dY = Tensor(normal: [2, 3, 3], key: RandomKey(seed: varied(13)))
    _ = try recurrentPass(&layer, x * 3)
    _ = try recurrentBackward(&layer, dY * 3, inputShape: x.shape)
    let once = gradients(of: layer)
    let (y, expected) = try (recurrentPass(&layer, x), recurrentPass(&fresh, x))
    #expect(
      y == expected,
      "\(cell): the hidden state is carried to the next batch, though the layer is not stateful")
    #expect(
      layer.backward(dY) == fresh.backward(dY),
      "\(cell): the gradient of the hidden state is carried across sequences: dh starts at 0")
    let (sum, second) = (gradients(of: layer), gradients(of: fresh))
    for name in sum.keys {
      let (first, all) = (try #require(once[name]), try #require(sum[name]))
      expectClose(
        all, first + (try #require(second[name])), "\(cell): \(name) after two batches",
        mistakes: [
          "the second pass replaces the first: gradients add up until cleared": second[name]!
        ])
    }
  }

  func resettingForgetsTheState() throws {
    var layer = try recurrentLayer(cell, stateful: true, implementation)
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: varied(14)))
    let first = try recurrentPass(&layer, x)
    #expect(try recurrentPass(&layer, x) != first, "\(cell): a stateful layer goes on")
    layer.resetState()
    #expect(try recurrentPass(&layer, x) == first, "\(cell).resetState")
    var names: [String] = []
    layer.forEachState { names.append("\($0) \($1.shape)") }
    #expect(names == (cell == .lstm ? ["hidden [2, 3]", "cell [2, 3]"] : ["hidden [2, 3]"]))
    layer.resetState()
    names = []
    layer.forEachState { names.append("\($0) \($1.shape)") }
    #expect(names == (cell == .lstm ? ["hidden [0, 3]", "cell [0, 3]"] : ["hidden [0, 3]"]))
    #expect(layer.finalState == nil)
  }
}
