import CourseTestSupport
import Networks
import Testing

/// The sandwich layers of Phase 2 against the layers that they stand for, one of which is Phase 1's.
@Suite(.watched) struct SandwichAgreementTests {
  private let images = Tensor(normal: [3, 2, 7, 6], key: RandomKey(seed: 5).folded("images"))

  @Test(arguments: [Implementation.reference, .fast])
  func convReLUIsAConvolutionAndReLU(implementation: Implementation) throws {
    var sandwich = ConvReLU(
      inputChannels: 2, outputChannels: 3, kernelSize: [3, 2], stride: [2, 1], padding: .same,
      biasInitializer: .uniform(low: -1, high: 1), implementation: implementation, seed: 1)
    var configuration = sandwich.configuration
    configuration.activation = .identity
    var parts: [any Layer] = [
      try convolution(configuration, as: sandwich.convolution), ReLU(),
    ]
    try expectSame(&sandwich, as: &parts)
  }

  @Test(
    arguments: [Implementation.reference, .fast], [(2, nil), (3, 2), (3, 1)] as [(Int, Int?)])
  func convReLUPoolIsAllThreeInTheirOrder(
    implementation: Implementation, window: (size: Int, stride: Int?)
  ) throws {
    let stride = window.stride.map { AxisSizes($0) }
    var sandwich = ConvReLUPool(
      inputChannels: 2, outputChannels: 4, kernelSize: 3, padding: .same,
      pool: AxisSizes(window.size), poolStride: stride,
      biasInitializer: .uniform(low: -1, high: 1), implementation: implementation, seed: 1)
    var parts: [any Layer] = [
      try convolution(sandwich.configuration.convolution, as: sandwich.convolution), ReLU(),
      MaxPool2D(kernelSize: AxisSizes(window.size), stride: stride),
    ]
    try expectSame(&sandwich, as: &parts)
  }

  private func convolution(
    _ configuration: ConvolutionConfiguration, as other: Conv2D
  ) throws -> Conv2D {
    var result = try Conv2D(configuration: configuration)
    (result.weights, result.bias) = (other.weights, other.bias)
    return result
  }

  /// Output, input gradient and the gradients of the parameters.
  private func expectSame(_ sandwich: inout some Layer, as parts: inout [any Layer]) throws {
    let name = type(of: sandwich).typeName
    let (output, inputGradient) = try trainingPass(&sandwich, input: images)
    var (activations, gradient) = (
      images, Tensor(normal: output.shape, key: RandomKey(seed: 7).folded("gradient"))
    )
    for index in parts.indices {
      activations = parts[index].forward(activations, mode: .training)
    }
    for index in parts.indices.reversed() { gradient = parts[index].backward(gradient) }
    expectClose(output, activations, "\(name).forward")
    expectClose(inputGradient, gradient, "\(name).backward")
    var (own, expected): ([Tensor?], [Tensor?]) = ([], [])
    sandwich.forEachParameter { own.append($1.gradient) }
    parts[0].forEachParameter { expected.append($1.gradient) }
    #expect(own.count == 2 && expected.count == 2)
    for (own, expected) in zip(own, expected) {
      expectClose(try #require(own), try #require(expected), "\(name): weights and bias")
    }
  }
}
