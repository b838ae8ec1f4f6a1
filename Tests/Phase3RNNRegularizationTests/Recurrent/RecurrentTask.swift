import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Tasks 3.3, 3.4 and 3.8: what comes first in their tests, the same for the three cells.
///
/// There are two sequences of two features and two hidden values, so that a wrong transpose fits and shows as
/// a wrong number, which the oracle recognises.
struct RecurrentTask: Sendable {
  let cell: RecurrentCell

  var name: String {
    switch cell {
    case .elman: ElmanRNN.typeName
    case .lstm: LSTM.typeName
    case .gru: GRU.typeName
    }
  }

  /// The steps of a suite; `process` runs them as an exit test.
  static func steps(
    _ cell: RecurrentCell, process: @escaping @Sendable () async -> ExitTest.Result?
  ) -> FirstSteps {
    let task = RecurrentTask(cell: cell)
    return FirstSteps(
      of: task.name,
      [
        ("forwardStepByStep()", { try task.forward() }),
        ("backwardThroughTime()", { try task.backward() }),
        ("maskedStepsAreSkipped()", { try task.masks() }),
        ("otherSizesAndTheOtherDirection()", { try task.otherSizes() }),
      ],
      hints: [
        "Index out of range":
          "step.gates has only the values that sequences.step got as gates:, and the lists of T tensors begin at 0.",
        "unwrapping an Optional":
          "Of the optional values, an LSTM has cell states, and a GRU has candidateRecurrentBias.",
        "a right side that broadcasts":
          "A gradient has the shape of its parameter: that of the bias is summed over the batch.",
      ], process: process)
  }

  /// The first steps of the three tasks.
  static let all = [ElmanRNNTests.steps, LSTMTests.steps, GRUTests.steps]

  private func fill(_ shape: [Int], _ m: Int, _ k: Int, _ d: Float) -> Tensor {
    RecurrentNumbers.fill(shape, m, k, d)
  }

  var oracle: RecurrentOracle {
    let columns = cell.gateCount * 2
    return RecurrentOracle(
      cell: cell, x: fill([2, 3, 2], 9, 4, 4), w: fill([2, columns], 11, 7, 6),
      u: fill([2, columns], 13, 5, 8), b: fill([columns], 7, 3, 4),
      candidateBias: cell == .gru ? fill([2], 5, 4, 3) : nil, h0: fill([2, 2], 8, 3, 5),
      c0: cell == .lstm ? fill([2, 2], 7, 4, 4) : nil)
  }

  /// A layer with the oracle's weights.
  func layer(stateful: Bool = false) throws -> any RecurrentLayer {
    var layer = try recurrentLayer(cell, hiddenSize: 2, stateful: stateful, .reference)
    setWeights(of: &layer, oracle)
    return layer
  }

  private func setWeights(of layer: inout any RecurrentLayer, _ oracle: RecurrentOracle) {
    layer.inputWeights.value = oracle.w
    layer.recurrentWeights.value = oracle.u
    layer.bias.value = oracle.b
    if let bias = oracle.candidateBias { layer.candidateRecurrentBias?.value = bias }
  }

  // MARK: The gradients that come from outside

  private var dY: Tensor { fill([2, 3, 2], 7, 3, 2) }
  private var final: RecurrentState {
    RecurrentState(
      hidden: fill([2, 2], 6, 5, 3), cell: cell == .lstm ? fill([2, 2], 5, 3, 2) : nil)
  }
  func result(of oracle: RecurrentOracle) -> RecurrentOracle.Result {
    oracle(dY, final.hidden, final.cell ?? Tensor(zeros: [2, 2]))
  }

  /// A step in the middle, and one at the end.
  static let mask: Tensor = [[1, 0, 1], [1, 1, 0]]

  // MARK: The steps

  func forward() throws {
    let oracle = oracle
    var layer = try layer()
    let got = try forwardValues(&layer, oracle)
    let right = result(of: oracle)
    try tell("forward", got, forwardValues(of: right)) {
      answers(of: mistakes(.forward), oracle) { forwardValues(of: $0) }
    } otherwise: {
      place(of: got[0].value, right.y)
    }
  }

  func backward() throws {
    let oracle = oracle
    var layer = try layer()
    _ = try forwardValues(&layer, oracle)
    let got = try backwardValues(&layer, dY, final, inputShape: [2, 3, 2])
    let right = result(of: oracle)
    try tell("backward", got, backwardValues(of: right)) {
      answers(of: mistakes(.backward), oracle) { backwardValues(of: $0) }
    } otherwise: {
      var one = oracle
      one.x = oracle.x[0..., 0..<1]
      var layer = try self.layer()
      _ = try forwardValues(&layer, one)
      let values = try backwardValues(&layer, dY[0..., 0..<1], final, inputShape: [2, 1, 2])
      return place(ofGradients: values, backwardValues(of: result(of: one)))
    }
    try require(
      layer.recurrentWeights.value == oracle.u && layer.inputWeights.value == oracle.w
        && layer.bias.value == oracle.b,
      "\(name).backward changes the weights: only the optimizer may, after the whole backward pass")
  }

