import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

// How a recurrent layer behaves in use.

extension RecurrentChecks {
  func lastStepIsTheLastOfAllSteps() throws {
    for reversed in [false, true] {
      var whole = try recurrentLayer(cell, reversed: reversed, implementation)
      var last = try recurrentLayer(
        cell, returnsSequence: false, reversed: reversed, implementation)
      let x = Tensor(normal: [2, 4, 2], key: RandomKey(seed: 5))
      let y = try recurrentPass(&whole, x)
      let final = try recurrentPass(&last, x)
      let place = reversed ? 0 : 3
      #expect(final == y.slice(axis: 1, at: place))
      let dY = Tensor(normal: [2, 3], key: RandomKey(seed: 6))
      var all = Tensor(zeros: [2, 4, 3])
      all[0..., place..<(place + 1)] = dY.reshaped([2, 1, 3])
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
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: 7))
    func turned(_ x: Tensor) -> Tensor {
      Tensor(stacking: [2, 1, 0].map { x.slice(axis: 1, at: $0) }, axis: 1)
    }
    let y = try recurrentPass(&backwards, x)
    expectClose(y, turned(try recurrentPass(&forwards, turned(x))), "\(cell), reversed")
    #expect(backwards.finalState?.hidden == y.slice(axis: 1, at: 0))
  }

  /// Sequences of a batch know nothing of each other, and padding behind one changes nothing.
  func eachSequenceStandsForItself() throws {
    var layer = try recurrentLayer(cell, implementation)
    let x = Tensor(normal: [3, 4, 2], key: RandomKey(seed: 8))
    let mask: Tensor = [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]]
    let y = layer.forward(x, mask: mask, mode: .inference)
    let final = try #require(layer.finalState?.hidden)
    let alone = layer.forward(x[1..<2, 0..<2], mode: .inference)
    try #require(y.shape == [3, 4, 3] && alone.shape == [1, 2, 3])
    expectClose(y[1..<2, 0..<2], alone, "\(cell): a sequence among others")
    expectClose(
      final[1..<2], alone.slice(axis: 1, at: 1),
      "\(cell): the final state of a sequence that is padded behind")
    #expect(abs(y[1..<2, 2...]).max() == 0, "\(cell): the output of a masked step is 0")
    #expect(abs(final[2..<3]).max() == 0, "\(cell): without a step the state stays")
  }

  func inferenceComputesTheSameAndKeepsNoPass() throws {
    var layer = try recurrentLayer(cell, implementation)
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: 9))
    let trained = try recurrentPass(&layer, x)
    let final = layer.finalState
    #expect(layer.forward(x, mode: .inference) == trained)
    #expect(layer.finalState == final)
  }

  /// What a caller holds stays as it is: input, states, gradients, and copies of the layer.
  func nothingIsChangedInPlace() throws {
    var layer = try recurrentLayer(cell, stateful: true, implementation)
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: 10))
    let start = state(Tensor(ones: [2, 3]), Tensor(ones: [2, 3]))
    let dY = Tensor(normal: [2, 3, 3], key: RandomKey(seed: 11))
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
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: 12))
    let dY = Tensor(normal: [2, 3, 3], key: RandomKey(seed: 13))
    _ = try recurrentPass(&layer, x * 3)
    _ = try recurrentBackward(&layer, dY * 3, inputShape: x.shape)
    let once = gradients(of: layer)
    let (y, expected) = try (recurrentPass(&layer, x), recurrentPass(&fresh, x))
    #expect(
      y == expected,
      "\(cell): the hidden state is carried to the next batch, though the layer is not stateful")
    #expect(
      layer.backward(dY) == fresh.backward(dY),
      "\(cell): the gradient of the hidden state is carried across sequences: dh starts anew")
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
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: 14))
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
