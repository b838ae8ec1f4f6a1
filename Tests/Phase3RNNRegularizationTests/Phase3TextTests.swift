import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// The examples of Protocols/Phase3-RNN-Regularization.md, with the numbers that stand there.
///
/// The lines between "Text" and the checks are those of the text. What stands before them makes sure that
/// an unfinished task fails rather than traps.
@Suite(.watched) struct Phase3TextTests {
  @Test func notation() {
    // Text
    let x = Tensor([[[1, 2], [3, 4], [5, 6]]])
    let z = Tensor([[10, 11, 20, 21]])

    #expect(x.slice(axis: 1, at: 2) == [[5, 6]])
    #expect(z[0..., 2..<4] == [[20, 21]])
    #expect(Tensor(concatenating: [z[0..., 0..<2], z[0..., 2..<4]], axis: 1) == z)
  }

  @Test(.waits(for: TanHTests.steps)) func task1TanH() throws {
    // Text, 3.1
    var layer = TanH()
    let y = layer.forward([[0, 0.5493, -0.5493]], mode: .training)
    let dX = layer.backward([[1, 1, 4]])

    expectClose(y, [[0, 0.5, -0.5]], "task 3.1, by hand, Y", atol: 5e-5)
    expectClose(dX, [[1, 0.75, 3]], "task 3.1, by hand, dX", atol: 2e-4)
  }

