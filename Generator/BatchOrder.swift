import Shared

/// The images of each batch: every image once in an epoch, in the order of the source or in a new random
/// order for each epoch.
///
/// An epoch goes through its order from the start, `batchSize` images at a time. Where the images left do
/// not fill the last batch, `lastBatch` decides:
///
/// - `wrap`: it is filled from the start of the same order; the next batch begins the next epoch.
/// - `wrapAndContinue`: it is filled from the start of the next epoch's order, which continues from there.
/// - `short`: it is smaller. `drop`: these images are left out.
///
///     var order = BatchOrder(count: 5, batchSize: 2, shuffle: false, seed: 0, lastBatch: .wrap)
///     order.next()        // [0, 1]
///     order.next()        // [2, 3]
///     order.next()        // [4, 0]: filled from the start
///     order.epoch         // 0: the next call begins epoch 1
///     order.next()        // [0, 1]
///     order.epoch         // 1
///
/// Task: Protocols/Generator.md, 4.3.
public struct BatchOrder: Sendable {
  /// The number of images.
  public let count: Int
  /// The number of images in a batch.
  public let batchSize: Int
  /// Whether each epoch has a random order of its own.
  public let shuffle: Bool
  /// The seed of the random orders.
  public let seed: UInt64
  /// The treatment of the images at the end of an epoch that do not fill a batch.
  public let lastBatch: LastBatch

  /// The epoch of the last image handed out, counted from 0: it rises when an epoch begins, not when the
  /// previous one is used up.
  public internal(set) var epoch = 0
  /// The order of this epoch.
  var order: [Int]
  /// The number of images of that order that have been used.
  var position = 0

  /// The numbers of the images of the next batch.
  public mutating func next() -> [Int] {
    // TODO(4.3): when this epoch is used up (for .drop: when too few images are left for a batch), begin
    // the next one: count it, take newOrder(), start at position 0. Then take the images of this batch
    // from the order. Where those are too few, fill up as lastBatch says; .wrapAndContinue begins the next
    // epoch to do so.
    // BEGIN SOLUTION
    func beginEpoch() {
      epoch += 1
      order = newOrder()
      position = 0
    }
    if isUsedUp { beginEpoch() }
    let end = min(position + batchSize, count)
    var batch = Array(order[position..<end])
    position = end
    let missing = batchSize - batch.count
    switch lastBatch {
    case .short, .drop: break
    case .wrap: batch += order[..<missing]
    case .wrapAndContinue:
      if missing > 0 {
        beginEpoch()
        batch += order[..<missing]
        position = missing
      }
    }
    return batch
    // END SOLUTION
  }

  /// The order of `epoch`, a function of seed and epoch only.
  func newOrder() -> [Int] {
    shuffle
      ? NeuralNetwork.order(epoch: epoch, exampleCount: count, seed: seed) : Array(0..<count)
  }
}
