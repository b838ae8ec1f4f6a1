import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// Tasks 2.1 and 2.2: the loops of `.reference`. The kernels of `.fast` are measured by the same numbers.
@Suite(.watched) struct Conv2DTests {
  // MARK: One thing after the other: what is wrong is told by the first of these

  @Test func simpleForward() async throws { try await Self.steps.run() }
  @Test func channelsForward() async throws { try await Self.steps.run() }
  @Test func strideForward() async throws { try await Self.steps.run() }
  @Test func dilationForward() async throws { try await Self.steps.run() }
  @Test func paddingForward() async throws { try await Self.steps.run() }
  @Test func evenKernelForward() async throws { try await Self.steps.run() }
  @Test func groupsForward() async throws { try await Self.steps.run() }
  @Test func withoutBiasForward() async throws { try await Self.steps.run() }
  @Test func anyConfigurationForward() async throws { try await Self.steps.run() }
  @Test func simpleBackward() async throws { try await Self.steps.run() }
  @Test func channelsBackward() async throws { try await Self.steps.run() }
  @Test func strideBackward() async throws { try await Self.steps.run() }
  @Test func dilationBackward() async throws { try await Self.steps.run() }
  @Test func paddingBackward() async throws { try await Self.steps.run() }
  @Test func evenKernelBackward() async throws { try await Self.steps.run() }
  @Test func groupsBackward() async throws { try await Self.steps.run() }
  @Test func withoutBiasBackward() async throws { try await Self.steps.run() }
  @Test func anyConfigurationBackward() async throws { try await Self.steps.run() }

  static let steps: FirstSteps = task.steps {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Conv2DTests.steps.tryAndExit()
    }
  }

  /// One channel, one image, one kernel of even size, no padding: the example of the text.
  static let simple = ConvolutionOracle(
    x: Tensor([[[[1, 2, 3], [4, 5, 6], [7, 8, 10]]]]), weights: Tensor([[[[1, 2], [3, -1]]]]),
    bias: [10])

  static let task = ConvolutionTask(
    name: Conv2D.typeName,
    examples: [
      ConvolutionExample(name: "simple", words: "one channel", oracle: simple),
      ConvolutionExample(
        name: "channels", words: "two images of three channels",
        oracle: ConvolutionOracle(
          x: patterned([2, 3, 3, 3], 11, 7, 1), weights: patterned([3, 3, 2, 2], 9, 5, 1),
          bias: [100, 200, 400])),
      ConvolutionExample(
        name: "stride", words: "stride [2, 3]",
        oracle: ConvolutionOracle(
          x: patterned([2, 1, 5, 7], 11, 7, 1), weights: patterned([2, 1, 2, 2], 9, 5, 1),
          bias: [100, 200], stride: [2, 3])),
      ConvolutionExample(
        name: "dilation", words: "dilation [2, 3], stride [3, 4]",
        oracle: ConvolutionOracle(
          x: patterned([1, 1, 7, 9], 11, 7, 1), weights: patterned([2, 1, 2, 2], 9, 5, 1),
          bias: [100, 200], stride: [3, 4], dilation: [2, 3])),
      ConvolutionExample(
        name: "padding", words: "padding [0, 2] before and [2, 1] after, stride 4",
        oracle: ConvolutionOracle(
          x: patterned([1, 1, 6, 7], 11, 7, 1), weights: patterned([2, 1, 2, 3], 9, 5, 1),
          bias: [100, 200], stride: [4, 4], before: [0, 2], after: [2, 1])),
      // `.same` pads 0 and 1 above, 1 and 2 below and to the right.
      ConvolutionExample(
        name: "evenKernel", words: "even kernel [2, 4] with .same padding",
        oracle: ConvolutionOracle(
          x: patterned([1, 1, 4, 5], 11, 7, 1), weights: patterned([1, 1, 2, 4], 9, 5, 1),
          bias: [100], before: [0, 1], after: [1, 2]), isSame: true),
      ConvolutionExample(
        name: "groups", words: "two groups",
        oracle: ConvolutionOracle(
          x: patterned([1, 4, 2, 3], 11, 7, 1), weights: patterned([6, 2, 2, 2], 9, 5, 1),
          bias: patterned([6], 5, 3, 1), groups: 2)),
      ConvolutionExample(
        name: "withoutBias", words: "bias: false",
        oracle: ConvolutionOracle(
          x: patterned([1, 1, 3, 3], 11, 7, 1), weights: patterned([1, 1, 2, 2], 9, 5, 1))),
    ]
  ) { layer($0.oracle, isSame: $0.isSame) }

  /// A layer with given weights.
  static func layer(
    _ oracle: ConvolutionOracle, isSame: Bool = false, _ implementation: Implementation = .reference
  ) -> Conv2D {
    let shape = oracle.weights.shape
    var layer = Conv2D(
      inputChannels: shape[1] * oracle.groups, outputChannels: shape[0],
      kernelSize: AxisSizes(Array(shape[2...])), stride: AxisSizes(oracle.stride),
      padding: isSame ? .same : .explicit(before: oracle.before, after: oracle.after),
      dilation: AxisSizes(oracle.dilation), groups: oracle.groups, bias: oracle.bias != nil,
      implementation: implementation, seed: 1)
    layer.weights.value = oracle.weights
    if let bias = oracle.bias { layer.bias?.value = bias }
    return layer
  }
}
