import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// Task 2.1 and Task 2.2. Kernels, strides and paddings that no public test has.
extension Conv2DTests {
  @Test(.waits(for: Conv2DTests.steps)) func otherConfigurations() throws {
    let layers = [
      Conv2D(
        inputChannels: 1, outputChannels: 3, kernelSize: [1, 4], stride: [2, 3], seed: varied(1723)),
      Conv2D(
        inputChannels: 6, outputChannels: 3, kernelSize: [3, 2], padding: .same, dilation: [1, 2],
        groups: 3, seed: varied(1723)),
      Conv2D(
        inputChannels: 2, outputChannels: 2, kernelSize: [2, 5], stride: [3, 1],
        padding: .explicit(before: [0, 2], after: [2, 1]), bias: false, seed: varied(1723)),
    ]
    for var layer in layers {
      layer.implementation = .reference
      let shape = [3, layer.configuration.inputChannels, 5, 8]
      try expectGradients(of: layer, inputShape: shape)
      var kernel = layer
      kernel.implementation = .kernel
      let input = Tensor(normal: shape, key: RandomKey(seed: varied(1723)).folded("input"))
      expectClose(
        layer.forward(input, mode: .inference), kernel.forward(input, mode: .inference),
        "Conv2D.forward", atol: 1e-4)
    }
  }
}
