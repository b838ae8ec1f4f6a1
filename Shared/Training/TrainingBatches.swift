/// Something that hands out the batches of a training, epoch after epoch: `fit` takes a step on each, and
/// `evaluate` measures the network on those of one epoch.
///
/// A `Dataset` in memory makes its batches itself (`DatasetBatches`); the `ImageGenerator` of `Generator`
/// decodes and augments images from files. Anything else that can name its shapes and labels in advance
/// can be trained on as well: a stream of simulated games, say, or rows of a data base.
///
/// Batches are numbered from the first of the first epoch, and a number always means the same batch: that
/// makes a resumed training the same as one that was never interrupted.
public protocol TrainingBatches {
  /// What messages call the data.
  var name: String { get }
  /// The shape of one input, without the batch axis.
  var inputShape: [Int] { get }
  /// The targets of all examples, or others like them: `fit` asks the loss whether it can use them.
  var targets: Target { get }
  /// The name of each class, and of each number of an input; none unless given. A network that has none takes
  /// them over.
  var classNames: [String] { get }
  var featureNames: [String] { get }
  /// The number of examples in a batch; only the last batch of an epoch may have fewer.
  var batchSize: Int { get }
  /// How many examples an epoch hands out, those counted twice that come twice.
  var examplesPerEpoch: Int { get }
  /// Whether each epoch has an order of its own.
  var shuffle: Bool { get }
  /// All else that decides what the batches are, in words: a training that is resumed must find the same.
  /// `nil` when there is nothing else.
  var settings: String? { get }

  /// Goes to a batch, counted from the first of the first epoch.
  mutating func seek(batch number: Int)

  /// The next batch: inputs as they were measured, `[N] + inputShape`, and N targets.
  /// - Throws: when it cannot be read; `fit` hands the error on, and the step is not taken
  mutating func nextBatch() throws -> (features: Tensor, targets: Target)
}

extension TrainingBatches {
  /// None.
  public var classNames: [String] { [] }
  /// None.
  public var featureNames: [String] { [] }
  /// The number of batches in an epoch.
  var batchesPerEpoch: Int {
    examplesPerEpoch / batchSize + (examplesPerEpoch.isMultiple(of: batchSize) ? 0 : 1)
  }
}

/// The batches of a data set: every example once in an epoch, in an order that is a function of the seed
/// and the epoch only; the last batch may be smaller.
struct DatasetBatches: TrainingBatches {
  let data: Dataset
  let batchSize: Int
  let shuffle: Bool
  let seed: UInt64
  /// The epoch of the next batch, its place there, and the order of the examples.
  private var epoch = 0
  private var batch = 0
  private var order: [Int] = []

  init(_ data: Dataset, batchSize: Int, shuffle: Bool, seed: UInt64) {
    self.data = data
    self.batchSize = batchSize
    self.shuffle = shuffle
    self.seed = seed
  }

  var name: String { data.name }
  var inputShape: [Int] { data.inputShape }
  var targets: Target { data.targets }
  var classNames: [String] { data.classNames }
  var featureNames: [String] { data.featureNames }
  var examplesPerEpoch: Int { data.count }
  var settings: String? { nil }

  mutating func seek(batch number: Int) {
    (epoch, batch) = number.quotientAndRemainder(dividingBy: batchesPerEpoch)
    order =
      shuffle
      ? NeuralNetwork.order(epoch: epoch, exampleCount: data.count, seed: seed)
      : Array(0..<data.count)
  }

  mutating func nextBatch() -> (features: Tensor, targets: Target) {
    if batch == batchesPerEpoch { seek(batch: (epoch + 1) * batchesPerEpoch) }
    defer { batch += 1 }
    let start = batch * batchSize
    return data.batch(at: order[start..<Swift.min(start + batchSize, data.count)])
  }
}
