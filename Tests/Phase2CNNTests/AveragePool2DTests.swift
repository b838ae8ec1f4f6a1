import Phase2CNN
import Shared
import TestSupport
import Testing

/// Task 2.5: the loops of `.reference`. The kernels of `.fast` are measured by the same numbers.
@Suite(.watched) struct AveragePool2DTests {
  static let both = [Implementation.reference, .fast]

  @Test(arguments: both)
  func theMeanOfEachWindow(implementation: Implementation) throws {
    var pool = AveragePool2D(window: 2, implementation: implementation)
    let x = Tensor([[[[1, 3, -5, -8], [4, 2, -6, -7]]]])
    let (y, dX) = try trainingPass(&pool, input: x, outputGradient: Tensor([[[[4, 8]]]]))
    expectClose(
      y, Tensor([[[[2.5, -6.5]]]]), "AveragePool2D.forward (\(implementation))",
      mistakes: [
        "it is the sum: divide by the area of the window": Tensor([[[[10, -26]]]]),
        "it is the maximum: take the mean": Tensor([[[[4, -5]]]]),
        "it is divided by the width of the window instead of its area": Tensor([[[[5, -13]]]]),
      ])
    expectClose(
      dX, Tensor([[[[1, 1, 2, 2], [1, 1, 2, 2]]]]), "AveragePool2D.backward (\(implementation))",
      mistakes: [
        "it is zero: every place of the window gets dY / area": Tensor(zeros: [1, 1, 2, 4]),
        "every place gets all of dY: divide by the area": Tensor([[[[4, 4, 8, 8], [4, 4, 8, 8]]]]),
        "only one place of the window gets its share": Tensor([[[[1, 0, 2, 0], [0, 0, 0, 0]]]]),
      ])
  }

  @Test(arguments: both)
  func overlappingWindowsAddUp(implementation: Implementation) throws {
    var pool = AveragePool2D(window: 2, stride: 1, implementation: implementation)
    let dY = Tensor([[[[4, 40], [400, 4000]]]])
    let (_, dX) = try trainingPass(&pool, input: Tensor(ones: [1, 1, 3, 3]), outputGradient: dY)
    expectClose(
      dX, Tensor([[[[1, 11, 10], [101, 1111, 1010], [100, 1100, 1000]]]]),
      "AveragePool2D.backward with overlapping windows (\(implementation))",
      mistakes: [
        "overlapping windows are assigned instead of added: dX[...] += dY / area":
          Tensor([[[[1, 10, 10], [100, 1000, 1000], [100, 1000, 1000]]]])
      ])
  }

  /// Each of the four windows holds the whole image, and five places of padding.
  @Test(arguments: both, [true, false])
  func paddingCountsOrNot(implementation: Implementation, counts: Bool) throws {
    var pool = AveragePool2D(
      window: 3, stride: 1, padding: .explicit(before: [1, 1], after: [1, 1]),
      countIncludePad: counts, implementation: implementation)
    func all(_ value: Float) -> Tensor { Tensor(repeating: value, shape: [1, 1, 2, 2]) }
    let (y, dX) = try trainingPass(
      &pool, input: Tensor([[[[4, 8], [12, 16]]]]), outputGradient: all(1))
    let (with, without) = (
      "the padding counts: without countIncludePad divide by the part inside the input",
      "the padding is left out of the area: with countIncludePad divide by the whole window"
    )
    expectClose(
      y, all(counts ? 40.0 / 9 : 10),
      "AveragePool2D.forward, countIncludePad \(counts) (\(implementation))",
      mistakes: [
        counts ? without : with: all(counts ? 10 : 40.0 / 9),
        "it is the sum: divide by the area": all(40),
      ])
    expectClose(
      dX, all(counts ? 4.0 / 9 : 1),
      "AveragePool2D.backward, countIncludePad \(counts) (\(implementation))",
      mistakes: [
        counts ? without : with: all(counts ? 1 : 4.0 / 9),
        "every place gets all of dY: divide by the area": all(4),
      ])
  }

