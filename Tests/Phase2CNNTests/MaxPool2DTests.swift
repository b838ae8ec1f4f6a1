import Phase2CNN
import Shared
import TestSupport
import Testing

/// Task 2.4: the loops of `.reference`. The kernels of `.fast` are measured by the same numbers.
@Suite(.watched) struct MaxPool2DTests {
  static let both = [Implementation.reference, .fast]

  @Test(arguments: both)
  func theLargestElementOfEachWindow(implementation: Implementation) throws {
    var pool = MaxPool2D(window: 2, implementation: implementation)
    let x = Tensor([[[[1, 3, -5, -8], [4, 2, -6, -7]], [[9, 8, 7, 6], [0, 1, 2, 3]]]])
    let (y, dX) = try trainingPass(
      &pool, input: x, outputGradient: Tensor([[[[1, 2]], [[3, 4]]]]))
    expectClose(
      y, Tensor([[[[4, -5]], [[9, 7]]]]), "MaxPool2D.forward (\(implementation))",
      mistakes: [
        "the search begins at 0, so windows of negative numbers give 0: begin at −∞":
          Tensor([[[[4, 0]], [[9, 7]]]]),
        "it is the mean: take the maximum": Tensor([[[[2.5, -6.5]], [[4.5, 4.5]]]]),
        "it is the minimum": Tensor([[[[1, -8]], [[0, 2]]]]),
        "the maximum is taken over all channels: each channel has its own":
          Tensor([[[[9, 7]], [[9, 7]]]]),
      ])
    expectClose(
      dX, Tensor([[[[0, 0, 2, 0], [1, 0, 0, 0]], [[3, 0, 4, 0], [0, 0, 0, 0]]]]),
      "MaxPool2D.backward (\(implementation))",
      mistakes: [
        "it is zero: dY goes to the place the maximum came from": Tensor(zeros: [1, 2, 2, 4]),
        "the gradient goes to the whole window: only the winner gets it":
          Tensor([[[[1, 1, 2, 2], [1, 1, 2, 2]], [[3, 3, 4, 4], [3, 3, 4, 4]]]]),
        "the winner's value is returned instead of dY":
          Tensor([[[[0, 0, -5, 0], [4, 0, 0, 0]], [[9, 0, 7, 0], [0, 0, 0, 0]]]]),
        "the gradient goes to the first place of the window: find the place of the maximum":
          Tensor([[[[1, 0, 2, 0], [0, 0, 0, 0]], [[3, 0, 4, 0], [0, 0, 0, 0]]]]),
      ])
  }

  /// The 9 wins all four windows.
  @Test(arguments: both)
  func overlappingWindowsAddUp(implementation: Implementation) throws {
    var pool = MaxPool2D(window: 2, stride: 1, implementation: implementation)
    let x = Tensor([[[[1, 2, 3], [4, 9, 5], [6, 7, 8]]]])
    let (y, dX) = try trainingPass(
      &pool, input: x, outputGradient: Tensor([[[[1, 10], [100, 1000]]]]))
    expectClose(
      y, Tensor(repeating: 9, shape: [1, 1, 2, 2]), "MaxPool2D.forward (\(implementation))",
      mistakes: [
        "the window moves by its own size instead of the stride": Tensor([[[[9]]]])
      ])
    func atTheNine(_ value: Float) -> Tensor {
      Tensor([[[[0, 0, 0], [0, value, 0], [0, 0, 0]]]])
    }
    expectClose(
      dX, atTheNine(1111), "MaxPool2D.backward with overlapping windows (\(implementation))",
      mistakes: [
        "overlapping windows are assigned instead of added: dX[...] += dY, since one place may win "
          + "several windows": atTheNine(1000),
        "the first window wins and the others are dropped: add up": atTheNine(1),
        "the gradients are averaged: add them up": atTheNine(1111 / 4),
      ])
  }

