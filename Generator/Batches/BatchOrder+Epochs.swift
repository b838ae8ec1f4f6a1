import Shared

extension BatchOrder {
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

  /// Whether the next batch begins an epoch.
  var isUsedUp: Bool { position + (lastBatch == .drop ? batchSize : 1) > count }

  /// The number of images in the last batch that belong to the epoch before `epoch`: above 0 only where
  /// epochs begin in the middle of batches.
  func countBeforeEpoch(in batch: [Int]) -> Int {
    lastBatch == .wrapAndContinue && position < batch.count ? batch.count - position : 0
  }

  /// The number of batches that an epoch takes; with `.wrapAndContinue` rounded up.
  public var batchesPerEpoch: Int {
    lastBatch == .drop ? count / batchSize : (count + batchSize - 1) / batchSize
  }
}
