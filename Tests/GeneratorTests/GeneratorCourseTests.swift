import CourseTestSupport
import Foundation
import Generator
import Shared
import Testing

/// The ten tests of the original course (exercise 0, TestGen) on generators of 100 images.
@Suite(.waits(for: NumberedFolderTests.steps), .waits(for: BatchOrderTests.steps), .watched)
struct GeneratorCourseTests {
  private func generator(
    _ batchSize: Int, _ augmentation: [Augmentation] = [], shuffle: Bool = false,
    imageSize: [Int]? = nil, lastBatch: LastBatch = .wrap
  ) throws -> ImageGenerator {
    try ImageGenerator(
      CountedImages(sizes: [(32, 32)]), batchSize: batchSize, imageSize: imageSize,
      augmentation: augmentation, shuffle: shuffle, seed: varied(1), lastBatch: lastBatch,
      threads: 1)
  }

  @Test func twoGeneratorsGiveTheSame() throws {  // testInit
    let (a, b) = (try generator(12), try generator(12))
    #expect(try a.next() == b.next())
    #expect(try a.next().labels == b.next().labels)
  }

  @Test func nothingIsDuplicated() throws {  // testDuplicate
    let generator = try generator(50)
    let images = try generator.next().images
    let next = try generator.next().images
    for i in 0..<50 {
      for j in 0..<50 {
        #expect(i == j || images[i..<(i + 1)] != images[j..<(j + 1)])
        #expect(images[i..<(i + 1)] != next[j..<(j + 1)])
      }
    }
  }

  @Test(arguments: LastBatch.allCases.filter { [.wrap, .wrapAndContinue].contains($0) })
  func lastBatchIsFilledFromTheStart(lastBatch: LastBatch) throws {  // testResetIndex
    for batchSize in [60, 83] {
      let generator = try generator(batchSize, lastBatch: lastBatch)
      var (first, second) = (try generator.next(), try generator.next())
      let filling = 2 * batchSize - 100
      #expect(second.images[(batchSize - filling)..<batchSize] == first.images[0..<filling])
      #expect(Array(second.labels.suffix(filling)) == Array(first.labels.prefix(filling)))
      // Copies, not the same image twice.
      let before = first.images
      second.images[batchSize - 1, 0, 0, 0] = 9
      #expect(first.images == before)
      first = second
    }
  }

  @Test func shufflingChangesTheOrder() throws {  // testShuffle
    let (plain, shuffled) = (
      try generator(10).next(), try generator(10, shuffle: true).next()
    )
    #expect(plain.images != shuffled.images && plain.labels != shuffled.labels)
  }

  @Test func everyEpochIsShuffledAnew() throws {  // testShuffleEpoch
    let generator = try generator(50, shuffle: true)
    let first = try generator.next().numbers.sorted()
    _ = try generator.next()
    #expect(try generator.next().numbers.sorted() != first)
  }

  @Test func epochsAreCounted() throws {  // testEpoch
    let generator = try generator(50)
    var epochs: [Int] = []
    for _ in 0..<3 {
      _ = try generator.next()
      epochs.append(generator.currentEpoch)
    }
    #expect(epochs == [0, 0, 1])
  }

  /// Each image is one of the given versions of the original.
  private func expectVersions(
    _ augmentation: [Augmentation], _ versions: [(Tensor) -> Tensor]
  ) throws {
    let (plain, changed) = (try generator(100).next(), try generator(100, augmentation).next())
    #expect(plain.images != changed.images)
    for i in 0..<100 {
      let (original, image) = (
        plain.images[i..<(i + 1)].reshaped(to: [3, 32, 32]),
        changed.images[i..<(i + 1)].reshaped(to: [3, 32, 32])
      )
      #expect(versions.contains { $0(original) == image }, "image \(i)")
    }
  }

  @Test func turnedImagesAreTheOriginalsTurned() throws {  // testRotation
    try expectVersions([.rotate90], (0..<4).map { turns in { $0.rotated90(turns: turns) } })
  }

  @Test func mirroredImagesAreTheOriginalsMirrored() throws {  // testMirroring
    try expectVersions([.mirror], [{ $0 }, { $0.mirrored() }])
  }

  @Test func imagesAreResized() throws {  // testResize
    let images = try generator(12, imageSize: [3, 50, 50]).next().images
    #expect(images.shape == [12, 3, 50, 50])
    let original = try generator(12).next().images
    expectClose(
      images[0..<1].reshaped(to: [3, 50, 50]),
      original[0..<1].reshaped(to: [3, 32, 32]).resized(height: 50, width: 50), "image 0")
  }

  @Test func labelsBelongToTheirImages() throws {  // testLabels, and what is commented out there
    let generator = try generator(
      30, [.brightness(0.2).with(probability: 0)], shuffle: true)
    for _ in 0..<8 {
      let batch = try generator.next()
      #expect(batch.labels == batch.numbers.map { $0 % 10 } && batch.indices == batch.numbers)
      #expect(batch.targets == .classes(batch.labels))
      #expect(generator.className(of: batch.labels[0]) == "class \(batch.labels[0])")
    }
  }
}