  @Test(arguments: both)
  func theFirstOfEqualElementsWins(implementation: Implementation) throws {
    var pool = MaxPool2D(window: [2, 3], implementation: implementation)
    let x = Tensor([[[[0, 5, 5], [5, 1, 5]]]])
    let (_, dX) = try trainingPass(&pool, input: x, outputGradient: Tensor([[[[1]]]]))
    expectClose(
      dX, Tensor([[[[0, 1, 0], [0, 0, 0]]]]), "MaxPool2D.backward with ties (\(implementation))",
      mistakes: [
        "every one of equal elements gets the gradient: only the first does":
          Tensor([[[[0, 1, 1], [1, 0, 1]]]]),
        "equal elements share the gradient: only the first gets it":
          Tensor([[[[0, 0.25, 0.25], [0.25, 0, 0.25]]]]),
        "the last of equal elements wins: compare with >, not with >=":
          Tensor([[[[0, 0, 0], [0, 0, 1]]]]),
        "the first column wins over the first row: go through the window row by row":
          Tensor([[[[0, 0, 0], [1, 0, 0]]]]),
      ])
  }

  @Test(arguments: both)
  func paddingNeverWins(implementation: Implementation) throws {
    var pool = MaxPool2D(window: 3, stride: 2, padding: .same, implementation: implementation)
    let x = Tensor(repeating: -2, shape: [1, 1, 3, 3])
    let (y, dX) = try trainingPass(
      &pool, input: x, outputGradient: Tensor([[[[1, 10], [100, 1000]]]]))
    expectClose(
      y, Tensor(repeating: -2, shape: [1, 1, 2, 2]),
      "MaxPool2D.forward of negative numbers with padding (\(implementation))",
      mistakes: [
        "the padding wins with its zeros: leave it out": Tensor(zeros: [1, 1, 2, 2])
      ])
    expectClose(
      dX, Tensor([[[[1, 10, 0], [100, 1000, 0], [0, 0, 0]]]]),
      "MaxPool2D.backward with padding (\(implementation))")
  }

