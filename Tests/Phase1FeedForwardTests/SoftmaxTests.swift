import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.4.
@Suite(.watched) struct SoftmaxTests {
  // MARK: The example to begin with
  //
  // As many examples as classes: a sum without `keepDims` lines up with the columns then, which shows as a
  // wrong number. With other shapes it would end the process.

  private static let x: Tensor = [[0.5, -1, 2], [3, 2.5, -3], [1, 0, -0.5]]
  private static let dY: Tensor = [[1, -0.5, 0.3], [2, -1.2, 0.7], [-1, 0.5, 0.8]]

  // x = torch.tensor([[0.5, -1.0, 2.0], ...], dtype=torch.float64, requires_grad=True)
  // y = torch.softmax(x, -1); (y * dY).sum().backward(); print(y, x.grad)
  private static let y: Tensor = [
    [0.175290392, 0.039112573, 0.785597035], [0.621500404, 0.37695905, 0.001540545],
    [0.628531719, 0.231223898, 0.140244383],
  ]
  private static let dX: Tensor = [
    [0.106679416, -0.034865465, -0.071813951], [0.750941331, -0.75080002, -0.000141312],
    [-0.376663809, 0.208268975, 0.168394834],
  ]

  /// What all other tests wait for, tried in a process of its own.
  static let steps: FirstSteps = FirstSteps(
    of: "Softmax",
    [
      ("squareForward()", { checkForward() }), ("squareBackward()", { try checkBackward() }),
    ],
    hints: ["shapes that broadcast together": "a sum or maximum of each row: keepDims: true"]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      SoftmaxTests.steps.tryAndExit()
    }
  }

  @Test func squareForward() async throws { try await Self.steps.run(0) }
  @Test func squareBackward() async throws { try await Self.steps.run(1) }

  private static func checkForward() {
    for mode in [Mode.training, .inference] {
      var layer = Softmax()
      expectOutput(layer.forward(x, mode: mode), mode: mode)
    }
  }

  /// Names what is wrong with the output.
  static func expectOutput(
    _ output: Tensor, mode: Mode = .training, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let shifted = exp(x - x.max(axis: -1, keepDims: true))
    let lined = exp(x - x.max(axis: -1))
    expectClose(
      output, y, "Softmax.forward in \(mode) mode",
      mistakes: [
        "the sum runs over the batch: each row is divided by its own sum":
          shifted / shifted.sum(axis: 0, keepDims: true),
        "the sum runs over the batch: each row is divided by its own sum; nor is its maximum subtracted":
          exp(x) / exp(x).sum(axis: 0, keepDims: true),
        "the sum runs over all rows: each row is divided by its own sum": shifted / shifted.sum(),
        "the sum runs over all rows: each row is divided by its own sum; nor is its maximum subtracted":
          exp(x) / exp(x).sum(),
        "the sums line up with the columns: each row is divided by its own sum (keepDims: true)":
          shifted / shifted.sum(axis: -1),
        "the sums line up with the columns: each row is divided by its own sum (keepDims: true); nor is its maximum subtracted":
          exp(x) / exp(x).sum(axis: -1),
        "the maxima line up with the columns: each row is shifted by its own (keepDims: true)":
          lined / lined.sum(axis: -1, keepDims: true),
        "maxima and sums line up with the columns: keepDims: true": lined / lined.sum(axis: -1),
        "the columns are shifted by their maxima: each row is shifted by its own (axis: -1)":
          softmax(of: x - x.max(axis: 0, keepDims: true)),
        "the division by the sum is missing (after the shift)": shifted,
        "the division by the sum is missing": exp(x),
        "nothing happens: the output is the input": x,
        "it is divided by the mean instead of the sum": y * 3,
        "the exponential is missing": x / x.sum(axis: -1, keepDims: true),
        "the exponential is missing (after the shift)":
          (x - x.max(axis: -1, keepDims: true))
          / (x - x.max(axis: -1, keepDims: true)).sum(axis: -1, keepDims: true),
        "the sign is wrong: exp(x − m), not exp(−x)": softmax(of: -x),
        "this is the logarithm of softmax": log(y),
        "this is sigmoid: each row must sum to 1": 1 / (1 + exp(-x)),
      ], sourceLocation: sourceLocation)
  }

  private static func softmax(of x: Tensor) -> Tensor {
    exp(x) / exp(x).sum(axis: -1, keepDims: true)
  }

  private static func checkBackward() throws {
    var layer = Softmax()
    expectInputGradient(try trainingPass(&layer, input: x, outputGradient: dY).inputGradient)
  }

  /// Names what is wrong with the input gradient.
  static func expectInputGradient(
    _ gradient: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let products = dY * y
    let rowSums = products.sum(axis: -1, keepDims: true)
    expectClose(
      gradient, dX, "Softmax.backward",
      mistakes: [
        "every output depends on every input of its row: subtract the row sum of dY ⊙ y":
          products * (1 - y),
        "the row sum of dY ⊙ y is not subtracted: dX = y ⊙ (dY − Σₖ dYₖ yₖ)": products,
        "the row sum is added: dX = y ⊙ (dY − Σₖ dYₖ yₖ)": y * (dY + rowSums),
        "the factor y is missing: dX = y ⊙ (dY − Σₖ dYₖ yₖ)": dY - rowSums,
        "the factor y stands before dY only: dX = y ⊙ (dY − Σₖ dYₖ yₖ)": products - rowSums,
        "the sum runs over the batch instead of each row":
          y * (dY - products.sum(axis: 0, keepDims: true)),
        "the sum runs over all rows instead of each row": y * (dY - products.sum()),
        "the sums line up with the columns: keepDims: true":
          y * (dY - products.sum(axis: -1)),
        "the mean of dY ⊙ y is subtracted, not its sum": y * (dY - rowSums / 3),
        "the sum leaves out y: dX = y ⊙ (dY − Σₖ dYₖ yₖ)":
          y * (dY - dY.sum(axis: -1, keepDims: true)),
        "the sum leaves out dY: dX = y ⊙ (dY − Σₖ dYₖ yₖ)": y * (dY - 1),
        "forward keeps x: keep y, the probabilities":
          x * (dY - (dY * x).sum(axis: -1, keepDims: true)),
        "the gradient is passed on as it is": dY,
        "the sign is wrong": -dX,
        "it is divided by the batch size: the loss has averaged already, no layer does": dX / 3,
        "it is zero: dX = y ⊙ (dY − Σₖ dYₖ yₖ)": Tensor(zeros: [3, 3]),
      ], sourceLocation: sourceLocation)
  }

  // MARK: Any shape, any score

  @Test(.waits(for: steps), arguments: [[1, 1], [4, 3], [1, 7], [2, 3, 5]])
  func everyRowSumsToOne(shape: [Int]) throws {
    var layer = Softmax()
    let input = Tensor(normal: shape, standardDeviation: 3, key: RandomKey(seed: varied(1)))
    let output = try trainingPass(&layer, input: input).output
    #expect(try layer.outputShape(for: shape) == shape)
    expectClose(
      output.sum(axis: -1), Tensor(ones: shape.dropLast()), "Softmax.forward, sums of the rows")
    #expect(output.min() >= 0, "Softmax.forward: a probability is negative")
  }

  @Test(.waits(for: steps)) func largeScoresDoNotOverflow() {
    var layer = Softmax()
    Self.expectLargeScores(
      layer.forward([[1000, 1000], [-1000, -1000]], mode: .inference),
      layer.forward([[0, 0], [1000, 0], [-1000, 0]], mode: .inference))
  }

  /// Names what is wrong with the probabilities of the scores 1000, 1000 and -1000, -1000, and of 0, 0 and
  /// 1000, 0 and -1000, 0.
  static func expectLargeScores(
    _ equal: Tensor, _ apart: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    if equal.scalars.allSatisfy(\.isNaN) {
      return fail(
        """
        Softmax.forward of large scores: NaN, since exp(1000) is infinite and exp(-1000) is 0: subtract \
        each row's maximum before exp
        """, sourceLocation: sourceLocation)
    }
    expectClose(
      equal, [[0.5, 0.5], [0.5, 0.5]], "Softmax.forward of large scores", mistakes: [:],
      notFinite: oneMaximum, sourceLocation: sourceLocation)
    expectClose(
      apart, [[0.5, 0.5], [1, 0], [0, 1]],
      "Softmax.forward of the scores [0, 0], [1000, 0], [-1000, 0]",
      mistakes: [:],
      notFinite: equal.isFinite
        ? "exp is infinite: subtract each row's maximum, not its mean, its minimum or its first score"
        : oneMaximum,
      sourceLocation: sourceLocation)
  }

  private static let oneMaximum =
    "NaN in a row far below the others: subtract each row's own maximum, not that of the whole batch"

  @Test(.waits(for: steps)) func eachRowIsShiftedByItsOwnMaximum() {
    var layer = Softmax()
    // The rows differ by 1000 and are otherwise equal, so their probabilities are equal, too.
    let output = layer.forward([[1, 2, 3], [1001, 1002, 1003]], mode: .inference)
    expectClose(
      output,
      [[0.09003057, 0.24472847, 0.66524096], [0.09003057, 0.24472847, 0.66524096]],
      "Softmax.forward of two rows 1000 apart", mistakes: [:],
      notFinite: output.rows(at: [1]).isFinite
        ? Self.oneMaximum : "exp is infinite: subtract each row's own maximum before exp")
  }

  @Test(.waits(for: steps), arguments: [[1, 3], [4, 5], [2, 3, 4]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    try expectGradients(of: Softmax(), inputShape: shape)
  }

  @Test(.waits(for: steps)) func inferenceKeepsNothing() {
    expectInferenceKeepsNothing(Softmax(), input: Self.x)
  }

  @Test(.waits(for: steps)) func backwardAfterInferenceStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = Softmax()
      _ = layer.forward([[1, 2]], mode: .training)
      _ = layer.forward([[1, 2]], mode: .inference)
      _ = layer.backward([[1, 1]])
    }
    expectWords(of: result, "Softmax.backward", "no forward pass to go back through")
  }

  @Test(.waits(for: steps)) func wrongShapesStop() async {
    let input = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = Softmax()
      _ = layer.forward(Tensor(1), mode: .inference)
    }
    expectWords(of: input, "Softmax.forward: expected input [..., C], got []")
    let gradient = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = Softmax()
      _ = layer.forward([[1, 2]], mode: .training)
      _ = layer.backward([[1], [1]])
    }
    expectWords(of: gradient, "Softmax.backward", "shape [1, 2]", "got [2, 1]")
    expectCourseError(.shapeMismatch, "Softmax", "class axis") {
      try Softmax().outputShape(for: [])
    }
  }

  @Test(.waits(for: steps)) func theCallersTensorsStayAsTheyAre() throws {
    let (input, gradient) = (Self.x, Self.dY)
    var layer = Softmax()
    _ = try trainingPass(&layer, input: input, outputGradient: gradient)
    #expect(
      input == [[0.5, -1, 2], [3, 2.5, -3], [1, 0, -0.5]],
      "Softmax.forward changes its input in place")
    #expect(
      gradient == [[1, -0.5, 0.3], [2, -1.2, 0.7], [-1, 0.5, 0.8]],
      "Softmax.backward changes its argument in place")
  }

  @Test(.waits(for: steps)) func copiesAreIndependent() throws {
    var layer = Softmax()
    let expected = try trainingPass(&layer, input: Self.x, outputGradient: Self.dY).inputGradient
    _ = try forwardPass(&layer, input: Self.x)
    var copy = layer
    _ = try trainingPass(&copy, input: [[1, -1]])
    #expect(layer.backward(Self.dY) == expected, "Softmax.backward after a copy was used")
  }
}
