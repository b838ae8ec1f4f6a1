import CourseTestSupport
import Phase2CNN
import Shared
import Testing

// How a convolution behaves in use: shapes, modes, copies, first weights, wrong arguments.

extension Conv2DTests {
  @Test(
    .waits(for: steps),
    arguments: [
      (Padding.valid, [1, 1], [4, 12, 17]), (.same, [1, 1], [4, 14, 20]),
      (.same, [3, 2], [4, 5, 10]),
      (.explicit(before: [1, 0], after: [2, 5]), [2, 3], [4, 8, 8]),
    ])
  func outputShapes(padding: Padding, stride: [Int], expected: [Int]) throws {
    let layer = Conv2D(
      inputChannels: 3, outputChannels: 4, kernelSize: [3, 4], stride: AxisSizes(stride),
      padding: padding,
      seed: 1)
    #expect(try layer.outputShape(for: [3, 14, 20]) == expected)
    for implementation in [Implementation.reference, .fast] {
      var small = Conv2D(
        inputChannels: 1, outputChannels: 1, kernelSize: [3, 4], stride: AxisSizes(stride),
        padding: padding,
        implementation: implementation, seed: 1)
      _ = try trainingPass(&small, input: Tensor(ones: [1, 1, 5, 6]))
    }
  }

