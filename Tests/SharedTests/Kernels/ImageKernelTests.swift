import CCourseKernels
import CCourseKernels.Internal
import CourseTestSupport
import Foundation
import Synchronization
import Testing

@Suite(.watched) struct ImageKernelTests {
  /// Pixel (y, x) of a view is where its strides say, or 0 beyond the image.
  @Test(arguments: instructionSets) func pixelsBecomePlanes(set: String) throws {
    var numbers = TestNumbers(seed: 1)
    for channels in [1, 3, 4] {
      for _ in 0..<30 {
        let (height, width) = (1 + numbers.below(7), 1 + numbers.below(40))
        let bytes = (0..<(height * width * channels)).map { _ in UInt8(numbers.below(256)) }
        let isMirrored = numbers.flag()
        let firstRow = numbers.below(height)
        let endRow = firstRow + numbers.below(height - firstRow + 1)
        let firstColumn = numbers.below(width)
        let endColumn = firstColumn + numbers.below(width - firstColumn + 1)
        let mean = numbers.floats(channels)
        let deviation = numbers.floats(channels, in: 0.1...2)
        let (isNormalized, withBorder) = (numbers.flag(), numbers.flag())
        var expected: [Float] = []
        for c in 0..<channels {
          for y in 0..<height {
            for x in 0..<width {
              let isInside =
                (firstRow..<endRow).contains(y) && (firstColumn..<endColumn).contains(x)
              let column = isMirrored ? width - 1 - x : x
              let byte = bytes[(y * width + column) * channels + c]
              var value = isInside ? Float(byte) / 255 : 0
              if isNormalized && (isInside || withBorder) {
                value = (value - mean[c]) / deviation[c]
              }
              expected.append(value)
            }
          }
        }
        var actual = [Float](repeating: .nan, count: expected.count)
        bytes.withUnsafeBufferPointer { bytes in
          var view = CoursePixelView(
            pixels: bytes.baseAddress, start: isMirrored ? (width - 1) * channels : 0,
            strideY: width * channels, strideX: isMirrored ? -channels : channels, height: height,
            width: width, channels: channels, firstRow: firstRow, endRow: endRow,
            firstColumn: firstColumn, endColumn: endColumn)
          kernels_pixels_to_floats(
            kernelSet(set), &view, isNormalized ? mean : nil, isNormalized ? deviation : nil,
            withBorder, &actual)
        }
        try #require(sameBits(actual, expected), "\(channels) channels, \(height) x \(width)")
      }
    }
  }

  /// Faster than a division, and the same for every byte.
  @Test(arguments: instructionSets) func everyByteIsDividedBy255(set: String) {
    let bytes = (0...255).map { UInt8($0) }
    var actual = [Float](repeating: .nan, count: 256)
    bytes.withUnsafeBufferPointer { bytes in
      var view = CoursePixelView(
        pixels: bytes.baseAddress, start: 0, strideY: 16, strideX: 1, height: 16, width: 16,
        channels: 1, firstRow: 0, endRow: 16, firstColumn: 0, endColumn: 16)
      kernels_pixels_to_floats(kernelSet(set), &view, nil, nil, false, &actual)
    }
    #expect(sameBits(actual, bytes.map { Float($0) / 255 }))
  }

  /// Weights and the first input of each output, for an axis of `input` places.
  private struct Axis {
    var first: [Int32]
    var weights: [Float]
    var taps: Int

    init(_ numbers: inout TestNumbers, input: Int, output: Int) {
      let taps = 1 + numbers.below(input)
      self.taps = taps
      first = (0..<output).map { _ in Int32(numbers.below(input - taps + 1)) }
      weights = numbers.floats(output * taps)
      // Zeros, as they stand behind the weights of outputs with fewer inputs.
      for place in weights.indices where numbers.below(3) == 0 { weights[place] = 0 }
    }

    func resampled(_ line: [Double]) -> [Double] {
      first.indices.map { place in
        (0..<taps).reduce(0.0) { sum, k in
          sum + Double(weights[place * taps + k]) * line[Int(first[place]) + k]
        }
      }
    }

    func read(_ body: (UnsafePointer<CourseResampling>) -> Void) {
      first.withUnsafeBufferPointer { first in
        weights.withUnsafeBufferPointer { weights in
          var axis = CourseResampling(
            first: first.baseAddress, weights: weights.baseAddress, taps: taps, count: first.count)
          body(&axis)
        }
      }
    }
  }

  @Test(arguments: instructionSets) func resamplingIsWeightedSums(set: String) {
    var numbers = TestNumbers(seed: 2)
    for width in oddSizes where width > 0 {
      let (planes, height) = (2, 1 + numbers.below(9))
      let rows = Axis(&numbers, input: height, output: 1 + numbers.below(9))
      let columns = Axis(&numbers, input: width, output: 1 + numbers.below(40))
      let x = numbers.floats(planes * height * width)
      for (hasRows, hasColumns) in [(true, true), (true, false), (false, true), (false, false)] {
        var expected: [Double] = []
        for p in 0..<planes {
          var plane = (0..<height).map { y in
            (0..<width).map { Double(x[(p * height + y) * width + $0]) }
          }
          if hasRows {
            let lines = (0..<width).map { column in rows.resampled(plane.map { $0[column] }) }
            plane = rows.first.indices.map { y in lines.map { $0[y] } }
          }
          if hasColumns { plane = plane.map(columns.resampled) }
          expected += plane.joined()
        }
        var actual = [Float](repeating: .nan, count: expected.count)
        rows.read { rows in
          columns.read { columns in
            kernels_resample(
              kernelSet(set), x, planes, height, width, hasRows ? rows : nil,
              hasColumns ? columns : nil, &actual)
          }
        }
        let difference = firstDifference(actual, expected, tolerance: 1e-5)
        #expect(difference == nil, "width \(width), rows \(hasRows), columns \(hasColumns)")
      }
    }
  }

