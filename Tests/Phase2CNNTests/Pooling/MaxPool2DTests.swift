import CourseTestSupport
import Foundation
import Phase2CNN
import Shared
import Testing

/// Task 2.4: the loops of `.reference`. The kernels of `.fast` are measured by the same numbers.
@Suite(.watched) struct MaxPool2DTests {
  static let both = [Implementation.reference, .fast]

  // MARK: One thing after the other: what is wrong is told by the first of these

  @Test func simpleForward() async throws { try await Self.steps.run() }
  @Test func channelsForward() async throws { try await Self.steps.run() }
  @Test func strideForward() async throws { try await Self.steps.run() }
  @Test func overlappingForward() async throws { try await Self.steps.run() }
  @Test func paddingForward() async throws { try await Self.steps.run() }
  @Test func equalElementsForward() async throws { try await Self.steps.run() }
  @Test func nanForward() async throws { try await Self.steps.run() }
  @Test func anyConfigurationForward() async throws { try await Self.steps.run() }
  @Test func simpleBackward() async throws { try await Self.steps.run() }
  @Test func channelsBackward() async throws { try await Self.steps.run() }
  @Test func strideBackward() async throws { try await Self.steps.run() }
  @Test func overlappingBackward() async throws { try await Self.steps.run() }
  @Test func paddingBackward() async throws { try await Self.steps.run() }
  @Test func equalElementsBackward() async throws { try await Self.steps.run() }
  @Test func nanBackward() async throws { try await Self.steps.run() }
  @Test func anyConfigurationBackward() async throws { try await Self.steps.run() }

