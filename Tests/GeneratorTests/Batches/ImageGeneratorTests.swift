import CourseTestSupport
import Foundation
import Shared
import Testing

@testable import Generator

@Suite(.waits(for: BatchOrderTests.steps), .watched)
struct ImageGeneratorTests {
  private static let everything: [Augmentation] = [
    .mirror, .rotate90, .rotate(degrees: 20), .crop(padding: 2), .brightness(0.3), .contrast(0.2),
    .saturation(0.3), .hue(0.1), .noise(standardDeviation: 0.05), .cutout(size: 3),
    .shear(degrees: 20), .elastic(1), .thickness(0.5),
    .normalize(mean: [0.5], std: [0.25]), .mixup(alpha: 0.4),
  ]

  @Test func batchesAreTheSameForAnyNumberOfThreads() throws {
    func batches(_ threads: Int, prefetch: Int) throws -> [Batch] {
      let generator = try ImageGenerator(
        CountedImages(50, sizes: [(8, 8), (9, 7), (5, 12)]), batchSize: 20,
        imageSize: [3, 8, 10], augmentation: Self.everything, seed: 4,
        lastBatch: .wrapAndContinue, threads: threads, prefetch: prefetch)
      return try (0..<8).map { _ in try generator.next() }
    }
    let expected = try batches(0, prefetch: 1)
    for (threads, prefetch) in [(1, 1), (1, 4), (2, 3), (5, 2)] {
      #expect(try batches(threads, prefetch: prefetch) == expected, "\(threads) threads")
    }
    #expect(Set(expected.map(\.images.scalars)).count == 8)
  }

  @Test func anEpochIsALoop() throws {
    let generator = try ImageGenerator(CountedImages(25), batchSize: 10, lastBatch: .short)
    #expect(generator.batchesPerEpoch == 3)
    #expect(generator.map(\.count) == [10, 10, 5] && generator.currentEpoch == 0)
    #expect(generator.map(\.count) == [10, 10, 5] && generator.currentEpoch == 1)
    _ = try generator.next()
    #expect(generator.map(\.count) == [10, 5], "the rest of the epoch")
    for batch in generator where batch.count == 10 { break }
    #expect(generator.currentEpoch == 3)
    let stream = try ImageGenerator(
      CountedImages(25), batchSize: 10, lastBatch: .wrapAndContinue)
    #expect(stream.map(\.epoch) == [0, 0, 1] && stream.map(\.epoch) == [1, 1])
  }

  @Test func augmentationsAreDrawnAnewInEachEpoch() throws {
    let generator = try ImageGenerator(
      CountedImages(10), batchSize: 10, augmentation: [.noise(standardDeviation: 0.1)],
      shuffle: false)
    #expect(try generator.next().images != generator.next().images)
  }

  @Test func resetStartsAgain() throws {
    let generator = try ImageGenerator(
      CountedImages(), batchSize: 30, augmentation: Self.everything, seed: 2)
    let batches = try (0..<6).map { _ in try generator.next() }
    generator.reset()
    #expect(generator.currentEpoch == 0)
    #expect(try generator.next() == batches[0])
    generator.seek(batch: 5)
    #expect(generator.currentEpoch == 1)
    #expect(try generator.next() == batches[5])
  }

  @Test func mixedSizesAreFittedOrRefused() throws {
    let source = CountedImages(6, sizes: [(8, 8), (4, 16)], channels: 1)
    let fitted = try ImageGenerator(source, batchSize: 6, imageSize: [3, 8, 8], shuffle: false)
    #expect(try fitted.next().images.shape == [6, 3, 8, 8])
    let covering = try ImageGenerator(
      source, batchSize: 6, imageSize: [1, 8, 8], shuffle: false, fitting: .crop)
    let image = try source.image(at: 1).tensor.resized(height: 8, width: 32)
    expectClose(
      try covering.next().images[1..<2].reshaped(to: [1, 8, 8]),
      image.cropped(top: 0, left: 12, height: 8, width: 8), "crop")
    let refusing = try ImageGenerator(
      source, batchSize: 2, imageSize: [1, 8, 8], shuffle: false, fitting: .refuse)
    expectCourseError(
      .shapeMismatch, "counted/1.png", "expected [1, 8, 8], [C, H, W]", "got [1, 4, 16]"
    ) { try refusing.next() }
    let coloured = try ImageGenerator(
      source, batchSize: 1, imageSize: [3, 8, 8], shuffle: false, fitting: .refuse)
    expectCourseError(.shapeMismatch, "counted/0.png", "[3, 8, 8]", "[1, 8, 8]") {
      try coloured.next()
    }
  }

