import CCourseKernels
import CourseTestSupport
import Shared
import Testing

/// The variance of numbers that lie close together far from 0: rounding a mean to single precision, where it
/// happens, must not show in it.
@Suite(.watched) struct LargeMeanTests {
  /// 12 numbers around `mean`, and their variance in double precision.
  private func example(_ mean: Float) -> (x: [Float], variance: Double) {
    let x = (0..<12).map { mean + 2 * Float(($0 * 7) % 12) / 12 - 0.3 }
    let center = x.reduce(0) { $0 + Double($1) } / 12
    return (x, x.reduce(0) { $0 + (Double($1) - center) * (Double($1) - center) } / 12)
  }

  @Test(arguments: [Float(0), 1e3, 1e5, -1e6]) func varianceOfATensor(mean: Float) {
    let (x, variance) = example(mean)
    let expected = Float(variance)
    expectClose(Tensor(x).variance(), expected, "all", rtol: 1e-6)
    let columns = Tensor(x).reshaped(to: [12, 1])
    expectClose(columns.variance(axis: 0), Tensor([expected]), "columns", rtol: 1e-6)
    expectClose(
      columns.transposed().variance(axis: 1, unbiased: true), Tensor([expected * 12 / 11]),
      "rows, unbiased", rtol: 1e-6)
  }

  /// Rows of features, signals of several lengths, and images: whether the planes differ in their means or not.
  @Test(arguments: [Float(0), 1e3, 1e5, -1e6]) func momentsOfChannels(mean: Float) {
    let (x, variance) = example(mean)
    for shape in [[12, 1], [1, 1, 12], [2, 1, 6], [6, 1, 2], [2, 1, 3, 2], [12, 1, 1, 1]] {
      for name in instructionSets {
        var sizes = CourseNormalization()
        (sizes.batch, sizes.channels) = (shape[0], 1)
        sizes.area = shape.dropFirst(2).reduce(1, *)
        var (gotMean, gotVariance): (Float, Float) = (0, 0)
        kernels_channel_moments(kernelSet(name), &sizes, x, &gotMean, &gotVariance)
        expectClose(gotVariance, Float(variance), "\(shape), \(name)", rtol: 1e-6)
        expectClose(gotMean, x.reduce(0, +) / 12, "mean of \(shape), \(name)", rtol: 1e-6)
      }
    }
  }

  @Test func equalNumbersHaveNoVariance() {
    let x = Tensor(repeating: 10000.59, shape: [130, 1])
    #expect(x.variance() >= 0 && x.variance() < 1e-9)
    #expect(x.variance(axis: 0)[0] >= 0)
    for shape in [[130, 1], [2, 1, 65]] {
      let (_, variance) = x.reshaped(to: shape).channelMoments()
      #expect(variance[0] >= 0 && variance[0] < 1e-9)
    }
  }

  @Test func nanStaysNaN() {
    let x = Tensor([1, Float.nan, 3, 4])
    #expect(x.variance().isNaN && x.variance(axis: 0).scalar.isNaN)
    #expect(x.reshaped(to: [4, 1]).channelMoments().variance[0].isNaN)
    #expect(x.reshaped(to: [2, 1, 2]).channelMoments().variance[0].isNaN)
  }
}
