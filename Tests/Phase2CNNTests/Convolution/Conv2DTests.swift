import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// Tasks 2.1 and 2.2: the loops of `.reference`. The kernels of `.fast` are measured by the same numbers.
@Suite(.watched) struct Conv2DTests {
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
      Conv2DTests.steps.tryAndExit()
    }
  }

  /// One channel, one image, one kernel of even size, no padding: the example of the text.
  static let simple = ConvolutionOracle(
    x: Tensor([[[[1, 2, 3], [4, 5, 6], [7, 8, 10]]]]), weights: Tensor([[[[1, 2], [3, -1]]]]),
    bias: [10])

  static let task = ConvolutionTask(
    name: Conv2D.typeName,
    examples: [
      ConvolutionExample(name: "simple", words: "one channel", oracle: simple),
      ConvolutionExample(
        name: "channels", words: "two images of three channels",
        oracle: ConvolutionOracle(
          x: patterned([2, 3, 3, 3], 11, 7, 1), weights: patterned([3, 3, 2, 2], 9, 5, 1),
          bias: [100, 200, 400])),
      ConvolutionExample(
        name: "stride", words: "stride [2, 3]",
        oracle: ConvolutionOracle(
          x: patterned([2, 1, 5, 7], 11, 7, 1), weights: patterned([2, 1, 2, 2], 9, 5, 1),
          bias: [100, 200], stride: [2, 3])),
      ConvolutionExample(
        name: "dilation", words: "dilation [2, 3], stride [3, 4]",
        oracle: ConvolutionOracle(
          x: patterned([1, 1, 7, 9], 11, 7, 1), weights: patterned([2, 1, 2, 2], 9, 5, 1),
          bias: [100, 200], stride: [3, 4], dilation: [2, 3])),
      ConvolutionExample(
        name: "padding", words: "padding [0, 2] before and [2, 1] after, stride 4",
        oracle: ConvolutionOracle(
          x: patterned([1, 1, 6, 7], 11, 7, 1), weights: patterned([2, 1, 2, 3], 9, 5, 1),
          bias: [100, 200], stride: [4, 4], before: [0, 2], after: [2, 1])),
      // `.same` pads 0 and 1 above, 1 and 2 below and to the right.
      ConvolutionExample(
        name: "evenKernel", words: "even kernel [2, 4] with .same padding",
        oracle: ConvolutionOracle(
          x: patterned([1, 1, 4, 5], 11, 7, 1), weights: patterned([1, 1, 2, 4], 9, 5, 1),
          bias: [100], before: [0, 1], after: [1, 2]), isSame: true),
      ConvolutionExample(
        name: "groups", words: "two groups",
        oracle: ConvolutionOracle(
          x: patterned([1, 4, 2, 3], 11, 7, 1), weights: patterned([6, 2, 2, 2], 9, 5, 1),
          bias: patterned([6], 5, 3, 1), groups: 2)),
      ConvolutionExample(
        name: "withoutBias", words: "bias: false",
        oracle: ConvolutionOracle(
          x: patterned([1, 1, 3, 3], 11, 7, 1), weights: patterned([1, 1, 2, 2], 9, 5, 1))),
    ]
  ) { layer($0.oracle, isSame: $0.isSame) }

  /// A layer with given weights.
  static func layer(
    _ oracle: ConvolutionOracle, isSame: Bool = false, _ implementation: Implementation = .reference
  ) -> Conv2D {
    let shape = oracle.weights.shape
    var layer = Conv2D(
      inputChannels: shape[1] * oracle.groups, outputChannels: shape[0],
      kernelSize: AxisSizes(Array(shape[2...])), stride: AxisSizes(oracle.stride),
      padding: isSame ? .same : .explicit(before: oracle.before, after: oracle.after),
      dilation: AxisSizes(oracle.dilation), groups: oracle.groups, bias: oracle.bias != nil,
      implementation: implementation, seed: 1)
    layer.weights.value = oracle.weights
    if let bias = oracle.bias { layer.bias?.value = bias }
    return layer
  }
}

// MARK: Numbers

// Both bodies of code against PyTorch, finite differences and each other.

