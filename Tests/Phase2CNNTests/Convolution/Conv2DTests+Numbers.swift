import CourseTestSupport
import Phase2CNN
import Shared
import Testing

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
        seed: 1),
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
      of: Conv2D(configuration: configuration), inputShape: [2, configuration.inputChannels, 6, 7])
  }

  /// 220 random configurations and the larger ones at the end, where the kernels work in blocks.
  @Test(.waits(for: steps)) func theFastBodyAgreesWithTheReference() throws {
    var draw = RandomKey(seed: 5).folded("configurations").generator
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
        biasInitializer: .constant(0.5), seed: 1)
      try Self.expectAgreement(
        of: layer, [Int.random(in: 1...2, using: &draw), layer.configuration.inputChannels] + size,
        seed: number)
    }
    try Self.expectAgreement(
      of: Conv2D(inputChannels: 17, outputChannels: 19, kernelSize: 3, padding: .same, seed: 1),
      [1, 17, 7, 9], seed: 1000)
    try Self.expectAgreement(
      of: Conv2D(inputChannels: 3, outputChannels: 8, kernelSize: 5, stride: 2, seed: 1),
      [2, 3, 17, 19], seed: 1001)
  }

  private static func expectAgreement(
    of layer: Conv2D, _ inputShape: [Int], seed: Int
  ) throws {
    let key = RandomKey(seed: UInt64(seed)).folded("agreement")
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
    try requireAgreement(y, fastY, "Conv2D.forward, reference against fast, \(name)")
    try requireAgreement(dX, fastDX, "Conv2D.backward, dX, reference against fast, \(name)")
    try requireAgreement(
      gradients.0, gradients.1, "Conv2D.backward, dW, reference against fast, \(name)")
    #expect((reference.bias == nil) == (fast.bias?.gradient == nil))
    if let db = reference.bias?.gradient, let fastDB = fast.bias?.gradient {
      try requireAgreement(db, fastDB, "Conv2D.backward, db, reference against fast, \(name)")
    }
  }
}
