import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// Strides, dilations and windows far beyond the image: quick, or refused when the network is built.
@Suite(.watched) struct ConvolutionLimitTests {
  @Test(arguments: [5, 8, 1000, 1 << 30]) func aStrideBeyondTheImageTakesOnePlace(stride: Int)
    throws
  {
    for padding in [Padding.valid, .same, .explicit(before: [1, 0], after: [2, 1])] {
      let x = Tensor(normal: [2, 3, 5, 4], key: RandomKey(seed: varied(1)))
      func pass(_ stride: Int, _ implementation: Implementation) throws -> [Tensor] {
        var layer = Conv2D(
          inputChannels: 3, outputChannels: 2, kernelSize: 3, stride: AxisSizes(stride),
          padding: padding,
          implementation: implementation, seed: 1)
        let y = layer.forward(x, mode: .training)
        #expect(try layer.outputShape(for: [3, 5, 4]) == Array(y.shape.dropFirst()))
        let dX = layer.backward(Tensor(normal: y.shape, key: RandomKey(seed: varied(2))))
        return [y, dX, try #require(layer.weights.gradient)]
      }
      let (kernel, loops) = (try pass(stride, .fast), try pass(stride, .reference))
      for (a, b) in zip(kernel, loops) { expectClose(a, b, "stride \(stride)", atol: 1e-5) }
      if stride >= 8 { #expect(try pass(8, .fast) == kernel, "all of them see one window only") }
    }
  }

  @Test(
    .waits(for: Conv1DTests.steps), .waits(for: MaxPool2DTests.steps),
    .waits(for: AveragePool2DTests.steps))
  func signalsAndPoolsTakeHugeStridesAndWindows() throws {
    let huge = 1 << 30
    var signal = Conv1D(
      inputChannels: 1, outputChannels: 1, kernelSize: 3, stride: huge, padding: .same, seed: 1)
    let y = signal.forward(Tensor(ones: [1, 1, 9]), mode: .training)
    #expect(y.shape == [1, 1, 1])
    #expect(signal.backward(y).shape == [1, 1, 9])

    let x = Tensor(normal: [1, 2, 4, 6], key: RandomKey(seed: varied(3)))
    var largest = MaxPool2D(kernelSize: AxisSizes(huge), stride: 1, padding: .same)
    #expect(largest.forward(x, mode: .training).shape == [1, 2, 4, 6])
    #expect(largest.backward(x).shape == x.shape)
    var strided = MaxPool2D(kernelSize: 2, stride: AxisSizes(huge))
    #expect(strided.forward(x, mode: .training).shape == [1, 2, 1, 1])
    var average = AveragePool2D(
      kernelSize: AxisSizes(huge), stride: AxisSizes(huge), padding: .same, countIncludePad: false)
    let mean = average.forward(x, mode: .training)
    expectClose(mean[0, 1, 0, 0], x.slice(axis: 1, at: 1).mean(), "mean of the whole image")
    #expect(average.backward(mean).shape == x.shape)
  }

  /// The kernels copy an image with its padding: of 8 x 8 they would make 6008 x 6008.
  @Test func paddingThatDwarfsTheImageIsRefusedWhenTheNetworkIsBuilt() {
    func expectRefusal(
      _ layer: some Layer, _ shape: [Int], sourceLocation: SourceLocation = #_sourceLocation
    ) {
      var network = NeuralNetwork(inputShape: shape)
      expectCourseError(
        .shapeMismatch, "more padding than input", "layer 0", "smaller dilation",
        sourceLocation: sourceLocation
      ) { try network.append(layer) }
    }
    expectRefusal(
      Conv2D(
        inputChannels: 1, outputChannels: 1, kernelSize: 3, padding: .same, dilation: 3000),
      [1, 8, 8])
    expectRefusal(
      Conv2D(
        inputChannels: 1, outputChannels: 1, kernelSize: 3,
        padding: .explicit(before: [1 << 30, 1 << 30], after: [0, 0])), [1, 8, 8])
    expectRefusal(
      Conv2D(
        inputChannels: 1, outputChannels: 1, kernelSize: 3, padding: .same,
        dilation: AxisSizes(1 << 30)), [1, 8, 8])
    expectRefusal(
      Conv1D(
        inputChannels: 1, outputChannels: 1, kernelSize: 2, padding: .same, dilation: 1 << 30),
      [1, 100])
  }

  /// What is used: dilations beyond a small map, as in atrous spatial pyramids, and long causal kernels.
  @Test func usualDilationsStayAllowed() throws {
    for dilation in [6, 24, 36] {
      let layer = Conv2D(
        inputChannels: 1, outputChannels: 1, kernelSize: 3, padding: .same,
        dilation: AxisSizes(dilation))
      #expect(try layer.outputShape(for: [1, 33, 33]) == [1, 33, 33])
      #expect(try layer.outputShape(for: [1, 8, 8]) == [1, 8, 8])
    }
    let causal = Conv1D(
      inputChannels: 1, outputChannels: 1, kernelSize: 2,
      padding: .explicit(before: [512], after: [0]), dilation: 512)
    #expect(try causal.outputShape(for: [1, 100]) == [1, 100])
  }

  @Test func inputsOfAnySizeAreAnsweredWithAnError() {
    for layer: any Layer in [
      Conv2D(inputChannels: 1, outputChannels: 1, kernelSize: 3, padding: .same),
      MaxPool2D(kernelSize: 2), AveragePool2D(kernelSize: 2, padding: .same),
    ] {
      expectCourseError(.shapeMismatch, "input too large", "axis 1") {
        try layer.outputShape(for: [1, 8, .max])
      }
    }
  }

  @Test func anOutputTooLargeForAnyMemoryIsRefused() {
    var network = NeuralNetwork(inputShape: [1, 1 << 20, 1 << 20])
    expectCourseError(.invalidArgument, "Conv2D's output", "layer 0", "2³¹") {
      try network.append(
        Conv2D(inputChannels: 1, outputChannels: 512, kernelSize: 1, seed: 1))
    }
  }
}
