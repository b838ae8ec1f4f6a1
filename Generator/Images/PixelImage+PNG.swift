import CCourseCodecs
import Foundation
import Shared

extension PixelImage {
  /// Reads a PNG file of any kind: grey, colour, palette, 1 to 16 bits, interlaced or not.
  ///
  /// Transparency (an alpha channel or a transparent colour) gives 4 channels, grey 1, everything else
  /// 3. The bytes are those that are stored: colour profiles and gamma are ignored, as Pillow and
  /// torchvision do; 16 bits are rounded to 8, fewer are spread from 0 to 255.
  public init(png url: URL) throws {
    try self.init(
      pngData: PixelImage.read(url.path, content: "a PNG image"), path: url.path)
  }

  /// Reads the bytes of a PNG file; `path` names it in errors.
  public init(pngData: Data, path: String) throws {
    self = try pngData.withUnsafeBytes {
      try PixelImage(pngBytes: $0.bindMemory(to: UInt8.self), path: path)
    }
  }

  init(pngBytes bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    let header = try PNGHeader(bytes, path: path)
    let (width, height, channels) = (header.width, header.height, header.channels)
    let pixels = try PixelImage.decode(header, path: path)
    self.init(width: width, height: height, channels: channels, pixels: pixels)
  }

  /// Writes a PNG file, atomically.
  public func write(to url: URL) throws {
    try AtomicFile.write(pngData(), to: url)
  }
}

#if !canImport(ImageIO)

  extension PixelImage {
    static func decode(_ header: PNGHeader, path: String) throws -> [UInt8] {
      var message = [CChar](repeating: 0, count: 64)
      var status = codecOK
      let size = header.width * header.height * header.channels
      let pixels = [UInt8](unsafeUninitializedCapacity: size) { out, count in
        status = header.stripped.withUnsafeBufferPointer {
          codec_png_read(
            $0.baseAddress, $0.count, UInt32(header.channels), out.baseAddress, size, &message)
        }
        // The bytes of an image that could not be decoded stay hidden.
        count = status == codecOK ? size : 0
      }
      try check(status, message, "damaged PNG image", path: path)
      return pixels
    }

    /// The bytes of a PNG file.
    public func pngData() throws -> Data {
      var message = [CChar](repeating: 0, count: 64)
      var file: UnsafeMutablePointer<UInt8>?
      var size = 0
      let status = codec_png_write(
        pixels, UInt32(width), UInt32(height), UInt32(channels), &file, &size, &message)
      defer { codec_free(file) }
      try PixelImage.check(status, message, "cannot make a PNG image", path: "PNG image")
      guard let file else { throw outOfMemory(path: "PNG image") }
      return Data(bytes: file, count: size)
    }

    private static func check(
      _ status: CourseCodecStatus, _ message: [CChar], _ problem: String, path: String
    ) throws {
      guard status != codecOK else { return }
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw decodingError(status, text, problem, format: "PNG", path: path)
    }
  }

#endif
