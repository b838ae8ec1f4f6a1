import CourseTestSupport
import Phase1FeedForward
import Shared
import Testing

/// Task 1.3.
@Suite(.watched) struct ReLUTests {
  // MARK: The example to begin with

  private static let x: Tensor = [[-1.5, 0.5, 2], [3, -4, -0.25]]
  private static let dY: Tensor = [[1, -2, 3], [-4, 5, 6]]

  @Test(arguments: [Mode.training, .inference])
  func negativeInputsBecomeZero(mode: Mode) {
    var layer = ReLU()
    Self.expectOutput(layer.forward(Self.x, mode: mode), mode: mode)
  }

  /// Names what is wrong with the output.
  static func expectOutput(
    _ y: Tensor, mode: Mode = .training, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectClose(
      y, [[0, 0.5, 2], [3, 0, 0]], "ReLU.forward in \(mode) mode",
      mistakes: [
        "nothing happens to negative inputs: y = max(0, x)": x,
        "the smaller of 0 and x is taken: y = max(0, x)": Tensor.minimum(x, 0),
        "the sign is dropped instead: y = max(0, x), not |x|": abs(x),
        "the sign is wrong: y = max(0, x), not max(0, −x)": Tensor.maximum(-x, 0),
        "the sign is wrong: y = max(0, x), not −max(0, x)": -Tensor.maximum(x, 0),
        "it says whether x is positive, not x itself: y = max(0, x)": x .> 0,
        "what counts is max(0, x), not max(1, x)": Tensor.maximum(x, 1),
        "it is cut above 1: y = max(0, x) has no upper end":
          Tensor.minimum(Tensor.maximum(x, 0), 1),
        "negative inputs leak through: y = 0 for them": Tensor.maximum(x, x * 0.01),
        "all of it is zero: y = max(0, x)": Tensor(zeros: [2, 3]),
      ], sourceLocation: sourceLocation)
  }

  @Test func theGradientPassesWhereTheInputWasPositive() throws {
    var layer = ReLU()
    Self.expectInputGradient(
      try trainingPass(&layer, input: Self.x, outputGradient: Self.dY).inputGradient)
  }

  /// Names what is wrong with the input gradient.
  static func expectInputGradient(
    _ dX: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let y = Tensor.maximum(x, 0)
    expectClose(
      dX, [[0, -2, 3], [-4, 0, 0]], "ReLU.backward",
      mistakes: [
        "the gradient passes everywhere: dX = dY only where x > 0 (y >= 0 is true everywhere)": dY,
        "the gradient is cut by its own sign, not by that of the input": Tensor.maximum(dY, 0),
        "the gradient is cut by its own sign as well: only the sign of the input counts":
          Tensor.maximum(dY, 0) * (x .> 0),
        "the gradient passes where x < 0 instead of where x > 0": dY * (x .< 0),
        "the output gradient is missing: dX = dY ⊙ [x > 0]": x .> 0,
        "the output is returned: dX = dY ⊙ [x > 0]": y,
        "the gradient is multiplied with x: dX = dY ⊙ [x > 0]": dY * y,
        "the gradient is multiplied with x, and passes everywhere: dX = dY ⊙ [x > 0]": dY * x,
        "the sign is wrong: dX = dY where x > 0": -(dY * (x .> 0)),
        "it is divided by the batch size: the loss has averaged already, no layer does":
          dY * (x .> 0) / 2,
        "it is zero: dX = dY where x > 0": Tensor(zeros: [2, 3]),
      ], notFinite: "0 / 0 is not defined: compare with > instead", sourceLocation: sourceLocation)
  }

  @Test func theGradientAtExactlyZeroIsZero() throws {
    try Self.example.require()
    var layer = ReLU()
    let (y, dX) = try trainingPass(&layer, input: [[0, -0.0, 1]], outputGradient: [[5, 6, 7]])
    expectClose(y, [[0, 0, 1]], "ReLU.forward at 0")
    Self.expectInputGradientAtZero(dX)
  }

  /// Names what is wrong with the input gradient at 0, -0 and 1 for the output gradient 5, 6 and 7.
  static func expectInputGradientAtZero(
    _ dX: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectClose(
      dX, [[0, 0, 7]], "ReLU.backward at exactly 0",
      mistakes: [
        "the gradient passes at x = 0: it must be 0 there, so compare with > and not with >=":
          [[5, 6, 7]],
        "the gradient is halved at x = 0: it must be 0 there": [[2.5, 3, 7]],
      ], notFinite: "0 / 0 is not defined: compare with > instead",
      sourceLocation: sourceLocation)
  }

  private static let example = Stage(
    "negativeInputsBecomeZero(mode:) and theGradientPassesWhereTheInputWasPositive()"
  ) {
    for mode in [Mode.training, .inference] { ReLUTests().negativeInputsBecomeZero(mode: mode) }
    try ReLUTests().theGradientPassesWhereTheInputWasPositive()
  }

  // MARK: Any shape

  @Test(arguments: [[1], [4], [2, 3], [2, 3, 4], [2, 3, 4, 5]])
  func theShapeStays(shape: [Int]) throws {
    try Self.example.require()
    var layer = ReLU()
    let input = Tensor(normal: shape, key: RandomKey(seed: varied(1)))
    #expect(try trainingPass(&layer, input: input).output.shape == shape)
    #expect(layer.outputShape(for: shape) == shape)
  }

  @Test(arguments: [[7], [3, 5], [2, 3, 4]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    try Self.example.require()
    try expectGradients(of: ReLU(), inputShape: shape)
  }

  @Test func inferenceKeepsNothing() throws {
    try Self.example.require()
    expectInferenceKeepsNothing(ReLU(), input: Self.x)
  }

  @Test func backwardAfterInferenceStops() async throws {
    try Self.example.require()
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = ReLU()
      _ = layer.forward([[1, 2]], mode: .training)
      _ = layer.forward([[1, 2]], mode: .inference)
      _ = layer.backward([[1, 1]])
    }
    expectWords(of: result, "ReLU.backward", "no forward pass to go back through")
  }

  @Test func aGradientOfTheWrongShapeStops() async throws {
    try Self.example.require()
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
    try Self.example.require()
    let (input, gradient) = (Self.x, Self.dY)
    var layer = ReLU()
    _ = try trainingPass(&layer, input: input, outputGradient: gradient)
    #expect(input == [[-1.5, 0.5, 2], [3, -4, -0.25]], "ReLU.forward changes its input in place")
    #expect(gradient == [[1, -2, 3], [-4, 5, 6]], "ReLU.backward changes its argument in place")
  }

  @Test func copiesAreIndependent() throws {
    try Self.example.require()
    var layer = ReLU()
    _ = try forwardPass(&layer, input: Self.x)
    var copy = layer
    _ = try trainingPass(&copy, input: [[1, -1]])
    expectClose(
      layer.backward(Self.dY), [[0, -2, 3], [-4, 0, 0]], "ReLU.backward after a copy was used")
  }

  @Test func backwardUsesTheLastForwardPass() throws {
    try Self.example.require()
    var layer = ReLU()
    _ = try forwardPass(&layer, input: -Self.x)
    let dX = try trainingPass(&layer, input: Self.x, outputGradient: Self.dY).inputGradient
    expectClose(dX, [[0, -2, 3], [-4, 0, 0]], "ReLU.backward after two forward passes")
  }
}
