import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

/// The form in which a network takes images.
@Suite(.watched) struct ImageInputTests {
  // MARK: Sizes

  /// Python: `im = Image.frombytes("L", (7, 5), bytes((i * 37) % 256 for i in range(35)))`,
  /// `list(im.resize((4, 3), Image.BILINEAR).tobytes())` of Pillow 13, which rounds between its two passes.
  @Test func stretchingIsThatOfPillow() throws {
    let image = PixelImage(
      width: 7, height: 5, channels: 1, pixels: (0..<35).map { UInt8($0 * 37 % 256) })
    let fitted = try ImageInput(channels: 1, height: 3, width: 4, fitting: .stretch).fitted(image)
    let expected = [20, 78, 146, 204, 25, 83, 151, 209, 30, 88, 156, 214]
    try #require(fitted.pixels.count == expected.count)
    for (pixel, wanted) in zip(fitted.pixels, expected) { #expect(abs(Int(pixel) - wanted) <= 1) }
  }

  /// A white image of 8 x 4 becomes 4 x 4: the borders are black, and the proportions stay.
  @Test func paddingKeepsAllOfTheImage() throws {
    let white = PixelImage(width: 8, height: 4, channels: 1, repeating: 255)
    let wide = try ImageInput(channels: 1, height: 4, width: 4, fitting: .pad).fitted(white)
    #expect(wide.pixels == [0, 255, 255, 0].flatMap { [UInt8](repeating: $0, count: 4) })
    let high = try ImageInput(channels: 3, height: 8, width: 9, fitting: .pad).fitted(white)
    #expect(high.tensorShape == [3, 8, 9])
    // 9 x 4.5, rounded to 9 x 5: one row of the border above, two below.
    let rows = (0..<8).map { high[$0, 4, 2] }
    #expect(rows == [0, 255, 255, 255, 255, 255, 0, 0])
    // A line stays a line.
    let line = PixelImage(width: 1000, height: 1, channels: 1, repeating: 255)
    let thin = try ImageInput(channels: 1, height: 3, width: 3, fitting: .pad).fitted(line)
    #expect(thin.pixels == [0, 0, 0, 255, 255, 255, 0, 0, 0])
  }

  /// The middle of an image, of which a quarter on each side is cut off.
  @Test func croppingKeepsTheMiddle() throws {
    var image = PixelImage(width: 8, height: 4, channels: 1, repeating: 10)
    for row in 0..<4 { for column in 2..<6 { image[row, column, 0] = 200 } }
    let fitted = try ImageInput(channels: 1, height: 4, width: 4, fitting: .crop).fitted(image)
    #expect(fitted.pixels == [UInt8](repeating: 200, count: 16))
  }

  @Test func anImageOfTheSizeStaysAsItIs() throws {
    let image = try CountedImages(1, channels: 3).image(at: 0)
    for fitting in ImageFitting.allCases {
      let input = try ImageInput(channels: 3, height: 8, width: 8, fitting: fitting)
      #expect(try input.fitted(image) == image)
    }
    let input = try ImageInput(channels: 1, height: 8, width: 9, fitting: .refuse)
    expectCourseError(.shapeMismatch, "9 x 8 pixels, channels: 1", "8 x 8, channels: 3") {
      try input.fitted(image)
    }
    for (channels, height, width) in [(2, 8, 8), (3, 0, 8), (3, 8, 20_000)] {
      expectCourseError(.invalidArgument, "the form of the images", "got \(channels) x \(height)") {
        try ImageInput(channels: channels, height: height, width: width)
      }
    }
  }

  @Test(arguments: [
    // One size stays, if it is not large.
    ([(28, 28)], 28, 28), ([(100, 128)], 100, 128),
    // Large ones keep their proportions.
    ([(480, 640)], 56, 72), ([(224, 224)], 64, 64), ([(10, 2000)], 8, 256),
    // Of several sizes, squares: the median of the shorter sides.
    ([(48, 48), (48, 64), (32, 32), (80, 100), (60, 40)], 48, 48), ([(20, 30), (20, 31)], 32, 32),
    ([(3000, 4000), (4000, 3000)], 64, 64),
  ])
  func aSizeSuitsTheImages(sizes: [(Int, Int)], height: Int, width: Int) throws {
    let shapes = ImageShapes(
      counts: Dictionary(uniqueKeysWithValues: sizes.map { ([3, $0.0, $0.1], 2) }))
    let input = try ImageInput(suiting: shapes)
    #expect(input.height == height && input.width == width)
    #expect(try ImageInput(suiting: shapes, size: (7, 9)).shape == [3, 7, 9])
  }

  @Test func shapesComeFromAllImages() throws {
    let grey = try ImageShapes(of: CountedImages(100, sizes: [(8, 8), (4, 16)], channels: 1))
    #expect(grey.counts == [[1, 8, 8]: 50, [1, 4, 16]: 50] && grey.channels == 1)
    let (smallest, largest) = grey.extremes
    #expect([smallest, largest].map { [$0.height, $0.width] } == [[4, 16], [8, 8]])
    try withTemporaryFolder { folder in
      try makeFiles(
        [
          "a/1.png": tinyImage(1, channels: 1), "a/2.png": tinyImage(2, channels: 1),
          "b/1.png": tinyImage(3), "b/2.png": Data("broken".utf8),
        ], in: folder)
      // One image in colours is enough, wherever it stands; a broken one does not count.
      let shapes = try ImageShapes(of: ImageFolder(folder.path))
      #expect(shapes.counts == [[1, 2, 2]: 2, [3, 2, 2]: 1] && shapes.channels == 3)
    }
  }

  // MARK: Data

  @Test func imagesOfAnySizeBecomeData() throws {
    let source = CountedImages(40, sizes: [(8, 8), (4, 16), (9, 5)], channels: 1)
    for fitting in [ImageFitting.crop, .pad, .stretch] {
      let input = try ImageInput(channels: 3, height: 6, width: 7, fitting: fitting)
      let data = try Dataset(source, as: input)
      #expect(data.inputShape == [3, 6, 7] && data.count == 40)
      for index in [0, 1, 2, 39] {
        let image = try input.fitted(source.image(at: index))
        #expect(data.batch(at: [index]).features.scalars == image.tensor.scalars)
      }
    }
    let input = try ImageInput(channels: 1, height: 8, width: 8, fitting: .refuse)
    expectCourseError(.shapeMismatch, "counted/1.png", "got 16 x 4") {
      try Dataset(source, as: input)
    }
    expectCourseError(.format, "counted/33.png: damaged PNG image") {
      try Dataset(
        CountedImages(40, brokenImage: 33), as: ImageInput(channels: 3, height: 8, width: 8))
    }
  }

  /// Data that are larger than a quarter of the memory lie on disk, and give the same numbers.
  @Test func dataOnDiskAreTheSame() throws {
    let source = CountedImages(250, sizes: [(8, 8), (4, 16)])
    let input = try ImageInput(channels: 3, height: 8, width: 8)
    let inMemory = try Dataset(source, as: input)
    let onDisk = try SystemMemory.$assumed.withValue(1) { try Dataset(source, as: input) }
    #expect(onDisk.count == 250 && onDisk.features == inMemory.features)
    let (part, other) = (onDisk.subset([7, 249, 0]), inMemory.subset([7, 249, 0]))
    #expect(part.batch(at: [2, 1]).features == other.batch(at: [2, 1]).features)
    let places = [0, 1, 2]
    let bytes = [try #require(part.bytes), try #require(other.bytes)].map { bytes in
      places.map { Array(bytes.bytes(at: $0)) }
    }
    #expect(bytes[0] == bytes[1])
    // As the source of augmented batches.
    func batch(_ data: Dataset) throws -> Batch {
      try ImageGenerator(
        DatasetSource(data), batchSize: 50, augmentation: [.mirror, .crop(padding: 2)], seed: 3
      ).next()
    }
    #expect(try batch(onDisk) == batch(inMemory))
  }

  @Test func spaceThatIsMissingOnDiskIsAnError() throws {
    let file = try ScratchFile(count: 4)
    try [UInt8](1...4).withUnsafeBytes { try file.write($0, at: 0) }
    #expect(try file.mapped().withBytes { Array($0) } == [1, 2, 3, 4])
  }

  // MARK: The note of a network

  private func network(_ shape: [Int]) throws -> NeuralNetwork {
    var network = NeuralNetwork(inputShape: shape, seed: 1)
    try network.append(TinyDense(inputSize: shape.reduce(1, *), outputSize: 2))
    return network
  }

  @Test func aNetworkRemembersItsImages() throws {
    let size = 3 * 6 * 7
    var network = try network([size])
    let images = try (0..<4).map {
      try CountedImages(4, sizes: [(8, 8), (4, 16)]).image(at: $0)
    }
    // A row of numbers says nothing about images.
    expectCourseError(.invalidArgument, "the network does not take images", "[\(size)]") {
      try network.predict(images: images)
    }
    let input = try ImageInput(channels: 3, height: 6, width: 7, fitting: .crop)
    network.imageInput = input
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "m.safetensors")
      try network.save(to: url)
      let loaded = try NeuralNetwork(contentsOf: url, layers: [TinyDense.self])
      #expect(loaded.imageInput == input)
      let features = Tensor(
        concatenating: try images.map { try input.fitted($0).tensor.reshaped(to: [1, size]) })
      #expect(try loaded.predict(images: images) == network.predict(features))
      #expect(try loaded.predict(images: []).shape == [0, 2])
    }
    // A note that is damaged, or does not fit the network, is none.
    for text in [
      "", "3 x 6", "3 x 6 x 8, crop", "3 x 06 x 7, crop", "3 x 6 x 7, cover", "3 x 6 x 7",
    ] {
      network.notes["image input"] = text
      #expect(network.imageInput == nil, "\(text)")
    }
    network.imageInput = nil
    #expect(network.notes.isEmpty)
  }

  @Test func descriptionsAreRead() throws {
    for fitting in ImageFitting.allCases {
      let input = try ImageInput(channels: 1, height: 12, width: 34, fitting: fitting)
      #expect(input.description == "1 x 12 x 34, \(fitting.rawValue)")
      #expect(ImageInput(input.description) == input)
    }
  }
}
