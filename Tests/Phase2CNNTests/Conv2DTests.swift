import Phase2CNN
import Shared
import TestSupport
import Testing

/// Tasks 2.1 and 2.2: the loops of `.reference`. The kernels of `.fast` are measured by the same numbers.
@Suite(.watched) struct Conv2DTests {
  // MARK: Forward, one thing after the other

  /// A layer with given weights.
  static func layer(_ oracle: ConvolutionOracle, _ implementation: Implementation = .reference)
    -> Conv2D
  {
    let shape = oracle.weights.shape
    var layer = Conv2D(
      inputChannels: shape[1] * oracle.groups, outputChannels: shape[0],
      kernelSize: Array(shape[2...]), stride: oracle.stride,
      padding: .explicit(before: oracle.before, after: oracle.after), dilation: oracle.dilation,
      groups: oracle.groups, bias: oracle.bias != nil, implementation: implementation, seed: 1)
    layer.weights.value = oracle.weights
    if let bias = oracle.bias { layer.bias?.value = bias }
    return layer
  }

  /// One channel, one image, one kernel of even size, no padding.
  static let simple = ConvolutionOracle(
    x: Tensor([[[[1, 2, 3], [4, 5, 6], [7, 8, 10]]]]), weights: Tensor([[[[1, 2], [3, -1]]]]),
    bias: [10])

  @Test func simpleForward() {
    var layer = Self.layer(Self.simple)
    let right = Self.simple().y
    expectClose(
      layer.forward(Self.simple.x, mode: .inference), Tensor([[[[22, 27], [37, 41]]]]),
      "Conv2D.forward",
      mistakes: [
        "the kernel is flipped: here W[0, 0] meets the upper left element (cross-correlation)":
          Self.simple(.flippedKernel).y,
        "the kernel is transposed: i goes down and j to the right":
          Self.simple(.transposedKernel).y,
        "the bias is missing: Y = X ∗ W + b": right - 10,
        "the bias is subtracted: Y = X ∗ W + b": right - 20,
        "each place has the last product only: add all products up":
          Tensor([[[[-5, -6], [-8, -10]]]]),
        "it is zero: Y = X ∗ W + b": Tensor(zeros: [1, 1, 2, 2]),
      ])
  }

  @Test func allChannelsCount() {
    let oracle = ConvolutionOracle(
      x: patterned([1, 3, 3, 2], 11, 7, 1), weights: patterned([2, 3, 2, 2], 9, 5, 1),
      bias: [100, 200])
    var layer = Self.layer(oracle)
    expectClose(
      layer.forward(oracle.x, mode: .inference), oracle().y, "Conv2D.forward with three channels",
      mistakes: [
        "only the first input channel counts: sum over all of them": oracle(.firstChannelOnly).y,
        "only the last input channel counts: sum over all of them": oracle(.lastChannelOnly).y,
        "the bias is added once for each input channel: once for each output place":
          oracle(.biasForEachChannel).y,
      ])
  }

  @Test func theStrideMovesTheWindow() {
    let oracle = ConvolutionOracle(
      x: patterned([1, 1, 7, 8], 11, 7, 1), weights: patterned([1, 1, 2, 3], 9, 5, 1),
      stride: [3, 2])
    var layer = Self.layer(oracle)
    #expect(oracle().y.shape == [1, 1, 2, 3])
    expectClose(
      layer.forward(oracle.x, mode: .inference), oracle().y, "Conv2D.forward with stride [3, 2]",
      mistakes: [
        "the stride is missing: window (y, x) begins at (y · stride, x · stride)":
          oracle(.strideIgnored).y
      ])
  }

