import CCourseKernels
import CourseTestSupport
import Testing

/// Winograd's algorithm rounds more than direct sums: its inputs are added and subtracted before they
/// are multiplied. Measured with normal numbers, largest error over largest value, forward and input
/// gradient: 9e-7 with 16 channels, 1.6e-6 with 64, 2.5e-6 with 256, 3.6e-6 with 512 (patches: 4e-7 to
/// 8e-7); weight gradient below 1.2e-6. 5 x 5 filters err as much as 3 x 3. The bound here is 4 times that.
@Suite(.serialized, .watched) struct WinogradTests {
  func largestError(_ got: [Float], _ expected: [Double]) -> Double {
    guard got.count == expected.count else { return .infinity }
    let largest = expected.reduce(1e-3) { max($0, abs($1)) }
    var worst = 0.0
    for (a, b) in zip(got, expected) {
      let error = abs(Double(a) - b)
      if !(error <= worst) { worst = error }
    }
    return worst / largest
  }

  func check(_ example: ConvolutionExample, bound: Double) {
    let expected = example.reference()
    for name in instructionSets {
      let got = example.run(name, method: kernelConvolutionWinograd)
      let errors = [
        largestError(got.y, expected.y), largestError(got.dX, expected.dX),
        largestError(got.dW, expected.dW),
      ]
      #expect(errors.allSatisfy { $0 <= bound }, "\(name), \(example): errors \(errors)")
    }
  }

  /// Sizes around the tile of 4 x 4 or 2 x 2, any padding, channels around the vectors.
  @Test(arguments: 0..<4, [3, 5])
  func randomShapes(_ part: Int, side: Int) {
    var numbers = TestNumbers(seed: UInt64(100 + part))
    for round in 0..<15 {
      let pads = (0..<4).map { _ in numbers.below(side + 1) }
      var example = ConvolutionExample(
        squareConvolution(
          side: side, batch: 1 + numbers.below(3),
          from: 1 + numbers.below(round % 5 == 0 ? 20 : 5),
          to: 1 + numbers.below(round % 5 == 1 ? 36 : 5), height: side + numbers.below(8),
          width: side + numbers.below(9), padTop: pads[0], padBelow: pads[1], padLeft: pads[2],
          padRight: pads[3]), seed: UInt64(round))
      if numbers.flag() { example.activation = kernelActivationReLU }
      check(example, bound: 6e-6)
    }
  }

  /// Wider than a strip of tiles, and more channels than a block of the weight gradient.
  @Test(arguments: [3, 5]) func sizesAroundTheBlocks(side: Int) {
    func example(from: Int, to: Int, height: Int, width: Int, seed: UInt64) -> ConvolutionExample {
      ConvolutionExample(
        squareConvolution(
          side: side, batch: 1, from: from, to: to, height: height, width: width), seed: seed)
    }
    check(example(from: 1, to: 2, height: 5, width: 135, seed: 1), bound: 6e-6)
    check(example(from: 66, to: 3, height: 4, width: 4, seed: 2), bound: 8e-6)
    check(example(from: 3, to: 66, height: 4, width: 4, seed: 3), bound: 8e-6)
  }

  /// Many channels, where most is added up; the reference of this size is the direct method, whose own
  /// error is a tenth of the bound.
  @Test(arguments: [3, 5]) func errorWithManyChannels(side: Int) {
    let example = ConvolutionExample(
      squareConvolution(side: side, batch: 2, from: 256, to: 64, height: 8, width: 8), seed: 4)
    let set = instructionSets[0]
    let direct = example.run(set, method: kernelConvolutionPatches)
    let got = example.run(set, method: kernelConvolutionWinograd)
    #expect(largestError(got.y, direct.y.map(Double.init)) <= 1e-5)
    #expect(largestError(got.dX, direct.dX.map(Double.init)) <= 1e-5)
    #expect(largestError(got.dW, direct.dW.map(Double.init)) <= 4e-6)
  }

  @Test(arguments: [3, 5]) func theSameBitsOnAnyNumberOfThreads(side: Int) {
    defer { kernels_set_thread_count(kernels_available_cores()) }
    let example = ConvolutionExample(
      squareConvolution(side: side, batch: 4, from: 20, to: 18, height: 13, width: 18), seed: 5)
    for name in instructionSets {
      kernels_set_thread_count(1)
      let single = example.run(name, method: kernelConvolutionWinograd)
      for threads in [2, 3, 7] {
        kernels_set_thread_count(threads)
        let got = example.run(name, method: kernelConvolutionWinograd)
        #expect(got.sameBits(as: single), "\(name), \(threads) threads")
      }
    }
  }

  /// With 16 channels and more `automatic` takes it; where it is impossible, forcing it gives
  /// the patches.
  @Test func whereItIsTaken() {
    func example(_ side: Int, _ change: (inout CourseConvolution) -> Void) -> ConvolutionExample {
      var shape = squareConvolution(side: side, batch: 1, from: 16, to: 16, height: 6, width: 6)
      change(&shape)
      return ConvolutionExample(shape, seed: 6)
    }
    let possible = [3, 5].map { example($0) { _ in } }
    let impossible = [
      example(3) { ($0.strideX, $0.outputWidth) = (2, 3) }, example(4) { _ in },
      example(3) { ($0.kernelWidth, $0.padLeft) = (5, 2) },
    ]
    for name in instructionSets {
      for example in possible {
        let winograd = example.run(name, method: kernelConvolutionWinograd)
        #expect(example.run(name).sameBits(as: winograd))
        let patches = example.run(name, method: kernelConvolutionPatches)
        #expect(!winograd.sameBits(as: patches), "Winograd rounds otherwise")
      }
      for example in impossible {
        let forced = example.run(name, method: kernelConvolutionWinograd)
        #expect(forced.sameBits(as: example.run(name, method: kernelConvolutionPatches)))
      }
    }
  }
}
