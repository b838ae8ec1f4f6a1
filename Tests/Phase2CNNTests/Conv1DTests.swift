import Phase2CNN
import Shared
import TestSupport
import Testing

/// Task 2.3: the loops of `.reference`. The kernels of `.fast` are measured by the same numbers.
@Suite(.watched) struct Conv1DTests {
  /// One signal of one channel, a kernel of three places.
  private static let simple = ConvolutionOracle(
    x: [[[1, 2, 4, 8, 16]]], weights: [[[1, 0, -2]]], bias: [100], stride: [1], dilation: [1],
    before: [0], after: [0])

  private func simpleLayer() -> Conv1D {
    var layer = Conv1D(
      inputChannels: 1, outputChannels: 1, kernelSize: 3, implementation: .reference, seed: 1)
    layer.weights.value = Self.simple.weights
    layer.bias?.value = [100]
    return layer
  }

  @Test func simpleForward() {
    var layer = simpleLayer()
    let right = Self.simple().y
    expectClose(
      layer.forward(Self.simple.x, mode: .inference), [[[93, 86, 72]]], "Conv1D.forward",
      mistakes: [
        "only the bias arrives: the sum over channels and kernel places is missing":
          Tensor(repeating: 100, shape: [1, 1, 3]),
        "the kernel is flipped: here W[0] meets the first element (cross-correlation)":
          Self.simple(.flippedKernel).y,
        "the bias is missing: Y = X ∗ W + b": right - 100,
        "it is zero: Y = X ∗ W + b": Tensor(zeros: [1, 1, 3]),
      ])
  }

  @Test func simpleBackward() throws {
    var layer = simpleLayer()
    let dY: Tensor = [[[1, 10, 1000]]]
    let (_, dX) = try trainingPass(&layer, input: Self.simple.x, outputGradient: dY)
    expectClose(
      dX, [[[1, 10, 998, -20, -2000]]], "Conv1D.backward, input gradient dX",
      mistakes: [
        "it is zero: add dZ[n, o, x] · W[o, c, j] to each place it came from":
          Tensor(zeros: [1, 1, 5]),
        "the kernel is flipped: W[j] goes back to the very place it was multiplied with":
          Self.simple(.flippedKernel, outputGradient: dY).dX,
        "shares are assigned instead of added: windows overlap, so use +=":
          Self.simple(.assigned, outputGradient: dY).dX,
      ])
    expectClose(
      try #require(layer.weights.gradient, "Conv1D.backward: weights.accumulate was not called"),
      [[[4021, 8042, 16084]]], "Conv1D.backward, weight gradient dW",
      mistakes: [
        "it is zero: add dZ[n, o, x] · X[...] for each product of the forward pass":
          Tensor(zeros: [1, 1, 3]),
        "the kernel is flipped: dW[j] belongs to W[j]":
          Self.simple(.flippedKernel, outputGradient: dY).dW,
        "shares are assigned instead of added": Self.simple(.assigned, outputGradient: dY).dW,
      ])
    expectClose(
      try #require(layer.bias?.gradient, "Conv1D.backward: bias?.accumulate was not called"),
      [1011], "Conv1D.backward, bias gradient db", mistakes: Conv2DTests.biasMistakes(dY))
  }

  @Test(arguments: ConvolutionNumbers.signals, [Implementation.reference, .fast])
  func matchesPyTorch(numbers: ConvolutionNumbers, implementation: Implementation) throws {
    var layer = Conv1D(
      inputChannels: numbers.input[1], outputChannels: numbers.outputChannels,
      kernelSize: numbers.kernelSize[0], stride: numbers.stride[0], padding: numbers.padding,
      dilation: numbers.dilation[0], groups: numbers.groups, implementation: implementation, seed: 1
    )
    layer.weights.value = numbers.weights
    layer.bias?.value = numbers.bias
    let dY = numbers.outputGradient
    let (y, dX) = try trainingPass(&layer, input: numbers.x, outputGradient: dY)
    let oracle = ConvolutionOracle(numbers)
    let place = "(\(implementation)), \(numbers.name)"
    expectClose(
      y, Tensor(shape: numbers.outputShape, scalars: numbers.y), "Conv1D.forward \(place)",
      mistakes: [
        "even kernel misaligned: the larger half of the padding belongs behind":
          oracle(.paddingMirrored).y,
        "even kernel misaligned: the padding in front is missing": oracle(.paddingIgnored).y,
        "the kernel is flipped": oracle(.flippedKernel).y,
        "the stride is missing": oracle(.strideIgnored).y,
        "the dilation is missing": oracle(.dilationIgnored).y,
        "every group sees the channels of the first": oracle(.groupsIgnored).y,
        "only the first input channel counts": oracle(.firstChannelOnly).y,
        "the bias is added once for each input channel": oracle(.biasForEachChannel).y,
      ])
    let right = oracle(outputGradient: dY)
    expectClose(
      dX, Tensor(shape: numbers.input, scalars: numbers.dX), "Conv1D.backward, dX \(place)",
      mistakes: [
        "even kernel misaligned: cut the padding off where forward put it (axis.before in front)":
          oracle(.paddingMirrored, outputGradient: dY).dX,
        "even kernel misaligned: the padding in front is not cut off":
          oracle(.paddingIgnored, outputGradient: dY).dX,
        "the kernel is flipped": oracle(.flippedKernel, outputGradient: dY).dX,
        "missing stride in backward": oracle(.strideIgnored, outputGradient: dY).dX,
        "the dilation is missing in backward": oracle(.dilationIgnored, outputGradient: dY).dX,
        "all gradients go to the channels of the first group":
          oracle(.groupsIgnored, outputGradient: dY).dX,
        "shares are assigned instead of added": oracle(.assigned, outputGradient: dY).dX,
      ])
    expectClose(
      try #require(layer.weights.gradient),
      Tensor(shape: numbers.weights.shape, scalars: numbers.dW), "Conv1D.backward, dW \(place)",
      mistakes: [
        "the padding is missing: use the input as forward padded it":
          oracle(.paddingIgnored, outputGradient: dY).dW,
        "the kernel is flipped": oracle(.flippedKernel, outputGradient: dY).dW,
        "missing stride in backward": oracle(.strideIgnored, outputGradient: dY).dW,
        "the dilation is missing in backward": oracle(.dilationIgnored, outputGradient: dY).dW,
        "only the last signal counts: sum over the batch":
          oracle(.lastImageOnly, outputGradient: dY).dW,
        "it is divided by the batch size": right.dW / Float(numbers.input[0]),
      ])
    expectClose(
      try #require(layer.bias?.gradient), Tensor(numbers.db), "Conv1D.backward, db \(place)",
      mistakes: Conv2DTests.biasMistakes(dY))
  }

