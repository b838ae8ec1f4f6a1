import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// The reference of signals is that of images, whose output this layer reshapes.
@Suite(.watched, .waits(for: MaxPool2DTests.steps)) struct MaxPool1DTests {
  @Test func overlappingWindowsAddUp() throws {
    var pool = MaxPool1D(kernelSize: 2, stride: 1)
    let (y, dX) = try trainingPass(&pool, input: [[[1, 9, 3]]], outputGradient: [[[10, 100]]])
    expectClose(y, [[[9, 9]]], "MaxPool1D.forward")
    expectClose(
      dX, [[[0, 110, 0]]], "MaxPool1D.backward",
      mistakes: ["overlapping windows are assigned instead of added": [[[0, 100, 0]]]])
  }

  @Test(arguments: PoolingNumbers.maxSignals, [Implementation.reference, .fast])
  func matchesPyTorch(numbers: PoolingNumbers, implementation: Implementation) throws {
    var pool = MaxPool1D(
      kernelSize: numbers.window[0], stride: numbers.stride[0], padding: numbers.padding,
      implementation: implementation)
    let (y, dX) = try trainingPass(
      &pool, input: numbers.x, outputGradient: numbers.outputGradient)
    let name = "(\(implementation)), \(numbers.name)"
    expectClose(
      y, Tensor(shape: numbers.outputShape, scalars: numbers.y), "MaxPool1D.forward \(name)")
    expectClose(dX, Tensor(shape: numbers.input, scalars: numbers.dX), "MaxPool1D.backward \(name)")
  }

  @Test func gradientsAgreeWithFiniteDifferences() throws {
    try expectGradients(
      of: MaxPool1D(kernelSize: 3, stride: 2, padding: .same), inputShape: [2, 2, 9],
      draw: MaxPool2DTests.farApart)
  }

  @Test func inUse() async throws {
    let pool = MaxPool1D(kernelSize: 3, stride: 2, padding: .same)
    let input = Tensor(normal: [1, 2, 7], key: RandomKey(seed: varied(1)))
    expectInferenceKeepsNothing(pool, input: input)
    try expectBackwardUsesUp(pool, input: input)
    #expect(try MaxPool1D(configuration: pool.configuration).configuration == pool.configuration)
    #expect(try pool.outputShape(for: [3, 7]) == [3, 4])
    #expect(MaxPool1D(kernelSize: 3).configuration.stride == [3])
    expectCourseError(.shapeMismatch, "MaxPool1D", "[C, L]", "got [1, 7, 7]") {
      try pool.outputShape(for: [1, 7, 7])
    }
    expectCourseError(.shapeMismatch, "MaxPool1D: window larger", "at least 4 places", "got 3") {
      try MaxPool1D(kernelSize: 4).outputShape(for: [1, 3])
    }
    expectCourseError(.invalidArgument, "MaxPool1D: padding as wide as the window", "window of 2") {
      var configuration = MaxPool1D(kernelSize: 2).configuration
      configuration.padding = .explicit(before: [0], after: [2])
      return try MaxPool1D(configuration: configuration)
    }
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = MaxPool1D(kernelSize: 2)
      _ = pool.forward([[[1, 2]]], mode: .inference)
      _ = pool.backward([[[1]]])
    }
    expectWords(of: inference, "MaxPool1D.backward", "no forward pass to go back through")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = MaxPool1D(kernelSize: 2)
      _ = pool.forward([[[1, 2]]], mode: .training)
      _ = pool.backward([[[1, 2]]])
    }
    expectWords(of: gradient, "MaxPool1D.backward", "shape [1, 1, 1]", "got [1, 1, 2]")
  }
}

/// The reference of signals is that of images, whose output this layer reshapes.
@Suite(.watched, .waits(for: AveragePool2DTests.steps)) struct AveragePool1DTests {
  @Test func overlappingWindowsAddUp() throws {
    var pool = AveragePool1D(kernelSize: 2, stride: 1)
    let (y, dX) = try trainingPass(&pool, input: [[[1, 9, 3]]], outputGradient: [[[10, 100]]])
    expectClose(y, [[[5, 6]]], "AveragePool1D.forward")
    expectClose(
      dX, [[[5, 55, 50]]], "AveragePool1D.backward",
      mistakes: ["overlapping windows are assigned instead of added": [[[5, 50, 50]]]])
  }

  @Test(arguments: PoolingNumbers.averageSignals, [Implementation.reference, .fast])
  func matchesPyTorch(numbers: PoolingNumbers, implementation: Implementation) throws {
    var pool = AveragePool1D(
      kernelSize: numbers.window[0], stride: numbers.stride[0], padding: numbers.padding,
      countIncludePad: numbers.countIncludePad, implementation: implementation)
    let (y, dX) = try trainingPass(
      &pool, input: numbers.x, outputGradient: numbers.outputGradient)
    let name = "(\(implementation)), \(numbers.name)"
    expectClose(
      y, Tensor(shape: numbers.outputShape, scalars: numbers.y), "AveragePool1D.forward \(name)")
    expectClose(
      dX, Tensor(shape: numbers.input, scalars: numbers.dX), "AveragePool1D.backward \(name)")
  }

  @Test(arguments: [true, false])
  func gradientsAgreeWithFiniteDifferences(counts: Bool) throws {
    try expectGradients(
      of: AveragePool1D(kernelSize: 3, stride: 2, padding: .same, countIncludePad: counts),
      inputShape: [2, 3, 8])
  }

  @Test func inUse() async throws {
    let pool = AveragePool1D(kernelSize: 3, stride: 2, padding: .same, countIncludePad: false)
    expectInferenceKeepsNothing(
      pool, input: Tensor(normal: [1, 2, 7], key: RandomKey(seed: varied(1))))
    #expect(
      try AveragePool1D(configuration: pool.configuration).configuration == pool.configuration)
    #expect(try pool.outputShape(for: [3, 7]) == [3, 4])
    expectCourseError(.shapeMismatch, "AveragePool1D", "[C, L]", "got [1, 7, 7]") {
      try pool.outputShape(for: [1, 7, 7])
    }
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var pool = AveragePool1D(kernelSize: 2)
      _ = pool.forward([[[1, 2]]], mode: .inference)
      _ = pool.backward([[[1]]])
    }
    expectWords(of: inference, "AveragePool1D.backward", "no forward pass to go back through")
  }
}