extension Conv2DTests {
  @Test(
    .waits(for: steps), arguments: ConvolutionNumbers.images, [Implementation.reference, .fast])
  func matchesPyTorch(numbers: ConvolutionNumbers, implementation: Implementation) throws {
    var layer = Self.layer(
      ConvolutionOracle(numbers), isSame: numbers.padding == .same, implementation)
    let (y, dX) = try trainingPass(
      &layer, input: numbers.x, outputGradient: numbers.outputGradient)
    let name = "(\(implementation)), \(numbers.name)"
    expectClose(
      y, Tensor(shape: numbers.outputShape, scalars: numbers.y), "Conv2D.forward \(name)")
    expectClose(
      dX, Tensor(shape: numbers.input, scalars: numbers.dX), "Conv2D.backward \(name), dX")
    expectClose(
      try #require(layer.weights.gradient),
      Tensor(shape: numbers.weights.shape, scalars: numbers.dW), "Conv2D.backward \(name), dW")
    expectClose(
      try #require(layer.bias?.gradient), Tensor(numbers.db), "Conv2D.backward \(name), db")
  }

  /// Mistakes are told apart by an oracle, which must be right itself when it makes none.
  @Test(arguments: ConvolutionNumbers.images + ConvolutionNumbers.signals)
  func theOracleMatchesPyTorch(numbers: ConvolutionNumbers) {
    let result = ConvolutionOracle(numbers)(outputGradient: numbers.outputGradient)
    expectClose(result.y, Tensor(shape: numbers.outputShape, scalars: numbers.y), "y")
    expectClose(result.dX, Tensor(shape: numbers.input, scalars: numbers.dX), "dX")
    expectClose(result.dW, Tensor(shape: numbers.weights.shape, scalars: numbers.dW), "dW")
    expectClose(result.db, Tensor(numbers.db), "db")
  }

  @Test(.waits(for: steps), arguments: [Implementation.reference, .fast], Activation.allCases)
  func gradientsAgreeWithFiniteDifferences(
    implementation: Implementation, activation: Activation
  ) throws {
    try expectGradients(
      of: Conv2D(
        inputChannels: 2, outputChannels: 2, kernelSize: [2, 3], stride: [2, 1], padding: .same,
        activation: activation, biasInitializer: .constant(0.3), implementation: implementation,
        seed: varied(1)),
      inputShape: [2, 2, 3, 4])
  }

  @Test(
    .waits(for: steps),
    arguments: [
      Conv2D(inputChannels: 3, outputChannels: 5, kernelSize: 3, padding: .same, seed: 1)
        .configuration,
      Conv2D(inputChannels: 3, outputChannels: 2, kernelSize: [4, 1], stride: [3, 2], seed: 1)
        .configuration,
      Conv2D(
        inputChannels: 4, outputChannels: 6, kernelSize: 2, dilation: [2, 3], groups: 2, seed: 1
      )
      .configuration,
      Conv2D(inputChannels: 4, outputChannels: 4, kernelSize: 3, padding: .same, groups: 4, seed: 1)
        .configuration,
      Conv2D(
        inputChannels: 16, outputChannels: 16, kernelSize: 3, padding: .same, bias: false, seed: 1
      )
      .configuration,
      Conv2D(
        inputChannels: 2, outputChannels: 3, kernelSize: 5, stride: 2,
        padding: .explicit(before: [3, 0], after: [1, 4]), seed: 1
      ).configuration,
    ])
  func gradientsOfTheFastBodyAgreeWithFiniteDifferences(configuration: ConvolutionConfiguration)
    throws
  {
    try expectGradients(
      of: Conv2D(configuration: configuration).seeded(varied(1)),
      inputShape: [2, configuration.inputChannels, 6, 7], step: 0.5)
  }

  /// 220 random configurations and the larger ones at the end, where the kernels work in blocks.
  @Test(.waits(for: steps)) func theFastBodyAgreesWithTheReference() throws {
    var draw = RandomKey(seed: varied(5)).folded("configurations").generator
    for number in 0..<220 {
      let groups = [1, 1, 1, 2, 3].randomElement(using: &draw) ?? 1
      let (kernel, dilation) = (
        (0..<2).map { _ in Int.random(in: 1...4, using: &draw) },
        (0..<2).map { _ in Int.random(in: 1...2, using: &draw) }
      )
      let size = (0..<2).map { axis in
        Int.random(in: 0...4, using: &draw) + dilation[axis] * (kernel[axis] - 1) + 1
      }
      let padding: Padding =
        [
          .valid, .same,
          .explicit(
            before: (0..<2).map { _ in Int.random(in: 0...3, using: &draw) },
            after: (0..<2).map { _ in Int.random(in: 0...3, using: &draw) }),
        ].randomElement(using: &draw) ?? .valid
      let layer = Conv2D(
        inputChannels: groups * Int.random(in: 1...2, using: &draw),
        outputChannels: groups * Int.random(in: 1...3, using: &draw), kernelSize: AxisSizes(kernel),
        stride: AxisSizes((0..<2).map { _ in Int.random(in: 1...3, using: &draw) }),
        padding: padding,
        dilation: AxisSizes(dilation), groups: groups, bias: Bool.random(using: &draw),
        activation: Activation.allCases.randomElement(using: &draw) ?? .identity,
        biasInitializer: .constant(0.5), seed: varied(1))
      try Self.expectAgreement(
        of: layer, [Int.random(in: 1...2, using: &draw), layer.configuration.inputChannels] + size,
        seed: number)
    }
    try Self.expectAgreement(
      of: Conv2D(
        inputChannels: 17, outputChannels: 19, kernelSize: 3, padding: .same, seed: varied(1)),
      [1, 17, 7, 9], seed: 1000)
    try Self.expectAgreement(
      of: Conv2D(inputChannels: 3, outputChannels: 8, kernelSize: 5, stride: 2, seed: varied(1)),
      [2, 3, 17, 19], seed: 1001)
  }

  private static func expectAgreement(
    of layer: Conv2D, _ inputShape: [Int], seed: Int
  ) throws {
    let key = RandomKey(seed: varied(UInt64(seed))).folded("agreement")
    let x = Tensor(normal: inputShape, key: key.folded("x"))
    let shape = try [inputShape[0]] + layer.outputShape(for: Array(inputShape.dropFirst()))
    let dY = Tensor(normal: shape, key: key.folded("dY"))
    var (reference, fast) = (layer, layer)
    (reference.implementation, fast.implementation) = (.reference, .fast)
    let (y, dX) = try trainingPass(&reference, input: x, outputGradient: dY)
    let (fastY, fastDX) = try trainingPass(&fast, input: x, outputGradient: dY)
    let name = "number \(seed), input \(inputShape), \(layer.configuration)"
    let gradients = (
      try #require(reference.weights.gradient, "Conv2D.backward: weights.accumulate not called"),
      try #require(fast.weights.gradient)
    )
    try requireClose(y, fastY, "Conv2D.forward, reference against fast, \(name)")
    try requireClose(dX, fastDX, "Conv2D.backward, dX, reference against fast, \(name)")
    try requireClose(
      gradients.0, gradients.1, "Conv2D.backward, dW, reference against fast, \(name)")
    #expect((reference.bias == nil) == (fast.bias?.gradient == nil))
    if let db = reference.bias?.gradient, let fastDB = fast.bias?.gradient {
      try requireClose(db, fastDB, "Conv2D.backward, db, reference against fast, \(name)")
    }
  }
}

// MARK: Use

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
    let x = Tensor(normal: [2, 2, 4, 4], key: RandomKey(seed: varied(1)))
    let dY = Tensor(normal: [2, 3, 4, 4], key: RandomKey(seed: varied(2)))
    var layer = Conv2D(
      inputChannels: 2, outputChannels: 3, kernelSize: 3, padding: .same, activation: .relu,
      implementation: implementation, seed: varied(1))
    var other = layer
    _ = try trainingPass(&layer, input: x, outputGradient: dY)
    _ = other.forward(x, mode: .training)
    other.backwardWithoutInputGradient(dY)
    #expect(layer.weights.gradient == other.weights.gradient)
    #expect(try #require(layer.bias).gradient == other.bias?.gradient)
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
    let x = Tensor(normal: [1, 2, 4, 5], key: RandomKey(seed: varied(1)))
    var layer = Conv2D(
      inputChannels: 2, outputChannels: 3, kernelSize: 2, activation: activation,
      implementation: implementation, seed: varied(1))
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

// MARK: Mistakes

// Arguments and inputs that do not fit: every message says what, what was expected and what came.

extension Conv2DTests {
  private static func configuration(_ change: (inout ConvolutionConfiguration) -> Void = { _ in })
    -> ConvolutionConfiguration
  {
    var configuration =
      Conv2D(inputChannels: 4, outputChannels: 6, kernelSize: 3, seed: 1).configuration
    change(&configuration)
    return configuration
  }

