import CourseTestSupport
import Foundation
import Generator
import Shared
import Synchronization
import Testing

@Suite(.waits(for: BatchOrderTests.steps), .watched)
struct PrefetchTests {
  @Test(arguments: [0, 1, 3]) func errorsComeWithTheirBatch(threads: Int) throws {
    let generator = try ImageGenerator(
      CountedImages(10, brokenImage: 5), batchSize: 2, shuffle: false, threads: threads)
    #expect(try generator.next().numbers == [0, 1])
    #expect(try generator.next().numbers == [2, 3])
    expectCourseError(.format, "counted/5.png", "damaged") { try generator.next() }
    #expect(try generator.next().numbers == [6, 7], "the batch after it")
    #expect(try generator.next().numbers == [8, 9])
    #expect(try generator.next().numbers == [0, 1])
  }

  /// The first, a middle, and the last batch of the epoch cannot be made.
  @Test(arguments: [0, 3], [1, 5, 9])
  func aLoopGoesOnBehindErrors(threads: Int, broken: Int) throws {
    let generator = try ImageGenerator(
      CountedImages(10, brokenImage: broken), batchSize: 2, imageSize: [3, 8, 8], shuffle: false,
      threads: threads)
    for epoch in 0..<2 {
      var (numbers, errors, isDone) = ([Int](), 0, false)
      while !isDone {
        do {
          while let batch = try generator.nextInEpoch() {
            numbers += batch.numbers
            try #require(numbers.count < 20)
          }
          isDone = true
        } catch is CourseError {
          errors += 1
        }
      }
      #expect(numbers == (0..<10).filter { $0 / 2 != broken / 2 } && errors == 1)
      #expect(generator.currentEpoch == epoch, "a broken batch is a batch of its epoch")
    }
  }

  @Test func theEndOfAnEpochIsToldOnce() throws {
    let generator = try ImageGenerator(
      CountedImages(5), batchSize: 2, shuffle: false, lastBatch: .short)
    var counts: [Int?] = []
    for _ in 0..<9 { counts.append(try generator.nextInEpoch()?.count) }
    #expect(counts == [2, 2, 1, nil, 2, 2, 1, nil, 2])
    generator.seek(batch: 3)
    #expect(try generator.nextInEpoch()?.epoch == 1)
    for _ in 0..<2 { _ = try generator.next() }
    #expect(try generator.nextInEpoch() == nil)
    #expect(try generator.next().epoch == 2)
  }

  @Test func nothingIsDecodedBeforeTheFirstBatch() throws {
    let source = CountedImages(100)
    let generator = try ImageGenerator(source, batchSize: 10, imageSize: [3, 8, 8])
    Thread.sleep(forTimeInterval: 0.02)
    #expect(source.reads.withLock { $0 } == 0)
    _ = try generator.next()
    #expect(source.reads.withLock { $0 } >= 10)
  }

  @Test func noMoreThanAFewBatchesAreMadeAhead() throws {
    let source = CountedImages(200)
    let generator = try ImageGenerator(
      source, batchSize: 10, imageSize: [3, 8, 8], threads: 2, prefetch: 3)
    for taken in 1...5 {
      _ = try generator.next()
      // Nothing more comes, however long one waits.
      Thread.sleep(forTimeInterval: 0.02)
      #expect(source.reads.withLock { $0 } <= (taken + 3) * 10)
    }
  }

  /// A generator that is dropped with full queues, and in the middle of a batch, ends its threads.
  @Test func droppedGeneratorsLeaveNothingBehind() throws {
    weak var source: CountedImages?
    for count in 0..<4 {
      let images = CountedImages(100)
      source = images
      let generator = try ImageGenerator(images, batchSize: 10, threads: 3, prefetch: 2)
      for _ in 0..<count { _ = try generator.next() }
    }
    // The threads hold the source; they go on until the batch in the making is done.
    for _ in 0..<1000 where source != nil { Thread.sleep(forTimeInterval: 0.005) }
    #expect(source == nil)
  }
}
