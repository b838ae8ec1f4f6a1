import CourseTestSupport
import Foundation
import Generator
import Shared
import Testing

@Suite(.watched) struct PNGTests {
  #if ImageCodecs

    @Test(arguments: PNGSample.all)
    func filesReadAsPillowReadsThem(sample: PNGSample) throws {
      let image = try PixelImage(pngData: bytes(sample.png), path: sample.name)
      #expect(image.width == sample.width && image.height == sample.height)
      #expect(image.channels == sample.channels)
      let expected = [UInt8](try bytes(sample.pixels))
      #expect(image.pixels == expected)
    }

    @Test(arguments: [1, 3, 4])
    func imagesSurviveAFile(channels: Int) throws {
      let image = PixelImage(
        width: 7, height: 5, channels: channels,
        pixels: (0..<(35 * channels)).map { UInt8(truncatingIfNeeded: $0 * 37) })
      try withTemporaryFolder { folder in
        let url = folder.appending(path: "image.png")
        try image.write(to: url)
        #expect(try PixelImage(png: url) == image)
      }
    }

    @Test(arguments: PNGSample.all)
    func damageIsNoticed(sample: PNGSample) throws {
      // Every chunk is under a checksum, but what is wrong in one that colours only may be passed over.
      let result = damage(try bytes(sample.png)) { data in
        let image = try PixelImage(pngData: data, path: "image")
        #expect(image.pixels.count == image.width * image.height * image.channels)
      }
      #expect(Double(result.noticed) > 0.7 * Double(result.all), "\(result)")
    }

  #else

    @Test func withoutTheTraitTheErrorSaysHowToTurnItOn() throws {
      let image = PixelImage(width: 1, height: 1, channels: 1)
      expectCourseError(.file, "PNG is off in this build", "trait ImageCodecs", "libpng-dev") {
        try image.pngData()
      }
      expectCourseError(.file, "PNG is off in this build", "image.png") {
        try PixelImage(pngData: bytes(PNGSample.all[0].png), path: "image.png")
      }
    }

  #endif

  @Test func otherFilesAreNamed() {
    expectCourseError(.format, "photo.png, offset 0", "not a PNG", "a JPEG image") {
      try PixelImage(pngData: Data([0xFF, 0xD8, 0xFF, 0xE0]), path: "photo.png")
    }
    expectCourseError(.file, "cannot open", "a PNG image", "no such file") {
      try PixelImage(png: URL(filePath: "/nowhere/image.png"))
    }
  }

  @Test func absurdHeadersAreRefusedBeforeMemoryIsTaken() throws {
    let sample = try bytes(PNGSample.all[0].png)
    func withSize(_ width: [UInt8], _ height: [UInt8]) -> Data {
      var data = sample
      data.replaceSubrange(16..<24, with: width + height)
      return data
    }
    expectCourseError(.format, "offset 16", "makes no sense", "2147483647 x 2147483647") {
      try PixelImage(
        pngData: withSize([0x7F, 255, 255, 255], [0x7F, 255, 255, 255]), path: "bomb")
    }
    expectCourseError(.format, "offset 16", "smaller than its header", "9000 x 9000") {
      try PixelImage(pngData: withSize([0, 0, 0x23, 0x28], [0, 0, 0x23, 0x28]), path: "bomb")
    }
    expectCourseError(.format, "0 x 3") {
      try PixelImage(pngData: withSize([0, 0, 0, 0], [0, 0, 0, 3]), path: "bomb")
    }
  }

  @Test func aTruncatedImageIsRefusedWithItsPlace() throws {
    let sample = try bytes(PNGSample.all[0].png)
    expectCourseError(.format, "cut.png, offset 33", "truncated", "IDAT") {
      try PixelImage(pngData: sample.prefix(50), path: "cut.png")
    }
  }
}
