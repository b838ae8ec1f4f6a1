import CourseTestSupport
import Foundation
import Networks
import Testing

/// The examples of Protocols/From-Python.md, on numbers that NumPy and SciPy gave.
@Suite(.watched) struct FromPythonTextTests {
  @Test func fullyConnected() {
    let theirs: Tensor = [[1, 2], [3, 5], [10, 20]]
    var layer = Dense(inputSize: 2, outputSize: 2)
    layer.weights.value = theirs[0..<2]
    layer.bias.value = theirs.slice(axis: 0, at: 2)
    // np.hstack([x, np.ones((2, 1))]) @ w
    expectClose(
      layer.forward([[1, 2], [3, -1]], mode: .inference), [[17, 32], [10, 21]], "Dense")
  }

  /// x = np.arange(1, 31, dtype=float).reshape(5, 6) % 7 - 3
  /// w = (np.arange(12, dtype=float).reshape(4, 3) % 5 - 2) / 2
  /// scipy.signal.correlate(x, w, mode='same')[::2, ::2]
  @Test func convolution() throws {
    var layer = Conv2D(
      inputChannels: 1, outputChannels: 1, kernelSize: [4, 3], stride: 2,
      padding: .explicit(before: [4 / 2, 3 / 2], after: [(4 - 1) / 2, (3 - 1) / 2]))
    layer.weights.value =
      Tensor((0..<12).map { Float($0 % 5 - 2) / 2 }).reshaped(to: [1, 1, 4, 3])
    let x = Tensor((1...30).map { Float($0 % 7 - 3) }).reshaped(to: [1, 1, 5, 6])
    expectClose(
      layer.forward(x, mode: .inference), [[[[3.5, 0, -1], [-5, 7, -3], [-1.5, 2, 0]]]], "Conv2D")
    // "The two agree for odd kernels with stride 1."
    for size in [[3, 3], [5, 1], [1, 7]] {
      func output(_ padding: Padding) -> Tensor {
        var layer = Conv2D(
          inputChannels: 1, outputChannels: 2, kernelSize: AxisSizes(size), padding: padding,
          seed: 1)
        return layer.forward(x, mode: .inference)
      }
      let half = size.map { $0 / 2 }
      #expect(output(.same) == output(.explicit(before: half, after: half)))
    }
    // "the output has ⌈H / s⌉ rows"
    #expect(try layer.outputShape(for: [1, 10, 14]) == [1, 5, 7])
    #expect(try layer.outputShape(for: [1, 11, 15]) == [1, 6, 8])
  }

  /// for t in range(3): h = np.tanh(np.concatenate([X[t], h, [1]]) @ W)
  @Test func elman() {
    let theirs: Tensor = [[0.3, 0.8], [0.3, -1.3], [0.9, 0.4], [-0.5, 0.6], [0.4, 0.3]]
    let (featureCount, hiddenSize) = (2, 2)
    var layer = ElmanRNN(inputSize: featureCount, hiddenSize: hiddenSize)
    layer.inputWeights.value = theirs[0..<featureCount]
    layer.recurrentWeights.value = theirs[featureCount..<(featureCount + hiddenSize)]
    layer.bias.value = theirs.slice(axis: 0, at: featureCount + hiddenSize)
    expectClose(
      layer.forward(Self.sequence, mode: .inference),
      [[[0.50052, -0.33638], [0.63435, -0.00162], [0.76232, -0.55614]]], "ElmanRNN")
  }

  private static let sequence: Tensor = [[[0, 0.5], [-0.7, -0.2], [-0.5, 0.6]]]

  /// z = np.concatenate([X[t], h, [1]]) @ W; f, i, g, o = the sigmoids and the tanh of its four blocks;
  /// c = f * c + i * g; h = o * np.tanh(c)
  @Test func lstm() {
    let theirs: Tensor = [
      [0, -0.3, -0.8, -0.3, 0, -0.3, 1.3, 1], [-2.7, -1.9, -0.2, -0.4, 0.2, 0.2, 2.1, -1.1],
      [-0.4, 2, 0.6, 0.7, -0.5, -1.6, 0.2, 0.1], [-1.2, -0.7, -0.1, -0.9, -0.1, 0.1, 0, -0.5],
      [0.6, 0.9, 0.3, -0.8, 0.7, -0.5, 0.9, -1.1],
    ]
    let hiddenSize = 2
    let (f, i, rest) = (
      theirs[0..., 0..<hiddenSize], theirs[0..., hiddenSize..<(2 * hiddenSize)],
      theirs[0..., (2 * hiddenSize)...]
    )
    let ours = Tensor(concatenating: [i, f, rest], axis: 1)
    var layer = LSTM(inputSize: 2, hiddenSize: hiddenSize)
    layer.inputWeights.value = ours[0..<2]
    layer.recurrentWeights.value = ours[2..<4]
    layer.bias.value = ours.slice(axis: 0, at: 4)
    expectClose(
      layer.forward(Self.sequence, mode: .inference),
      [[[0.30615, -0.01641], [0.22533, -0.06427], [0.42871, -0.03854]]], "LSTM")
  }