  /// Kernels of 2 x 4 places: `.same` pads 0 and 1 above, 1 and 2 below and to the right.
  @Test(arguments: [Implementation.reference, .fast])
  func evenKernelsArePaddedMoreBehind(implementation: Implementation) throws {
    let oracle = ConvolutionOracle(
      x: patterned([1, 1, 4, 5], 11, 7, 1), weights: patterned([1, 1, 2, 4], 9, 5, 1),
      before: [0, 1], after: [1, 2])
    var layer = Conv2D(
      inputChannels: 1, outputChannels: 1, kernelSize: [2, 4], padding: .same, bias: false,
      implementation: implementation, seed: 1)
    layer.weights.value = oracle.weights
    let dY = patterned([1, 1, 4, 5], 7, 3, 2)
    let (y, dX) = try trainingPass(&layer, input: oracle.x, outputGradient: dY)
    expectClose(
      y, oracle().y, "Conv2D.forward, even kernel with .same padding",
      mistakes: [
        "even kernel misaligned: the larger half of the padding belongs behind (SAME_UPPER)":
          oracle(.paddingMirrored).y,
        "even kernel misaligned: the padding in front is missing": oracle(.paddingIgnored).y,
      ])
    expectClose(
      dX, oracle(outputGradient: dY).dX, "Conv2D.backward, dX, even kernel with .same padding",
      mistakes: [
        "even kernel misaligned: cut the padding off where forward put it (rows.before in front)":
          oracle(.paddingMirrored, outputGradient: dY).dX,
        "even kernel misaligned: the padding in front is not cut off":
          oracle(.paddingIgnored, outputGradient: dY).dX,
      ])
    expectClose(
      try #require(layer.weights.gradient), oracle(outputGradient: dY).dW,
      "Conv2D.backward, dW, even kernel with .same padding",
      mistakes: [
        "even kernel misaligned: use the input as forward padded it":
          oracle(.paddingMirrored, outputGradient: dY).dW,
        "even kernel misaligned: the padding is missing":
          oracle(.paddingIgnored, outputGradient: dY).dW,
      ])
  }

  @Test func theDilationSpreadsTheKernel() {
    let oracle = ConvolutionOracle(
      x: patterned([1, 1, 6, 6], 11, 7, 1), weights: patterned([1, 1, 2, 3], 9, 5, 1),
      dilation: [3, 2])
    var layer = Self.layer(oracle)
    expectClose(
      layer.forward(oracle.x, mode: .inference), oracle().y, "Conv2D.forward with dilation [3, 2]",
      mistakes: [
        "the dilation is missing: kernel place i lies i · dilation below the first":
          oracle(.dilationIgnored).y
      ])
  }

  @Test func groupsSeeTheirOwnChannels() throws {
    let oracle = ConvolutionOracle(
      x: patterned([1, 4, 2, 3], 11, 7, 1), weights: patterned([6, 2, 2, 2], 9, 5, 1), groups: 2)
    var layer = Self.layer(oracle)
    let dY = patterned([1, 6, 1, 2], 7, 3, 2)
    let (y, dX) = try trainingPass(&layer, input: oracle.x, outputGradient: dY)
    expectClose(
      y, oracle().y, "Conv2D.forward with two groups",
      mistakes: [
        "every group sees the channels of the first: add firstInputChannel(of: o)":
          oracle(.groupsIgnored).y
      ])
    expectClose(
      dX, oracle(outputGradient: dY).dX, "Conv2D.backward, dX with two groups",
      mistakes: [
        "all gradients go to the channels of the first group: add firstInputChannel(of: o)":
          oracle(.groupsIgnored, outputGradient: dY).dX
      ])
    expectClose(
      try #require(layer.weights.gradient), oracle(outputGradient: dY).dW,
      "Conv2D.backward, dW with two groups",
      mistakes: [
        "every group's gradient is made with the channels of the first":
          oracle(.groupsIgnored, outputGradient: dY).dW
      ])
  }

  // MARK: Backward

