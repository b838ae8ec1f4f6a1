import CCourseCodecs
import Foundation
import Shared

/// WebP, which the system's libwebp decodes (on Apple's systems ImageIO): it is looked for when it is wanted, so
/// that a build does not need it.
enum WebP {
  /// Whether WebP images can be read here.
  static let isAvailable: Bool = {
    #if canImport(ImageIO)
      Gzip.isAvailable
    #else
      codec_webp_is_available()
    #endif
  }()
}

/// The header of a WebP file, read before the pixels are decoded: size and channels.
struct WebPHeader {
  let width: Int
  let height: Int
  /// 3, or 4 with opacity.
  let channels: Int

  /// Whether a file begins as WebP files do: `RIFF`, a length, `WEBP`.
  static func begins(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes.count >= 12 && bytes.starts(with: Array("RIFF".utf8))
      && bytes[8..<12].elementsEqual("WEBP".utf8)
  }

  init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    var cursor = ByteCursor(
      UnsafeRawBufferPointer(bytes), path: path, remedy: PixelImage.damageRemedy)
    try cursor.skip(12)
    let name = String(decoding: try cursor.take(4, of: "the name of a chunk"), as: UTF8.self)
    try cursor.skip(4)
    let start = cursor.offset
    let hasAlpha: Bool
    switch name {
    case "VP8X":
      let flags = try cursor.number(bytes: 4, .little)
      guard flags & 0x02 == 0 else {
        throw cursor.refuse(
          "an unsupported kind of WebP image", expected: "a single image",
          received: "an animation", at: start, remedy: "Save one of its frames.")
      }
      hasAlpha = flags & 0x10 != 0
      width = 1 + (try cursor.number(bytes: 3, .little))
      height = 1 + (try cursor.number(bytes: 3, .little))
    case "VP8L":
      let signature = try cursor.number(bytes: 1, .little)
      let sizes = try cursor.number(bytes: 4, .little)
      guard signature == 0x2F else {
        throw cursor.refuse(
          "damaged WebP image", expected: "the byte 2F",
          received: String(format: "%02X", signature), at: start)
      }
      width = 1 + sizes & 0x3FFF
      height = 1 + sizes >> 14 & 0x3FFF
      hasAlpha = sizes >> 28 & 1 == 1
    case "VP8 ":
      try cursor.skip(3)
      let code = try cursor.number(bytes: 3, .big)
      guard code == 0x9D012A else {
        throw cursor.refuse(
          "damaged WebP image", expected: "the bytes 9D 01 2A",
          received: String(format: "%06X", code), at: start + 3)
      }
      width = try cursor.number(bytes: 2, .little) & 0x3FFF
      height = try cursor.number(bytes: 2, .little) & 0x3FFF
      hasAlpha = false
    default:
      throw cursor.refuse(
        "damaged WebP image", expected: "a chunk VP8, VP8L or VP8X", received: name, at: 12)
    }
    channels = hasAlpha ? 4 : 3
    guard width >= 1, height >= 1, width * height <= PixelImage.maximumPixels else {
      throw cursor.refuse(
        "the size of the image makes no sense", expected: "1 to \(PixelImage.maximumPixels) pixels",
        received: "\(width) x \(height)", at: start)
    }
  }
}

extension PixelImage {
  /// Reads the bytes of a WebP file; `path` names it in errors.
  ///
  /// With opacity it has 4 channels, otherwise 3. The first frame of an animation is not taken: it is an error.
  public init(webPData: Data, path: String) throws {
    self = try webPData.withUnsafeBytes {
      try PixelImage(webPBytes: $0.bindMemory(to: UInt8.self), path: path)
    }
  }

  init(webPBytes bytes: UnsafeBufferPointer<UInt8>, path: String) throws {
    guard WebPHeader.begins(bytes) else {
      throw CourseError(
        .format, "this is not a WebP image", expected: "RIFF and WEBP",
        received: beginning(bytes), location: path)
    }
    guard WebP.isAvailable else { throw PixelImage.missingWebP(path: path) }
    let header = try WebPHeader(bytes, path: path)
    let pixels = try PixelImage.decode(header, bytes, path: path)
    self.init(
      width: header.width, height: header.height, channels: header.channels, pixels: pixels)
  }

  private static func missingWebP(path: String) -> CourseError {
    guard Gzip.isAvailable else { return missingCodec("WebP", path: path) }
    return CourseError(
      .file, "WebP cannot be read on this system", expected: "the library libwebp",
      received: "none", location: path, remedy: WebP.remedy)
  }
}

extension WebP {
  /// The advice where there is no library.
  static let remedy = "Install libwebp (on Debian and Ubuntu the package libwebp7)."
}

#if !canImport(ImageIO)

  extension PixelImage {
    static func decode(
      _ header: WebPHeader, _ bytes: UnsafeBufferPointer<UInt8>, path: String
    ) throws -> [UInt8] {
      let size = header.width * header.height * header.channels
      var message = [CChar](repeating: 0, count: 64)
      var status = codecOK
      let pixels = [UInt8](unsafeUninitializedCapacity: size) { out, count in
        status = codec_webp_read(
          bytes.baseAddress, bytes.count, UInt32(header.width), UInt32(header.height),
          UInt32(header.channels), out.baseAddress, &message)
        // The bytes of an image that could not be decoded stay hidden.
        count = status == codecOK ? size : 0
      }
      guard status != codecOK else { return pixels }
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw decodingError(status, text, "damaged WebP image", format: "WebP", path: path)
    }
  }

#endif