  /// The numbers of the tables.
  @Test func numbers() throws {
    var sum = CrossEntropyLoss(reduction: .sum)
    let impossible = sum.forward([[1, 0], [0, 1]], target: .classes([1, 1]))
    expectClose(impossible, 16.6, "an impossible class", atol: 0.05)
    let momentum = Momentum(learningRate: 1, momentum: 0.9)
    var weight: Tensor = [1]
    var state = Momentum.State(for: weight)
    momentum.update(&weight, gradient: [1], state: &state, step: 1)
    expectClose(weight, [0], "Momentum, first step")
    momentum.update(&weight, gradient: [1], state: &state, step: 2)
    expectClose(weight, [-1.9], "Momentum, second step")
    let weights: Tensor = [1, -2]
    #expect(L2(0.4).value(of: weights) == 1 && L2(0.4).gradient(of: weights) == [0.4, -0.8])
    #expect(
      try NeuralNetwork.leNet5(optimizer: SGD(learningRate: 1), seed: 1).parameterCount == 107_786)
  }

  /// "Batch norm"
  @Test func batchNorm() {
    var layer = BatchNorm(
      channels: 2, momentum: 0.8, epsilon: 1e-11, startsWithFirstBatch: true,
      averagesBiasedVariance: true)
    _ = layer.forward([[1, 10], [3, 10], [5, 40]], mode: .training)
    expectClose(layer.runningMean, [3, 20], "mean")
    expectClose(layer.runningVariance, [2.6666667, 200], "variance")
  }

  /// "A penalty beside the step": v = -0.1, w = 0.95 - 0.1; v = -0.19, w = 0.8075 - 0.19
  @Test func aPenaltyBesideTheStep() throws {
    var network = NeuralNetwork(
      inputShape: [1], optimizer: Momentum(learningRate: 0.1, momentum: 0.9))
    var layer = Dense(inputSize: 1, outputSize: 1)
    layer.weights.value = [[1]]
    try network.append(layer)
    network.penalty = L2(0.5)
    network.decouplesPenalties = true
    for expected: Float in [0.85, 0.6175] {
      _ = network.forward([[1]])
      network.backward([[1]])
      network.addPenaltyGradients()
      network.applyGradients()
      expectClose(
        try #require(network.parameters["layers.0.weights"]).value.scalar, expected, "weights")
    }
  }

  /// The table of NumPy.
  @Test func numpy() {
    let x = Tensor(arange: 0, to: 12).reshaped(to: [3, -1])
    #expect(x[0..., 1..<3] == [[1, 2], [5, 6], [9, 10]])
    #expect(x[..<(-1)] == x[0..<2] && x[(-2)...] == x[1..<3])
    #expect(x.slice(axis: 1, at: 1) == [1, 5, 9])
    #expect(x.rows(at: [2, 0]) == [[8, 9, 10, 11], [0, 1, 2, 3]])
    #expect(x.zeroed(where: x .> 1)[..<1] == [[0, 1, 0, 0]])
    #expect(x.sum(axis: 0, keepDims: true) == [[12, 15, 18, 21]])
    expectClose(x.variance(), 143.0 / 12, "np.arange(12).var()")
    expectClose(x.variance(axis: 0, unbiased: true), Tensor(repeating: 16, shape: [4]), "ddof=1")
    #expect(x.padded(before: [0, 1], after: [0, 2]).shape == [3, 7])
    #expect(Tensor(oneHot: [2, 0], classCount: 3) == Tensor(eye: 3).rows(at: [2, 0]))
    #expect(Tensor(zeros: [5, 1, 2, 3]).matmul(Tensor(zeros: [4, 3, 2])).shape == [5, 4, 2, 2])
    #expect(x.withUnsafeScalars { $0.count } == x.scalars.count)
  }

  /// The text holds the examples of this file; who changes one side is told about the other.
  @Test func theTextHoldsTheseExamples() throws {
    let text = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Protocols/From-Python.md"), encoding: .utf8)
    for line in [
      "let theirs: Tensor = [[1, 2], [3, 5], [10, 20]]", "layer.weights.value = theirs[0..<2]",
      "layer.bias.value = theirs.slice(axis: 0, at: 2)", "// [[17, 32], [10, 21]]",
      "padding: .explicit(before: [4 / 2, 3 / 2], after: [(4 - 1) / 2, (3 - 1) / 2]))",
      "let ours = Tensor(concatenating: [i, f, rest], axis: 1)", "costs 16.6", "1 → 0 → −1.9",
      "107 786", "// [3, 20]", "// [2.6666667, 200]", "0.85, then 0.6175", "x[..<(-1)]",
      "startsWithFirstBatch: true", "averagesBiasedVariance: true", "epsilon: 2.220446e-16",
      "network.decouplesPenalties = true", "network.carriesState = true", "x.withUnsafeScalars",
    ] where !text.contains(line) {
      Issue.record("Protocols/From-Python.md does not hold \"\(line)\" any more")
    }
  }
}
