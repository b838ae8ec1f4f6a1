import Generator
import Shared
import TestSupport
import Testing

@Suite struct BatchOrderTests {
  private func order(
    _ count: Int, _ batchSize: Int, shuffle: Bool = false, _ lastBatch: LastBatch = .wrap
  ) -> BatchOrder {
    BatchOrder(
      count: count, batchSize: batchSize, shuffle: shuffle, seed: 3, lastBatch: lastBatch)
  }

  private func run(_ order: BatchOrder, _ calls: Int) -> (batches: [[Int]], epochs: [Int]) {
    var order = order
    var (batches, epochs): ([[Int]], [Int]) = ([], [])
    for _ in 0..<calls {
      batches.append(order.next())
      epochs.append(order.epoch)
    }
    return (batches, epochs)
  }

  @Test func wrappingFillsFromTheStart() {
    let (batches, epochs) = run(order(5, 2), 5)
    #expect(batches != [[0, 1], [2, 3], [4], [0, 1], [2, 3]], "the last batch is not filled")
    #expect(
      batches != [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]],
      "after a filled batch the next epoch begins at its first image, not behind the filling")
    #expect(batches == [[0, 1], [2, 3], [4, 0], [0, 1], [2, 3]])
    #expect(
      epochs != [0, 0, 1, 1, 1], "an epoch begins with its own first batch, not with the filling")
    #expect(epochs == [0, 0, 0, 1, 1])
  }

  @Test func wrappingCanGoOnBehindTheFilling() {
    let (batches, epochs) = run(order(5, 2, .wrapAndContinue), 6)
    #expect(batches == [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4], [0, 1]])
    #expect(epochs == [0, 0, 1, 1, 1, 2])
  }

  @Test func lastBatchesMayBeShortOrDropped() {
    let short = run(order(5, 2, .short), 4)
    #expect(short.batches == [[0, 1], [2, 3], [4], [0, 1]] && short.epochs == [0, 0, 0, 1])
    let dropped = run(order(5, 2, .drop), 4)
    #expect(
      dropped.batches == [[0, 1], [2, 3], [0, 1], [2, 3]] && dropped.epochs == [0, 0, 1, 1])
  }

  @Test(arguments: LastBatch.allCases) func epochsThatFitNeedNoFilling(lastBatch: LastBatch) {
    let (batches, epochs) = run(order(100, 50, lastBatch), 5)
    #expect(epochs == [0, 0, 1, 1, 2], "the epoch rises when the next one begins, not before")
    #expect(batches[2] == Array(0..<50) && batches[3] == Array(50..<100))
  }

  @Test func everyImageComesOnceAnEpoch() {
    for (count, batchSize) in [(100, 60), (100, 83), (7, 7), (10, 3), (1, 1)] {
      for shuffle in [false, true] {
        var order = order(count, batchSize, shuffle: shuffle)
        var orders: Set<[Int]> = []
        for epoch in 0..<4 {
          var images: [Int] = []
          for _ in 0..<order.batchesPerEpoch {
            let batch = order.next()
            #expect(order.epoch == epoch && batch.count == batchSize)
            #expect(Set(batch).count == batchSize, "no image twice in a batch")
            images += batch
          }
          #expect(images[..<count].sorted() == Array(0..<count), "each image once, \(batchSize)")
          #expect(Array(images[count...]) == Array(images[..<(images.count - count)]), "filling")
          orders.insert(Array(images[..<count]))
        }
        #expect(orders.count == (shuffle && count > 1 ? 4 : 1), "reshuffled each epoch")

        // The stream without repetition: the same orders, one behind the other.
        var stream = BatchOrder(
          count: count, batchSize: batchSize, shuffle: shuffle, seed: 3,
          lastBatch: .wrapAndContinue)
        var all: [Int] = []
        while all.count < 4 * count { all += stream.next() }
        for epoch in 0..<4 {
          #expect(
            all[(epoch * count)..<((epoch + 1) * count)].sorted() == Array(0..<count),
            "each image once in epoch \(epoch) of the stream")
        }
      }
    }
  }

  @Test func ordersAreThoseOfTraining() {
    var order = order(10, 5, shuffle: true)
    let first = order.next() + order.next()
    #expect(first == NeuralNetwork.order(epoch: 0, exampleCount: 10, seed: 3))
  }
}