  /// Places inside, near the edge, and far away; any number of planes.
  @Test(arguments: instructionSets) func affineSamplingIsBilinear(set: String) {
    var numbers = TestNumbers(seed: 3)
    for number in 0..<60 {
      let (planes, height, width) = (1 + number % 5, 1 + numbers.below(9), 1 + numbers.below(9))
      let (newHeight, newWidth) = (1 + numbers.below(9), 1 + numbers.below(9))
      let x = numbers.floats(planes * height * width)
      var matrix = numbers.floats(6, in: -2...2)
      if number % 10 == 9 { matrix[numbers.below(6)] = [.nan, 1e30, -.infinity][numbers.below(3)] }
      func pixel(_ p: Int, _ y: Double, _ x: Double, of image: [Float]) -> Double {
        guard y >= 0, y < Double(height), x >= 0, x < Double(width) else { return 0 }
        return Double(image[(p * height + Int(y)) * width + Int(x)])
      }
      var expected: [Double] = []
      for p in 0..<planes {
        for i in 0..<newHeight {
          for j in 0..<newWidth {
            // The place itself in single precision: rounding decides which pixels are around it.
            let placeX = Double(matrix[0] * Float(j) + matrix[1] * Float(i) + matrix[2])
            let placeY = Double(matrix[3] * Float(j) + matrix[4] * Float(i) + matrix[5])
            guard placeX.isFinite, placeY.isFinite else {
              expected.append(0)
              continue
            }
            let (left, top) = (placeX.rounded(.down), placeY.rounded(.down))
            let (u, v) = (placeX - left, placeY - top)
            expected.append(
              (1 - v) * ((1 - u) * pixel(p, top, left, of: x) + u * pixel(p, top, left + 1, of: x))
                + v
                * ((1 - u) * pixel(p, top + 1, left, of: x)
                  + u * pixel(p, top + 1, left + 1, of: x)))
          }
        }
      }
      var actual = [Float](repeating: .nan, count: expected.count)
      kernels_sample_affine(
        kernelSet(set), x, planes, height, width, matrix, true, newHeight, newWidth, &actual)
      #expect(firstDifference(actual, expected, tolerance: 1e-5) == nil, "image \(number)")
    }
  }

  /// Images drawn and computed do not depend on the processor.
  @Test(arguments: instructionSets) func allSetsGiveTheSameBits(name: String) {
    let (set, portable) = (kernelSet(name), kernelSet("portable"))
    var numbers = TestNumbers(seed: 4)
    for area in oddSizes where area > 0 {
      let x = numbers.floats(3 * area, in: 0...1)
      let axis = Axis(&numbers, input: area, output: 33)
      let matrix = numbers.floats(6, in: -2...2)
      let words = (0..<256).map { _ in UInt32(truncatingIfNeeded: numbers.next()) }
      func results(_ set: UnsafePointer<CourseKernelSet>) -> [[Float]] {
        var results = [[Float]](repeating: [Float](repeating: .nan, count: 3 * area), count: 5)
        kernels_adjust_brightness(set, x, 3 * area, 1.3, &results[0])
        kernels_adjust_contrast(set, x, 3, area, 1.3, &results[1])
        kernels_adjust_saturation(set, x, area, 0.7, &results[2])
        kernels_shift_hue(set, x, area, -0.3, &results[3])
        kernels_sample_affine(set, x, 3, 1, area, matrix, true, 1, area, &results[4])
        var resampled = [Float](repeating: .nan, count: 99), normals = resampled + resampled
        axis.read { kernels_resample(set, x, 3, 1, area, nil, $0, &resampled) }
        tableOf(set).pointee.random.normalNumbers(words, 0.5, 2, &normals, 192)
        return results + [resampled, Array(normals[..<192])]
      }
      for (kind, pair) in zip(results(set), results(portable)).enumerated() {
        #expect(sameBits(pair.0, pair.1), "\(area) pixels, kind \(kind)")
      }
    }
  }

  @Test func loopsStayOnAThreadThatAsksForIt() async {
    final class Seen: Sendable { let threads = Mutex<Set<UInt>>([]) }
    let seen = Seen()
    let body: @convention(c) (Int, UnsafeMutableRawPointer?) -> Void = { _, context in
      let seen = Unmanaged<Seen>.fromOpaque(context!).takeUnretainedValue()
      let thread = UInt(bitPattern: ObjectIdentifier(Thread.current).hashValue)
      seen.threads.withLock { _ = $0.insert(thread) }
    }
    await withCheckedContinuation { continuation in
      Thread {
        kernels_keep_on_this_thread()
        kernels_parallel_for(1000, body, Unmanaged.passUnretained(seen).toOpaque())
        continuation.resume()
      }.start()
    }
    #expect(seen.threads.withLock { $0.count } == 1)
  }
}