  @Test func simpleBackward() throws {
    var layer = Self.layer(Self.simple)
    let dY = Tensor([[[[1, 2], [-1, 3]]]])
    let simple = Self.simple
    let (_, dX) = try trainingPass(&layer, input: simple.x, outputGradient: dY)
    expectClose(
      dX, Tensor([[[[1, 4, 4], [2, 6, 4], [-3, 10, -3]]]]), "Conv2D.backward, input gradient dX",
      mistakes: [
        "it is zero: add dZ[n, o, y, x] · W[o, c, i, j] to each place it came from":
          Tensor(zeros: [1, 1, 3, 3]),
        "the kernel is flipped: W[i, j] goes back to the very place it was multiplied with":
          simple(.flippedKernel, outputGradient: dY).dX,
        "shares are assigned instead of added: windows overlap, so use +=":
          simple(.assigned, outputGradient: dY).dX,
      ])
    let dW = try #require(
      layer.weights.gradient, "Conv2D.backward: weights.accumulate was not called")
    expectClose(
      dW, Tensor([[[[16, 21], [31, 39]]]]), "Conv2D.backward, weight gradient dW",
      mistakes: [
        "it is zero: add dZ[n, o, y, x] · X[...] for each product of the forward pass":
          Tensor(zeros: [1, 1, 2, 2]),
        "the kernel is flipped: dW[i, j] belongs to W[i, j]":
          simple(.flippedKernel, outputGradient: dY).dW,
        "it is transposed: i goes down and j to the right":
          simple(.transposedKernel, outputGradient: dY).dW,
        "shares are assigned instead of added: each weight serves all places, so use +=":
          simple(.assigned, outputGradient: dY).dW,
      ])
    let db = try #require(layer.bias?.gradient, "Conv2D.backward: bias?.accumulate was not called")
    expectClose(db, [5], "Conv2D.backward, bias gradient db", mistakes: Self.biasMistakes(dY))
    #expect(
      layer.weights.value == simple.weights && layer.bias?.value == simple.bias,
      "Conv2D.backward changes the weights: only the optimizer may, after the whole backward pass")
  }

  /// What a wrong bias gradient is, for the gradient of an output `[N, O, ...]`.
  static func biasMistakes(_ dY: Tensor) -> KeyValuePairs<String, Tensor> {
    let (batch, channels) = (dY.shape[0], dY.shape[1])
    let sums = dY.reshaped([batch, channels, -1]).sum(axis: 2).sum(axis: 0)
    let area = Float(dY.count / (batch * channels))
    return [
      "it is zero: db[o] = Σ dZ[n, o, y, x] over images and places": Tensor(zeros: [channels]),
      "the bias gradient is a mean over the places: every place used the bias, so it is their sum":
        sums / area,
      "the bias gradient is divided by the batch size: the loss has averaged already":
        sums / Float(batch),
      "the bias gradient is a mean over images and places: it is their sum":
        sums / (area * Float(batch)),
      "the bias gradient counts one place only: sum over all places":
        dY.reshaped([batch, channels, -1]).slice(axis: 2, at: 0).sum(axis: 0),
      "the bias gradient counts the last image only: sum over all images":
        dY.reshaped([batch, channels, -1]).sum(axis: 2).slice(axis: 0, at: batch - 1),
    ]
  }

  @Test func backwardWithStrideAndSeveralImages() throws {
    let oracle = ConvolutionOracle(
      x: patterned([2, 2, 5, 6], 11, 7, 1), weights: patterned([3, 2, 2, 3], 9, 5, 1),
      bias: [1, 2, 3], stride: [2, 3], before: [1, 0], after: [0, 1])
    let dY = patterned([2, 3, 3, 2], 7, 3, 2)
    var layer = Self.layer(oracle)
    let (_, dX) = try trainingPass(&layer, input: oracle.x, outputGradient: dY)
    let right = oracle(outputGradient: dY)
    expectClose(
      dX, right.dX, "Conv2D.backward, dX with stride [2, 3]",
      mistakes: [
        "missing stride in backward: dZ[y, x] goes to the window at (y · stride, x · stride)":
          oracle(.strideIgnored, outputGradient: dY).dX,
        "the padding is not cut off in front": oracle(.paddingIgnored, outputGradient: dY).dX,
        "shares are assigned instead of added, over output channels or overlapping windows":
          oracle(.assigned, outputGradient: dY).dX,
        "it is divided by the batch size: the loss has averaged already, no layer does":
          right.dX / 2,
        "the kernel is flipped": oracle(.flippedKernel, outputGradient: dY).dX,
      ])
    expectClose(
      try #require(layer.weights.gradient), right.dW, "Conv2D.backward, dW with stride [2, 3]",
      mistakes: [
        "missing stride in backward: dZ[y, x] meets the window at (y · stride, x · stride)":
          oracle(.strideIgnored, outputGradient: dY).dW,
        "the padding is missing: use the input as forward padded it":
          oracle(.paddingIgnored, outputGradient: dY).dW,
        "only the last image counts: sum over the batch":
          oracle(.lastImageOnly, outputGradient: dY).dW,
        "it is divided by the batch size: the loss has averaged already, no layer does":
          right.dW / 2,
        "shares are assigned instead of added": oracle(.assigned, outputGradient: dY).dW,
      ])
    expectClose(
      try #require(layer.bias?.gradient), right.db, "Conv2D.backward, db",
      mistakes: Self.biasMistakes(dY))
  }
}
