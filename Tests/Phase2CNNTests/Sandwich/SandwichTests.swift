import CourseTestSupport
import Shared
import Testing

@testable import Phase2CNN

/// A layer of task 2.9.
private protocol SandwichLayer: Layer, TwoBodied {
  var convolution: Conv2D { get set }
  var kernelPool: MaxPool2D? { get }
  var withKernelParts: Self { get }
}

extension ConvReLU: SandwichLayer { fileprivate var kernelPool: MaxPool2D? { nil } }
extension ConvReLUPool: SandwichLayer { fileprivate var kernelPool: MaxPool2D? { pool } }

/// Task 2.9: the composites of `.reference`. Their convolution and pooling run kernels here, so that this task can be
/// done before 2.1, 2.2 and 2.4.
@Suite(.watched) struct SandwichTests {
  static let both = [Implementation.reference, .fast]

  // MARK: One thing after the other: what is wrong is told by the first of these

  @Test func convReLUForward() async throws { try await Self.steps.run() }
  @Test func convReLUBackward() async throws { try await Self.steps.run() }
  @Test func convReLUPoolForward() async throws { try await Self.steps.run() }
  @Test func convReLUPoolBackward() async throws { try await Self.steps.run() }
  @Test func overlappingWindows() async throws { try await Self.steps.run() }
  @Test func inferenceKeepsNothing() async throws { try await Self.steps.run() }
  @Test func theKernelsAgree() async throws { try await Self.steps.run() }

