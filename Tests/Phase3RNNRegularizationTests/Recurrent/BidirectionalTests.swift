import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

@Suite(.waits(whileAnyTraps: RecurrentTask.all), .watched)
struct BidirectionalTests {
  private static func layer(returnsSequence: Bool, _ implementation: Implementation = .fast)
    -> Bidirectional
  {
    let fill = RecurrentNumbers.fill
    var inner = LSTM(
      inputSize: 2, hiddenSize: 3, returnsSequence: returnsSequence,
      implementation: implementation, seed: varied(1))
    inner.inputWeights.value = fill([2, 12], 11, 7, 6)
    inner.recurrentWeights.value = fill([3, 12], 13, 5, 8)
    inner.bias.value = fill([12], 7, 3, 4)
    var layer = Bidirectional(inner)
    layer.backwardLayer.inputWeights.value = fill([2, 12], 13, 5, 6)
    layer.backwardLayer.recurrentWeights.value = fill([3, 12], 11, 7, 8)
    layer.backwardLayer.bias.value = fill([12], 5, 2, 4)
    return layer
  }

  @Test(arguments: [Implementation.reference, .fast])
  func agreesWithPyTorch(implementation: Implementation) throws {
    let x = RecurrentNumbers.fill([2, 3, 2], 9, 4, 4)
    var layer = Self.layer(returnsSequence: true, implementation)
    let (y, dX) = try trainingPass(
      &layer, input: x, outputGradient: RecurrentNumbers.fill([2, 3, 6], 7, 3, 2))
    expect(y, BidirectionalNumbers.y, "Y")
    expect(dX, BidirectionalNumbers.dX, "dX")
    var got: [String: Tensor] = [:]
    layer.forEachParameter { got[$0] = $1.gradient }
    expect(
      try #require(got["forward.recurrentWeights"]), BidirectionalNumbers.dU, "dU from the front")
    expect(
      try #require(got["backward.recurrentWeights"]), BidirectionalNumbers.dUreverse,
      "dU from the back")
    var last = Self.layer(returnsSequence: false, implementation)
    expect(
      try forwardPass(&last, input: x), BidirectionalNumbers.last, "the state each ended in")
  }

  private func expect(
    _ actual: Tensor, _ numbers: [Float], _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    guard actual.count == numbers.count else {
      Issue.record("Bidirectional, \(what): \(actual.shape)", sourceLocation: sourceLocation)
      return
    }
    expectClose(
      actual, Tensor(shape: actual.shape, scalars: numbers), "Bidirectional, \(what)", atol: 2e-6,
      sourceLocation: sourceLocation)
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    try expectGradients(
      of: Bidirectional(GRU(inputSize: 3, hiddenSize: 2, seed: varied(1))), inputShape: [2, 4, 3])
    try expectGradients(
      of: Bidirectional(
        ElmanRNN(inputSize: 2, hiddenSize: 3, returnsSequence: false, seed: varied(1))),
      inputShape: [3, 3, 2])
  }

  @Test func shapesAndParameters() throws {
    var layer = Bidirectional(GRU(inputSize: 3, hiddenSize: 4, seed: varied(1)))
    #expect(try layer.outputShape(for: [7, 3]) == [7, 8])
    #expect(
      try Bidirectional(LSTM(inputSize: 3, hiddenSize: 4, returnsSequence: false, seed: varied(1)))
        .outputShape(for: [7, 3]) == [8])
    var names: [String] = []
    layer.forEachParameter { names.append("\($0) \($1.value.shape)") }
    #expect(
      names == [
        "forward.inputWeights [3, 12]", "forward.recurrentWeights [4, 12]", "forward.bias [12]",
        "forward.candidateRecurrentBias [4]", "backward.inputWeights [3, 12]",
        "backward.recurrentWeights [4, 12]", "backward.bias [12]",
        "backward.candidateRecurrentBias [4]",
      ])
    let copy = try Bidirectional(configuration: layer.configuration)
    #expect(copy.configuration == layer.configuration)
    #expect(copy.backwardLayer is GRU && copy.backwardLayer.configuration.isReversed)
  }

  /// Padding after a sequence does not reach the layer that reads from the back.
  @Test func paddingIsLeftOutOnBothWays() throws {
    var layer = Bidirectional(LSTM(inputSize: 2, hiddenSize: 3, paddingValue: 0, seed: varied(1)))
    let x = Tensor(normal: [1, 3, 2], key: RandomKey(seed: varied(2)))
    let padded = x.padded(before: [0, 0, 0], after: [0, 2, 0])
    let (y, expected) = (
      layer.forward(padded, mode: .inference), layer.forward(x, mode: .inference)
    )
    try #require(y.shape == [1, 5, 6])
    expectClose(y[0..., 0..<3], expected, "Bidirectional with padding after it")
    #expect(abs(y[0..., 3...]).max() == 0)
    let masked = layer.forward(
      padded, mask: [[1, 1, 1, 0, 0]], mode: .inference)
    #expect(masked == y)
  }

  @Test func theFirstLayerOfANetworkSkipsItsInputGradient() throws {
    var layer = Self.layer(returnsSequence: true)
    var other = layer
    let x = Tensor(normal: [2, 3, 2], key: RandomKey(seed: varied(3)))
    let dY = Tensor(normal: [2, 3, 6], key: RandomKey(seed: varied(4)))
    _ = try trainingPass(&layer, input: x, outputGradient: dY)
    _ = other.forward(x, mode: .training)
    other.backwardWithoutInputGradient(dY)
    #expect(layer.backwardLayer.bias.gradient == other.backwardLayer.bias.gradient)
    #expect(layer.forwardLayer.inputWeights.gradient == other.forwardLayer.inputWeights.gradient)
  }

  @Test func wrongArgumentsAreRefused() async throws {
    expectCourseError(.invalidArgument, "Bidirectional", "neither stateful", "a stateful layer") {
      try Bidirectional(
        configuration: .init(
          cell: .lstm, layer: RecurrentConfiguration(inputSize: 2, hiddenSize: 3, isStateful: true)
        ))
    }
    expectCourseError(.shapeMismatch, "[T, 2]", "got [5, 3]") {
      try Self.layer(returnsSequence: true).outputShape(for: [5, 3])
    }
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Bidirectional(LSTM(inputSize: 2, hiddenSize: 3, seed: 1))
      _ = layer.forward(Tensor(ones: [1, 2, 2]), mode: .training)
      _ = layer.backward(Tensor(ones: [1, 2, 3]))
    }
    expectWords(of: gradient, "Bidirectional.backward", "[N, T, 6]", "got [1, 2, 3]")
    let reversed = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Bidirectional(LSTM(inputSize: 2, hiddenSize: 3, reversed: true, seed: 1))
    }
    expectWords(of: reversed, "Bidirectional", "a reversed layer")
  }
}

