import CCourseKernels
import CourseTestSupport
import Testing

/// The kernels of layer norm against plain loops in double precision.
@Suite(.serialized, .watched) struct LayerNormKernelTests {
  private struct Case {
    var rows, size: Int
    var epsilon: Float = 1e-5
    var x, dY, scale, shift: [Float]

    init(_ numbers: inout TestNumbers, rows: Int, size: Int) {
      (self.rows, self.size) = (rows, size)
      x = numbers.floats(rows * size, in: -2...4)
      dY = numbers.floats(rows * size)
      scale = numbers.floats(size, in: -2...2)
      shift = numbers.floats(size)
    }
  }

  private func cases(_ seed: UInt64) -> [Case] {
    var numbers = TestNumbers(seed: seed)
    // One task and several, a task with several blocks of rows, and rows longer than a piece.
    return [
      (1, 1), (3, 2), (5, 3), (70, 17), (200, 130), (1, 1500), (7, 4100), (4300, 5), (300, 64),
      (2, 20_000), (0, 4),
    ].map { Case(&numbers, rows: $0.0, size: $0.1) }
  }

  /// y, dX, and the gradients of scale and shift; the last of y and dX must stay as it is.
  private func results(_ test: Case, _ set: UnsafePointer<CourseKernelSet>) -> [[Float]] {
    var y = [Float](repeating: 99, count: test.x.count + 1)
    var dX = y
    var (mean, inverse) = (
      [Float](repeating: 9, count: test.rows), [Float](repeating: 9, count: test.rows)
    )
    var (dScale, dShift) = (
      [Float](repeating: 9, count: test.size), [Float](repeating: 9, count: test.size)
    )
    test.scale.withUnsafeBufferPointer { scale in
      test.shift.withUnsafeBufferPointer { shift in
        var norm = CourseLayerNorm(
          rows: test.rows, size: test.size, epsilon: test.epsilon, scale: scale.baseAddress,
          shift: shift.baseAddress)
        kernels_layer_norm(set, &norm, test.x, &y, &mean, &inverse)
        kernels_layer_norm_gradient(
          set, &norm, test.x, mean, inverse, test.dY, &dX, &dScale, &dShift)
      }
    }
    return [y, dX, dScale, dShift]
  }

  /// The same by the formulas of `LayerNorm`.
  private func reference(_ test: Case) -> [[Double]] {
    let size = Double(test.size)
    var (y, dX) = ([Double](), [Double]())
    var (dScale, dShift) = (
      [Double](repeating: 0, count: test.size), [Double](repeating: 0, count: test.size)
    )
    for row in 0..<test.rows {
      let places = row * test.size..<(row + 1) * test.size
      let x = test.x[places].map(Double.init), dY = test.dY[places].map(Double.init)
      let mean = x.reduce(0, +) / size
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / size
      let inverse = 1 / (variance + Double(test.epsilon)).squareRoot()
      let normalized = x.map { ($0 - mean) * inverse }
      let gradient = zip(dY, test.scale).map { $0 * Double($1) }
      let offset = gradient.reduce(0, +) / size
      let slope = zip(gradient, normalized).reduce(0) { $0 + $1.0 * $1.1 } / size
      for i in 0..<test.size {
        y.append(normalized[i] * Double(test.scale[i]) + Double(test.shift[i]))
        dX.append(inverse * (gradient[i] - offset - normalized[i] * slope))
        dScale[i] += dY[i] * normalized[i]
        dShift[i] += dY[i]
      }
    }
    return [y + [99], dX + [99], dScale, dShift]
  }

  @Test(arguments: instructionSets) func againstPlainLoops(_ name: String) {
    for test in cases(31) {
      let (got, expected) = (results(test, kernelSet(name)), reference(test))
      for (what, number) in [("y", 0), ("dX", 1), ("dScale", 2), ("dShift", 3)] {
        // A row of two or three may lie close together: 1 / σ is large. Sums have up to 4300 terms.
        let difference = firstDifference(
          got[number], expected[number],
          tolerance: number >= 2 ? 2e-4 : test.size <= 3 ? 2e-4 : 5e-6)
        #expect(
          difference == nil, "\(what) of [\(test.rows), \(test.size)], \(name): \(difference ?? "")"
        )
      }
    }
  }

  /// E[x²] − E[x]² would have no digit left.
  @Test(arguments: instructionSets) func aLargeMeanCostsNoDigits(_ name: String) {
    var numbers = TestNumbers(seed: 5)
    var test = Case(&numbers, rows: 3, size: 200)
    test.x = numbers.floats(test.x.count).map { 4096 + ($0 * 8).rounded() / 8 }
    let (got, expected) = (results(test, kernelSet(name)), reference(test))
    // The mean itself is rounded to 4096 · 2⁻²⁴ = 2.4e-4; σ is 0.6.
    #expect(firstDifference(got[0], expected[0], tolerance: 4e-4) == nil)
    #expect(firstDifference(got[1], expected[1], tolerance: 4e-4) == nil)
  }

  /// The gradient may take the place of that of the output.
  @Test(arguments: instructionSets) func inPlace(_ name: String) {
    var numbers = TestNumbers(seed: 6)
    let test = Case(&numbers, rows: 9, size: 37)
    let expected = results(test, kernelSet(name))[1].dropLast()
    var (y, mean, inverse) = (
      test.x, [Float](repeating: 0, count: 9), [Float](repeating: 0, count: 9)
    )
    var (gradient, dScale, dShift) = (test.dY, test.scale, test.shift)
    test.scale.withUnsafeBufferPointer { scale in
      test.shift.withUnsafeBufferPointer { shift in
        var norm = CourseLayerNorm(
          rows: 9, size: 37, epsilon: 1e-5, scale: scale.baseAddress, shift: shift.baseAddress)
        kernels_layer_norm(kernelSet(name), &norm, test.x, &y, &mean, &inverse)
        gradient.withUnsafeMutableBufferPointer {
          kernels_layer_norm_gradient(
            kernelSet(name), &norm, test.x, mean, inverse, $0.baseAddress!, $0.baseAddress!,
            &dScale,
            &dShift)
        }
      }
    }
    #expect(gradient == Array(expected))
  }

  @Test func theSameBitsWhateverTheThreads() {
    let before = kernels_thread_count()
    defer { kernels_set_thread_count(before) }
    for test in cases(32) {
      kernels_set_thread_count(1)
      let one = results(test, kernels_default())
      for threads in [2, 5] {
        kernels_set_thread_count(threads)
        let many = results(test, kernels_default())
        #expect(zip(one, many).allSatisfy(sameBits))
      }
    }
  }
}
