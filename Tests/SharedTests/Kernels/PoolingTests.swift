import CCourseKernels
import CourseTestSupport
import Testing

/// Pooling against plain loops.
@Suite(.serialized, .watched) struct PoolingTests {
  /// Overlapping windows, gaps between windows, padding, and the 2 x 2 windows that have a fast path.
  func randomPooling(_ numbers: inout TestNumbers) -> CoursePooling {
    var p = CoursePooling()
    p.planes = 1 + numbers.below(5)
    (p.windowY, p.windowX) = (1 + numbers.below(3), 1 + numbers.below(4))
    (p.strideY, p.strideX) = (1 + numbers.below(3), 1 + numbers.below(4))
    (p.padTop, p.padLeft) = (numbers.below(p.windowY), numbers.below(p.windowX))
    var (below, right) = (numbers.below(p.windowY), numbers.below(p.windowX))
    if numbers.below(3) == 0 {
      (p.windowY, p.windowX, p.strideY, p.strideX, p.padTop, p.padLeft) = (2, 2, 2, 2, 0, 0)
      (below, right) = (0, 0)
    }
    p.inputHeight = p.windowY + numbers.below(9)
    p.inputWidth = p.windowX + numbers.below(numbers.below(4) == 0 ? 80 : 12)
    p.outputHeight = (p.inputHeight + p.padTop + below - p.windowY) / p.strideY + 1
    p.outputWidth = (p.inputWidth + p.padLeft + right - p.windowX) / p.strideX + 1
    return p
  }

  /// The indices in the plane of the values that output (i, j) sees, in scan order.
  func window(_ p: CoursePooling, _ i: Int, _ j: Int) -> [Int] {
    var indices: [Int] = []
    for row in (i * p.strideY - p.padTop)..<(i * p.strideY - p.padTop + p.windowY) {
      for column in (j * p.strideX - p.padLeft)..<(j * p.strideX - p.padLeft + p.windowX)
      where row >= 0 && row < p.inputHeight && column >= 0 && column < p.inputWidth {
        indices.append(row * p.inputWidth + column)
      }
    }
    return indices
  }

  func maxReference(_ p: CoursePooling, _ x: [Float]) -> (y: [Float], winners: [Int32]) {
    var y: [Float] = [], winners: [Int32] = []
    for plane in 0..<p.planes {
      let base = plane * p.inputHeight * p.inputWidth
      for i in 0..<p.outputHeight {
        for j in 0..<p.outputWidth {
          var best = -Float.infinity, winner: Int32 = -1
          for index in window(p, i, j) {
            let value = x[base + index]
            if winner < 0 || value > best || value.isNaN { (best, winner) = (value, Int32(index)) }
          }
          y.append(best)
          winners.append(winner)
        }
      }
    }
    return (y, winners)
  }

  @Test func maximumTakesTheFirstOfEqualsAndAnyNaN() {
    var numbers = TestNumbers(seed: 1)
    for round in 0..<120 {
      var p = randomPooling(&numbers)
      let count = p.planes * p.inputHeight * p.inputWidth
      // Few different values: ties are common. Some rounds hold NaN and -infinity.
      var x = (0..<count).map { _ in Float(numbers.below(4)) - 2 }
      if round % 3 == 0 {
        for i in x.indices where numbers.below(6) == 0 { x[i] = numbers.flag() ? .nan : -.infinity }
      }
      let expected = maxReference(p, x)
      for name in instructionSets {
        var y = [Float](repeating: 9, count: expected.y.count)
        var winners = [Int32](repeating: 9, count: y.count)
        kernels_max_pool(kernelSet(name), &p, x, &y, &winners)
        #expect(sameBits(y, expected.y), "\(name), \(p)")
        #expect(winners == expected.winners, "\(name), \(p)")
        kernels_max_pool(kernelSet(name), &p, x, &y, nil)
        #expect(sameBits(y, expected.y), "\(name), without winners, \(p)")
      }
    }
  }

  @Test func gradientsOfOverlappingMaximaAdd() {
    var numbers = TestNumbers(seed: 2)
    for _ in 0..<100 {
      var p = randomPooling(&numbers)
      let x = numbers.floats(p.planes * p.inputHeight * p.inputWidth)
      let winners = maxReference(p, x).winners
      let dY = numbers.floats(winners.count)
      var expected = [Double](repeating: 0, count: x.count)
      let outputs = p.outputHeight * p.outputWidth
      for (i, winner) in winners.enumerated() where winner >= 0 {
        expected[i / outputs * p.inputHeight * p.inputWidth + Int(winner)] += Double(dY[i])
      }
      for name in instructionSets {
        var dX = [Float](repeating: .nan, count: x.count)
        kernels_max_pool_gradient(kernelSet(name), &p, dY, winners, &dX)
        #expect(firstDifference(dX, expected, tolerance: 1e-6) == nil, "\(name), \(p)")
      }
    }
  }

  @Test(arguments: [false, true])
  func meanAndItsGradient(_ countIncludesPadding: Bool) {
    var numbers = TestNumbers(seed: 3)
    for _ in 0..<100 {
      var p = randomPooling(&numbers)
      let plane = p.inputHeight * p.inputWidth, outputs = p.outputHeight * p.outputWidth
      let x = numbers.floats(p.planes * plane), dY = numbers.floats(p.planes * outputs)
      var expected = [Double](repeating: 0, count: dY.count)
      var gradient = [Double](repeating: 0, count: x.count)
      for i in 0..<p.outputHeight {
        for j in 0..<p.outputWidth {
          let indices = window(p, i, j)
          let divisor = countIncludesPadding ? p.windowY * p.windowX : max(1, indices.count)
          for channel in 0..<p.planes {
            let at = channel * outputs + i * p.outputWidth + j
            for index in indices {
              expected[at] += Double(x[channel * plane + index]) / Double(divisor)
              gradient[channel * plane + index] += Double(dY[at]) / Double(divisor)
            }
          }
        }
      }
      for name in instructionSets {
        var y = [Float](repeating: .nan, count: dY.count)
        var dX = [Float](repeating: .nan, count: x.count)
        kernels_average_pool(kernelSet(name), &p, countIncludesPadding, x, &y)
        kernels_average_pool_gradient(kernelSet(name), &p, countIncludesPadding, dY, &dX)
        #expect(firstDifference(y, expected, tolerance: 2e-6) == nil, "\(name), \(p)")
        #expect(firstDifference(dX, gradient, tolerance: 2e-6) == nil, "\(name), \(p)")
      }
    }
  }

  /// A window of padding only: -infinity without a winner, and a mean of 0.
  @Test func windowsThatHoldNothing() {
    var p = CoursePooling(
      planes: 1, inputHeight: 1, inputWidth: 2, outputHeight: 1, outputWidth: 3, windowY: 1,
      windowX: 2, strideY: 1, strideX: 2, padTop: 0, padLeft: 2)
    let x: [Float] = [3, 5]
    var y = [Float](repeating: 0, count: 3), winners = [Int32](repeating: 0, count: 3)
    kernels_max_pool(nil, &p, x, &y, &winners)
    #expect(y == [-.infinity, 5, -.infinity] && winners == [-1, 1, -1])
    var dX: [Float] = [9, 9]
    kernels_max_pool_gradient(nil, &p, [1, 2, 3], winners, &dX)
    #expect(dX == [0, 2])
    kernels_average_pool(nil, &p, false, x, &y)
    #expect(y == [0, 4, 0])
  }
}