  func masks() throws {
    var oracle = oracle
    oracle.mask = Self.mask
    let right = result(of: oracle)
    var layer = try layer()
    let got = try forwardValues(&layer, oracle)
    try tell("forward with masked steps", got, forwardValues(of: right)) {
      answers(of: mistakes(.masks), oracle) { forwardValues(of: $0) }
    }
    guard areClose(got[0].value, right.y) else { return }
    try tell(
      "backward with masked steps", backwardValues(&layer, dY, final, inputShape: [2, 3, 2]),
      backwardValues(of: right)
    ) {
      answers(of: mistakes(.masks), oracle) { backwardValues(of: $0) }
    }
  }

  /// No two sizes are equal, and a reversed layer begins with the last step.
  func otherSizes() throws {
    let columns = cell.gateCount * 5
    var oracle = RecurrentOracle(
      cell: cell, x: fill([3, 2, 4], 9, 4, 4), w: fill([4, columns], 11, 7, 6),
      u: fill([5, columns], 13, 5, 8), b: fill([columns], 7, 3, 4),
      candidateBias: cell == .gru ? fill([5], 5, 4, 3) : nil, h0: fill([3, 5], 8, 3, 5),
      c0: cell == .lstm ? fill([3, 5], 7, 4, 4) : nil)
    let x = oracle.x
    let dY = fill([3, 2, 5], 7, 3, 2)
    let final = RecurrentState(
      hidden: fill([3, 5], 6, 5, 3), cell: cell == .lstm ? fill([3, 5], 5, 3, 2) : nil)
    for isReversed in [false, true] {
      func turned(_ x: Tensor) -> Tensor {
        let steps = isReversed ? [1, 0] : [0, 1]
        return Tensor(stacking: steps.map { x.slice(axis: 1, at: $0) }, axis: 1)
      }
      oracle.x = turned(x)
      let zeros = Tensor(zeros: [3, 5])
      var right = oracle(turned(dY), final.hidden, final.cell ?? zeros)
      (right.y, right.dX) = (turned(right.y), turned(right.dX))
      var layer = try recurrentLayer(
        cell, inputSize: 4, hiddenSize: 5, reversed: isReversed, .reference)
      setWeights(of: &layer, oracle)
      oracle.x = x
      let words = "of 3 sequences of 2 steps\(isReversed ? ", reversed" : "")"
      let got = try forwardValues(&layer, oracle)
      try tell("forward \(words)", got, forwardValues(of: right)) { [] }
      guard areClose(got[0].value, right.y) else { return }
      let gradients = try backwardValues(&layer, dY, final, inputShape: x.shape)
      try tell("backward \(words)", gradients, backwardValues(of: right)) {
        var wrong = right
        wrong.dX = Tensor(stacking: [1, 0].map { right.dX.slice(axis: 1, at: $0) }, axis: 1)
        return [(RecurrentFault.gradientsInOrderOfLoop.rawValue, backwardValues(of: wrong))]
      }
    }
  }

  // MARK: The results of a layer, and those of a mistake

  typealias Values = [(name: String, value: Tensor)]

  private func forwardValues(_ layer: inout any RecurrentLayer, _ oracle: RecurrentOracle) throws
    -> Values
  {
    let start = RecurrentState(hidden: oracle.h0, cell: oracle.c0)
    let y = try recurrentPass(&layer, oracle.x, from: start, mask: oracle.mask)
    let state = try require(layer.finalState, "\(name).forward: there is no final state")
    return [
      ("output", y), ("final hidden state", state.hidden), ("final cell state", state.cell),
    ].compactMap { name, value in value.map { (name, $0) } }
  }

  func forwardValues(of result: RecurrentOracle.Result) -> Values {
    [("output", result.y), ("final hidden state", result.hidden)]
      + (cell == .lstm ? [("final cell state", result.cell)] : [])
  }

  private func backwardValues(
    _ layer: inout any RecurrentLayer, _ dY: Tensor, _ final: RecurrentState, inputShape: [Int]
  ) throws -> Values {
    let dX = try recurrentBackward(&layer, dY, final: final, inputShape: inputShape)
    let all = gradients(of: layer)
    var values: Values = []
    for name in ["bias", "inputWeights", "recurrentWeights"]
      + (cell == .gru ? ["candidateRecurrentBias"] : [])
    {
      let value = try require(all[name], "\(self.name).backward: there is no gradient of \(name)")
      values.append(("gradient of \(name)", value))
    }
    let initial = try require(
      layer.initialStateGradient, "\(name).backward: there is no gradient of the initial state")
    values += [("dX", dX), ("gradient of the initial hidden state", initial.hidden)]
    if cell == .lstm {
      let gradient = try require(
        initial.cell, "\(name).backward: the initial state has no gradient of its cell")
      values.append(("gradient of the initial cell state", gradient))
    }
    return values
  }

  func backwardValues(of result: RecurrentOracle.Result) -> Values {
    [
      ("gradient of bias", result.db), ("gradient of inputWeights", result.dW),
      ("gradient of recurrentWeights", result.dU),
    ] + (cell == .gru ? [("gradient of candidateRecurrentBias", result.dc)] : [])
      + [("dX", result.dX), ("gradient of the initial hidden state", result.dh0)]
      + (cell == .lstm ? [("gradient of the initial cell state", result.dc0)] : [])
  }
}
