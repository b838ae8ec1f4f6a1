import CourseTestSupport
import Networks
import Testing

@Suite(.watched) struct SandwichTests {
  private func images(_ shape: [Int]) -> Tensor {
    Tensor(normal: shape, key: RandomKey(seed: 5).folded("images"))
  }

  private func convReLU() -> ConvReLU {
    ConvReLU(
      inputChannels: 2, outputChannels: 3, kernelSize: [3, 2], stride: [2, 1], padding: .same,
      biasInitializer: .uniform(low: -1, high: 1), seed: 1)
  }

  private func convReLUPool(pool: Int = 2, stride: Int? = nil, groups: Int = 1) -> ConvReLUPool {
    ConvReLUPool(
      inputChannels: 2, outputChannels: 4, kernelSize: 3, padding: .same, groups: groups,
      pool: AxisSizes(pool), poolStride: stride.map { AxisSizes($0) },
      biasInitializer: .uniform(low: -1, high: 1), seed: 1)
  }

  @Test func shapesFollowConvolutionAndPooling() throws {
    #expect(try convReLU().outputShape(for: [2, 7, 6]) == [3, 4, 6])
    #expect(try convReLUPool().outputShape(for: [2, 7, 6]) == [4, 3, 3])
    #expect(try convReLUPool(pool: 3, stride: 2).outputShape(for: [2, 7, 6]) == [4, 3, 2])
    expectCourseError(.shapeMismatch, "input [2, H, W]", "[3, 7, 6]") {
      try convReLUPool().outputShape(for: [3, 7, 6])
    }
    expectCourseError(.shapeMismatch, "window larger than its input") {
      try convReLUPool().outputShape(for: [2, 1, 6])
    }
  }

  @Test func convReLUIsAConvolutionAndReLU() throws {
    var fused = convReLU()
    var configuration = fused.configuration
    configuration.activation = .identity
    var convolution = try Conv2D(configuration: configuration)
    convolution.weights = fused.convolution.weights
    convolution.bias = fused.convolution.bias
    var relu = ReLU()
    try expectSame(&fused, as: &convolution, then: &relu, input: images([3, 2, 7, 6]))
  }

  @Test(arguments: [(2, nil), (3, 2), (3, 1)] as [(Int, Int?)])
  func convReLUPoolIsAllThreeInTheirOrder(pool: Int, stride: Int?) throws {
    var fused = convReLUPool(pool: pool, stride: stride)
    var configuration = fused.configuration.convolution
    configuration.activation = .relu
    var convolution = try Conv2D(configuration: configuration)
    convolution.weights = fused.convolution.weights
    convolution.bias = fused.convolution.bias
    var pooling = MaxPool2D(window: AxisSizes(pool), stride: stride.map { AxisSizes($0) })
    try expectSame(&fused, as: &convolution, then: &pooling, input: images([3, 2, 7, 6]))
  }

  /// Output, input gradient and the gradients of the parameters.
  private func expectSame(
    _ fused: inout some Layer, as first: inout Conv2D, then second: inout some Layer, input: Tensor
  ) throws {
    let name = type(of: fused).typeName
    let (output, inputGradient) = try trainingPass(&fused, input: input)
    expectClose(
      output, second.forward(first.forward(input, mode: .training), mode: .training),
      "\(name).forward")
    let gradient = Tensor(normal: output.shape, key: RandomKey(seed: 7).folded("gradient"))
    expectClose(inputGradient, first.backward(second.backward(gradient)), "\(name).backward")
    var gradients: [Tensor?] = []
    fused.forEachParameter { _, parameter in gradients.append(parameter.gradient) }
    expectClose(
      try #require(gradients[0]), try #require(first.weights.gradient), "\(name): weights")
    expectClose(try #require(gradients[1]), try #require(first.bias?.gradient), "\(name): bias")
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    // Large and far apart, so that few sums lie near the kinks of ReLU and of the maximum.
    func apart(_ shape: [Int]) -> Tensor { images(shape) * 4 }
    try expectGradients(of: convReLU(), inputShape: [], input: apart([2, 2, 7, 6]))
    try expectGradients(of: convReLUPool(), inputShape: [], input: apart([3, 2, 5, 6]))
    try expectGradients(
      of: convReLUPool(pool: 3, stride: 2, groups: 2), inputShape: [], input: apart([2, 2, 7, 6]))
  }

  @Test func theFirstLayersShortcutAccumulatesTheSameGradients() throws {
    var full = convReLUPool()
    _ = full.forward(images([3, 2, 7, 6]), mode: .training)
    var short = full
    let gradient = Tensor(normal: [3, 4, 3, 3], key: RandomKey(seed: 2))
    _ = full.backward(gradient)
    short.backwardWithoutInputGradient(gradient)
    #expect(full.convolution.weights.gradient == short.convolution.weights.gradient)
    #expect(full.convolution.bias?.gradient == short.convolution.bias?.gradient)
  }

  @Test func inferenceKeepsNothingAndBackwardUsesUp() throws {
    let input = images([1, 2, 7, 6])
    expectInferenceKeepsNothing(convReLU(), input: input)
    expectInferenceKeepsNothing(convReLUPool(), input: input)
    try expectBackwardUsesUp(convReLU(), input: input)
    try expectBackwardUsesUp(convReLUPool(), input: input)
  }

  @Test func parametersHaveNamesAndBiasesAreNotRegularized() {
    var layer = convReLUPool()
    var seen: [String] = []
    layer.forEachParameter { name, parameter in
      seen.append("\(name) \(parameter.value.shape) \(parameter.isRegularized)")
    }
    #expect(
      seen == ["convolution.weights [4, 2, 3, 3] true", "convolution.bias [4] false"])
  }

  @Test func aFileCannotNameAnotherActivation() {
    var configuration = convReLU().configuration
    configuration.activation = .tanh
    expectCourseError(.invalidArgument, "ConvReLU: wrong activation", "relu", "tanh") {
      try ConvReLU(configuration: configuration)
    }
    var sandwich = convReLUPool().configuration
    sandwich.convolution.activation = .relu
    expectCourseError(.invalidArgument, "ConvReLUPool: wrong activation", "identity", "relu") {
      try ConvReLUPool(configuration: sandwich)
    }
  }

  @Test func backwardNeedsATrainingPass() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var layer = ConvReLUPool(inputChannels: 1, outputChannels: 1, kernelSize: 1, seed: 1)
      _ = layer.forward(Tensor(zeros: [1, 1, 2, 2]), mode: .inference)
      _ = layer.backward(Tensor(zeros: [1, 1, 1, 1]))
    }
    expectWords(of: result, "ConvReLUPool.backward", "no forward pass to go back through")
  }
}
