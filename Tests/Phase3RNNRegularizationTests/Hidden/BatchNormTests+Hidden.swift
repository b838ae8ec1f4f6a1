import CourseTestSupport
import Shared
import Testing

@testable import Phase3RNNRegularization

/// Task 3.5. Shapes, scales and shifts that no public test has.
extension BatchNormTests {
  @Test(.waits(for: steps), arguments: [[7, 2], [3, 2, 5], [2, 2, 3, 4]])
  func otherShapes(shape: [Int]) throws {
    var layer = BatchNorm(channels: 2, implementation: .reference)
    layer.scale.value = [-1.3, 0.6]
    layer.shift.value = [2, -0.4]
    try expectGradients(of: layer, inputShape: shape) { Tensor(normal: $0, key: $1) * 2 + 5 }
  }
}