  @Test func aFileWithWrongArgumentsIsRefused() throws {
    _ = try Conv2D(configuration: Self.configuration())
    expectCourseError(.invalidArgument, "Conv2D", "stride", "at least 1", "[0, 1]", "one for each")
    {
      try Conv2D(configuration: Self.configuration { $0.stride = [0, 1] })
    }
    expectCourseError(.invalidArgument, "Conv2D", "dilation", "at least 1", "[1, 0]") {
      try Conv2D(configuration: Self.configuration { $0.dilation = [1, 0] })
    }
    expectCourseError(.invalidArgument, "Conv2D", "kernel size", "2 numbers", "[3]") {
      try Conv2D(configuration: Self.configuration { $0.kernelSize = [3] })
    }
    expectCourseError(.invalidArgument, "Conv2D", "kernel size", "[0, 3]") {
      try Conv2D(configuration: Self.configuration { $0.kernelSize = [0, 3] })
    }
    expectCourseError(.invalidArgument, "Conv2D", "padding", "at least 0", "[-1, 0]") {
      try Conv2D(
        configuration: Self.configuration {
          $0.padding = .explicit(before: [-1, 0], after: [0, 0])
        })
    }
    expectCourseError(.invalidArgument, "Conv2D", "padding", "2 amounts", "[1]") {
      try Conv2D(
        configuration: Self.configuration { $0.padding = .explicit(before: [1], after: [1]) })
    }
    for groups in [0, 3, 4, -2] {
      expectCourseError(
        .invalidArgument, "Conv2D", "channels do not divide into groups", "\(groups) groups",
        "Use groups: 1"
      ) { try Conv2D(configuration: Self.configuration { $0.groups = groups }) }
    }
    expectCourseError(.invalidArgument, "Conv2D", "at most 2³¹ weights") {
      try Conv2D(configuration: Self.configuration { $0.kernelSize = [1 << 20, 1 << 20] })
    }
    expectCourseError(.invalidArgument, "Conv2D", "0 input channels") {
      try Conv2D(configuration: Self.configuration { $0.inputChannels = 0 })
    }
  }

