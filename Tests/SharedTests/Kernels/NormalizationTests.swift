import CCourseKernels
import CourseTestSupport
import Testing

/// The kernels of batch norm against plain loops in double precision: planes, and rows of features.
@Suite(.serialized, .watched) struct NormalizationTests {
  private struct Case {
    var sizes = CourseNormalization()
    var x, dY, center, factor, shift, slope, offset: [Float]
    var count: Int { sizes.batch * sizes.channels * sizes.area }

    init(_ numbers: inout TestNumbers, batch: Int, channels: Int, area: Int, relu: Bool) {
      (sizes.batch, sizes.channels, sizes.area, sizes.relu) = (batch, channels, area, relu)
      let count = batch * channels * area
      x = numbers.floats(count, in: -2...4)
      dY = numbers.floats(count)
      center = numbers.floats(channels)
      factor = numbers.floats(channels, in: -2...2)
      shift = numbers.floats(channels)
      slope = numbers.floats(channels)
      offset = numbers.floats(channels)
    }

    func channel(_ i: Int) -> Int { i / sizes.area % sizes.channels }

    /// The value before ReLU.
    func z(_ i: Int) -> Double {
      let c = channel(i)
      return (Double(x[i]) - Double(center[c])) * Double(factor[c]) + Double(shift[c])
    }

    func dZ(_ i: Int) -> Double { sizes.relu && z(i) <= 0 ? 0 : Double(dY[i]) }

    /// Values that rounding could push over ReLU's kink are pushed away from it.
    mutating func avoidTheKink() {
      for i in 0..<count where abs(z(i)) < 1e-4 { x[i] += 0.5 }
    }

    func sum(_ term: (Int) -> Double) -> [Double] {
      var sums = [Double](repeating: 0, count: sizes.channels)
      for i in 0..<count { sums[channel(i)] += term(i) }
      return sums
    }
  }

  private func cases(_ seed: UInt64) -> [Case] {
    var numbers = TestNumbers(seed: seed)
    var cases: [Case] = []
    for (batch, channels, area) in [
      (1, 1, 2), (2, 1, 1), (3, 5, 1), (70, 17, 1), (200, 130, 1), (2, 3, 7), (3, 2, 16),
      (2, 2, 33), (4, 3, 100), (2, 1, 1500), (1, 300, 64),
    ] {
      for relu in [false, true] {
        var new = Case(&numbers, batch: batch, channels: channels, area: area, relu: relu)
        new.avoidTheKink()
        cases.append(new)
      }
    }
    return cases
  }

  /// Calls `body` with the pointers set.
  private func with(_ test: Case, _ body: (inout CourseNormalization) -> Void) {
    var kernel = test.sizes
    test.center.withUnsafeBufferPointer { center in
      test.factor.withUnsafeBufferPointer { factor in
        test.shift.withUnsafeBufferPointer { shift in
          kernel.center = center.baseAddress
          kernel.factor = factor.baseAddress
          kernel.shift = shift.baseAddress
          body(&kernel)
        }
      }
    }
  }

  /// Everything that the kernels compute of a case, one list after the other.
  private func results(_ test: Case, _ set: UnsafePointer<CourseKernelSet>) -> [[Float]] {
    let zeros = [Float](repeating: 0, count: test.sizes.channels)
    var (mean, variance, gradients, products) = (zeros, zeros, zeros, zeros)
    var y = [Float](repeating: 99, count: test.count + 1)
    var dX = y
    with(test) { kernel in
      kernels_channel_moments(set, &kernel, test.x, &mean, &variance)
      kernels_normalize(set, &kernel, test.x, &y)
      kernels_normalization_sums(set, &kernel, test.x, test.dY, &gradients, &products)
      kernels_normalization_gradient(
        set, &kernel, test.slope, test.offset, test.x, test.dY, &dX)
    }
    return [mean, variance, y, gradients, products, dX]
  }

