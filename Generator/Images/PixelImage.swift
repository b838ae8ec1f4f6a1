import Shared

/// An image of bytes: rows from top to bottom, pixels from left to right, the channels of a pixel side
/// by side.
///
///     var image = PixelImage(width: 2, height: 1, channels: 3)
///     image[0, 1, 2] = 255                                // row 0, column 1: blue
///     try image.write(to: URL(filePath: "blue.png"))
public struct PixelImage: Sendable, Equatable {
  /// The number of columns.
  public let width: Int
  /// The number of rows.
  public let height: Int
  /// 1 (grey), 3 (red, green, blue) or 4 (with opacity, which the colours are not multiplied by).
  public let channels: Int
  /// `height * width * channels` bytes.
  public internal(set) var pixels: [UInt8]

  /// An image from its bytes.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    PixelImage.checkSize(width: width, height: height, channels: channels)
    guard pixels.count == width * height * channels else {
      stop(
        "PixelImage", expected: "\(width * height * channels) bytes", received: "\(pixels.count)")
    }
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// An image of one value.
  public init(width: Int, height: Int, channels: Int, repeating value: UInt8 = 0) {
    PixelImage.checkSize(width: width, height: height, channels: channels)
    self.init(
      width: width, height: height, channels: channels,
      pixels: [UInt8](repeating: value, count: width * height * channels))
  }

  private static func checkSize(width: Int, height: Int, channels: Int) {
    guard width >= 1, height >= 1, width <= 1 << 24, height <= 1 << 24,
      [1, 3, 4].contains(channels)
    else {
      stop(
        "PixelImage", expected: "sizes from 1 to \(1 << 24) and 1, 3 or 4 channels",
        received: "\(width) x \(height) of \(channels)")
    }
  }

  /// One byte.
  public subscript(row: Int, column: Int, channel: Int) -> UInt8 {
    get { pixels[place(row, column, channel)] }
    set { pixels[place(row, column, channel)] = newValue }
  }

  private func place(_ row: Int, _ column: Int, _ channel: Int) -> Int {
    guard (0..<height).contains(row), (0..<width).contains(column),
      (0..<channels).contains(channel)
    else {
      stop(
        "PixelImage",
        expected: "a place within \(height) rows, \(width) columns, "
          + "\(channels) channels", received: "[\(row), \(column), \(channel)]")
    }
    return (row * width + column) * channels + channel
  }
}
