import CourseTestSupport
import Networks
import Testing

/// Two values with mean 0 and variance 1 are -1 and 1, whatever they were: the gradient of a normalisation
/// over two values is next to 0, which finite differences must not take for a mistake.
@Suite(.watched) struct SmallBatchGradientTests {
  @Test func normalizationsOverTwoValues() {
    let rows: Tensor = [[1, -2, 0.5, 3], [-1, 1.5, 2, -0.25]]
    for report in [
      checkGradients(of: BatchNorm(channels: 4), inputShape: [2, 4], input: rows),
      checkGradients(
        of: BatchNorm(channels: 4, implementation: .reference), inputShape: [2, 4], input: rows),
      checkGradients(of: LayerNorm(2), inputShape: [4, 2], input: rows.transposed()),
    ] {
      #expect(report.verdict == .agree, "\(report)")
      #expect(report.skippedCount == 0, "\(report)")
    }
  }

  /// Where the two values are near each other, the function jumps from -1 to 1 between the steps.
  @Test func valuesThatAreNearEachOtherAreNoDisagreement() {
    for report in [
      checkGradients(of: BatchNorm(channels: 4), inputShape: [2, 4]),
      checkGradients(of: LayerNorm(2), inputShape: [3, 2]),
      checkGradients(of: LayerNorm(2), inputShape: [8, 2]),
    ] {
      #expect(report.verdict != .disagree, "\(report)")
    }
  }

  /// Batch norm that forgets that mean and variance depend on the input.
  private struct Forgetful: ParameterFreeLayer {
    static let typeName = "Forgetful"
    var layer = BatchNorm(channels: 4)
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
      layer.forward(input, mode: mode)
    }
    mutating func backward(_ outputGradient: Tensor) -> Tensor {
      outputGradient * layer.scale.value
    }
  }

  @Test func aWrongOneIsFoundAllTheSame() {
    let report = checkGradients(of: Forgetful(), inputShape: [2, 4])
    #expect(report.verdict == .disagree, "\(report)")
  }
}
