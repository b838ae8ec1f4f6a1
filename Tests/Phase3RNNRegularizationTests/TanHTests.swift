import CourseTestSupport
import Phase3RNNRegularization
import Shared
import Testing

/// Task 3.1.
@Suite(.watched) struct TanHTests {
  // MARK: Task 3.1, one thing after the other: the first of these that fails names the mistake

  static let steps: FirstSteps = FirstSteps(
    of: "TanH",
    [
      ("simpleForwardAndBackward()", simple), ("largeNumbersAndNaN()", large),
      ("inferenceKeepsNothing()", { expectInferenceKeepsNothing(TanH(), input: [[1]]) }),
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      TanHTests.steps.tryAndExit()
    }
  }

  @Test func simpleForwardAndBackward() async throws { try await Self.steps.run(0) }
  @Test func largeNumbersAndNaN() async throws { try await Self.steps.run(1) }
  @Test func inferenceKeepsNothing() async throws { try await Self.steps.run(2) }

  private static func simple() throws {
    var layer = TanH()
    let x: Tensor = [[0, 0.5], [-2, 1]]
    let dY: Tensor = [[1, 1], [2, -3]]
    let (y, dX) = try trainingPass(&layer, input: x, outputGradient: dY)
    let right: Tensor = [[0, 0.46211717], [-0.9640276, 0.7615942]]
    let logistic = sigmoid(x)
    expectClose(
      y, right, "TanH.forward",
      mistakes: [
        "it is the logistic function": logistic, "it is the input": x, "it is zero": 0 * x,
        "it is tanh(x / 2): tanh(x) = 2 σ(2x) − 1": 2 * logistic - 1,
        "numerator and denominator are exchanged": 1 / right,
        "it is the derivative, 1 − tanh²(x)": 1 - square(right),
      ])
    let slope = 1 - square(right)
    guard areClose(y, right) else { return }
    expectClose(
      dX, dY * slope, "TanH.backward",
      mistakes: [
        "the input was kept in place of the output: 1 − y²": dY * (1 - x * x),
        "tanh is applied twice: y is the tanh already": dY * (1 - square(tanh(right))),
        "the factor dY is missing": slope,
        "the slope 1 − y² is missing": dY,
        "the square is missing: 1 − y²": dY * (1 - right),
        "1 + y² stands for the slope, 1 − y²": dY * (1 + square(right)),
        "the sign is wrong: 1 − y²": -dY * slope,
        "y stands for the slope, 1 − y²": dY * right,
        "this is the root of the slope, √(1 − y²): it is 1 − y²": dY * sqrt(slope),
        "it is the derivative of the logistic function": dY * right * (1 - right),
        "tanh is applied to dY: y is kept from the forward pass": 1 - square(tanh(dY)),
        "it is a matrix product: multiply element by element": dY.matmul(slope),
        "it is zero": 0 * dY,
      ])
  }

  private static func large() throws {
    var layer = TanH()
    let y = layer.forward([[100, -100, 1e30, -1e30]], mode: .inference)
    expectClose(
      y, [[1, -1, 1, -1]], "TanH.forward of large numbers", mistakes: [:],
      notFinite: "the quotient written out is ∞ / ∞, since e¹⁰⁰ is no float: tanh(x) is given")
    let nan = layer.forward([[.init(floatLiteral: .nan)]], mode: .inference)
    try require(
      nan.shape == [1, 1] && nan[0, 0].isNaN, "TanH.forward of NaN: expected NaN, got \(nan)")
  }

  // MARK: The rest

  @Test(.waits(for: steps), arguments: [[7], [3, 5], [2, 3, 4]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    try expectGradients(of: TanH(), inputShape: shape)
  }

  @Test(.waits(for: steps)) func matchesPyTorch() throws {
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

  @Test(.waits(for: steps)) func backwardNeedsATrainingPassAndAGradientThatFits() async {
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = TanH()
      _ = layer.forward([[1]], mode: .training)
      _ = layer.forward([[1]], mode: .inference)
      _ = layer.backward([[1]])
    }
    expectWords(of: inference, "TanH.backward", "no forward pass to go back through")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = TanH()
      _ = layer.forward([[1]], mode: .training)
      _ = layer.backward([[1, 2]])
    }
    expectWords(of: gradient, "TanH.backward", "shape [1, 1]", "got [1, 2]")
  }
}
