import CourseTestSupport
import Phase2CNN
import Shared
import Testing

/// Task 2.4. Windows that no public test has.
extension MaxPool2DTests {
  @Test(.waits(for: MaxPool2DTests.steps)) func otherWindows() throws {
    let layers = [
      MaxPool2D(kernelSize: [1, 3], stride: [2, 1]),
      MaxPool2D(kernelSize: [4, 2], stride: [1, 1]),
      MaxPool2D(
        kernelSize: [3, 3], stride: [2, 2], padding: .explicit(before: [1, 0], after: [1, 2])),
    ]
    for var layer in layers {
      layer.implementation = .reference
      let shape = [2, 3, 5, 7]
      try expectGradients(of: layer, inputShape: shape, draw: MaxPool2DTests.farApart)
      var kernel = layer
      kernel.implementation = .kernel
      let input = Tensor(normal: shape, key: RandomKey(seed: varied(1723)).folded("input"))
      expectClose(
        layer.forward(input, mode: .inference), kernel.forward(input, mode: .inference),
        "MaxPool2D.forward")
    }
  }
}
