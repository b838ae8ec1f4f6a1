import CCourseCodecs
import Foundation
import Shared

extension PixelImage {
  /// Reads the bytes of a JPEG file, baseline or progressive, grey (1 channel) or coloured (3); `path`
  /// names it in errors.
  ///
  /// The image comes out the right way up: turned and mirrored as the camera's notes (EXIF) say.
  public init(jpegData: Data, path: String) throws {
    self = try jpegData.withUnsafeBytes {
      try PixelImage(jpegBytes: $0.bindMemory(to: UInt8.self), path: path)
    }
  }

  init(jpegBytes bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    let header = try JPEGHeader(bytes, path: path)
    let pixels = try PixelImage.decode(header, bytes, path: path)
    let stored = PixelImage(
      width: header.width, height: header.height, channels: header.channels, pixels: pixels)
    self = header.orientation == 1 ? stored : stored.upright(fromOrientation: header.orientation)
  }

  /// The image as it was seen, from the image as it is stored.
  ///
  /// Orientations 5 to 8 exchange rows and columns; then come a mirror image from left to right and one
  /// from top to bottom.
  func upright(fromOrientation orientation: Int) -> PixelImage {
    let isTransposed = orientation >= 5
    let isMirrored = [2, 3, 6, 7].contains(orientation)
    let isFlipped = [3, 4, 7, 8].contains(orientation)
    let (newWidth, newHeight) = isTransposed ? (height, width) : (width, height)
    var result = PixelImage(width: newWidth, height: newHeight, channels: channels)
    let (oldWidth, channels) = (width, channels)
    pixels.withUnsafeBufferPointer { from in
      result.pixels.withUnsafeMutableBufferPointer { to in
        var target = 0
        for row in 0..<newHeight {
          for column in 0..<newWidth {
            let y = isFlipped ? newHeight - 1 - row : row
            let x = isMirrored ? newWidth - 1 - column : column
            let source = (isTransposed ? x * oldWidth + y : y * oldWidth + x) * channels
            for c in 0..<channels { to[target + c] = from[source + c] }
            target += channels
          }
        }
      }
    }
    return result
  }
}

#if !canImport(ImageIO)

  extension PixelImage {
    static func decode(
      _ header: JPEGHeader, _ bytes: UnsafeBufferPointer<UInt8>, path: String
    ) throws -> [UInt8] {
      let size = header.width * header.height * header.channels
      var message = [CChar](repeating: 0, count: 64)
      var status = codecOK
      let pixels = [UInt8](unsafeUninitializedCapacity: size) { out, count in
        status = codec_jpeg_read(
          bytes.baseAddress, bytes.count, UInt32(header.width), UInt32(header.height),
          UInt32(header.channels), out.baseAddress, &message)
        // The bytes of an image that could not be decoded stay hidden.
        count = status == codecOK ? size : 0
      }
      guard status != codecOK else { return pixels }
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw decodingError(status, text, "damaged JPEG image", format: "JPEG", path: path)
    }
  }

#endif
