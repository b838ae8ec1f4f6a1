import CCourseKernels
import Shared

extension PixelImage {
  /// The pixels as `[C, H, W]`, from 0 to 1: as networks see images, and as datasets of images give
  /// them.
  public var tensor: Tensor {
    ByteFeatures(shape: [1, height * width, channels], bytes: pixels)
      .rows(at: [0])
      .reshaped(to: [height * width, channels]).transposed()
      .reshaped(to: [channels, height, width])
  }

  /// An image from `[C, H, W]` (C 1, 3 or 4) or `[H, W]`.
  ///
  /// - Parameter range: the values that become 0 and 255; values beyond are cut off, and NaN becomes 0
  public init(_ tensor: Tensor, range: ClosedRange<Float> = 0...1) {
    let shape = tensor.rank == 2 ? [1] + tensor.shape : tensor.shape
    guard shape.count == 3, [1, 3, 4].contains(shape[0]), tensor.count > 0 else {
      stop(
        "PixelImage", expected: "a tensor [C, H, W] of 1, 3 or 4 channels",
        received: "shape \(tensor.shape)")
    }
    let size = range.upperBound - range.lowerBound
    let area = shape[1] * shape[2]
    let interleaved = tensor.reshaped(to: [shape[0], area]).transposed() - range.lowerBound
    let bytes = [UInt8](unsafeUninitializedCapacity: tensor.count) { out, count in
      interleaved.read {
        kernels_floats_to_bytes(
          $0, interleaved.count, size > 0 ? 255 / size : 0, out.baseAddress!)
      }
      count = interleaved.count
    }
    self.init(width: shape[2], height: shape[1], channels: shape[0], pixels: bytes)
  }

  /// The same image with another number of channels: grey is spread to the colours; colours become grey
  /// by their brightness (0.299, 0.587, 0.114, ITU-R BT.601); opacity is dropped, or made full.
  public func converted(toChannels target: Int) -> PixelImage {
    guard target != channels else { return self }
    var result = PixelImage(width: width, height: height, channels: target, repeating: 255)
    pixels.withUnsafeBufferPointer { x in
      result.pixels.withUnsafeMutableBufferPointer { y in
        for pixel in 0..<(width * height) {
          let (from, to) = (pixel * channels, pixel * target)
          if target == 1 {
            // In whole numbers, as Pillow does it: 16 bits of fraction, rounded.
            let sum = 19595 * Int(x[from]) + 38470 * Int(x[from + 1]) + 7471 * Int(x[from + 2])
            y[to] = UInt8((sum + 0x8000) >> 16)
          } else {
            for c in 0..<3 { y[to + c] = x[channels == 1 ? from : from + c] }
          }
        }
      }
    }
    return result
  }
}