  /// The shapes of the FAU exercise: output ⌈in / stride⌉.
  @Test func samePaddingDividesTheSizeByTheStride() throws {
    func shape(_ stride: [Int], _ size: [Int], kernel: [Int] = [5, 8]) throws -> [Int] {
      try Conv2D(
        inputChannels: 3, outputChannels: 4, kernelSize: AxisSizes(kernel),
        stride: AxisSizes(stride), padding: .same,
        seed: 1
      ).outputShape(for: [3] + size)
    }
    #expect(try shape([1, 1], [10, 14]) == [4, 10, 14])
    #expect(try shape([3, 2], [10, 14]) == [4, 4, 7])
    #expect(try shape([3, 2], [11, 15]) == [4, 4, 8])
    #expect(try shape([2, 2], [1, 1]) == [4, 1, 1])
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func theFirstLayerOfANetworkSkipsItsInputGradient(implementation: Implementation) throws {
    let x = Tensor(normal: [2, 2, 4, 4], key: RandomKey(seed: 1))
    let dY = Tensor(normal: [2, 3, 4, 4], key: RandomKey(seed: 2))
    var layer = Conv2D(
      inputChannels: 2, outputChannels: 3, kernelSize: 3, padding: .same, activation: .relu,
      implementation: implementation, seed: 1)
    var other = layer
    _ = try trainingPass(&layer, input: x, outputGradient: dY)
    _ = other.forward(x, mode: .training)
    other.backwardWithoutInputGradient(dY)
    #expect(layer.weights.gradient == other.weights.gradient)
    #expect(layer.bias?.gradient == other.bias?.gradient)
  }

  @Test(.waits(for: steps)) func gradientsAddUpOverTwoBackwardPasses() throws {
    var layer = Self.layer(Self.simple)
    let dY = Tensor([[[[1, 2], [-1, 3]]]])
    _ = try trainingPass(&layer, input: Self.simple.x, outputGradient: dY)
    let first = try #require(layer.weights.gradient)
    _ = try trainingPass(&layer, input: Self.simple.x, outputGradient: dY)
    expectClose(
      try #require(layer.weights.gradient), first * 2, "Conv2D.backward twice, dW",
      mistakes: ["the second pass replaces the first: gradients add up until cleared": first])
  }

  @Test(
    .waits(for: steps), arguments: [Implementation.reference, .fast], [Activation.identity, .relu])
  func inferenceComputesTheSameAndKeepsNothing(
    implementation: Implementation, activation: Activation
  ) throws {
    let x = Tensor(normal: [1, 2, 4, 5], key: RandomKey(seed: 1))
    var layer = Conv2D(
      inputChannels: 2, outputChannels: 3, kernelSize: 2, activation: activation,
      implementation: implementation, seed: 1)
    #expect(try forwardPass(&layer, input: x) == layer.forward(x, mode: .inference))
    expectInferenceKeepsNothing(layer, input: x)
    try expectBackwardUsesUp(layer, input: x)
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func tensorsAndCopiesStayAsTheyAre(implementation: Implementation) throws {
    var layer = Self.layer(Self.simple, isSame: false, implementation)
    let x = Tensor([[[[1, 2, 3], [4, 5, 6], [7, 8, 10]]]])
    let dY = Tensor([[[[1, 2], [-1, 3]]]])
    let (input, gradient) = (x, dY)
    var copy = layer
    let (y, dX) = try trainingPass(&layer, input: input, outputGradient: gradient)
    #expect(input == x, "Conv2D.forward changes its input in place")
    #expect(gradient == Tensor([[[[1, 2], [-1, 3]]]]), "Conv2D.backward changes its argument")
    #expect(copy.weights.gradient == nil && copy.bias?.gradient == nil)
    copy.weights.value *= 2
    _ = try trainingPass(&copy, input: x * 3, outputGradient: dY)
    #expect(layer.forward(x, mode: .inference) == y)
    _ = try forwardPass(&layer, input: x)
    #expect(layer.backward(dY) == dX, "Conv2D.backward after a copy was used")
  }

  // MARK: First weights and configuration

  /// 57 600 draws: their standard deviation is within 1.5 % of the right one but for one seed in 10⁶,
  /// and the seed is fixed.
  @Test func heInitialisationGoesByTheFanIn() {
    let layer = Conv2D(inputChannels: 64, outputChannels: 100, kernelSize: 3, seed: 1)
    let (fanIn, fanOut): (Float, Float) = (64 * 9, 100 * 9)
    expectClose(
      layer.weights.value.variance().squareRoot(), (2 / fanIn).squareRoot(),
      "standard deviation of the weights", atol: 0, rtol: 0.015,
      mistakes: [
        "He initialisation goes by the fan-in C · kH · kW, not by the fan-out O · kH · kW":
          (2 / fanOut).squareRoot(),
        "the area of the kernel is missing from the fan-in C · kH · kW": Float(2.0 / 64)
          .squareRoot(),
        "this is Xavier initialisation, not He": (2 / (fanIn + fanOut)).squareRoot(),
      ])
    #expect(layer.bias?.value == Tensor(zeros: [100]), "the bias starts at 0")
    let grouped = Conv2D(inputChannels: 64, outputChannels: 400, kernelSize: 3, groups: 4, seed: 1)
    expectClose(
      grouped.weights.value.variance().squareRoot(), Float(2.0 / (16 * 9)).squareRoot(),
      "standard deviation of grouped weights", atol: 0, rtol: 0.015,
      mistakes: [
        "with groups the fan-in is that of one group, C / groups · kH · kW":
          (2 / fanIn).squareRoot(),
        "He initialisation goes by the fan-in, not by the fan-out": (2 / fanOut).squareRoot(),
      ])
  }

  @Test func theVisitorShowsWeightsThenBias() {
    var layer = Conv2D(inputChannels: 4, outputChannels: 6, kernelSize: [3, 2], groups: 2, seed: 1)
    var seen: [String] = []
    layer.forEachParameter { seen.append("\($0) \($1.value.shape) \($1.isRegularized)") }
    #expect(seen == ["weights [6, 2, 3, 2] true", "bias [6] false"])
    layer.forEachParameter { $1.value = Tensor(ones: $1.value.shape) }
    #expect(layer.bias?.value == Tensor(ones: [6]), "the visitor may change parameters")
    var without = Conv2D(inputChannels: 1, outputChannels: 1, kernelSize: 1, bias: false, seed: 1)
    seen = []
    without.forEachParameter { name, _ in seen.append(name) }
    #expect(seen == ["weights"])
  }

  @Test func aConfigurationMakesAnEqualLayer() throws {
    let layer = Conv2D(
      inputChannels: 4, outputChannels: 6, kernelSize: [3, 2], stride: 2,
      padding: .explicit(before: [1, 2], after: [0, 1]), dilation: [1, 2], groups: 2,
      activation: .tanh, initializer: .xavierUniform, biasInitializer: .constant(0.1),
      implementation: .reference, seed: 1)
    let copy = try Conv2D(configuration: layer.configuration)
    #expect(copy.configuration == layer.configuration)
    #expect(copy.weights.value.shape == [6, 2, 3, 2])
    #expect(copy.bias?.value == Tensor(repeating: 0.1, shape: [6]))
    #expect(copy.implementation == .fast, "the implementation is not part of the configuration")
  }
}
