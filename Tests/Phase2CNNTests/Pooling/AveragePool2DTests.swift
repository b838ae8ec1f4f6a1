import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// Task 2.5: the loops of `.reference`. The kernels of `.fast` are measured by the same numbers.
@Suite(.watched) struct AveragePool2DTests {
  static let both = [Implementation.reference, .fast]

  // MARK: One thing after the other: what is wrong is told by the first of these

  @Test func simpleForward() async throws { try await Self.steps.run() }
  @Test func neighboursForward() async throws { try await Self.steps.run() }
  @Test func channelsForward() async throws { try await Self.steps.run() }
  @Test func strideForward() async throws { try await Self.steps.run() }
  @Test func overlappingForward() async throws { try await Self.steps.run() }
  @Test func paddingThatCountsForward() async throws { try await Self.steps.run() }
  @Test func paddingForward() async throws { try await Self.steps.run() }
  @Test func anyConfigurationForward() async throws { try await Self.steps.run() }
  @Test func simpleBackward() async throws { try await Self.steps.run() }
  @Test func neighboursBackward() async throws { try await Self.steps.run() }
  @Test func channelsBackward() async throws { try await Self.steps.run() }
  @Test func strideBackward() async throws { try await Self.steps.run() }
  @Test func overlappingBackward() async throws { try await Self.steps.run() }
  @Test func paddingThatCountsBackward() async throws { try await Self.steps.run() }
  @Test func paddingBackward() async throws { try await Self.steps.run() }
  @Test func anyConfigurationBackward() async throws { try await Self.steps.run() }

