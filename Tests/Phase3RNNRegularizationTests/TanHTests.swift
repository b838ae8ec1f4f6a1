import Phase3RNNRegularization
import Shared
import TestSupport
import Testing

/// Task 3.1.
@Suite struct TanHTests {
  @Test(arguments: [[7], [3, 5], [2, 3, 4]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    try expectGradients(of: TanH(), inputShape: shape)
  }

  @Test func simpleForwardAndBackward() throws {
    var layer = TanH()
    let x: Tensor = [[0, 0.5], [-2, 1]]
    let dY: Tensor = [[1, 1], [2, -3]]
    let (y, dX) = try trainingPass(&layer, input: x, outputGradient: dY)
    let right: Tensor = [[0, 0.46211717], [-0.9640276, 0.7615942]]
    expectClose(
      y, right, "TanH.forward",
      mistakes: ["it is the logistic function": sigmoid(x), "it is the input": x])
    expectClose(
      dX, dY * (1 - right * right), "TanH.backward",
      mistakes: [
        "the input was kept in place of the output: 1 − y²": dY * (1 - x * x),
        "tanh is applied twice: y is the tanh already": dY * (1 - square(tanh(right))),
        "the factor dY is missing": 1 - right * right,
        "the square is missing: 1 − y²": dY * (1 - right),
        "it is the derivative of the logistic function": dY * right * (1 - right),
      ])
  }

  @Test func matchesPyTorch() throws {
    try ActivationNumbers.expect(
      TanH(),
      y: [
        [-0.999987712, -0.986614298, -0.761594156], [-0.291312612, 0, 0.291312612],
        [0.761594156, 0.986614298, 0.999987712],
      ],
      dX: [
        [2.45765474e-05, -0.0531844534, 1.25992302], [0.457568481, 1, -0.915136962],
        [0.839948683, 0.00664805667, -2.45765474e-05],
      ])
  }

  @Test func largeNumbersAndNaN() throws {
    var layer = TanH()
    let y = layer.forward([[1e30, -1e30, .init(floatLiteral: .nan)]], mode: .inference)
    try #require(y.shape == [1, 3], "TanH.forward: expected output shape [1, 3], got \(y.shape)")
    #expect(y[0, 0] == 1 && y[0, 1] == -1 && y[0, 2].isNaN)
  }

  @Test func backwardNeedsATrainingPassAndAGradientThatFits() async {
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = TanH()
      _ = layer.forward([[1]], mode: .training)
      _ = layer.forward([[1]], mode: .inference)
      _ = layer.backward([[1]])
    }
    expectWords(of: inference, "TanH.backward", "a forward pass with mode .training")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = TanH()
      _ = layer.forward([[1]], mode: .training)
      _ = layer.backward([[1, 2]])
    }
    expectWords(of: gradient, "TanH.backward", "shape [1, 1]", "got [1, 2]")
  }
}
