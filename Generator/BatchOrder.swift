import Shared

/// What happens when the images left in an epoch do not fill a batch.
public enum LastBatch: String, Sendable, CaseIterable, Codable {
  /// The batch is filled with images from the start of the epoch's order; the next batch begins the next
  /// epoch at its first image. An epoch is always the same number of batches, and every image is in it,
  /// those at the start once more at the end. The course's rule, as most read it.
  case wrap
  /// The batch is filled with the first images of the *next* epoch, which goes on behind them: a stream
  /// without repetition, in which epochs begin in the middle of batches. The other reading of the course's
  /// rule.
  case wrapAndContinue
  /// The batch is smaller than the others.
  case short
  /// The images are left out of this epoch.
  case drop
}

/// Which images make each batch: every one once in an epoch, in the order of the source or shuffled anew
/// for each epoch.
///
///     var order = BatchOrder(count: 5, batchSize: 2, shuffle: false, seed: 0, lastBatch: .wrap)
///     order.next()        // [0, 1]
///     order.next()        // [2, 3]
///     order.next()        // [4, 0]: filled from the start
///     order.epoch         // 0: the next call begins epoch 1
///     order.next()        // [0, 1]
///     order.epoch         // 1
///
/// - Reference: Task: Protocols/Generator.md, 4.3.
public struct BatchOrder: Sendable {
  /// The number of images.
  public let count: Int
  /// The number of images in a batch.
  public let batchSize: Int
  /// Whether each epoch has a random order of its own.
  public let shuffle: Bool
  /// Decides the random orders.
  public let seed: UInt64
  /// What happens when the images left do not fill a batch.
  public let lastBatch: LastBatch

  /// The epoch of the last image handed out, counted from 0: it rises when an epoch begins, not when the
  /// one before has been used up.
  public private(set) var epoch = 0
  /// The order of this epoch.
  private var order: [Int]
  /// How many images of that order have been used.
  private var position = 0

  /// The order from the first epoch on. `batchSize` is at most `count`.
  public init(count: Int, batchSize: Int, shuffle: Bool, seed: UInt64, lastBatch: LastBatch) {
    guard count >= 1, (1...count).contains(batchSize) else {
      stop(
        "BatchOrder", expected: "a batch of 1 to \(count) images", received: "\(batchSize)")
    }
    self.count = count
    self.batchSize = batchSize
    self.shuffle = shuffle
    self.seed = seed
    self.lastBatch = lastBatch
    order = []
    order = newOrder()
  }

  /// The order of `epoch`, a function of seed and epoch only.
  private func newOrder() -> [Int] {
    shuffle
      ? NeuralNetwork.order(epoch: epoch, exampleCount: count, seed: seed) : Array(0..<count)
  }

  /// The numbers of the images of the next batch.
  public mutating func next() -> [Int] {
    // TODO(4.3): when this epoch is used up (for .drop: when too little is left for a batch), begin the
    // next one: count it, take newOrder(), start at position 0. Then take what this batch gets of the
    // order. Where that is too little, fill up as lastBatch says; .wrapAndContinue begins the next epoch
    // to do so.
    // BEGIN SOLUTION
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

  // BEGIN SOLUTION
  private mutating func beginEpoch() {
    epoch += 1
    order = newOrder()
    position = 0
  }
  // END SOLUTION

  /// Whether the next batch begins an epoch.
  var isUsedUp: Bool { position + (lastBatch == .drop ? batchSize : 1) > count }

  /// How many images of the last batch belong to the epoch before `epoch`: only where epochs begin in the
  /// middle of batches.
  func countBeforeEpoch(in batch: [Int]) -> Int {
    lastBatch == .wrapAndContinue && position < batch.count ? batch.count - position : 0
  }

  /// The number of batches that an epoch takes; with `.wrapAndContinue` rounded up.
  public var batchesPerEpoch: Int {
    lastBatch == .drop ? count / batchSize : (count + batchSize - 1) / batchSize
  }
}
