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
      // Distinct numbers further apart than the steps of the check.
      let order = RandomKey(seed: varied(1723)).permutation(of: 2 * 3 * 5 * 7)
      let input = Tensor(shape: [2, 3, 5, 7], scalars: order.map { Float($0) * 0.25 - 20 })
      try expectGradients(of: layer, inputShape: input.shape, input: input)
      var kernel = layer
      kernel.implementation = .kernel
      expectClose(
        layer.forward(input, mode: .inference), kernel.forward(input, mode: .inference),
        "MaxPool2D.forward")
    }
  }
}