  @Test(arguments: PoolingNumbers.maxImages, both)
  func matchesPyTorch(numbers: PoolingNumbers, implementation: Implementation) throws {
    var pool = MaxPool2D(
      window: numbers.window, stride: numbers.stride, padding: numbers.padding,
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

  @Test(arguments: both)
  func aNaNIsNotLost(implementation: Implementation) {
    var pool = MaxPool2D(window: 2, implementation: implementation)
    let y = pool.forward(Tensor([[[[1, .nan], [3, 2]]]]), mode: .inference)
    #expect(y.shape == [1, 1, 1, 1] && y.scalars.allSatisfy(\.isNaN), "a NaN wins its window")
  }

  @Test(arguments: both)
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation) throws {
    // Distinct numbers further apart than the steps of the check, so that no winner changes.
    let order = RandomKey(seed: 4).permutation(of: 2 * 2 * 5 * 6)
    let input = Tensor(shape: [2, 2, 5, 6], scalars: order.map { Float($0) * 0.25 - 15 })
    try expectGradients(
      of: MaxPool2D(
        window: [3, 2], stride: [2, 1], padding: .explicit(before: [1, 0], after: [0, 1]),
        implementation: implementation), inputShape: input.shape, input: input)
  }

  /// Few different values, so that ties are frequent.
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
      var reference = MaxPool2D(
        window: window, stride: (0..<2).map { _ in Int.random(in: 1...4, using: &draw) },
        padding: padding, implementation: .reference)
      let shape =
        (0..<2).map { _ in Int.random(in: 1...3, using: &draw) }
        + window.map { $0 + Int.random(in: 0...5, using: &draw) }
      let x = Tensor(
        shape: shape,
        scalars: (0..<shape.reduce(1, *)).map { _ in Float(Int.random(in: -3...3, using: &draw)) })
      let output = try [shape[0]] + reference.outputShape(for: Array(shape.dropFirst()))
      let dY = Tensor(normal: output, key: RandomKey(seed: 3).folded(number))
      var fast = reference
      fast.implementation = .fast
      let (y, dX) = try trainingPass(&reference, input: x, outputGradient: dY)
      let (fastY, fastDX) = try trainingPass(&fast, input: x, outputGradient: dY)
      let name = "number \(number), input \(shape), \(reference.configuration)"
      try requireAgreement(y, fastY, "MaxPool2D.forward, reference against fast, \(name)")
      try requireAgreement(dX, fastDX, "MaxPool2D.backward, reference against fast, \(name)")
    }
  }

  // MARK: Use

  @Test(arguments: both)
  func inferenceComputesTheSameAndKeepsNothing(implementation: Implementation) throws {
    let x = Tensor(normal: [2, 2, 5, 5], key: RandomKey(seed: 1))
    var pool = MaxPool2D(window: 2, implementation: implementation)
    #expect(try forwardPass(&pool, input: x) == pool.forward(x, mode: .inference))
    expectInferenceKeepsNothing(pool, input: x)
    try expectBackwardUsesUp(pool, input: x)
  }

  @Test(arguments: both)
  func copiesAreIndependent(implementation: Implementation) throws {
    let x = Tensor([[[[1, 3], [4, 2]]]])
    var pool = MaxPool2D(window: 2, implementation: implementation)
    _ = try forwardPass(&pool, input: x)
    var copy = pool
    _ = try trainingPass(&copy, input: -x)
    #expect(x == Tensor([[[[1, 3], [4, 2]]]]), "MaxPool2D.forward changes its input in place")
    expectClose(
      pool.backward(Tensor([[[[5]]]])), Tensor([[[[0, 0], [5, 0]]]]),
      "MaxPool2D.backward after a copy was used")
  }

  @Test func configurationAndShapes() throws {
    let pool = MaxPool2D(window: [2, 3], padding: .same)
    #expect(pool.configuration.stride == [2, 3], "the stride is the window unless given")
    #expect(try MaxPool2D(configuration: pool.configuration).configuration == pool.configuration)
    #expect(try pool.outputShape(for: [4, 5, 7]) == [4, 3, 3])
    // The border that fills no window is dropped.
    #expect(try MaxPool2D(window: 2).outputShape(for: [4, 5, 7]) == [4, 2, 3])
    #expect(try MaxPool2D(window: 3, stride: 2).outputShape(for: [4, 5, 7]) == [4, 2, 3])
  }

  @Test func wrongArgumentsAndShapesAreRefused() async {
    expectCourseError(.shapeMismatch, "MaxPool2D", "[C, H, W]", "got [28, 28]", "channel axis") {
      try MaxPool2D(window: 2).outputShape(for: [28, 28])
    }
    expectCourseError(
      .shapeMismatch, "MaxPool2D: window larger than its input", "at least 3 places",
      "spatial axis 0", "got 2", "fewer poolings"
    ) { try MaxPool2D(window: 3).outputShape(for: [1, 2, 5]) }
    func pool(_ window: [Int], _ stride: [Int], _ padding: Padding) throws -> MaxPool2D {
      var configuration = MaxPool2D(window: 1).configuration
      (configuration.window, configuration.stride, configuration.padding) = (
        window, stride, padding
      )
      return try MaxPool2D(configuration: configuration)
    }
    expectCourseError(.invalidArgument, "MaxPool2D: stride", "at least 1", "[0, 2]") {
      try pool([2, 2], [0, 2], .valid)
    }
    expectCourseError(.invalidArgument, "MaxPool2D: window", "2 numbers", "[2]") {
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
      _ = MaxPool2D(window: 2, padding: .explicit(before: [2, 2], after: [2, 2]))
    }
    expectWords(of: stopped, "MaxPool2D: padding as wide as the window", "pad less")
    let rank = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = MaxPool2D(window: 2)
      _ = pool.forward(Tensor(zeros: [3, 4, 4]), mode: .training)
    }
    expectWords(of: rank, "MaxPool2D.forward: expected input [N, C, H, W], got [3, 4, 4]")
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = MaxPool2D(window: 2)
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .training)
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .inference)
      _ = pool.backward(Tensor(ones: [1, 1, 1, 1]))
    }
    expectWords(of: inference, "MaxPool2D.backward", "a forward pass with mode .training")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = MaxPool2D(window: 2)
      _ = pool.forward(Tensor(ones: [1, 1, 2, 2]), mode: .training)
      _ = pool.backward(Tensor(ones: [1, 1, 2, 2]))
    }
    expectWords(of: gradient, "MaxPool2D.backward", "shape [1, 1, 1, 1]", "got [1, 1, 2, 2]")
  }
}
