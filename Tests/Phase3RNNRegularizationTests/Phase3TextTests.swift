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
