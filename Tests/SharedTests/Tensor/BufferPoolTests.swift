import CCourseKernels
import CourseTestSupport
import Testing

@testable import Shared

@Suite(.watched) struct BufferPoolTests {
  @Test func aFreedBufferIsTheNextOfItsSize() {
    let pool = BufferPool()
    let capacity = BufferPool.capacity(for: 100_000)
    let first = pool.take(capacity)
    pool.giveBack(first, capacity: capacity)
    #expect(pool.keptCount == capacity)
    let second = pool.take(capacity)
    #expect(second == first && pool.keptCount == 0)
    pool.giveBack(second, capacity: capacity)
    pool.empty()
    #expect(pool.keptCount == 0)
  }

  @Test func smallBuffersAreNotKept() {
    let pool = BufferPool()
    pool.giveBack(pool.take(100), capacity: 100)
    #expect(pool.keptCount == 0)
  }

  /// Around one huge page, three quarters of one, and several: all of it can be written, to the last float.
  @Test(arguments: [1, 393_215, 393_216, 393_217, 524_288, 524_289, 2_000_003])
  func memoryIsAlignedAndGoesBack(count: Int) throws {
    for _ in 0..<3 {
      let memory = try #require(kernels_allocate(count))
      #expect(UInt(bitPattern: memory) % 64 == 0)
      memory.initialize(repeating: 1, count: count)
      #expect(memory[count - 1] == 1)
      kernels_free(memory, count)
    }
    kernels_free(nil, count)
  }

  /// Every size that is kept for the thread: each buffer has room for its own size, whichever size it was freed as.
  @Test func smallBuffersAreKeptWithRoomForTheirSize() throws {
    for _ in 0..<2 {
      for count in stride(from: 1, through: 16_400, by: 7) {
        let memory = try #require(kernels_allocate(count))
        #expect(UInt(bitPattern: memory) % 64 == 0)
        memory.initialize(repeating: Float(count), count: count)
        let other = try #require(kernels_allocate(count))
        #expect(other >= memory + count || other + count <= memory)
        other.initialize(repeating: 0, count: count)
        #expect(memory[0] == Float(count) && memory[count - 1] == Float(count))
        kernels_free(memory, count)
        kernels_free(other, count)
      }
    }
  }

  @Test func moreMemoryThanThereIsIsRefused() {
    #expect(kernels_allocate(.max) == nil)
    #expect(kernels_allocate(1 << 56) == nil)
  }

  @Test(arguments: [1, 16_384, 16_385, 100_000, 1_048_577])
  func aSizeIsRoundedByAnEighthAtMost(count: Int) {
    let capacity = BufferPool.capacity(for: count)
    #expect(capacity >= count && capacity <= count + count / 8)
    #expect(BufferPool.capacity(for: capacity) == capacity)
  }
}
