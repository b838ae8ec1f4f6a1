import CourseTestSupport
import Phase2CNN
import Shared
import Testing

// Arguments and inputs that do not fit: every message says what, what was expected and what came.

extension Conv2DTests {
  private static func configuration(_ change: (inout ConvolutionConfiguration) -> Void = { _ in })
    -> ConvolutionConfiguration
  {
    var configuration =
      Conv2D(inputChannels: 4, outputChannels: 6, kernelSize: 3, seed: 1).configuration
    change(&configuration)
    return configuration
  }

  @Test func aFileWithWrongArgumentsIsRefused() throws {
    _ = try Conv2D(configuration: Self.configuration())
    expectCourseError(.invalidArgument, "Conv2D", "stride", "at least 1", "[0, 1]", "one for each")
    {
      try Conv2D(configuration: Self.configuration { $0.stride = [0, 1] })
    }
    expectCourseError(.invalidArgument, "Conv2D", "dilation", "at least 1", "[1, 0]") {
      try Conv2D(configuration: Self.configuration { $0.dilation = [1, 0] })
    }
    expectCourseError(.invalidArgument, "Conv2D", "kernel size", "2 numbers", "[3]") {
      try Conv2D(configuration: Self.configuration { $0.kernelSize = [3] })
    }
    expectCourseError(.invalidArgument, "Conv2D", "kernel size", "[0, 3]") {
      try Conv2D(configuration: Self.configuration { $0.kernelSize = [0, 3] })
    }
    expectCourseError(.invalidArgument, "Conv2D", "padding", "at least 0", "[-1, 0]") {
      try Conv2D(
        configuration: Self.configuration {
          $0.padding = .explicit(before: [-1, 0], after: [0, 0])
        })
    }
    expectCourseError(.invalidArgument, "Conv2D", "padding", "2 amounts", "[1]") {
      try Conv2D(
        configuration: Self.configuration { $0.padding = .explicit(before: [1], after: [1]) })
    }
    for groups in [0, 3, 4, -2] {
      expectCourseError(
        .invalidArgument, "Conv2D", "channels do not divide into groups", "\(groups) groups",
        "Use groups: 1"
      ) { try Conv2D(configuration: Self.configuration { $0.groups = groups }) }
    }
    expectCourseError(.invalidArgument, "Conv2D", "at most 2³¹ weights") {
      try Conv2D(configuration: Self.configuration { $0.kernelSize = [1 << 20, 1 << 20] })
    }
    expectCourseError(.invalidArgument, "Conv2D", "0 input channels") {
      try Conv2D(configuration: Self.configuration { $0.inputChannels = 0 })
    }
  }

  @Test func shapeInferenceSaysWhatDoesNotFit() throws {
    let layer = Conv2D(inputChannels: 3, outputChannels: 2, kernelSize: 5, dilation: 2, seed: 1)
    expectCourseError(.shapeMismatch, "Conv2D", "[3, H, W]", "got [1, 28, 28]", "inputChannels") {
      try layer.outputShape(for: [1, 28, 28])
    }
    expectCourseError(.shapeMismatch, "Conv2D", "[3, H, W]", "got [784]", "Reshape") {
      try layer.outputShape(for: [784])
    }
    expectCourseError(
      .shapeMismatch, "Conv2D: window larger than its input", "at least 9 places",
      "spatial axis 1", "window of 9", "dilation 2", "got 8", "padding: .same"
    ) { try layer.outputShape(for: [3, 9, 8]) }
    #expect(try layer.outputShape(for: [3, 9, 9]) == [2, 1, 1])
    let padded = Conv2D(
      inputChannels: 1, outputChannels: 1, kernelSize: 3,
      padding: .explicit(before: [1, 1], after: [0, 0]), seed: 1)
    #expect(try padded.outputShape(for: [1, 2, 2]) == [1, 1, 1])
    expectCourseError(.shapeMismatch, "at least 2 places", "padding of 1", "got 1") {
      try padded.outputShape(for: [1, 1, 2])
    }
    expectCourseError(.shapeMismatch, "window larger than its input", "got 0") {
      try Conv2D(inputChannels: 1, outputChannels: 1, kernelSize: 1, padding: .same, seed: 1)
        .outputShape(for: [1, 0, 3])
    }
  }

  @Test func wrongArgumentsStop() async {
    let groups = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Conv2D(inputChannels: 3, outputChannels: 4, kernelSize: 3, groups: 2, seed: 1)
    }
    expectWords(
      of: groups, "Conv2D: channels do not divide into groups", "multiples of groups",
      "got 3 input channels, 4 output channels, 2 groups", "Use groups: 1")
    let stride = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Conv2D(inputChannels: 3, outputChannels: 4, kernelSize: 3, stride: 0, seed: 1)
    }
    expectWords(of: stride, "Conv2D: stride out of range", "at least 1", "got [0, 0]")
  }

  @Test func anInputOfTheWrongShapeStops() async {
    let channels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Conv2D(inputChannels: 3, outputChannels: 4, kernelSize: 3, seed: 1)
      _ = layer.forward(Tensor(zeros: [2, 1, 8, 8]), mode: .training)
    }
    expectWords(of: channels, "Conv2D.forward: expected input [N, 3, H, W], got [2, 1, 8, 8]")
    let small = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Conv2D(inputChannels: 3, outputChannels: 4, kernelSize: 3, seed: 1)
      _ = layer.forward(Tensor(zeros: [2, 3, 2, 8]), mode: .training)
    }
    expectWords(of: small, "Conv2D: window larger than its input", "got 2")
  }

  @Test(.waits(for: steps)) func backwardAfterInferenceOrWithAWrongGradientStops() async {
    let inference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Conv2D(inputChannels: 1, outputChannels: 1, kernelSize: 1, seed: 1)
      let x = Tensor(ones: [1, 1, 2, 2])
      _ = layer.forward(x, mode: .training)
      _ = layer.forward(x, mode: .inference)
      _ = layer.backward(x)
    }
    expectWords(of: inference, "Conv2D.backward", "no forward pass to go back through")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var layer = Conv2D(inputChannels: 1, outputChannels: 2, kernelSize: 2, seed: 1)
      _ = layer.forward(Tensor(ones: [1, 1, 3, 3]), mode: .training)
      _ = layer.backward(Tensor(ones: [1, 1, 3, 3]))
    }
    expectWords(of: gradient, "Conv2D.backward", "shape [1, 2, 2, 2]", "got [1, 1, 3, 3]")
  }
}
