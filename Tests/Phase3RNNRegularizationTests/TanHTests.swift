import Phase3RNNRegularization
import Shared
import TestSupport
import Testing

/// Task 3.1.
@Suite struct TanHTests {
  @Test(arguments: [[7], [3, 5], [2, 3, 4]])
  func gradientsAgreeWithFiniteDifferences(shape: [Int]) throws {
    try expectGradients(of: TanH(), inputShape: shape)
  }
}
