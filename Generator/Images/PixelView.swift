import CCourseKernels
import Shared

/// An image of bytes seen mirrored, turned by quarters, cropped and normalised, before any of it is done.
///
/// Most pipelines do nothing else to an image. Each of these steps only changes where the view looks, and
/// one pass over the bytes at the end makes the numbers of the batch.
struct PixelView: Sendable {
  private let image: PixelImage
  private(set) var height: Int
  private(set) var width: Int
  /// Pixel (y, x) of the view is at byte `start + y · strideY + x · strideX`.
  private var start = 0
  private var strideY: Int
  private var strideX: Int
  /// The rows and columns of the view that lie in the image; the others are 0.
  private var rows: Range<Int>
  private var columns: Range<Int>
  private var normalization: Normalization?
  /// Whether the zeros around the image are normalised like pixels: they were there before.
  private var normalizesBorder = false

  /// The numbers of `Augmentation.normalize`, one a channel.
  struct Normalization: Sendable {
    var mean: [Float]
    var std: [Float]
  }

  init(_ image: PixelImage) {
    self.image = image
    (height, width) = (image.height, image.width)
    (strideY, strideX) = (image.width * image.channels, image.channels)
    (rows, columns) = (0..<image.height, 0..<image.width)
  }

  var channels: Int { image.channels }
  private var hasBorder: Bool { rows != 0..<height || columns != 0..<width }

  /// `x` becomes `W - 1 - x`.
  mutating func mirror() {
    start += (width - 1) * strideX
    strideX = -strideX
    columns = (width - columns.upperBound)..<(width - columns.lowerBound)
  }

  /// A quarter turn counter-clockwise: (y, x) shows the pixel that was at (x, W - 1 - y).
  mutating func rotate90() {
    start += (width - 1) * strideX
    (strideY, strideX) = (-strideX, strideY)
    (rows, columns) = ((width - columns.upperBound)..<(width - columns.lowerBound), rows)
    (height, width) = (width, height)
  }

  /// A rectangle. False, and nothing has changed, when that cannot be put off: zeros from before the
  /// normalisation and zeros from after it are different numbers.
  mutating func crop(top: Int, left: Int, height: Int, width: Int) -> Bool {
    if normalization != nil && normalizesBorder { return false }
    start += top * strideY + left * strideX
    rows = clamp(rows, shiftedBy: top, within: height)
    columns = clamp(columns, shiftedBy: left, within: width)
    (self.height, self.width) = (height, width)
    return true
  }

  /// Shifts and scales each channel. False, and nothing has changed, when that was done before.
  mutating func normalize(mean: [Float], std: [Float]) -> Bool {
    guard normalization == nil else { return false }
    func spread(_ values: [Float]) -> [Float] {
      values.count == 1 ? [Float](repeating: values[0], count: channels) : values
    }
    normalization = Normalization(mean: spread(mean), std: spread(std))
    normalizesBorder = hasBorder
    return true
  }

  /// The number of floats that `write` writes.
  var count: Int { channels * height * width }

  /// The view as `[C, H, W]`, from 0 to 1 or normalised.
  var tensor: Tensor {
    Tensor(shape: [channels, height, width]) { write(to: $0) }
  }

  func write(to out: UnsafeMutablePointer<Float>) {
    image.pixels.withUnsafeBufferPointer { bytes in
      var view = CoursePixelView(
        pixels: bytes.baseAddress, start: start, strideY: strideY, strideX: strideX,
        height: height, width: width, channels: channels, firstRow: rows.lowerBound,
        endRow: rows.upperBound, firstColumn: columns.lowerBound, endColumn: columns.upperBound)
      kernels_pixels_to_floats(
        nil, &view, normalization?.mean, normalization?.std, normalizesBorder, out)
    }
  }
}
