import Testing

@testable import Shared

@Suite struct BufferPoolTests {
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

  @Test(arguments: [1, 16_384, 16_385, 100_000, 1_048_577])
  func aSizeIsRoundedByAnEighthAtMost(count: Int) {
    let capacity = BufferPool.capacity(for: count)
    #expect(capacity >= count && capacity <= count + count / 8)
    #expect(BufferPool.capacity(for: capacity) == capacity)
  }
}
