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

  /// Images of 3 x 6 x 8 in which the red of a pixel is 50 times its class, and classes 0 to 3 with some to ignore.
  private func pixels(ignoring: Bool = true) throws -> Dataset {
    let area = 48
    var (bytes, classes) = ([UInt8](), [Int]())
    for image in 0..<4 {
      let labels = (0..<area).map { ($0 * 7 + image * 5 + $0 / 8) % 4 }
      for channel in 0..<3 { bytes += labels.map { UInt8($0 * 50 + channel * 20 + image) } }
      classes += labels.enumerated().map {
        ignoring && $0.offset % 11 == 3 ? Target.ignored : $0.element
      }
    }
    return try Dataset(
      name: "scenes", bytes: ByteFeatures(shape: [4, 3, 6, 8], bytes: bytes),
      targets: .classSequences(classes, length: area), classNames: ["a", "b", "c", "d"])
  }

  @Test func classesOfPixelsAreMasks() throws {
    let data = try pixels()
    let source = try DatasetSource(data)
    #expect(source.targets == data.targets && source.labels == [0, 0, 0, 0])
    let mask = try #require(source.mask(at: 2))
    #expect(mask.width == 8 && mask.height == 6 && mask.channels == 1)
    let labels = data.targets.classIndices[96..<144].map { $0 == Target.ignored ? 255 : UInt8($0) }
    #expect(mask.pixels == labels)
    let subset = ImageSubset(of: source, indices: [3, 1])
    #expect(subset.targets == data.targets.rows(at: [3, 1]))
  }

  /// Whatever moves the pixels moves their classes: the red of a pixel says which one it has.
  @Test(
    arguments: [
      [], [.mirror], [.crop(padding: 2)], [.mirror, .crop(padding: 3)], [.mirror, .brightness(0)],
    ] as [[Augmentation]])
  func targetsFollowTheAugmentations(augmentation: [Augmentation]) throws {
    let data = try pixels(ignoring: false)
    let generator = try ImageGenerator(
      DatasetSource(data), batchSize: 3, imageSize: [3, 6, 8], augmentation: augmentation,
      seed: varied(4), lastBatch: .short, threads: 1)
    #expect(generator.targets == data.targets)
    for _ in 0..<4 {
      let batch = try generator.nextBatch()
      guard case .classSequences(let classes, 48) = batch.targets else {
        Issue.record("no classes of pixels: \(batch.targets)")
        return
      }
      #expect(classes.count == 48 * batch.features.shape[0])
      for image in 0..<batch.features.shape[0] {
        for place in 0..<48 {
          let red = batch.features[image, 0, place / 8, place % 8] * 255
          #expect(Int(red.rounded()) / 50 == classes[image * 48 + place])
        }
      }
    }
  }

  @Test func pixelsToIgnoreStaySo() throws {
    let data = try pixels()
    let generator = try ImageGenerator(
      DatasetSource(data), batchSize: 4, imageSize: [3, 6, 8], augmentation: [.mirror],
      shuffle: false, seed: 1, threads: 1)
    let ignored = try generator.nextBatch().targets.classIndices.count { $0 == Target.ignored }
    #expect(ignored == data.targets.classIndices.count { $0 == Target.ignored } && ignored > 0)
  }

  @Test func masksThatCannotFollowAreRefused() throws {
    let source = try DatasetSource(pixels())
    expectCourseError(.invalidArgument, "mixup", "a class for each image", "a class for each pixel")
    {
      try ImageGenerator(
        source, batchSize: 2, imageSize: [3, 6, 8], augmentation: [.mixup(alpha: 0.2)])
    }
    expectCourseError(.invalidArgument, "image size", "with 48 pixels", "[3, 6, 6]") {
      try ImageGenerator(source, batchSize: 2, imageSize: [3, 6, 6])
    }
    let many = try Dataset(
      bytes: ByteFeatures(shape: [1, 1, 2, 2], bytes: [0, 0, 0, 0]),
      targets: .classSequences([0, 300, 1, 2], length: 4))
    expectCourseError(.invalidData, "one below 255 for each pixel") { try DatasetSource(many) }
    let sequences = try Dataset(
      bytes: ByteFeatures(shape: [1, 1, 2, 2], bytes: [0, 0, 0, 0]),
      targets: .classSequences([0, 1], length: 2))
    expectCourseError(.invalidData, "no classes") { try DatasetSource(sequences) }
  }

  @Test func whatIsNoImageIsRefused() throws {
    expectCourseError(.shapeMismatch, "iris", "[C, H, W]", "[4]", "reshaped") {
      try DatasetSource(.iris)
    }
    let values = try Dataset(features: Tensor(zeros: [2, 1, 2, 2]), targets: .values([[1], [2]]))
    expectCourseError(.invalidData, "no classes") { try DatasetSource(values) }
  }
}
