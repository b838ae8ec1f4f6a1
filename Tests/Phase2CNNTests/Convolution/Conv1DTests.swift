import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// Task 2.3: the loops of `.reference`. The kernels of `.fast` are measured by the same numbers.
@Suite(.watched) struct Conv1DTests {
  // MARK: One thing after the other: what is wrong is told by the first of these

  @Test func simpleForward() async throws { try await Self.steps.run() }
  @Test func channelsForward() async throws { try await Self.steps.run() }
  @Test func strideForward() async throws { try await Self.steps.run() }
  @Test func dilationForward() async throws { try await Self.steps.run() }
  @Test func paddingForward() async throws { try await Self.steps.run() }
  @Test func evenKernelForward() async throws { try await Self.steps.run() }
  @Test func groupsForward() async throws { try await Self.steps.run() }
  @Test func withoutBiasForward() async throws { try await Self.steps.run() }
  @Test func anyConfigurationForward() async throws { try await Self.steps.run() }
  @Test func simpleBackward() async throws { try await Self.steps.run() }
  @Test func channelsBackward() async throws { try await Self.steps.run() }
  @Test func strideBackward() async throws { try await Self.steps.run() }
  @Test func dilationBackward() async throws { try await Self.steps.run() }
  @Test func paddingBackward() async throws { try await Self.steps.run() }
  @Test func evenKernelBackward() async throws { try await Self.steps.run() }
  @Test func groupsBackward() async throws { try await Self.steps.run() }
  @Test func withoutBiasBackward() async throws { try await Self.steps.run() }
  @Test func anyConfigurationBackward() async throws { try await Self.steps.run() }