  static let steps: FirstSteps = FirstSteps(
    of: "ConvReLU and ConvReLUPool",
    [
      ("convReLUForward()", { forward(convReLU) }),
      ("convReLUBackward()", { try backward(convReLU) }),
      ("convReLUPoolForward()", { forward(convReLUPool()) }),
      ("convReLUPoolBackward()", { try backward(convReLUPool()) }),
      (
        "overlappingWindows()",
        {
          forward(convReLUPool(window: 3, stride: 1))
          try backward(convReLUPool(window: 3, stride: 1))
        }
      ),
      ("inferenceKeepsNothing()", { try modes() }),
      ("theKernelsAgree()", { try agreement() }),
    ],
    hints: [
      "ConvReLU.backward: no forward pass": forgottenA,
      "ConvReLUPool.backward: no forward pass": forgottenA,
      "Conv2D.backward: no forward pass": forgottenPass("convolution"),
      "MaxPool2D.backward: no forward pass": forgottenPass("pool"),
      "Conv2D.backward: expected a gradient":
        "backward goes from last to first: the convolution gets dZ, which the pooling and ReLU have made of dY.",
      "MaxPool2D.backward: expected a gradient":
        "backward goes from last to first: the pooling gets dY, before ReLU and the convolution.",
      "broadcast":
        "The mask has the shape of A, and belongs to dA, which the pooling makes of dY.",
      "Activation.inputGradient": "ReLU gets dA, which the pooling makes of dY, and not dY.",
    ]
  ) {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      SandwichTests.steps.tryAndExit()
    }
  }

  private static let forgottenA =
    "forward has to keep A: kept.set(a, in: mode), with the mode that it got."
  private static func forgottenPass(_ layer: String) -> String {
    "forward has to call \(layer).forward with the mode that it got, and backward calls \(layer).backward once."
  }

  // Images of one channel and .same padding: X, Z and A have one shape, so that mistakes show as wrong numbers. Among
  // the Z are zeros, and windows without a positive number.
  private static let images = patterned([2, 1, 4, 6], 5, 4, 1)

  private static var convReLU: ConvReLU {
    withNumbers(
      ConvReLU(
        inputChannels: 1, outputChannels: 1, kernelSize: 3, padding: .same,
        implementation: .reference))
  }

  private static func convReLUPool(window: Int = 2, stride: Int? = nil) -> ConvReLUPool {
    withNumbers(
      ConvReLUPool(
        inputChannels: 1, outputChannels: 1, kernelSize: 3, padding: .same,
        pool: AxisSizes(window), poolStride: stride.map { AxisSizes($0) },
        implementation: .reference))
  }

  private static func withNumbers<L: SandwichLayer>(_ layer: L) -> L {
    var layer = layer.withKernelParts
    layer.convolution.weights.value = patterned([1, 1, 3, 3], 5, 4, 1)
    layer.convolution.bias?.value = [-1]
    return layer
  }

  private static func oracle(_ layer: some SandwichLayer) -> SandwichOracle {
    SandwichOracle(layer.convolution, pool: layer.kernelPool, x: images)
  }

  private static func forward<L: SandwichLayer>(_ layer: L) {
    var layer = layer
    let oracle = oracle(layer)
    expectClose(
      layer.forward(images, mode: .training), oracle.y, "\(L.typeName).forward",
      mistakes: oracle.outputMistakes)
  }

  private static func backward<L: SandwichLayer>(_ layer: L) throws {
    var layer = layer
    let oracle = oracle(layer)
    let dY = patterned(oracle.y.shape, 13, 5, 2) + 0.25
    let dX = try trainingPass(&layer, input: images, outputGradient: dY).inputGradient
    tell(
      L.typeName, oracle, dY, dX, dW: layer.convolution.weights.gradient,
      db: layer.convolution.bias?.gradient)
  }

  /// Records one issue unless the gradients are right, in the words of the mistake that has made them.
  private static func tell(
    _ name: String, _ oracle: SandwichOracle, _ dY: Tensor, _ dX: Tensor, dW: Tensor?, db: Tensor?
  ) {
    let right = oracle.gradients(dY)
    guard let dW, let db else {
      return fail(
        "\(name).backward: weights and bias have no gradient: hand dZ to convolution.backward")
    }
    let isRight = areClose(dW, right.dW) && areClose(db, right.db)
    for (words, dZ) in isRight ? [] : oracle.mistakes(dY) {
      let wrong = oracle.gradients(ofConvolution: dZ)
      guard areClose(dW, wrong.dW), areClose(db, wrong.db) else { continue }
      return fail(
        """
        \(name).backward: \(words)
          expected dW = \(right.dW.scalars)
          got      dW = \(dW.scalars)
        """)
    }
    let checks: [(String, Tensor, Tensor, KeyValuePairs<String, Tensor>)] = [
      ("dW", dW, right.dW, ["the convolution goes back twice": right.dW * 2]),
      ("db", db, right.db, [:]), ("dX", dX, right.dX, oracle.inputGradientMistakes(dY)),
    ]
    // Only the first one that is wrong: the others follow from it.
    for (value, actual, expected, mistakes) in checks where !areClose(actual, expected) {
      return expectClose(actual, expected, "\(name).backward, \(value)", mistakes: mistakes)
    }
  }

  private static func modes() throws {
    expectInferenceKeepsNothing(convReLU, input: images)
    expectInferenceKeepsNothing(convReLUPool(), input: images)
    try expectBackwardUsesUp(convReLU, input: images)
    try expectBackwardUsesUp(convReLUPool(), input: images)
  }

  private static func agreement() throws {
    try require(
      ConvReLU.bodiesAgree,
      "ConvReLU: networks train with the composite, slowly, since it differs from the kernel")
    try require(
      ConvReLUPool.bodiesAgree,
      "ConvReLUPool: networks train with the composite, slowly, since it differs from the kernel")
  }

  /// What the steps tell: each mistake in its own words.
  @Test func everyMistakeIsToldInItsOwnWords() {
    func check(_ layer: some SandwichLayer) {
      let (oracle, name) = (Self.oracle(layer), type(of: layer).typeName)
      let dY = patterned(oracle.y.shape, 13, 5, 2) + 0.25
      func first(_ messages: [String]) -> String { messages.first ?? "nothing" }
      for mistake in oracle.outputMistakes {
        let told = complaints {
          expectClose(mistake.value, oracle.y, name, mistakes: oracle.outputMistakes)
        }
        #expect(first(told).contains(mistake.key))
      }
      let right = oracle.gradients(dY)
      for (words, dZ) in oracle.mistakes(dY) {
        let wrong = oracle.gradients(ofConvolution: dZ)
        let told = complaints {
          Self.tell(name, oracle, dY, wrong.dX, dW: wrong.dW, db: wrong.db)
        }
        #expect(first(told).contains(words))
      }
      for mistake in oracle.inputGradientMistakes(dY) {
        let told = complaints {
          Self.tell(name, oracle, dY, mistake.value, dW: right.dW, db: right.db)
        }
        // Without a pooling dY is dA.
        if mistake.key.hasPrefix("dY"), oracle.y.shape == oracle.a.shape { continue }
        #expect(first(told).contains(mistake.key))
      }
      #expect(
        complaints { Self.tell(name, oracle, dY, right.dX, dW: right.dW, db: right.db) } == [])
      #expect(
        first(complaints { Self.tell(name, oracle, dY, right.dX, dW: nil, db: nil) })
          .contains("weights and bias have no gradient"))
    }
    check(Self.convReLU)
    check(Self.convReLUPool())
  }

  // MARK: Any configuration

  private func convReLU(_ implementation: Implementation) -> ConvReLU {
    ConvReLU(
      inputChannels: 2, outputChannels: 3, kernelSize: [3, 2], stride: [2, 1], padding: .same,
      biasInitializer: .uniform(low: -1, high: 1), implementation: implementation, seed: varied(1)
    ).withKernelParts
  }

  private func convReLUPool(
    _ implementation: Implementation, pool: Int = 2, stride: Int? = nil, groups: Int = 1
  ) -> ConvReLUPool {
    ConvReLUPool(
      inputChannels: 2, outputChannels: 4, kernelSize: 3, padding: .same, groups: groups,
      pool: AxisSizes(pool), poolStride: stride.map { AxisSizes($0) },
      biasInitializer: .uniform(low: -1, high: 1), implementation: implementation, seed: varied(1)
    ).withKernelParts
  }

  private func images(_ shape: [Int]) -> Tensor {
    Tensor(normal: shape, key: RandomKey(seed: varied(5)).folded("images"))
  }

  @Test(.waits(for: steps)) func theFastBodyAgreesWithTheComposite() throws {
    var draw = RandomKey(seed: varied(9)).folded("configurations").generator
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &draw) }
    for place in 0..<120 {
      let groups = number(1...2)
      let (inputs, outputs) = (groups * number(1...2), groups * number(1...3))
      let (kernel, window) = ([number(1...3), number(1...3)], [number(1...3), number(1...3)])
      let shape = [number(1...3), inputs, number(7...10), number(7...10)]
      let padding: Padding = Bool.random(using: &draw) ? .same : .valid
      let seed = varied(UInt64(place))
      let name = "number \(place), images \(shape), kernel \(kernel), window \(window)"
      try expectSame(
        ConvReLU(
          inputChannels: inputs, outputChannels: outputs, kernelSize: AxisSizes(kernel),
          stride: AxisSizes(number(1...2)), padding: padding, groups: groups, bias: place % 3 > 0,
          biasInitializer: .uniform(low: -1, high: 1), seed: seed), images(shape), name)
      try expectSame(
        ConvReLUPool(
          inputChannels: inputs, outputChannels: outputs, kernelSize: AxisSizes(kernel),
          padding: padding, groups: groups, bias: place % 3 > 0, pool: AxisSizes(window),
          poolStride: AxisSizes(number(1...3)), biasInitializer: .uniform(low: -1, high: 1),
          seed: seed), images(shape), name)
    }
  }

  private func expectSame<L: SandwichLayer>(_ layer: L, _ x: Tensor, _ name: String) throws {
    var (composite, fast) = (layer.withKernelParts, layer.withKernelParts)
    (composite.implementation, fast.implementation) = (.reference, .kernel)
    let (y, dX) = try trainingPass(&composite, input: x)
    let (fastY, fastDX) = try trainingPass(&fast, input: x)
    try requireClose(y, fastY, "\(L.typeName).forward, composite against fast, \(name)")
    try requireClose(dX, fastDX, "\(L.typeName).backward, composite against fast, \(name)")
    let pairs = [
      (composite.convolution.weights, fast.convolution.weights),
      (composite.convolution.bias, fast.convolution.bias),
    ]
    for case let (own?, expected?) in pairs {
      try requireClose(
        try require(own.gradient, "\(L.typeName).backward: no gradient, \(name)"),
        try #require(expected.gradient), "\(L.typeName).backward, dW or db, \(name)")
    }
  }

  @Test(.waits(for: steps), arguments: both)
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) throws {
    // Large and far apart, and few places that share a weight: so few sums lie near the kinks of ReLU and of the maximum.
    func expect(_ layer: some Layer, _ shape: [Int]) throws {
      try expectGradients(of: layer, inputShape: shape) { Tensor(normal: $0, key: $1) * 4 }
    }
    try expect(convReLU(implementation), [1, 2, 5, 4])
    try expect(convReLUPool(implementation), [1, 2, 4, 5])
    try expect(convReLUPool(implementation, pool: 3, stride: 2, groups: 2), [1, 2, 6, 5])
  }

  @Test(.waits(for: steps), arguments: both)
  func theFirstLayersShortcutAccumulatesTheSameGradients(implementation: Implementation) throws {
    var full = convReLUPool(implementation)
    let y = try forwardPass(&full, input: images([3, 2, 7, 6]))
    var short = full
    let gradient = Tensor(normal: y.shape, key: RandomKey(seed: varied(2)))
    _ = full.backward(gradient)
    short.backwardWithoutInputGradient(gradient)
    #expect(full.convolution.weights.gradient == short.convolution.weights.gradient)
    #expect(try #require(full.convolution.bias).gradient == short.convolution.bias?.gradient)
  }

  @Test func theKernelsKeepNothingInInferenceAndAreUsedUp() throws {
    let input = images([1, 2, 7, 6])
    expectInferenceKeepsNothing(convReLU(.kernel), input: input)
    expectInferenceKeepsNothing(convReLUPool(.kernel), input: input)
    try expectBackwardUsesUp(convReLU(.kernel), input: input)
    try expectBackwardUsesUp(convReLUPool(.kernel), input: input)
  }

  // MARK: Use

  @Test func shapesFollowConvolutionAndPooling() throws {
    #expect(try convReLU(.fast).outputShape(for: [2, 7, 6]) == [3, 4, 6])
    #expect(try convReLUPool(.fast).outputShape(for: [2, 7, 6]) == [4, 3, 3])
    #expect(
      try convReLUPool(.fast, pool: 3, stride: 2).outputShape(for: [2, 7, 6]) == [4, 3, 2])
    expectCourseError(.shapeMismatch, "input [2, H, W]", "[3, 7, 6]") {
      try convReLUPool(.fast).outputShape(for: [3, 7, 6])
    }
    expectCourseError(.shapeMismatch, "window larger than its input") {
      try convReLUPool(.fast).outputShape(for: [2, 1, 6])
    }
  }

  @Test func parametersHaveNamesAndBiasesAreNotRegularized() {
    var layer = convReLUPool(.fast)
    var seen: [String] = []
    layer.forEachParameter { name, parameter in
      seen.append("\(name) \(parameter.value.shape) \(parameter.isRegularized)")
    }
    #expect(
      seen == ["convolution.weights [4, 2, 3, 3] true", "convolution.bias [4] false"])
  }

  @Test func aConfigurationComesBackAndCannotNameAnotherActivation() throws {
    var configuration = convReLU(.fast).configuration
    #expect(configuration.activation == .relu)
    #expect(try ConvReLU(configuration: configuration).configuration == configuration)
    configuration.activation = .tanh
    expectCourseError(.invalidArgument, "ConvReLU: wrong activation", "relu", "tanh") {
      try ConvReLU(configuration: configuration)
    }
    var sandwich = convReLUPool(.fast).configuration
    #expect(try ConvReLUPool(configuration: sandwich).configuration == sandwich)
    sandwich.convolution.activation = .relu
    expectCourseError(.invalidArgument, "ConvReLUPool: wrong activation", "identity", "relu") {
      try ConvReLUPool(configuration: sandwich)
    }
  }

  @Test(.waits(for: steps)) func backwardNeedsATrainingPass() async {
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
