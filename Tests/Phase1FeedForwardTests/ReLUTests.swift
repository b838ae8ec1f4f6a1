import Phase1FeedForward
import Shared
import TestSupport
import Testing

/// Task 1.3.
@Suite(.watched) struct ReLUTests {
  private let x: Tensor = [[-1.5, 0.5, 2], [3, -4, -0.25]]
  private let dY: Tensor = [[1, -2, 3], [-4, 5, 6]]

  @Test(arguments: [[1], [4], [2, 3], [2, 3, 4], [2, 3, 4, 5]])
  func theShapeStays(shape: [Int]) throws {
    var layer = ReLU()
    let input = Tensor(normal: shape, key: RandomKey(seed: 1))
    #expect(try trainingPass(&layer, input: input).output.shape == shape)
    #expect(layer.outputShape(for: shape) == shape)
  }

  @Test(arguments: [Mode.training, .inference])
  func negativeInputsBecomeZero(mode: Mode) {
    var layer = ReLU()
    expectClose(
      layer.forward(x, mode: mode), [[0, 0.5, 2], [3, 0, 0]], "ReLU.forward in \(mode) mode",
      mistakes: [
        "nothing happens to negative inputs: y = max(0, x)": x,
        "the smaller of 0 and x is taken: y = max(0, x)": Tensor.minimum(x, 0),
        "the sign is dropped instead: y = max(0, x), not |x|": abs(x),
        "it says whether x is positive, not x itself: y = max(0, x)": x .> 0,
        "all of it is zero: y = max(0, x)": Tensor(zeros: [2, 3]),
      ])
  }

  @Test func theGradientPassesWhereTheInputWasPositive() throws {
    var layer = ReLU()
    let dX = try trainingPass(&layer, input: x, outputGradient: dY).inputGradient
    expectClose(
      dX, [[0, -2, 3], [-4, 0, 0]], "ReLU.backward",
      mistakes: [
        "the gradient passes everywhere: dX = dY only where x > 0": dY,
        "the gradient is cut by its own sign, not by that of the input":
          Tensor.maximum(dY, 0),
        "the gradient passes where x < 0 instead of where x > 0": dY * (x .< 0),
        "the output gradient is missing: dX = dY ⊙ [x > 0]": x .> 0,
        "the gradient is multiplied with x: dX = dY ⊙ [x > 0]": dY * Tensor.maximum(x, 0),
        "it is zero: dX = dY where x > 0": Tensor(zeros: [2, 3]),
      ])
  }

  @Test func theGradientAtExactlyZeroIsZero() throws {
    var layer = ReLU()
    let (y, dX) = try trainingPass(&layer, input: [[0, -0.0, 1]], outputGradient: [[5, 6, 7]])
    expectClose(y, [[0, 0, 1]], "ReLU.forward at 0")
    expectClose(
      dX, [[0, 0, 7]], "ReLU.backward at exactly 0",
      mistakes: [
        "the gradient passes at x = 0: it must be 0 there, so compare with > and not with >=":
          [[5, 6, 7]],
        "the gradient is halved at x = 0: it must be 0 there": [[2.5, 3, 7]],
      ])
  }

  @Test(arguments: [[7], [3, 5], [2, 3, 4]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    try expectGradients(of: ReLU(), inputShape: shape)
  }

  @Test func inferenceKeepsNothing() { expectInferenceKeepsNothing(ReLU(), input: x) }

  @Test func backwardAfterInferenceStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = ReLU()
      _ = layer.forward([[1, 2]], mode: .training)
      _ = layer.forward([[1, 2]], mode: .inference)
      _ = layer.backward([[1, 1]])
    }
    expectWords(of: result, "ReLU.backward", "a forward pass with mode .training")
  }

  @Test func aGradientOfTheWrongShapeStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = ReLU()
      _ = layer.forward([[1, 2]], mode: .training)
      _ = layer.backward([[1], [1]])
    }
    expectWords(of: result, "ReLU.backward", "shape [1, 2]", "got [2, 1]")
  }

  @Test func theCallersTensorsStayAsTheyAre() throws {
    let (input, gradient) = (x, dY)
    var layer = ReLU()
    _ = try trainingPass(&layer, input: input, outputGradient: gradient)
    #expect(input == [[-1.5, 0.5, 2], [3, -4, -0.25]], "ReLU.forward changes its input in place")
    #expect(gradient == [[1, -2, 3], [-4, 5, 6]], "ReLU.backward changes its argument in place")
  }

  @Test func copiesAreIndependent() throws {
    var layer = ReLU()
    _ = try trainingPass(&layer, input: x)
    var copy = layer
    _ = try trainingPass(&copy, input: [[1, -1]])
    expectClose(
      layer.backward(dY), [[0, -2, 3], [-4, 0, 0]], "ReLU.backward after a copy was used")
  }

  @Test func backwardUsesTheLastForwardPass() throws {
    var layer = ReLU()
    _ = try forwardPass(&layer, input: -x)
    let dX = try trainingPass(&layer, input: x, outputGradient: dY).inputGradient
    expectClose(dX, [[0, -2, 3], [-4, 0, 0]], "ReLU.backward after two forward passes")
  }
}