  static let steps: FirstSteps = task.steps {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Conv1DTests.steps.tryAndExit()
    }
  }

  private static func oracle(
    _ x: Tensor, _ weights: Tensor, bias: Tensor?, stride: Int = 1, dilation: Int = 1,
    before: Int = 0, after: Int = 0, groups: Int = 1
  ) -> ConvolutionOracle {
    ConvolutionOracle(
      x: x, weights: weights, bias: bias, stride: [stride], dilation: [dilation],
      before: [before], after: [after], groups: groups)
  }

  static let task = ConvolutionTask(
    name: Conv1D.typeName,
    examples: [
      // The example of the text.
      ConvolutionExample(
        name: "simple", words: "one channel",
        oracle: oracle([[[1, 2, 4, 8, 16]]], [[[1, 0, -2]]], bias: [100])),
      ConvolutionExample(
        name: "channels", words: "two signals of three channels",
        oracle: oracle(
          patterned([2, 3, 5], 11, 7, 1), patterned([3, 3, 2], 9, 5, 1), bias: [100, 200, 400])),
      ConvolutionExample(
        name: "stride", words: "stride 3",
        oracle: oracle(
          patterned([2, 1, 7], 11, 7, 1), patterned([2, 1, 2], 9, 5, 1), bias: [100, 200],
          stride: 3)),
      ConvolutionExample(
        name: "dilation", words: "dilation 3, stride 2",
        oracle: oracle(
          patterned([1, 1, 7], 11, 7, 1), patterned([2, 1, 2], 9, 5, 1), bias: [100, 200],
          stride: 2, dilation: 3)),
      ConvolutionExample(
        name: "padding", words: "padding of 3 before and 1 after, stride 5",
        oracle: oracle(
          patterned([1, 1, 9], 11, 7, 1), patterned([2, 1, 4], 9, 5, 1), bias: [100, 200],
          stride: 5, before: 3, after: 1)),
      // `.same` pads 1 before and 2 after.
      ConvolutionExample(
        name: "evenKernel", words: "even kernel of 4 with .same padding",
        oracle: oracle(
          patterned([1, 1, 5], 11, 7, 1), patterned([1, 1, 4], 9, 5, 1), bias: [100], before: 1,
          after: 2), isSame: true),
      ConvolutionExample(
        name: "groups", words: "two groups",
        oracle: oracle(
          patterned([1, 4, 3], 11, 7, 1), patterned([6, 2, 2], 9, 5, 1),
          bias: patterned([6], 5, 3, 1), groups: 2)),
      ConvolutionExample(
        name: "withoutBias", words: "bias: false",
        oracle: oracle(patterned([1, 1, 3], 11, 7, 1), patterned([1, 1, 2], 9, 5, 1), bias: nil)),
    ]
  ) { layer($0.oracle, isSame: $0.isSame) }

  /// A layer with given weights.
  private static func layer(
    _ oracle: ConvolutionOracle, isSame: Bool, _ implementation: Implementation = .reference
  ) -> Conv1D {
    let shape = oracle.weights.shape
    var layer = Conv1D(
      inputChannels: shape[1] * oracle.groups, outputChannels: shape[0], kernelSize: shape[2],
      stride: oracle.stride[0],
      padding: isSame ? .same : .explicit(before: oracle.before, after: oracle.after),
      dilation: oracle.dilation[0], groups: oracle.groups, bias: oracle.bias != nil,
      implementation: implementation, seed: 1)
    layer.weights.value = oracle.weights
    if let bias = oracle.bias { layer.bias?.value = bias }
    return layer
  }

  // MARK: Numbers

  @Test(
    .waits(for: steps), arguments: ConvolutionNumbers.signals, [Implementation.reference, .fast])
  func matchesPyTorch(numbers: ConvolutionNumbers, implementation: Implementation) throws {
    var layer = Self.layer(
      ConvolutionOracle(numbers), isSame: numbers.padding == .same, implementation)
    let (y, dX) = try trainingPass(
      &layer, input: numbers.x, outputGradient: numbers.outputGradient)
    let name = "(\(implementation)), \(numbers.name)"
    expectClose(
      y, Tensor(shape: numbers.outputShape, scalars: numbers.y), "Conv1D.forward \(name)")
    expectClose(
      dX, Tensor(shape: numbers.input, scalars: numbers.dX), "Conv1D.backward \(name), dX")
    expectClose(
      try #require(layer.weights.gradient),
      Tensor(shape: numbers.weights.shape, scalars: numbers.dW), "Conv1D.backward \(name), dW")
    expectClose(
      try #require(layer.bias?.gradient), Tensor(numbers.db), "Conv1D.backward \(name), db")
  }

  @Test(
    .waits(for: steps), arguments: [Implementation.reference, .fast], [Padding.valid, .same])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation, padding: Padding) throws
  {
    try expectGradients(
      of: Conv1D(
        inputChannels: 4, outputChannels: 6, kernelSize: 4, stride: 3, padding: padding,
        dilation: 2, groups: 2, activation: .tanh, implementation: implementation, seed: varied(1)),
      inputShape: [2, 4, 11])
  }

  /// A signal is an image of height 1: both layers must agree on random configurations, in both bodies.
  @Test(.waits(for: steps), .waits(for: Conv2DTests.steps))
  func agreesWithImagesOfHeightOne() throws {
    var draw = RandomKey(seed: varied(9)).folded("configurations").generator
    for number in 0..<60 {
      let groups = Int.random(in: 1...2, using: &draw)
      let (kernel, dilation) = (
        Int.random(in: 1...5, using: &draw), Int.random(in: 1...2, using: &draw)
      )
      let stride = Int.random(in: 1...3, using: &draw)
      let (before, after) = (
        Int.random(in: 0...3, using: &draw), Int.random(in: 0...3, using: &draw)
      )
      let isSame = Bool.random(using: &draw)
      let channels = (
        groups * Int.random(in: 1...2, using: &draw), groups * Int.random(in: 1...2, using: &draw)
      )
      let length = dilation * (kernel - 1) + Int.random(in: 1...6, using: &draw)
      var signals = Conv1D(
        inputChannels: channels.0, outputChannels: channels.1, kernelSize: kernel, stride: stride,
        padding: isSame ? .same : .explicit(before: [before], after: [after]), dilation: dilation,
        groups: groups, activation: .relu, seed: varied(1))
      var images = Conv2D(
        inputChannels: channels.0, outputChannels: channels.1, kernelSize: [1, kernel],
        stride: [1, stride],
        padding: isSame ? .same : .explicit(before: [0, before], after: [0, after]),
        dilation: [1, dilation], groups: groups, activation: .relu, seed: varied(1))
      images.weights.value = signals.weights.value.reshaped(to: images.weights.value.shape)
      let x = Tensor(
        normal: [2, channels.0, length], key: RandomKey(seed: varied(1)).folded(number))
      let shape = try [2] + signals.outputShape(for: [channels.0, length])
      let dY = Tensor(normal: shape, key: RandomKey(seed: varied(2)).folded(number))
      let (y, dX) = try trainingPass(
        &images, input: x.reshaped(to: [2, channels.0, 1, length]),
        outputGradient: dY.reshaped(to: [2, channels.1, 1, shape[2]]))
      let dW = try #require(images.weights.gradient)
      for implementation in [Implementation.fast, .reference] {
        signals.implementation = implementation
        signals.forEachParameter { $1.clearGradient() }
        let name = "Conv1D (\(implementation)), number \(number), \(signals.configuration)"
        let result = try trainingPass(&signals, input: x, outputGradient: dY)
        try requireClose(result.output, y.reshaped(to: shape), "\(name), forward")
        try requireClose(result.inputGradient, dX.reshaped(to: x.shape), "\(name), dX")
        try requireClose(
          try #require(signals.weights.gradient, "Conv1D.backward: weights.accumulate not called"),
          dW.reshaped(to: signals.weights.value.shape), "\(name), dW")
        try requireClose(
          try #require(signals.bias?.gradient), try #require(images.bias?.gradient), "\(name), db")
      }
    }
  }

  // MARK: Use

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func inferenceComputesTheSameAndKeepsNothing(implementation: Implementation) throws {
    let x = Tensor(normal: [2, 2, 6], key: RandomKey(seed: varied(1)))
    var layer = Conv1D(
      inputChannels: 2, outputChannels: 3, kernelSize: 2, implementation: implementation,
      seed: varied(1))
    #expect(try forwardPass(&layer, input: x) == layer.forward(x, mode: .inference))
    expectInferenceKeepsNothing(layer, input: x)
    try expectBackwardUsesUp(layer, input: x)
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast])
  func theFirstLayerSkipsItsInputGradientAndCopiesAreIndependent(implementation: Implementation)
    throws
  {
    let x = Tensor(normal: [2, 2, 6], key: RandomKey(seed: varied(1)))
    let dY = Tensor(normal: [2, 3, 6], key: RandomKey(seed: varied(2)))
    var layer = Conv1D(
      inputChannels: 2, outputChannels: 3, kernelSize: 3, padding: .same,
      implementation: implementation, seed: varied(1))
    var other = layer
    _ = try trainingPass(&layer, input: x, outputGradient: dY)
    #expect(other.weights.gradient == nil)
    _ = other.forward(x, mode: .training)
    other.backwardWithoutInputGradient(dY)
    #expect(layer.weights.gradient == other.weights.gradient)
    #expect(try #require(layer.bias).gradient == other.bias?.gradient)
  }

  @Test func heInitialisationGoesByTheFanIn() {
    let layer = Conv1D(inputChannels: 80, outputChannels: 100, kernelSize: 5, seed: 1)
    expectClose(
      layer.weights.value.variance().squareRoot(), Float(2.0 / 400).squareRoot(),
      "standard deviation of the weights", atol: 0, rtol: 0.015,
      mistakes: [
        "He initialisation goes by the fan-in C · k, not by the fan-out O · k":
          Float(2.0 / 500).squareRoot(),
        "the size of the kernel is missing from the fan-in C · k": Float(2.0 / 80).squareRoot(),
      ])
  }

  @Test func aConfigurationMakesAnEqualLayer() throws {
    var layer = Conv1D(
      inputChannels: 4, outputChannels: 6, kernelSize: 5, stride: 2, padding: .same, groups: 2,
      seed: 1)
    let copy = try Conv1D(configuration: layer.configuration)
    #expect(copy.configuration == layer.configuration && copy.implementation == .fast)
    var seen: [String] = []
    layer.forEachParameter { seen.append("\($0) \($1.value.shape) \($1.isRegularized)") }
    #expect(seen == ["weights [6, 2, 5] true", "bias [6] false"])
    #expect(try layer.outputShape(for: [4, 9]) == [6, 5])
  }

  @Test(.waits(for: steps)) func wrongArgumentsAndShapesAreRefused() async throws {
    var configuration = Conv1D(inputChannels: 2, outputChannels: 2, kernelSize: 3, seed: 1)
      .configuration
    expectCourseError(.shapeMismatch, "Conv1D", "[2, L]", "got [1, 9]", "inputChannels") {
      try Conv1D(configuration: configuration).outputShape(for: [1, 9])
    }
    expectCourseError(.shapeMismatch, "Conv1D: window larger", "at least 3 places", "got 2") {
      try Conv1D(configuration: configuration).outputShape(for: [2, 2])
    }
    configuration.kernelSize = [3, 3]
    expectCourseError(.invalidArgument, "Conv1D: kernel size", "one number", "[3, 3]") {
      try Conv1D(configuration: configuration)
    }
    let wrong = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Conv1D(inputChannels: 2, outputChannels: 2, kernelSize: 3, seed: 1)
      _ = layer.forward(Tensor(zeros: [1, 2, 3, 3]), mode: .training)
    }
    expectWords(of: wrong, "Conv1D.forward: expected input [N, 2, L], got [1, 2, 3, 3]")
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Conv1D(inputChannels: 1, outputChannels: 1, kernelSize: 1, seed: 1)
      _ = layer.forward(Tensor(ones: [1, 1, 3]), mode: .inference)
      _ = layer.backward(Tensor(ones: [1, 1, 3]))
    }
    expectWords(of: inference, "Conv1D.backward", "no forward pass to go back through")
  }
}
