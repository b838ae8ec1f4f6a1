import Phase3RNNRegularization
import Shared
import TestSupport
import Testing

/// Task 3.2.
@Suite struct SigmoidTests {
  @Test(arguments: [[7], [3, 5], [2, 3, 4]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    try expectGradients(of: Sigmoid(), inputShape: shape)
  }

  @Test func simpleForwardAndBackward() throws {
    var layer = Sigmoid()
    let x: Tensor = [[0, 2], [-1, 3]]
    let dY: Tensor = [[1, 1], [2, -3]]
    let (y, dX) = try trainingPass(&layer, input: x, outputGradient: dY)
    let right: Tensor = [[0.5, 0.880797], [0.26894143, 0.95257413]]
    expectClose(
      y, right, "Sigmoid.forward",
      mistakes: [
        "the sign of the exponent is wrong: e⁻ˣ": 1 - right, "it is tanh": tanh(x),
        "it is the input": x, "it is e⁻ˣ / (1 + e⁻ˣ)²: that is the derivative": right * (1 - right),
      ])
    expectClose(
      dX, dY * right * (1 - right), "Sigmoid.backward",
      mistakes: [
        "the input was kept in place of the output: y (1 − y)": dY * x * (1 - x),
        "σ is applied twice: y is σ(x) already": dY * sigmoid(right) * (1 - sigmoid(right)),
        "the factor dY is missing": right * (1 - right),
        "it is the derivative of tanh": dY * (1 - right * right),
        "the factor y is missing: y (1 − y)": dY * (1 - right),
      ])
  }

  @Test func matchesPyTorch() throws {
    try ActivationNumbers.expect(
      Sigmoid(),
      y: [
        [0.00247262316, 0.07585818, 0.268941421], [0.425557483, 0.5, 0.574442517],
        [0.731058579, 0.92414182, 0.997527377],
      ],
      dX: [
        [0.00246650929, -0.140207433, 0.5898358], [0.122229156, 0.25, -0.244458312],
        [0.393223866, 0.0175259291, -0.00246650929],
      ])
  }

  /// The formula as it stands overflows: e¹⁰⁰ is no float.
  @Test func largeNumbersAndNaN() throws {
    var layer = Sigmoid()
    let y = layer.forward([[100, -100, 1e30, -1e30, .init(floatLiteral: .nan)]], mode: .inference)
    try #require(
      y.shape == [1, 5], "Sigmoid.forward: expected output shape [1, 5], got \(y.shape)")
    #expect(y[0, 0] == 1 && y[0, 2] == 1 && y[0, 3] == 0 && y[0, 4].isNaN)
    #expect(
      y[0, 1] < 1e-37, "sigmoid(−100) is not 0 or next to it: 1 / (1 + e⁻ˣ) overflows")
  }

  @Test func backwardNeedsATrainingPass() async {
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Sigmoid()
      _ = layer.forward([[1]], mode: .inference)
      _ = layer.backward([[1]])
    }
    expectWords(of: inference, "Sigmoid.backward", "a forward pass with mode .training")
  }
}
