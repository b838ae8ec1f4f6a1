import Phase1FeedForward
import Shared
import TestSupport
import Testing

/// Task 1.4.
@Suite(.watched) struct SoftmaxTests {
  private let x: Tensor = [[0.5, -1, 2], [3, 3, -3]]
  private let dY: Tensor = [[1, -0.5, 0.3], [2, -1.2, 0.7]]

  @Test(arguments: [[1, 1], [4, 3], [1, 7], [2, 3, 5]])
  func everyRowSumsToOne(shape: [Int]) throws {
    var layer = Softmax()
    let input = Tensor(normal: shape, standardDeviation: 3, key: RandomKey(seed: 1))
    let output = try trainingPass(&layer, input: input).output
    #expect(try layer.outputShape(for: shape) == shape)
    expectClose(
      output.sum(axis: -1), Tensor(ones: shape.dropLast()), "Softmax.forward, sums of the rows")
    #expect(output.min() >= 0, "Softmax.forward: a probability is negative")
  }

  // x = torch.tensor([[0.5, -1.0, 2.0], [3.0, 3.0, -3.0]], dtype=torch.float64, requires_grad=True)
  // y = torch.softmax(x, -1)
  // (y * torch.tensor([[1.0, -0.5, 0.3], [2.0, -1.2, 0.7]])).sum().backward(); print(y, x.grad)
  @Test func forwardMatchesPyTorch() {
    var layer = Softmax()
    let shifted = exp(x - x.max(axis: -1, keepDims: true))
    expectClose(
      layer.forward(x, mode: .inference),
      [[0.17529039, 0.03911257, 0.78559703], [0.49938108, 0.49938108, 0.00123784]],
      "Softmax.forward",
      mistakes: [
        "the sum runs over the batch: each row is divided by its own sum":
          shifted / shifted.sum(axis: 0, keepDims: true),
        "the sum runs over the batch: each row is divided by its own sum (no shift)":
          exp(x) / exp(x).sum(axis: 0, keepDims: true),
        "the sum runs over all rows: each row is divided by its own sum": shifted / shifted.sum(),
        "the sum runs over all rows: each row is divided by its own sum (no shift)":
          exp(x) / exp(x).sum(),
        "the division by the sum is missing": exp(x),
        "the division by the sum is missing (after the shift)": shifted,
        "the exponential is missing": x / x.sum(axis: -1, keepDims: true),
        "this is the logarithm of softmax":
          x - log(exp(x).sum(axis: -1, keepDims: true)),
      ])
  }

  @Test func backwardMatchesPyTorch() throws {
    var layer = Softmax()
    let (y, dX) = try trainingPass(&layer, input: x, outputGradient: dY)
    let all = (dY * y).sum()
    expectClose(
      dX, [[0.10667942, -0.03486546, -0.07181395], [0.79882428, -0.79919517, 0.00037089]],
      "Softmax.backward",
      mistakes: [
        "every output depends on every input of its row: subtract the row sum of dY ⊙ y":
          dY * y * (1 - y),
        "the row sum of dY ⊙ y is not subtracted: dX = y ⊙ (dY − Σₖ dYₖ yₖ)": dY * y,
        "the factor y is missing: dX = y ⊙ (dY − Σₖ dYₖ yₖ)":
          dY - (dY * y).sum(axis: -1, keepDims: true),
        "the sum runs over the batch instead of each row":
          y * (dY - (dY * y).sum(axis: 0, keepDims: true)),
        "the sum runs over all rows instead of each row": y * (dY - all),
        "the sum leaves out y: dX = y ⊙ (dY − Σₖ dYₖ yₖ)":
          y * (dY - dY.sum(axis: -1, keepDims: true)),
        "the gradient is passed on as it is": dY,
        "the sign is wrong": -y * (dY - (dY * y).sum(axis: -1, keepDims: true)),
        "it is zero: dX = y ⊙ (dY − Σₖ dYₖ yₖ)": Tensor(zeros: [2, 3]),
      ])
  }

  @Test func largeScoresDoNotOverflow() {
    var layer = Softmax()
    expectClose(
      layer.forward([[1000, 1000], [-1000, -1000]], mode: .inference), [[0.5, 0.5], [0.5, 0.5]],
      "Softmax.forward of large scores", mistakes: [:],
      notFinite: "exp(1000) is infinite and exp(-1000) is 0: subtract each row's maximum before exp"
    )
  }

  @Test func eachRowIsShiftedByItsOwnMaximum() {
    var layer = Softmax()
    // The rows differ by 1000 and are otherwise equal, so their probabilities are equal, too.
    let output = layer.forward([[1, 2, 3], [1001, 1002, 1003]], mode: .inference)
    #expect(
      output.isFinite,
      """
      Softmax.forward: NaN in a row far below the others: subtract each row's own maximum \
      (keepDims: true), not the maximum of the whole batch. Got \(output)
      """)
    expectClose(
      output, [[0.09003057, 0.24472847, 0.66524096], [0.09003057, 0.24472847, 0.66524096]],
      "Softmax.forward of two rows 1000 apart")
  }

  @Test(arguments: [[1, 3], [4, 5], [2, 3, 4]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    try expectGradients(of: Softmax(), inputShape: shape)
  }

  @Test func inferenceKeepsNothing() { expectInferenceKeepsNothing(Softmax(), input: x) }

  @Test func backwardAfterInferenceStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = Softmax()
      _ = layer.forward([[1, 2]], mode: .training)
      _ = layer.forward([[1, 2]], mode: .inference)
      _ = layer.backward([[1, 1]])
    }
    expectWords(of: result, "Softmax.backward", "a forward pass with mode .training")
  }

  @Test func wrongShapesStop() async {
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

  @Test func theCallersTensorsStayAsTheyAre() throws {
    let (input, gradient) = (x, dY)
    var layer = Softmax()
    _ = try trainingPass(&layer, input: input, outputGradient: gradient)
    #expect(input == [[0.5, -1, 2], [3, 3, -3]], "Softmax.forward changes its input in place")
    #expect(
      gradient == [[1, -0.5, 0.3], [2, -1.2, 0.7]], "Softmax.backward changes its argument in place"
    )
  }

  @Test func copiesAreIndependent() throws {
    var layer = Softmax()
    let expected = try trainingPass(&layer, input: x, outputGradient: dY).inputGradient
    var copy = layer
    _ = try trainingPass(&copy, input: [[1, -1]])
    #expect(layer.backward(dY) == expected, "Softmax.backward after a copy was used")
  }
}
