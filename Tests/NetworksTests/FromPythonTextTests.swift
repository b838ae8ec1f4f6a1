import Foundation
import Networks
import TestSupport
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
      Tensor((0..<12).map { (Float($0 % 5) - 2) / 2 }).reshaped([1, 1, 4, 3])
    let x = Tensor((1...30).map { Float($0 % 7 - 3) }).reshaped([1, 1, 5, 6])
    expectClose(
      layer.forward(x, mode: .inference), [[[[3.5, 0, -1], [-5, 7, -3], [-1.5, 2, 0]]]], "Conv2D")
    // "The two agree for odd kernels with stride 1."
    for size in [[3, 3], [5, 1], [1, 7]] {
      func output(_ padding: Padding) -> Tensor {
        var layer = Conv2D(
          inputChannels: 1, outputChannels: 2, kernelSize: size, padding: padding, seed: 1)
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
    var momentum = Momentum(learningRate: 1, momentum: 0.9)
    var weight: Tensor = [1]
    momentum.update(&weight, gradient: [1], slot: 0)
    expectClose(weight, [0], "Momentum, first step")
    momentum.update(&weight, gradient: [1], slot: 0)
    expectClose(weight, [-1.9], "Momentum, second step")
    let weights: Tensor = [1, -2]
    #expect(L2(0.4).value(of: weights) == 1 && L2(0.4).gradient(of: weights) == [0.4, -0.8])
    #expect(
      try NeuralNetwork.leNet5(optimizer: SGD(learningRate: 1), seed: 1).parameterCount == 107_786)
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
      "107 786",
    ] where !text.contains(line) {
      Issue.record("Protocols/From-Python.md does not hold \"\(line)\" any more")
    }
  }
}
