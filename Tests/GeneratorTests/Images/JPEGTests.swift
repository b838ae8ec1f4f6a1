import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.watched) struct JPEGTests {
  #if ImageCodecs

    @Test(arguments: JPEGSamples.all)
    func filesReadAsPillowReadsThem(sample: PNGSample) throws {
      let image = try PixelImage(jpegData: bytes(sample.png), path: sample.name)
      try #require(image.width == sample.width && image.height == sample.height)
      try #require(image.channels == sample.channels)
      let expected = [UInt8](try bytes(sample.pixels))
      let worst = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }.max()
      #expect(worst ?? 0 <= 1, "a pixel differs by \(worst ?? 0)")
    }

    @Test(arguments: 1...8, [true, false])
    func theImageIsTurnedTheRightWayUp(orientation: Int, isBigEndian: Bool) throws {
      let stored = try bytes(JPEGSamples.all[1].png)
      let data = withOrientation(orientation, isBigEndian: isBigEndian, stored)
      let plain = try PixelImage(jpegData: stored, path: "plain")
      let turned = try PixelImage(jpegData: data, path: "turned")
      #expect(turned == plain.upright(fromOrientation: orientation))
    }

    /// Some cameras leave bytes in front of the end.
    @Test func bytesBeforeTheEndDoNotMatter() throws {
      let data = try bytes(JPEGSamples.all[0].png)
      let longer = data.dropLast(2) + [0x12, 0x34] + data.suffix(2)
      let expected = try PixelImage(jpegData: data, path: "plain")
      #expect(try PixelImage(jpegData: longer, path: "longer") == expected)
      #expect(try PixelImage(jpegData: data + [1, 2, 3], path: "more") == expected)
    }

    @Test(arguments: JPEGSamples.all)
    func damageNeverCrashes(sample: PNGSample) throws {
      let data = try bytes(sample.png)
      // There is no checksum: a wrong bit among the pixels is a slightly different image.
      damage(data, truncationIsNoticed: false) { data in
        let image = try PixelImage(jpegData: data, path: "image")
        #expect(image.pixels.count == image.width * image.height * image.channels)
      }
    }

    @Test func aTruncatedImageIsRefused() throws {
      for sample in JPEGSamples.all {
        let data = try bytes(sample.png)
        for length in stride(from: 0, to: data.count - 2, by: 7) {
          #expect(throws: CourseError.self, "\(sample.name), \(length) bytes") {
            try PixelImage(jpegData: data.prefix(length), path: "cut.jpg")
          }
        }
      }
      let cut = try bytes(JPEGSamples.all[1].png).dropLast(30)
      expectCourseError(.format, "cut.jpg", "damaged JPEG image", "Premature end") {
        try PixelImage(jpegData: cut, path: "cut.jpg")
      }
    }

  #else

    @Test func withoutTheTraitTheErrorSaysHowToTurnItOn() throws {
      expectCourseError(.file, "JPEG is off in this build", "image.jpg", "libturbojpeg0-dev") {
        try PixelImage(jpegData: bytes(JPEGSamples.all[0].png), path: "image.jpg")
      }
    }

  #endif

  /// The file with a camera's note about how it was held.
  private func withOrientation(_ orientation: Int, isBigEndian: Bool, _ data: Data) -> Data {
    func number(_ value: Int, _ count: Int) -> [UInt8] {
      let bytes: [UInt8] = (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) }
      return isBigEndian ? bytes.reversed() : bytes
    }
    let header = [UInt8](isBigEndian ? "MM".utf8 : "II".utf8) + number(42, 2) + number(8, 4)
    let other = number(0x010F, 2) + number(2, 2) + number(4, 4) + [65, 66, 67, 0]
    let entry =
      number(0x0112, 2) + number(3, 2) + number(1, 4) + number(orientation, 2) + number(0, 2)
    let tiff = header + number(2, 2) + other + entry + number(0, 4)
    let content = [UInt8]("Exif".utf8) + [0, 0] + tiff
    let length = content.count + 2
    return data.prefix(2) + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + content
      + data.dropFirst(2)
  }

  @Test(arguments: 1...8)
  func orientationsAreThoseOfPillow(orientation: Int) throws {
    let image = PixelImage(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
    let expected = try #require(JPEGSamples.upright[orientation])
    let turned = image.upright(fromOrientation: orientation)
    #expect(turned.width == expected.width && turned.pixels == expected.pixels)
  }

  @Test func absurdHeadersAreRefusedBeforeMemoryIsTaken() throws {
    func withSize(_ width: Int, _ height: Int) throws -> Data {
      var data = try bytes(JPEGSamples.all[0].png)
      let place = try #require(data.firstRange(of: Data([0xFF, 0xC0]))).lowerBound
      let size = [height >> 8, height & 0xFF, width >> 8, width & 0xFF].map { UInt8($0) }
      data.replaceSubrange((place + 5)..<(place + 9), with: size)
      return data
    }
    expectCourseError(.format, "bomb.jpg, offset", "makes no sense", "60000 x 60000") {
      try PixelImage(jpegData: withSize(60_000, 60_000), path: "bomb.jpg")
    }
    expectCourseError(.format, "bomb.jpg, offset", "smaller than its header", "9000 x 9000") {
      try PixelImage(jpegData: withSize(9000, 9000), path: "bomb.jpg")
    }
    expectCourseError(.format, "0 x 5") {
      try PixelImage(jpegData: withSize(0, 5), path: "bomb.jpg")
    }
  }

  @Test func otherFilesAreNamed() throws {
    expectCourseError(.format, "x.jpg, offset 0", "not a JPEG", "a PNG image") {
      try PixelImage(jpegData: Data(PNGHeader.signature), path: "x.jpg")
    }
    expectCourseError(.format, "print.jpg", "CMYK", "Convert it to RGB") {
      try PixelImage(jpegData: bytes(JPEGSamples.cmyk), path: "print.jpg")
    }
    expectCourseError(.format, "photo.gif", PixelImage.formats, "a GIF image") {
      try PixelImage(imageData: Data("GIF89a".utf8), path: "photo.gif")
    }
    expectCourseError(.format, "empty.png", "an empty file") {
      try PixelImage(imageData: Data(), path: "empty.png")
    }
    expectCourseError(.file, "/nowhere/image.jpg", "cannot open", "no such file") {
      try PixelImage(contentsOf: "/nowhere/image.jpg")
    }
  }
}