  static let steps: FirstSteps = task.steps {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      AveragePool2DTests.steps.tryAndExit()
    }
  }

  private static func example(
    _ name: String, _ words: String, _ x: Tensor, window: [Int] = [2, 2], stride: [Int]? = nil,
    before: [Int] = [0, 0], after: [Int] = [0, 0], countIncludePad: Bool = true
  ) -> PoolingExample {
    PoolingExample(
      name: name, words: words,
      oracle: PoolingOracle(
        x: x, window: window, stride: stride ?? window, before: before, after: after,
        isMaximum: false, countIncludePad: countIncludePad))
  }

  static let task = PoolingTask(
    name: AveragePool2D.typeName,
    examples: [
      example(
        "simple", "one window of 3 x 4", patterned([1, 1, 3, 4], 17, 5, 1), window: [3, 4]),
      example(
        "neighbours", "windows of 2 x 2 side by side",
        Tensor([[[[1, 3, -5, -8], [4, 2, -6, -7], [9, 8, 7, 6], [0, 1, 2, 3]]]])),
      example(
        "channels", "two images of two channels", patterned([2, 2, 2, 3], 17, 5, 1),
        window: [2, 3]),
      example(
        "stride", "window [2, 3], stride [3, 4]", patterned([1, 1, 5, 7], 37, 8, 1),
        window: [2, 3], stride: [3, 4]),
      example(
        "overlapping", "overlapping windows", Tensor([[[[1, 2, 3], [4, 9, 5], [6, 7, 8]]]]),
        stride: [1, 1]),
      example(
        "paddingThatCounts", "padding, countIncludePad true", patterned([1, 1, 3, 4], 17, 5, 1),
        window: [3, 3], stride: [2, 2], before: [1, 1], after: [1, 0]),
      example(
        "padding", "padding, countIncludePad false", patterned([1, 1, 3, 4], 17, 5, 1),
        window: [3, 3], stride: [2, 2], before: [1, 1], after: [1, 0], countIncludePad: false),
    ]
  ) { oracle in
    AveragePool2D(
      kernelSize: AxisSizes(oracle.window), stride: AxisSizes(oracle.stride),
      padding: .explicit(before: oracle.before, after: oracle.after),
      countIncludePad: oracle.countIncludePad, implementation: .reference)
  }

  // MARK: Numbers

  @Test(.waits(for: steps), arguments: PoolingNumbers.averageImages, both)
  func matchesPyTorch(numbers: PoolingNumbers, implementation: Implementation) throws {
    var pool = AveragePool2D(
      kernelSize: AxisSizes(numbers.window), stride: AxisSizes(numbers.stride),
      padding: numbers.padding,
      countIncludePad: numbers.countIncludePad, implementation: implementation)
    let (y, dX) = try trainingPass(
      &pool, input: numbers.x, outputGradient: numbers.outputGradient)
    expectClose(
      y, Tensor(shape: numbers.outputShape, scalars: numbers.y),
      "AveragePool2D.forward (\(implementation)), \(numbers.name)")
    expectClose(
      dX, Tensor(shape: numbers.input, scalars: numbers.dX),
      "AveragePool2D.backward (\(implementation)), \(numbers.name)")
  }

  @Test(.waits(for: steps), arguments: both, [true, false])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation, counts: Bool) throws {
    try expectGradients(
      of: AveragePool2D(
        kernelSize: [3, 2], stride: [2, 1], padding: .explicit(before: [1, 0], after: [2, 1]),
        countIncludePad: counts, implementation: implementation), inputShape: [2, 2, 4, 5])
  }

  @Test(.waits(for: steps)) func theFastBodyAgreesWithTheReference() throws {
    var draw = RandomKey(seed: varied(6)).folded("configurations").generator
    for number in 0..<220 {
      let window = (0..<2).map { _ in Int.random(in: 1...4, using: &draw) }
      let padding: Padding =
        [
          .valid, .same,
          .explicit(
            before: window.map { Int.random(in: 0..<$0, using: &draw) },
            after: window.map { Int.random(in: 0..<$0, using: &draw) }),
        ].randomElement(using: &draw) ?? .valid
      var reference = AveragePool2D(
        kernelSize: AxisSizes(window),
        stride: AxisSizes((0..<2).map { _ in Int.random(in: 1...4, using: &draw) }),
        padding: padding, countIncludePad: Bool.random(using: &draw), implementation: .reference)
      let shape =
        (0..<2).map { _ in Int.random(in: 1...3, using: &draw) }
        + window.map { $0 + Int.random(in: 0...5, using: &draw) }
      let x = Tensor(normal: shape, key: RandomKey(seed: varied(2)).folded(number))
      let output = try [shape[0]] + reference.outputShape(for: Array(shape.dropFirst()))
      let dY = Tensor(normal: output, key: RandomKey(seed: varied(3)).folded(number))
      var fast = reference
      fast.implementation = .fast
      let (y, dX) = try trainingPass(&reference, input: x, outputGradient: dY)
      let (fastY, fastDX) = try trainingPass(&fast, input: x, outputGradient: dY)
      let name = "number \(number), input \(shape), \(reference.configuration)"
      try requireClose(y, fastY, "AveragePool2D.forward, reference against fast, \(name)")
      try requireClose(dX, fastDX, "AveragePool2D.backward, reference against fast, \(name)")
    }
  }

  // MARK: Use

  @Test(.waits(for: steps), arguments: both)
  func inferenceComputesTheSameAndKeepsNothing(implementation: Implementation) throws {
    let x = Tensor(normal: [2, 2, 5, 5], key: RandomKey(seed: varied(1)))
    var pool = AveragePool2D(kernelSize: 2, implementation: implementation)
    #expect(try forwardPass(&pool, input: x) == pool.forward(x, mode: .inference))
    expectInferenceKeepsNothing(pool, input: x)
    _ = try forwardPass(&pool, input: x)
    var copy = pool
    _ = try trainingPass(&copy, input: Tensor(ones: [1, 1, 2, 2]))
    #expect(pool.backward(Tensor(ones: [2, 2, 2, 2])).shape == x.shape, "a copy was used")
  }

  @Test func configurationAndShapes() throws {
    let pool = AveragePool2D(kernelSize: [2, 3], stride: 1, padding: .same, countIncludePad: false)
    #expect(
      try AveragePool2D(configuration: pool.configuration).configuration == pool.configuration)
    #expect(try pool.outputShape(for: [4, 5, 7]) == [4, 5, 7])
    #expect(AveragePool2D(kernelSize: [2, 3]).configuration.stride == [2, 3])
    expectCourseError(.invalidArgument, "AveragePool2D: padding as wide as the window") {
      var configuration = pool.configuration
      configuration.padding = .explicit(before: [0, 0], after: [2, 0])
      return try AveragePool2D(configuration: configuration)
    }
    expectCourseError(.shapeMismatch, "AveragePool2D", "[C, H, W]", "got [10]") {
      try pool.outputShape(for: [10])
    }
  }

  @Test(.waits(for: steps)) func backwardAfterInferenceStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = AveragePool2D(kernelSize: 2)
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .training)
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .inference)
      _ = pool.backward(Tensor(ones: [1, 1, 1, 1]))
    }
    expectWords(of: result, "AveragePool2D.backward", "no forward pass to go back through")
    let stride = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AveragePool2D(kernelSize: 2, stride: 0)
    }
    expectWords(of: stride, "AveragePool2D: stride out of range", "at least 1", "[0, 0]")
  }
}