/// A bidirectional LSTM from PyTorch: the layer of `RecurrentNumbers` with `bidirectional=True`, and
///
///     layer.weight_ih_l0_reverse.data = fill([F, 4 * H], 13, 5, 6).T
///     layer.weight_hh_l0_reverse.data = fill([H, 4 * H], 11, 7, 8).T
///     layer.bias_ih_l0_reverse.data = fill([4 * H], 5, 2, 4)
///     y, (h, c) = layer(fill([2, 3, F], 9, 4, 4)); (y * fill(y.shape, 7, 3, 2)).sum().backward()
///
/// `last` is `torch.cat([h[0], h[1]], 1)`.
private enum BidirectionalNumbers {
  static let y: [Float] = [
    -0.1138015, -0.1241493, 0.3243389, 0.1120678, 0.0278094, 0.0731029, -0.0168279, -0.149096,
    -0.094466, -0.0789199, 0.2966408, -0.2795065, 0.0683146, -0.2654049, -0.1573019,
    -0.0814978, 0.2290782, -0.1684867, 0.0771002, -0.0838836, -0.1329024, -0.140005,
    0.2973625, -0.2105874, 0.0803962, -0.1237298, -0.167691, -0.070411, 0.2271242, -0.1156057,
    0.06126, -0.1262646, 0.0954405, 0.1202041, 0.0167567, 0.0987886,
  ]
  static let last: [Float] = [
    0.0683146, -0.2654049, -0.1573019, 0.1120678, 0.0278094, 0.0731029, 0.06126, -0.1262646,
    0.0954405, -0.140005, 0.2973625, -0.2105874,
  ]
  static let dX: [Float] = [
    -0.2424835, 0.0932476, 0.0252619, 0.007273, 0.1423539, -0.0475356, -0.1190756, -0.2837037,
    -0.3764506, -0.0809948, 0.489694, -0.1298714,
  ]
  static let dU: [Float] = [
    0.0010102, -0.0029781, 0.0003365, 0.0022021, -0.0033714, -0.0042309, 0.026751, 0.061221,
    0.0411993, 0.0016059, -0.0162834, 0.0081243, 0.0058659, -0.001427, -0.0195926, -0.0025838,
    0.0014926, 0.0045323, -0.0288046, -0.0307866, -0.0285902, 0.0001033, -0.0089405,
    -0.0323654, 0.0066706, 0.0104284, -0.0098076, -0.0057685, 0.01013, 0.0054004, -0.0440528,
    -0.1443823, -0.0675048, -0.0021298, 0.0529884, -0.0327425,
  ]
  static let dUreverse: [Float] = [
    -0.0044545, -0.0049129, 0.0085583, 0.0003106, -0.000978, -0.0054682, 0.0131554,
    -0.0205423, 0.012128, 0.0001504, -0.0184591, 0.0335139, 0.0095095, -0.0111273, -0.0413938,
    0.0026867, 0.0032188, 0.0244317, -0.0492451, 0.0106293, -0.0312694, -0.0035271,
    -0.0168331, -0.1028669, -0.0000342, 0.001243, 0.0324633, -0.0007914, -0.0043838,
    -0.0259536, 0.0405081, -0.0288631, 0.0443937, 0.0061569, -0.0111045, 0.0659494,
  ]
}
