import CourseTestSupport
import Generator
import Shared
import Testing

@Suite(.watched) struct DatasetSourceTests {
  /// Two images of 2 x 3 pixels: the red, green and blue plane of the first are 0..., 6..., 12....
  private func bytes() throws -> Dataset {
    try Dataset(
      name: "two", bytes: ByteFeatures(shape: [2, 3, 2, 3], bytes: (0..<36).map { UInt8($0) }),
      targets: .classes([1, 0]), classNames: ["no", "yes"])
  }

  @Test func bytesComeOutAsTheyAre() throws {
    let source = try DatasetSource(bytes())
    #expect(source.count == 2 && source.classNames == ["no", "yes"] && source.labels == [1, 0])
    let image = source.image(at: 0)
    #expect(image.width == 3 && image.height == 2 && image.channels == 3)
    #expect(Array(image.pixels.prefix(6)) == [0, 6, 12, 1, 7, 13])
    #expect(source.image(at: 1)[1, 2, 2] == 35)
    #expect(source.location(at: 1) == "two, example 1")
    #expect(try source.mask(at: 0) == nil && source.boxes(at: 0).isEmpty)
  }

  @Test func anImageBecomesTheNumbersThatTheDatasetGives() throws {
    let data = try bytes()
    let images = try DatasetSource(data)
    for index in 0..<2 {
      let tensor = images.image(at: index).tensor
      #expect(tensor == data.batch(at: [index]).features.reshaped(to: [3, 2, 3]))
    }
  }

  @Test(arguments: [1, 3, 4])
  func anyNumberOfChannelsAPixelImageHas(channels: Int) throws {
    let plane = (0..<(channels * 6)).map { UInt8($0) }
    let data = try Dataset(
      bytes: ByteFeatures(shape: [1, channels, 2, 3], bytes: plane), targets: .classes([2]))
    let source = try DatasetSource(data)
    let image = source.image(at: 0)
    for c in 0..<channels { #expect(image[1, 1, c] == UInt8(6 * c + 4)) }
    #expect(source.classNames == ["0", "1", "2"])
  }

  @Test func numbersNeedTheirRange() throws {
    let digits = Dataset.digits.reshaped(to: [1, 8, 8])
    let source = try DatasetSource(digits, range: 0...16)
    let expected = digits.batch(at: [3]).features.scalars.map { UInt8($0 * 255 / 16 + 0.5) }
    #expect(source.image(at: 3).pixels == expected)
    expectCourseError(.invalidData, "digits", "0.0 to 1.0", "0.0 to 16.0", "range:") {
      try DatasetSource(digits)
    }
  }

  @Test func whatIsNoImageIsRefused() throws {
    expectCourseError(.shapeMismatch, "iris", "[C, H, W]", "[4]", "reshaped") {
      try DatasetSource(.iris)
    }
    let values = try Dataset(features: Tensor(zeros: [2, 1, 2, 2]), targets: .values([[1], [2]]))
    expectCourseError(.invalidData, "no classes") { try DatasetSource(values) }
  }
}