  static let steps: FirstSteps = task.steps {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      MaxPool2DTests.steps.tryAndExit()
    }
  }

  private static func example(
    _ name: String, _ words: String, _ x: Tensor, window: [Int] = [2, 2], stride: [Int]? = nil,
    before: [Int] = [0, 0], after: [Int] = [0, 0]
  ) -> PoolingExample {
    PoolingExample(
      name: name, words: words,
      oracle: PoolingOracle(
        x: x, window: window, stride: stride ?? window, before: before, after: after,
        isMaximum: true))
  }

  static let task = PoolingTask(
    name: MaxPool2D.typeName,
    examples: [
      example(
        "simple", "windows of 2 x 2 side by side",
        Tensor([[[[1, 3, -5, -8], [4, 2, -6, -7], [9, 8, 7, 6], [0, 1, 2, 3]]]])),
      example(
        "channels", "two images of two channels", patterned([2, 2, 2, 4], 17, 5, 1)),
      example(
        "stride", "window [2, 3], stride [3, 4]", patterned([1, 1, 5, 7], 37, 8, 1),
        window: [2, 3], stride: [3, 4]),
      // The 9 wins all four windows.
      example(
        "overlapping", "overlapping windows", Tensor([[[[1, 2, 3], [4, 9, 5], [6, 7, 8]]]]),
        stride: [1, 1]),
      example(
        "padding", "negative numbers with padding", patterned([1, 1, 3, 3], 9, 4, 1) - 6,
        window: [3, 3], stride: [2, 2], before: [1, 1], after: [1, 1]),
      example(
        "equalElements", "equal elements", Tensor([[[[0, 5, 5], [5, 1, 5]]]]), window: [2, 3]),
      example("nan", "a NaN in a window", Tensor([[[[1, .nan], [3, 2]]]])),
    ]
  ) { oracle in
    MaxPool2D(
      kernelSize: AxisSizes(oracle.window), stride: AxisSizes(oracle.stride),
      padding: .explicit(before: oracle.before, after: oracle.after), implementation: .reference)
  }

  // MARK: Numbers

  @Test(.waits(for: steps), arguments: PoolingNumbers.maxImages, both)
  func matchesPyTorch(numbers: PoolingNumbers, implementation: Implementation) throws {
    var pool = MaxPool2D(
      kernelSize: AxisSizes(numbers.window), stride: AxisSizes(numbers.stride),
      padding: numbers.padding,
      implementation: implementation)
    let (y, dX) = try trainingPass(
      &pool, input: numbers.x, outputGradient: numbers.outputGradient)
    expectClose(
      y, Tensor(shape: numbers.outputShape, scalars: numbers.y),
      "MaxPool2D.forward (\(implementation)), \(numbers.name)")
    expectClose(
      dX, Tensor(shape: numbers.input, scalars: numbers.dX),
      "MaxPool2D.backward (\(implementation)), \(numbers.name)")
  }

  @Test(.waits(for: steps), arguments: both)
  func aNaNIsNotLost(implementation: Implementation) throws {
    var pool = MaxPool2D(kernelSize: 2, implementation: implementation)
    let (y, dX) = try trainingPass(
      &pool, input: Tensor([[[[1, .nan], [3, 2]]]]), outputGradient: Tensor([[[[5]]]]))
    #expect(y.scalars[0].isNaN, "a NaN wins its window")
    expectClose(dX, Tensor([[[[0, 5], [0, 0]]]]), "MaxPool2D.backward, a NaN wins its window")
  }

  @Test(.waits(for: steps), arguments: both)
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) throws {
    try expectGradients(
      of: MaxPool2D(
        kernelSize: [3, 2], stride: [2, 1], padding: .explicit(before: [1, 0], after: [0, 1]),
        implementation: implementation), inputShape: [2, 2, 5, 6], draw: Self.farApart)
  }

  /// Numbers further apart than the steps of a gradient check, so that no maximum moves to another place.
  static func farApart(_ shape: [Int], _ key: RandomKey) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(
      shape: shape,
      scalars: key.permutation(of: count).map { Float($0) * 0.25 - Float(count) / 8 })
  }

  /// Few different values, so that ties are frequent.
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
      var reference = MaxPool2D(
        kernelSize: AxisSizes(window),
        stride: AxisSizes((0..<2).map { _ in Int.random(in: 1...4, using: &draw) }),
        padding: padding, implementation: .reference)
      let shape =
        (0..<2).map { _ in Int.random(in: 1...3, using: &draw) }
        + window.map { $0 + Int.random(in: 0...5, using: &draw) }
      let x = Tensor(
        shape: shape,
        scalars: (0..<shape.reduce(1, *)).map { _ in Float(Int.random(in: -3...3, using: &draw)) })
      let output = try [shape[0]] + reference.outputShape(for: Array(shape.dropFirst()))
      let dY = Tensor(normal: output, key: RandomKey(seed: varied(3)).folded(number))
      var fast = reference
      fast.implementation = .fast
      let (y, dX) = try trainingPass(&reference, input: x, outputGradient: dY)
      let (fastY, fastDX) = try trainingPass(&fast, input: x, outputGradient: dY)
      let name = "number \(number), input \(shape), \(reference.configuration)"
      try requireClose(y, fastY, "MaxPool2D.forward, reference against fast, \(name)")
      try requireClose(dX, fastDX, "MaxPool2D.backward, reference against fast, \(name)")
    }
  }

  // MARK: Use

  @Test(.waits(for: steps), arguments: both)
  func inferenceComputesTheSameAndKeepsNothing(implementation: Implementation) throws {
    let x = Tensor(normal: [2, 2, 5, 5], key: RandomKey(seed: varied(1)))
    var pool = MaxPool2D(kernelSize: 2, implementation: implementation)
    #expect(try forwardPass(&pool, input: x) == pool.forward(x, mode: .inference))
    expectInferenceKeepsNothing(pool, input: x)
    try expectBackwardUsesUp(pool, input: x)
  }

  @Test(.waits(for: steps), arguments: both)
  func copiesAreIndependent(implementation: Implementation) throws {
    let x = Tensor([[[[1, 3], [4, 2]]]])
    var pool = MaxPool2D(kernelSize: 2, implementation: implementation)
    _ = try forwardPass(&pool, input: x)
    var copy = pool
    _ = try trainingPass(&copy, input: -x)
    #expect(x == Tensor([[[[1, 3], [4, 2]]]]), "MaxPool2D.forward changes its input in place")
    expectClose(
      pool.backward(Tensor([[[[5]]]])), Tensor([[[[0, 0], [5, 0]]]]),
      "MaxPool2D.backward after a copy was used")
  }

  @Test func configurationAndShapes() throws {
    let pool = MaxPool2D(kernelSize: [2, 3], padding: .same)
    #expect(pool.configuration.stride == [2, 3], "the stride is the kernel size unless given")
    #expect(try MaxPool2D(configuration: pool.configuration).configuration == pool.configuration)
    #expect(try pool.outputShape(for: [4, 5, 7]) == [4, 3, 3])
    // The border that fills no window is dropped.
    #expect(try MaxPool2D(kernelSize: 2).outputShape(for: [4, 5, 7]) == [4, 2, 3])
    #expect(try MaxPool2D(kernelSize: 3, stride: 2).outputShape(for: [4, 5, 7]) == [4, 2, 3])
  }

  /// As files have it since the first version.
  @Test func theKernelSizeIsTheWindowOfAFile() throws {
    let file = Data(#"{"window":[2,3],"stride":[1,2],"padding":{"valid":{}}}"#.utf8)
    let pool = try JSONDecoder().decode(MaxPoolConfiguration.self, from: file)
    #expect(pool == MaxPoolConfiguration(kernelSize: [2, 3], stride: [1, 2]))
    let saved = try JSONEncoder().encode(pool)
    #expect(String(decoding: saved, as: UTF8.self).contains(#""window":[2,3]"#))
    let average = #"{"window":[2],"stride":[2],"padding":{"same":{}},"countIncludePad":false}"#
    #expect(
      try JSONDecoder().decode(AveragePoolConfiguration.self, from: Data(average.utf8))
        == AveragePoolConfiguration(kernelSize: [2], padding: .same, countIncludePad: false))
  }

  @Test(.waits(for: steps)) func wrongArgumentsAndShapesAreRefused() async {
    expectCourseError(.shapeMismatch, "MaxPool2D", "[C, H, W]", "got [28, 28]", "channel axis") {
      try MaxPool2D(kernelSize: 2).outputShape(for: [28, 28])
    }
    expectCourseError(
      .shapeMismatch, "MaxPool2D: window larger than its input", "at least 3 places",
      "spatial axis 0", "got 2", "fewer poolings"
    ) { try MaxPool2D(kernelSize: 3).outputShape(for: [1, 2, 5]) }
    func pool(_ window: [Int], _ stride: [Int], _ padding: Padding) throws -> MaxPool2D {
      var configuration = MaxPool2D(kernelSize: 1).configuration
      (configuration.kernelSize, configuration.stride, configuration.padding) = (
        window, stride, padding
      )
      return try MaxPool2D(configuration: configuration)
    }
    expectCourseError(.invalidArgument, "MaxPool2D: stride", "at least 1", "[0, 2]") {
      try pool([2, 2], [0, 2], .valid)
    }
    expectCourseError(.invalidArgument, "MaxPool2D: kernel size", "2 numbers", "[2]") {
      try pool([2], [2, 2], .valid)
    }
    expectCourseError(.invalidArgument, "MaxPool2D: padding", "at least 0", "[0, -1]") {
      try pool([2, 2], [2, 2], .explicit(before: [0, 0], after: [0, -1]))
    }
    expectCourseError(
      .invalidArgument, "MaxPool2D: padding as wide as the window", "window of 2 on axis 1",
      "got 2 before and 0 after", "no maximum"
    ) { try pool([3, 2], [2, 2], .explicit(before: [2, 2], after: [0, 0])) }

    let stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = MaxPool2D(kernelSize: 2, padding: .explicit(before: [2, 2], after: [2, 2]))
    }
    expectWords(of: stopped, "MaxPool2D: padding as wide as the window", "pad less")
    let rank = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = MaxPool2D(kernelSize: 2)
      _ = pool.forward(Tensor(zeros: [3, 4, 4]), mode: .training)
    }
    expectWords(of: rank, "MaxPool2D.forward: expected input [N, C, H, W], got [3, 4, 4]")
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = MaxPool2D(kernelSize: 2)
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .training)
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .inference)
      _ = pool.backward(Tensor(ones: [1, 1, 1, 1]))
    }
    expectWords(of: inference, "MaxPool2D.backward", "no forward pass to go back through")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = MaxPool2D(kernelSize: 2)
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .training)
      _ = pool.backward(Tensor(ones: [1, 1, 2, 2]))
    }
    expectWords(of: gradient, "MaxPool2D.backward", "shape [1, 1, 1, 1]", "got [1, 1, 2, 2]")
  }
}
