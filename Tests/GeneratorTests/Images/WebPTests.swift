import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

/// WebP images. The samples and their pixels are Pillow's:
///
///     import base64, io
///     from PIL import Image
///     data = io.BytesIO(); Image.frombytes("RGB", (4, 3), pixels).save(data, "WEBP", lossless=True)
///     base64.b64encode(data.getvalue()), list(Image.open(data).tobytes())
@Suite(.watched) struct WebPTests {
  private static let lossless =
    "UklGRmwAAABXRUJQVlA4TGAAAAAvA4AAAF+gJpKk6P7sjc8JLhFBjhOMIEhpABDSABjD/sEe4ruAqLonKA0AgrGS6goP"
    + "c5FO4hJ5/sNBflaC56x7NWxad1n0xsL+i8RcTVAIAA3TgQgikkwmNueI/kdz3gM="
  private static let losslessPixels: [UInt8] = [
    68, 32, 130, 60, 253, 230, 241, 194, 107, 48, 249, 14, 199, 221, 1, 228, 136, 117, 52, 162, 15,
    11, 13, 4, 195, 110, 216, 14, 113, 224, 253, 119, 176, 118, 112, 235,
  ]
  private static let opacity =
    "UklGRlIAAABXRUJQVlA4TEUAAAAvAkAAEC9AFmCCtWsaOWcQSSwK2kaBbNzrBqnIwBtk0jZUQu8Kn6PpEpAQctx00fdf"
    + "bo0OQZkLhWwjwKF7TQ7gIvof6wkA"
  private static let opacityPixels: [UInt8] = [
    148, 11, 213, 255, 95, 151, 61, 128, 216, 97, 155, 1, 255, 201, 17, 255, 124, 206, 212, 128,
    187, 191, 44, 1,
  ]
  /// One colour in 6 x 4 pixels: all of them come out as 200, 29, 60.
  private static let lossy =
    "UklGRjoAAABXRUJQVlA4IC4AAACQAQCdASoGAAQAAMASJaACdLoAA5gA/vi1F/3GttI6Zf/t8P/7jy/+3w//bsgA"
  /// 20 x 10 pixels of 2, 2, 2 and opacity 100.
  private static let extended =
    "UklGRlQAAABXRUJQVlA4WAoAAAAQAAAAEwAACQAAQUxQSAoAAAABB1CyiAhERP8DVlA4ICQAAACwAgCdASoUAAoAPtFU"
    + "o0uoJKMhsAgBABoJaQAAeyAA/vNiAAA="
  private static let animation =
    "UklGRq4AAABXRUJQVlA4WAoAAAACAAAAAQAAAQAAQU5JTQYAAAAAAAAAAABBTk1GMAAAAAAAAAAAAAEAAAEAAAAAAAJW"
    + "UDggGAAAADABAJ0BKgIAAgABQCYlpAADcAD+/TZoAEFOTUZKAAAAAAAAAAAAAQAAAQAAAAAAAFZQOCAyAAAANAEAnQEq"
    + "AgACAAAAJiWgAANwAP7y63//+bA/9vP/BHoB///S4P/+lwf/9Lg/9KQAAAA="

  private static func repeated(_ pixel: [UInt8], _ count: Int) -> [UInt8] {
    [[UInt8]](repeating: pixel, count: count).flatMap { $0 }
  }

  private static func data(_ text: String) throws -> Data {
    try #require(Data(base64Encoded: text))
  }

  private func header(_ data: Data) throws -> [Int] {
    try data.withUnsafeBytes {
      let header = try WebPHeader($0.bindMemory(to: UInt8.self), path: "x.webp")
      return [header.channels, header.height, header.width]
    }
  }

  @Test(arguments: [
    (lossless, [3, 3, 4]), (opacity, [4, 2, 3]), (lossy, [3, 4, 6]), (extended, [4, 10, 20]),
  ])
  func headersTellTheShape(text: String, shape: [Int]) throws {
    #expect(try header(Self.data(text)) == shape)
  }

  @Test(
    .enabled(if: WebP.isAvailable),
    arguments: [
      (lossless, losslessPixels), (opacity, opacityPixels),
      (lossy, WebPTests.repeated([200, 29, 60], 24)),
      (extended, WebPTests.repeated([2, 2, 2, 100], 200)),
    ])
  func pixelsAreThoseOfPillow(text: String, pixels: [UInt8]) throws {
    let data = try Self.data(text)
    let image = try PixelImage(imageData: data, path: "x.png")
    #expect(image.pixels == pixels)
    #expect(try image == PixelImage(webPData: data, path: "x"))
    // In a folder, by the ending of the name.
    try withTemporaryFolder { folder in
      try makeFiles(["a/1.webp": data, "b/2.WEBP": data], in: folder)
      let source = try ImageFolder(folder.path)
      #expect(source.count == 2 && source.notes.isEmpty)
      #expect(try source.shape(at: 1) == image.tensorShape)
    }
  }

  @Test func animationsAndDamageAreNamed() throws {
    let animation = try Self.data(Self.animation)
    expectCourseError(.format, "x.webp", "got an animation", "Save one of its frames") {
      try header(animation)
    }
    var sample = try Self.data(Self.lossless)
    sample[12] = 0x58
    expectCourseError(.format, "damaged WebP image", "got XP8L") { try header(sample) }
    sample = try Self.data(Self.lossless)
    sample[20] = 0
    expectCourseError(.format, "the byte 2F", "offset 20") { try header(sample) }
    sample = try Self.data(Self.lossy)
    expectCourseError(.format, "truncated", "x.webp") { try header(sample.prefix(22)) }
    sample[23] = 0
    expectCourseError(.format, "the bytes 9D 01 2A") { try header(sample) }
    // 16384 x 16384 pixels in a few bytes.
    sample = try Self.data(Self.extended)
    for place in 24..<30 { sample[place] = place % 3 == 2 ? 0 : 0xFF }
    expectCourseError(.format, "the size of the image makes no sense") { try header(sample) }
    expectCourseError(.format, "this is not a WebP image") {
      try PixelImage(webPData: Data("RIFF".utf8), path: "x.webp")
    }
    guard WebP.isAvailable else { return }
    for end in [21, 40, 100] {
      let short = try Self.data(Self.lossless).prefix(end)
      expectCourseError(.format, "y.webp") { try PixelImage(imageData: short, path: "y.webp") }
    }
  }

  @Test(.enabled(if: !WebP.isAvailable)) func aMissingLibraryIsNamed() throws {
    let data = try Self.data(Self.lossless)
    let remedy = Gzip.isAvailable ? "libwebp" : "ImageCodecs"
    expectCourseError(.file, "WebP", remedy) { try PixelImage(imageData: data, path: "x.webp") }
  }
}
