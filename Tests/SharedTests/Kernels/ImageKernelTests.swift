import Foundation
import Kernels
import Synchronization
import Testing

@Suite struct ImageKernelTests {
  /// Pixel (y, x) of a view is where its strides say, or 0 beyond the image.
  @Test(arguments: instructionSets) func pixelsBecomePlanes(set: String) throws {
    var numbers = TestNumbers(seed: 1)
    for channels in [1, 3, 4] {
      for _ in 0..<30 {
        let (height, width) = (1 + numbers.below(7), 1 + numbers.below(20))
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
          var view = KernelPixelView(
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

  @Test(arguments: instructionSets) func rowsAreWeightedSums(set: String) throws {
    var numbers = TestNumbers(seed: 2)
    for width in oddSizes where width > 0 {
      let (planes, height, outputs) = (2, 1 + numbers.below(9), 1 + numbers.below(9))
      let taps = 1 + numbers.below(height)
      let x = numbers.floats(planes * height * width)
      let first = (0..<outputs).map { _ in Int32(numbers.below(height - taps + 1)) }
      let weights = numbers.floats(outputs * taps)
      var expected: [Double] = []
      for p in 0..<planes {
        for i in 0..<outputs {
          for j in 0..<width {
            expected.append(
              (0..<taps).reduce(0.0) { sum, k in
                let row = p * height + Int(first[i]) + k
                return sum + Double(weights[i * taps + k]) * Double(x[row * width + j])
              })
          }
        }
      }
      var actual = [Float](repeating: .nan, count: expected.count)
      kernels_resample_rows(
        kernelSet(set), x, planes, height, width, first, weights, taps, outputs, &actual)
      #expect(firstDifference(actual, expected, tolerance: 1e-6) == nil, "width \(width)")
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