  @Test func shapeInferenceSaysWhatDoesNotFit() throws {
    let layer = Conv2D(inputChannels: 3, outputChannels: 2, kernelSize: 5, dilation: 2, seed: 1)
    expectCourseError(.shapeMismatch, "Conv2D", "[3, H, W]", "got [1, 28, 28]", "inputChannels") {
      try layer.outputShape(for: [1, 28, 28])
    }
    expectCourseError(.shapeMismatch, "Conv2D", "[3, H, W]", "got [784]", "Reshape") {
      try layer.outputShape(for: [784])
    }
    expectCourseError(
      .shapeMismatch, "Conv2D: window larger than its input", "at least 9 places",
      "spatial axis 1", "window of 9", "dilation 2", "got 8", "padding: .same"
    ) { try layer.outputShape(for: [3, 9, 8]) }
    #expect(try layer.outputShape(for: [3, 9, 9]) == [2, 1, 1])
    let padded = Conv2D(
      inputChannels: 1, outputChannels: 1, kernelSize: 3,
      padding: .explicit(before: [1, 1], after: [0, 0]), seed: 1)
    #expect(try padded.outputShape(for: [1, 2, 2]) == [1, 1, 1])
    expectCourseError(.shapeMismatch, "at least 2 places", "padding of 1", "got 1") {
      try padded.outputShape(for: [1, 1, 2])
    }
    expectCourseError(.shapeMismatch, "window larger than its input", "got 0") {
      try Conv2D(inputChannels: 1, outputChannels: 1, kernelSize: 1, padding: .same, seed: 1)
        .outputShape(for: [1, 0, 3])
    }
  }

  @Test func wrongArgumentsStop() async {
    let groups = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Conv2D(inputChannels: 3, outputChannels: 4, kernelSize: 3, groups: 2, seed: 1)
    }
    expectWords(
      of: groups, "Conv2D: channels do not divide into groups", "multiples of groups",
      "got 3 input channels, 4 output channels, 2 groups", "Use groups: 1")
    let stride = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Conv2D(inputChannels: 3, outputChannels: 4, kernelSize: 3, stride: 0, seed: 1)
    }
    expectWords(of: stride, "Conv2D: stride out of range", "at least 1", "got [0, 0]")
  }

  @Test func anInputOfTheWrongShapeStops() async {
    let channels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Conv2D(inputChannels: 3, outputChannels: 4, kernelSize: 3, seed: 1)
      _ = layer.forward(Tensor(zeros: [2, 1, 8, 8]), mode: .training)
    }
    expectWords(of: channels, "Conv2D.forward: expected input [N, 3, H, W], got [2, 1, 8, 8]")
    let small = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Conv2D(inputChannels: 3, outputChannels: 4, kernelSize: 3, seed: 1)
      _ = layer.forward(Tensor(zeros: [2, 3, 2, 8]), mode: .training)
    }
    expectWords(of: small, "Conv2D: window larger than its input", "got 2")
  }

  @Test(.waits(for: steps)) func backwardAfterInferenceOrWithAWrongGradientStops() async {
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Conv2D(inputChannels: 1, outputChannels: 1, kernelSize: 1, seed: 1)
      let x = Tensor(ones: [1, 1, 2, 2])
      _ = layer.forward(x, mode: .training)
      _ = layer.forward(x, mode: .inference)
      _ = layer.backward(x)
    }
    expectWords(of: inference, "Conv2D.backward", "no forward pass to go back through")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Conv2D(inputChannels: 1, outputChannels: 2, kernelSize: 2, seed: 1)
      _ = layer.forward(Tensor(ones: [1, 1, 3, 3]), mode: .training)
      _ = layer.backward(Tensor(ones: [1, 1, 3, 3]))
    }
    expectWords(of: gradient, "Conv2D.backward", "shape [1, 2, 2, 2]", "got [1, 1, 3, 3]")
  }
}