  @Test(.waits(for: ElmanRNNTests.steps)) func task3ElmanRNN() throws {
    // Text, 3.3
    var layer = ElmanRNN(inputSize: 1, hiddenSize: 1, implementation: .reference, seed: 1)
    layer.inputWeights.value = [[0.5]]
    layer.recurrentWeights.value = [[2]]

    let y = layer.forward([[[1], [-1]]], mode: .training)
    let dX = layer.backward([[[0], [1]]])

    func check(_ actual: Tensor?, _ expected: Tensor, _ what: String) throws {
      expectClose(try #require(actual), expected, "task 3.3, by hand, \(what)", atol: 7e-5)
    }
    try check(y, [[[0.4621], [0.4005]]], "Y")
    try check(dX, [[[0.6603], [0.4198]]], "dX")
    try check(layer.inputWeights.gradient, [[0.4810]], "dW")
    try check(layer.recurrentWeights.gradient, [[0.3880]], "dU")
    try check(layer.bias.gradient, [2.1602], "db")
  }

  @Test(.waits(for: LSTMTests.steps)) func task4LSTM() throws {
    // Text, 3.4
    var layer = LSTM(inputSize: 1, hiddenSize: 1, implementation: .reference, seed: 1)
    layer.inputWeights.value = [[0, 0, 0.5493, 0]]
    layer.recurrentWeights.value = [[0, 0, 0, 0]]
    layer.bias.value = [0, 1.0986, 0, 0]

    let y = layer.forward([[[1], [-1]]], mode: .training)
    let dX = layer.backward([[[0], [1]]])

    expectClose(y, [[[0.1225], [-0.0312]]], "task 3.4, by hand, Y", atol: 6e-5)
    expectClose(
      try #require(layer.finalState?.cell), [[-0.0625]], "task 3.4, by hand, c", atol: 6e-5)
    expectClose(
      try #require(layer.bias.gradient), [-0.0156, 0.0233, 0.3268, -0.0156],
      "task 3.4, by hand, db", atol: 7e-5)
    // Only the candidate sees the input.
    expectClose(
      dX, [[[0.07694], [0.10259]]], "task 3.4, by hand, dX", atol: 7e-5)
  }

  @Test(.waits(for: GRUTests.steps)) func task8GRU() throws {
    // Text, 3.8
    var layer = GRU(inputSize: 1, hiddenSize: 1, implementation: .reference, seed: 1)
    layer.inputWeights.value = [[0, 0, 0.5493]]
    layer.recurrentWeights.value = [[0, 0, 0]]
    let y = layer.forward([[[1], [-1]]], mode: .training)
    let dX = layer.backward([[[0], [1]]])

    expectClose(y, [[[0.25], [-0.125]]], "task 3.8, by hand, Y", atol: 5e-5)
    expectClose(
      try #require(layer.bias.gradient), [0, 0.125, 0.5625], "task 3.8, by hand, db", atol: 7e-5)
    expectClose(dX, [[[0.10299], [0.20599]]], "task 3.8, by hand, dX", atol: 7e-5)
  }
}

extension Phase3TextTests {
  @Test(.waits(for: SigmoidTests.steps)) func task2Sigmoid() throws {
    // Text, 3.2
    var layer = Sigmoid()
    let y = layer.forward([[0, 1.0986]], mode: .training)
    let dX = layer.backward([[1, 16]])

    expectClose(y, [[0.5, 0.75]], "task 3.2, by hand, Y", atol: 5e-5)
    expectClose(dX, [[0.25, 3]], "task 3.2, by hand, dX", atol: 2e-4)
  }

  @Test(.waits(for: BatchNormTests.steps)) func task5BatchNorm() throws {
    // Text, 3.5
    var layer = BatchNorm(channels: 1, implementation: .reference)
    layer.scale.value = [2]
    layer.shift.value = [1]

    let y = layer.forward([[0], [0], [6], [6]], mode: .training)
    let dX = layer.backward([[1], [0], [0], [3]])
    let inference = layer.forward([[3]], mode: .inference)

    func check(_ actual: Tensor?, _ expected: Tensor, _ what: String) throws {
      expectClose(try #require(actual), expected, "task 3.5, by hand, \(what)", atol: 7e-5)
    }
    try check(y, [[-1], [-1], [3], [3]], "Y")
    try check(dX, [[0.3333], [-0.3333], [-1], [1]], "dX")
    try check(layer.scale.gradient, [2], "dγ")
    try check(layer.shift.gradient, [4], "dβ")
    try check(layer.runningMean, [0.3], "running mean")
    try check(layer.runningVariance, [2.1], "running variance")
    try check(inference, [[4.7263]], "Y in inference")
  }

  @Test(.waits(for: DropoutTests.steps)) func task6Dropout() throws {
    // Text, 3.6
    var layer = Dropout(rate: 0.5, seed: 1)
    let ones = Tensor(ones: [2, 100])
    let y = layer.forward(ones, mode: .training)
    let dX = layer.backward(ones)
    let z = layer.forward(ones, mode: .inference)

    #expect(y.scalars.allSatisfy { $0 == 0 || $0 == 2 }, "task 3.6, by hand: zeros and twos")
    #expect(Set(y.scalars).count == 2, "task 3.6, by hand: both zeros and twos")
    #expect(dX == y, "task 3.6, by hand: the same zeros and twos")
    #expect(z == ones, "task 3.6, by hand: ones in inference")
  }
}

extension Phase3TextTests {
  @Test(.waits(for: PenaltyTests.l1), .waits(for: PenaltyTests.l2)) func task7Penalties() {
    // Text, 3.7
    let weights = Tensor([3, -4, 0])

    expectClose(L1(0.5).value(of: weights), 3.5, "task 3.7, by hand, L1")
    expectClose(
      L1(0.5).gradient(of: weights), [0.5, -0.5, 0], "task 3.7, by hand, gradient of L1")
    expectClose(L2(0.5).value(of: weights), 6.25, "task 3.7, by hand, L2")
    expectClose(L2(0.5).gradient(of: weights), [1.5, -2, 0], "task 3.7, by hand, gradient of L2")
    // The examples in the comments of L2 and ElasticNet.
    expectClose(L2(0.5).gradient(of: [3, -4]), [1.5, -2], "L2, the example of the comment")
    expectClose(
      ElasticNet(l1: 0.5, l2: 0.5).value(of: [3, -4]), 9.75,
      "ElasticNet, the example of the comment")
  }

  /// The examples in the comments of the losses.
  @Test func examplesOfTheLosses() throws {
    var squared = MeanSquaredErrorLoss()
    let first = try lossPass(
      &squared, [[1, 2], [3, 4]], target: .values([[1, 1], [1, 4]]))
    expectClose(first.value, 1.25, "MeanSquaredErrorLoss")
    expectClose(first.gradient, [[0, 0.5], [1, 0]], "MeanSquaredErrorLoss, gradient")

    var sequence = SequenceCrossEntropyLoss()
    let second = try lossPass(
      &sequence, [[[0, 0], [5, 9]]], target: .classSequences([0, Target.ignored], length: 2))
    expectClose(second.value, 0.6931, "SequenceCrossEntropyLoss", atol: 5e-5)
    expectClose(second.gradient, [[[-0.5, 0.5], [0, 0]]], "SequenceCrossEntropyLoss, gradient")

    var binary = BinaryCrossEntropyLoss()
    let third = try lossPass(&binary, [[0.5]], target: .classes([1]))
    expectClose(third.value, 0.6931, "BinaryCrossEntropyLoss", atol: 5e-5)
    expectClose(third.gradient, [[-2]], "BinaryCrossEntropyLoss, gradient")
    binary = BinaryCrossEntropyLoss(on: .logits)
    let fourth = try lossPass(&binary, [[0]], target: .classes([1]))
    expectClose(fourth.value, 0.6931, "BinaryCrossEntropyLoss(on: .logits)", atol: 5e-5)
    expectClose(fourth.gradient, [[-0.5]], "BinaryCrossEntropyLoss(on: .logits), gradient")
  }
}
