import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

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