  /// A line of 200 000 pixels must not become an image of 10 million.
  @Test(arguments: [(1, 200_000), (200_000, 1), (3, 400)])
  func longImagesAreCoveredByTheirMiddle(height: Int, width: Int) throws {
    let image = PixelImage(width: width, height: height, channels: 1, repeating: 51)
    for (rows, columns) in [(50, 50), (8, 30)] {
      var sample = ImageSample(image)
      sample.fit(height: rows, width: columns, .crop)
      expectClose(sample.image, Tensor(repeating: 0.2, shape: [1, rows, columns]), "middle")
    }
  }

  @Test func turnedImagesThatAreNotSquareAreFittedAgain() throws {
    let generator = try ImageGenerator(
      CountedImages(10, sizes: [(6, 10)]), batchSize: 10,
      augmentation: [.rotate90.with(probability: 1)], shuffle: false)
    let images = try generator.next().images
    #expect(images.shape == [10, 3, 6, 10])
    let original = try CountedImages(10, sizes: [(6, 10)]).image(at: 0).tensor
    let versions = (1...3).map { original.rotated90(turns: $0).resized(height: 6, width: 10) }
    #expect(versions.contains(images[0..<1].reshaped(to: [3, 6, 10])))
  }

  @Test func mixupMixesImagesAndTargetsAlike() throws {
    func batch(_ augmentation: [Augmentation]) throws -> Batch {
      try ImageGenerator(
        CountedImages(20, classCount: 4), batchSize: 5, augmentation: augmentation,
        shuffle: false, seed: 1
      ).next()
    }
    let (plain, mixed) = (try batch([]), try batch([.mixup(alpha: 1)]))
    guard case .values(let targets) = mixed.targets else {
      Issue.record("mixed targets are rows of shares")
      return
    }
    try #require(targets.shape == [5, 4])
    // Labels 0 1 2 3 0: the share of image 1 is the same as of all others.
    let share = targets[1, 1]
    #expect(share > 0.01 && share < 0.99 && mixed.labels == plain.labels)
    expectClose(targets.sum(axis: 1), Tensor(ones: [5]), "shares add up to 1")
    let neighbours = plain.images.rows(at: [1, 2, 3, 4, 0])
    expectClose(
      mixed.images, plain.images * share + neighbours * (1 - share), "images", atol: 1e-6)
    expectClose(
      targets.rows(at: [0]), Tensor([[share, 1 - share, 0, 0]]), "targets", atol: 1e-6)
  }

  @Test func mixupSharesHaveTheirDistribution() throws {
    // Beta(a, a) has the variance 1 / (4 (2a + 1)).
    for alpha in [Float(0.2), 1, 4] {
      let generator = try ImageGenerator(
        CountedImages(2, classCount: 2, sizes: [(1, 1)]), batchSize: 2,
        augmentation: [.mixup(alpha: alpha)], shuffle: false, threads: 0)
      var shares: [Float] = []
      for _ in 0..<2000 {
        guard case .values(let targets) = try generator.next().targets else { return }
        shares.append(targets[0, 0])
      }
      let tensor = Tensor(shares)
      expectClose(tensor.mean(), 0.5, "mean, alpha \(alpha)", atol: 0.05)
      let variance = 1 / (4 * (2 * alpha + 1))
      expectClose(tensor.variance(), variance, "variance, alpha \(alpha)", atol: variance / 8)
    }
  }

  @Test(arguments: LastBatch.allCases)
  func aBatchLargerThanTheSourceIsAllOfIt(lastBatch: LastBatch) throws {
    let generator = try ImageGenerator(
      CountedImages(10), batchSize: 32, shuffle: false, lastBatch: lastBatch)
    #expect(generator.batchSize == 10 && generator.batchesPerEpoch == 1)
    for epoch in 0..<2 {
      let batch = try generator.next()
      #expect(batch.labels.count == 10 && batch.endsEpoch && generator.currentEpoch == epoch)
    }
  }

  @Test func settingsThatMakeNoSenseAreRefused() throws {
    let source = CountedImages(10)
    expectCourseError(.invalidArgument, "batch size", "at least 1", "got 0") {
      try ImageGenerator(source, batchSize: 0)
    }
    expectCourseError(.invalidArgument, "image size", "[C, H, W]", "[32, 32, 3]") {
      try ImageGenerator(source, batchSize: 1, imageSize: [32, 32, 3])
    }
    expectCourseError(.invalidArgument, "normalize", "1 or 3 channels", "got 2") {
      try ImageGenerator(
        source, batchSize: 1, augmentation: [.normalize(mean: [0, 0], std: [1, 1])])
    }
    expectCourseError(.invalidArgument, "wrong order", "brightness before normalize") {
      try ImageGenerator(
        source, batchSize: 1, augmentation: [.normalize(mean: [0], std: [1]), .brightness(0.1)])
    }
    expectCourseError(.invalidArgument, "wrong order", "mirror before mixup") {
      try ImageGenerator(source, batchSize: 1, augmentation: [.mixup(alpha: 1), .mirror])
    }
    expectCourseError(.invalidArgument, "at least 1 batch") {
      try ImageGenerator(source, batchSize: 1, prefetch: 0)
    }
  }
}