  @Test(arguments: instructionSets) func againstPlainLoops(_ name: String) {
    for test in cases(21) {
      let got = results(test, kernelSet(name))
      let size = Double(test.count / test.sizes.channels)
      let mean = test.sum { Double(test.x[$0]) }.map { $0 / size }
      let variance = test.sum {
        let difference = Double(test.x[$0]) - mean[test.channel($0)]
        return difference * difference
      }.map { $0 / size }
      let y = (0..<test.count).map { test.sizes.relu ? max(0, test.z($0)) : test.z($0) } + [99]
      let gradients = test.sum { test.dZ($0) }
      let products = test.sum {
        test.dZ($0) * (Double(test.x[$0]) - Double(test.center[test.channel($0)]))
      }
      let dX =
        (0..<test.count).map { i -> Double in
          let c = test.channel(i)
          return Double(test.factor[c]) * test.dZ(i) + Double(test.offset[c])
            + Double(test.slope[c]) * (Double(test.x[i]) - Double(test.center[c]))
        } + [99]
      for (what, got, expected) in [
        ("mean", got[0], mean), ("variance", got[1], variance), ("y", got[2], y),
        ("sum of gradients", got[3], gradients), ("sum of products", got[4], products),
        ("dX", got[5], dX),
      ] {
        // Sums of up to 3000 terms of size 3.
        let difference = firstDifference(
          got, expected, tolerance: what.hasPrefix("sum") ? 2e-5 : 2e-6)
        let sizes = [test.sizes.batch, test.sizes.channels, test.sizes.area]
        #expect(
          difference == nil,
          "\(what) of \(sizes), relu \(test.sizes.relu), \(name): \(difference ?? "")")
      }
    }
  }

  /// E[x²] − E[x]² would have no digit left.
  @Test(arguments: instructionSets) func aLargeMeanCostsNoDigits(_ name: String) {
    for (batch, area) in [(4, 100), (400, 1)] {
      var numbers = TestNumbers(seed: 5)
      var test = Case(&numbers, batch: batch, channels: 2, area: area, relu: false)
      test.x = numbers.floats(test.count).map { 4096 + ($0 * 8).rounded() / 8 }
      let got = results(test, kernelSet(name))
      let mean = test.sum { Double(test.x[$0]) }.map { $0 / 400 }
      let variance = test.sum {
        let difference = Double(test.x[$0]) - mean[test.channel($0)]
        return difference * difference
      }.map { $0 / 400 }
      #expect(firstDifference(got[0], mean, tolerance: 1e-7) == nil)
      #expect(firstDifference(got[1], variance, tolerance: 1e-5) == nil)
    }
  }

  @Test func theSameBitsWhateverTheThreads() {
    let before = kernels_thread_count()
    defer { kernels_set_thread_count(before) }
    for test in cases(22) {
      kernels_set_thread_count(1)
      let one = results(test, kernels_default())
      for threads in [2, 5] {
        kernels_set_thread_count(threads)
        let many = results(test, kernels_default())
        #expect(zip(one, many).allSatisfy(sameBits))
      }
    }
  }

  /// The mask of dropout: the definition by the words of Philox, from any place on.
  @Test func keepIsAComparisonOfUniformNumbers() {
    for rate in [0, 0.25, 0.7, 0.9999999] as [Float] {
      var uniform = [Float](repeating: 0, count: 1000)
      kernels_random_uniform(7, 8, 0, 0, 1, &uniform, 1000)
      for (first, count) in [(0, 1000), (3, 500), (8, 1), (513, 300)] {
        var kept = [Float](repeating: 9, count: count + 1)
        kernels_random_keep(7, 8, UInt64(first), rate, &kept, count)
        let expected = uniform[first..<(first + count)].map { $0 < rate ? 0 : 1 } + [Float(9)]
        #expect(kept == expected, "rate \(rate), from \(first)")
      }
    }
  }
}
