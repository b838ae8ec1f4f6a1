import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Task 3.2.
@Suite(.watched) struct SigmoidTests {
  // MARK: Task 3.2, one thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "Sigmoid",
    [
      ("simpleForwardAndBackward()", simple), ("largeNumbersAndNaN()", large),
      ("inferenceKeepsNothing()", { expectInferenceKeepsNothing(Sigmoid(), input: [[1]]) }),
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      SigmoidTests.steps.tryAndExit()
    }
  }

  @Test func simpleForwardAndBackward() async throws { try await Self.steps.run(0) }
  @Test func largeNumbersAndNaN() async throws { try await Self.steps.run(1) }
  @Test func inferenceKeepsNothing() async throws { try await Self.steps.run(2) }

  private static func simple() throws {
    var layer = Sigmoid()
    let x: Tensor = [[0, 2], [-1, 3]]
    let dY: Tensor = [[1, 1], [2, -3]]
    let (y, dX) = try trainingPass(&layer, input: x, outputGradient: dY)
    let right: Tensor = [[0.5, 0.880797], [0.26894143, 0.95257413]]
    let slope = right * (1 - right)
    expectClose(
      y, right, "Sigmoid.forward",
      mistakes: [
        "the sign of the exponent is wrong: e⁻ˣ": 1 - right, "it is tanh": tanh(x),
        "it is the input": x, "it is e⁻ˣ / (1 + e⁻ˣ)²: that is the derivative": slope,
        "it is 1 + e⁻ˣ: one divided by that": 1 / right,
        "it is (1 + tanh(x)) / 2: σ(x) = (1 + tanh(x / 2)) / 2": (1 + tanh(x)) / 2,
        "it is zero": 0 * x,
      ],
      notFinite: "the sign in the denominator is wrong: 1 + e⁻ˣ, which is never 0")
    guard areClose(y, right) else { return }
    expectClose(
      dX, dY * slope, "Sigmoid.backward",
      mistakes: [
        "the input was kept in place of the output: y (1 − y)": dY * x * (1 - x),
        "σ is applied twice: y is σ(x) already": dY * sigmoid(right) * (1 - sigmoid(right)),
        "the factor dY is missing": slope,
        "the slope y (1 − y) is missing": dY,
        "it is the derivative of tanh": dY * (1 - right * right),
        "the factor y is missing: y (1 − y)": dY * (1 - right),
        "the factor 1 − y is missing: y (1 − y)": dY * right,
        "1 + y stands for 1 − y": dY * right * (1 + right),
        "the sign is wrong: y (1 − y)": -dY * slope,
        "y is squared: y (1 − y)": dY * right * (1 - square(right)),
        "parentheses are missing: dY ⊙ y ⊙ (1 − y)": dY * right - right,
        "dY stands in the place of y: dY ⊙ y ⊙ (1 − y)": dY * (1 - dY),
        "it is a matrix product: multiply element by element": dY.matmul(slope),
        "it is zero": 0 * dY,
      ])
  }

  /// The formula written with eˣ overflows: e¹⁰⁰ is no float.
  private static func large() throws {
    var layer = Sigmoid()
    let y = layer.forward([[100, -100, 1e30, -1e30]], mode: .inference)
    expectClose(
      y, [[1, 0, 1, 0]], "Sigmoid.forward of large numbers", mistakes: [:],
      notFinite: "eˣ / (1 + eˣ) is ∞ / ∞ where x is large: 1 / (1 + e⁻ˣ), and sigmoid(x) is given")
    let nan = layer.forward([[.init(floatLiteral: .nan)]], mode: .inference)
    try require(
      nan.shape == [1, 1] && nan[0, 0].isNaN, "Sigmoid.forward of NaN: expected NaN, got \(nan)")
  }

  // MARK: The rest

  @Test(.waits(for: steps), arguments: [[7], [3, 5], [2, 3, 4]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    try expectGradients(of: Sigmoid(), inputShape: shape)
  }

  @Test(.waits(for: steps)) func matchesPyTorch() throws {
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

  @Test(.waits(for: steps)) func backwardNeedsATrainingPass() async {
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Sigmoid()
      _ = layer.forward([[1]], mode: .inference)
      _ = layer.backward([[1]])
    }
    expectWords(of: inference, "Sigmoid.backward", "no forward pass to go back through")
  }
}
