import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct ActivationTests {
  private let x: Tensor = [-2, -0.5, 0, 0.5, 2]

  @Test func eachFunctionIsTheOneOfItsName() {
    #expect(Activation.identity(x) == x)
    #expect(Activation.relu(x) == [0, 0, 0, 0.5, 2])
    #expect(Activation.sigmoid(x) == sigmoid(x))
    #expect(Activation.tanh(x) == tanh(x))
    #expect(Activation.allCases.count == 4, "a new function needs a case in these tests")
  }

  @Test(arguments: Activation.allCases)
  func gradientsMatchFiniteDifferences(activation: Activation) {
    // Away from 0, where ReLU has a corner.
    let x: Tensor = [[-2, -0.7, 0.3], [0.9, 1.5, -0.1]]
    let dY: Tensor = [[1, -2, 0.5], [3, 0.25, -1]]
    let step: Float = 1e-2
    let slope = (activation(x + step) - activation(x - step)) / (2 * step)
    expectClose(
      activation.inputGradient(output: activation(x), outputGradient: dY), dY * slope,
      "Activation.\(activation).inputGradient", atol: 2e-4, rtol: 1e-3)
  }

  @Test func theGradientOfReLUAtZeroIsZero() {
    let gradient = Activation.relu.inputGradient(
      output: Activation.relu(x), outputGradient: Tensor(ones: [5]))
    #expect(gradient == [0, 0, 0, 1, 1])
  }

  @Test func nanPassesThrough() {
    for activation in Activation.allCases {
      #expect(activation(Tensor([1, .nan])).firstNonFiniteIndex == 1, "\(activation)")
    }
  }

  @Test(arguments: Activation.allCases)
  func largeTensorsGiveTheSameAsTheirParts(activation: Activation) {
    let x = Tensor(normal: [70_001], key: RandomKey(seed: 63))
    let y = activation(x)
    let dX = activation.inputGradient(output: y, outputGradient: x)
    for part in [0..<100, 32_700..<32_800, 69_950..<70_001] {
      #expect(y[part] == activation(x[part]))
      #expect(
        dX[part] == activation.inputGradient(output: y[part], outputGradient: x[part]))
    }
  }
}
