import CourseTestSupport
import Shared
import Testing

@testable import Explorations

// Sizes that no public test has.

extension RoIPoolTests {
  @Test(.waits(for: steps), arguments: [[1, 2, 11, 3], [3, 1, 1, 8]])
  func otherFeatureMaps(shape: [Int]) throws {
    let features = Tensor(normal: shape, key: RandomKey(seed: varied(1723)))
    for (size, scale) in [(1, 0.125), (4, 0.3), (6, 2)] as [(Int, Float)] {
      let regions = (0..<4).map { number in
        let start = Float(number * 7) / scale / 4
        return Region(
          image: number % shape[0],
          box: Box(x1: start, y1: start / 2, x2: start + 3 / scale, y2: start / 2 + 9 / scale))
      }
      var pool = RoIPool(size: size, scale: scale)
      let y = pool.forward(features, regions: regions, mode: .training)
      try requireClose(
        y, RoIFault.none.forward(features, regions, size: size, scale: scale),
        "RoIPool.forward, features \(shape), P = \(size), scale \(scale)", atol: 0, rtol: 0)
      let dY = Tensor(normal: y.shape, key: RandomKey(seed: varied(1724)))
      try requireClose(
        pool.backward(dY),
        RoIFault.spread(dY, size: size, scale: scale, features, regions, onlyMaxima: true),
        "RoIPool.backward, features \(shape), P = \(size), scale \(scale)")
    }
  }
}

extension AttentionTests {
  @Test(.waits(for: steps), arguments: [[3, 2, 12], [1, 9, 6]])
  func otherSizes(shape: [Int]) throws {
    for (heads, isCausal) in [(2, false), (1, true)] {
      let layer = Attention(heads: heads, isCausal: isCausal)
      try expectGradients(of: layer, inputShape: shape)
    }
  }
}

extension VICRegLossTests {
  /// Only one column, and more columns than images.
  @Test(.waits(for: steps), arguments: [[3, 1], [3, 9]]) func otherSizes(shape: [Int]) {
    let key = RandomKey(seed: varied(1726)).folded(shape[1])
    let (a, b) = (Self.spread(shape, key.folded("a")), Self.spread(shape, key.folded("b")))
    var loss = VICRegLoss(invariance: 2, variance: 3, covariance: 5)
    _ = loss.forward(a, b)
    let (dA, dB) = loss.backward()
    let direction = Tensor(normal: shape, key: key.folded("direction"))
    func value(_ h: Float, _ isFirst: Bool) -> Float {
      var loss = VICRegLoss(invariance: 2, variance: 3, covariance: 5)
      return loss.forward(isFirst ? a + h * direction : a, isFirst ? b : b + h * direction)
    }
    let h: Float = 1 / 256
    for isFirst in [true, false] {
      let slope = (value(h, isFirst) - value(-h, isFirst)) / (2 * h)
      expectClose(
        ((isFirst ? dA : dB) * direction).sum(), slope,
        "VICRegLoss.backward, \(isFirst ? "dA" : "dB"), shape \(shape)", atol: 1e-2, rtol: 1e-2)
    }
  }
}