  @Test(arguments: PoolingNumbers.averageImages, both)
  func matchesPyTorch(numbers: PoolingNumbers, implementation: Implementation) throws {
    var pool = AveragePool2D(
      window: numbers.window, stride: numbers.stride, padding: numbers.padding,
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

  @Test(arguments: both, [true, false])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation, counts: Bool) throws {
    try expectGradients(
      of: AveragePool2D(
        window: [3, 2], stride: [2, 1], padding: .explicit(before: [1, 0], after: [2, 1]),
        countIncludePad: counts, implementation: implementation), inputShape: [2, 2, 4, 5])
  }

  @Test func theFastBodyAgreesWithTheReference() throws {
    var draw = RandomKey(seed: 6).folded("configurations").generator
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
        window: window, stride: (0..<2).map { _ in Int.random(in: 1...4, using: &draw) },
        padding: padding, countIncludePad: Bool.random(using: &draw), implementation: .reference)
      let shape =
        (0..<2).map { _ in Int.random(in: 1...3, using: &draw) }
        + window.map { $0 + Int.random(in: 0...5, using: &draw) }
      let x = Tensor(normal: shape, key: RandomKey(seed: 2).folded(number))
      let output = try [shape[0]] + reference.outputShape(for: Array(shape.dropFirst()))
      let dY = Tensor(normal: output, key: RandomKey(seed: 3).folded(number))
      var fast = reference
      fast.implementation = .fast
      let (y, dX) = try trainingPass(&reference, input: x, outputGradient: dY)
      let (fastY, fastDX) = try trainingPass(&fast, input: x, outputGradient: dY)
      let name = "number \(number), input \(shape), \(reference.configuration)"
      try requireAgreement(y, fastY, "AveragePool2D.forward, reference against fast, \(name)")
      try requireAgreement(dX, fastDX, "AveragePool2D.backward, reference against fast, \(name)")
    }
  }

  // MARK: Use

  @Test(arguments: both)
  func inferenceComputesTheSameAndKeepsNothing(implementation: Implementation) throws {
    let x = Tensor(normal: [2, 2, 5, 5], key: RandomKey(seed: 1))
    var pool = AveragePool2D(window: 2, implementation: implementation)
    #expect(try forwardPass(&pool, input: x) == pool.forward(x, mode: .inference))
    expectInferenceKeepsNothing(pool, input: x)
    var copy = pool
    _ = try trainingPass(&pool, input: x)
    _ = try trainingPass(&copy, input: Tensor(ones: [1, 1, 2, 2]))
    #expect(pool.backward(Tensor(ones: [2, 2, 2, 2])).shape == x.shape, "a copy was used")
  }

  @Test func configurationAndShapes() throws {
    let pool = AveragePool2D(window: [2, 3], stride: 1, padding: .same, countIncludePad: false)
    #expect(
      try AveragePool2D(configuration: pool.configuration).configuration == pool.configuration)
    #expect(try pool.outputShape(for: [4, 5, 7]) == [4, 5, 7])
    #expect(AveragePool2D(window: [2, 3]).configuration.stride == [2, 3])
    expectCourseError(.invalidArgument, "AveragePool2D: padding as wide as the window") {
      var configuration = pool.configuration
      configuration.padding = .explicit(before: [0, 0], after: [2, 0])
      return try AveragePool2D(configuration: configuration)
    }
    expectCourseError(.shapeMismatch, "AveragePool2D", "[C, H, W]", "got [10]") {
      try pool.outputShape(for: [10])
    }
  }

  @Test func backwardAfterInferenceStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = AveragePool2D(window: 2)
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .training)
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .inference)
      _ = pool.backward(Tensor(ones: [1, 1, 1, 1]))
    }
    expectWords(of: result, "AveragePool2D.backward", "a forward pass with mode .training")
    let stride = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AveragePool2D(window: 2, stride: 0)
    }
    expectWords(of: stride, "AveragePool2D: stride out of range", "at least 1", "[0, 0]")
  }
}