  @Test(arguments: [Implementation.reference, .fast], [Padding.valid, .same])
  func gradientsAgreeWithFiniteDifferences(implementation: Implementation, padding: Padding) throws
  {
    try expectGradients(
      of: Conv1D(
        inputChannels: 4, outputChannels: 6, kernelSize: 4, stride: 3, padding: padding,
        dilation: 2, groups: 2, activation: .tanh, implementation: implementation, seed: 1),
      inputShape: [2, 4, 11])
  }

  /// A signal is an image of height 1: both layers must agree on random configurations, in both bodies.
  @Test func agreesWithImagesOfHeightOne() throws {
    var draw = RandomKey(seed: 9).folded("configurations").generator
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
        groups: groups, activation: .relu, seed: 1)
      var images = Conv2D(
        inputChannels: channels.0, outputChannels: channels.1, kernelSize: [1, kernel],
        stride: [1, stride],
        padding: isSame ? .same : .explicit(before: [0, before], after: [0, after]),
        dilation: [1, dilation], groups: groups, activation: .relu, seed: 1)
      images.weights.value = signals.weights.value.reshaped(images.weights.value.shape)
      let x = Tensor(normal: [2, channels.0, length], key: RandomKey(seed: 1).folded(number))
      let shape = try [2] + signals.outputShape(for: [channels.0, length])
      let dY = Tensor(normal: shape, key: RandomKey(seed: 2).folded(number))
      let (y, dX) = try trainingPass(
        &images, input: x.reshaped([2, channels.0, 1, length]),
        outputGradient: dY.reshaped([2, channels.1, 1, shape[2]]))
      let dW = try #require(images.weights.gradient)
      for implementation in [Implementation.fast, .reference] {
        signals.implementation = implementation
        signals.forEachParameter { $1.clearGradient() }
        let name = "Conv1D (\(implementation)), number \(number), \(signals.configuration)"
        let result = try trainingPass(&signals, input: x, outputGradient: dY)
        try requireAgreement(result.output, y.reshaped(shape), "\(name), forward")
        try requireAgreement(result.inputGradient, dX.reshaped(x.shape), "\(name), dX")
        try requireAgreement(
          try #require(signals.weights.gradient, "Conv1D.backward: weights.accumulate not called"),
          dW.reshaped(signals.weights.value.shape), "\(name), dW")
        try requireAgreement(
          try #require(signals.bias?.gradient), try #require(images.bias?.gradient), "\(name), db")
      }
    }
  }

  // MARK: Use

  @Test(arguments: [Implementation.reference, .fast])
  func inferenceComputesTheSameAndKeepsNothing(implementation: Implementation) throws {
    let x = Tensor(normal: [2, 2, 6], key: RandomKey(seed: 1))
    var layer = Conv1D(
      inputChannels: 2, outputChannels: 3, kernelSize: 2, implementation: implementation, seed: 1)
    #expect(try forwardPass(&layer, input: x) == layer.forward(x, mode: .inference))
    expectInferenceKeepsNothing(layer, input: x)
    try expectBackwardUsesUp(layer, input: x)
  }

  @Test(arguments: [Implementation.reference, .fast])
  func theFirstLayerSkipsItsInputGradientAndCopiesAreIndependent(implementation: Implementation)
    throws
  {
    let x = Tensor(normal: [2, 2, 6], key: RandomKey(seed: 1))
    let dY = Tensor(normal: [2, 3, 6], key: RandomKey(seed: 2))
    var layer = Conv1D(
      inputChannels: 2, outputChannels: 3, kernelSize: 3, padding: .same,
      implementation: implementation, seed: 1)
    var other = layer
    _ = try trainingPass(&layer, input: x, outputGradient: dY)
    #expect(other.weights.gradient == nil)
    _ = other.forward(x, mode: .training)
    other.backwardWithoutInputGradient(dY)
    #expect(layer.weights.gradient == other.weights.gradient)
    #expect(layer.bias?.gradient == other.bias?.gradient)
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

  @Test func wrongArgumentsAndShapesAreRefused() async throws {
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
    expectWords(of: inference, "Conv1D.backward", "a forward pass with mode .training")
  }
}
