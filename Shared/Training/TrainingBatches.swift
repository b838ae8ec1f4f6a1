/// Examples that a network is measured on after each epoch of its training: a `Dataset`, or `TrainingBatches` such as an
/// `ImageGenerator`, of which those of the first epoch are taken each time.
public protocol ValidationData {}

extension Dataset: ValidationData {}

/// The batches of a training, epoch after epoch: `fit` takes a step on each, and `evaluate` measures the network
/// on those of one epoch.
///
/// A `Dataset` in memory makes its batches itself (`DatasetBatches`); the `ImageGenerator` of `Generator`
/// decodes and augments images from files. Any other source that can name its shapes and labels in advance
/// can be trained on as well: a stream of simulated games, for instance, or rows of a database.
///
/// Batches are numbered from the first of the first epoch, and a number always means the same batch: that
/// makes a resumed training the same as one that was never interrupted.
public protocol TrainingBatches: ValidationData {
  /// The name of the data in messages.
  var name: String { get }
  /// The shape of one input, without the batch axis.
  var inputShape: [Int] { get }
  /// The targets of all examples, or others like them: `fit` asks the loss whether it can use them.
  var targets: Target { get }
  /// The name of each class, and of each number of an input; none unless given. A network that has none takes
  /// them over.
  var classNames: [String] { get }
  var featureNames: [String] { get }
  /// The side inputs that each batch has: the shape that one example has of each, by its name; none unless given.
  var sideInputShapes: [String: [Int]] { get }
  /// The number of examples in a batch; only the last batch of an epoch may have fewer.
  var batchSize: Int { get }
  /// The number of examples in an epoch; one that comes twice counts twice.
  var examplesPerEpoch: Int { get }
  /// Whether each epoch has an order of its own.
  var shuffle: Bool { get }
  /// All other settings of the batches, in words: a training that is resumed must find the same. `nil` when
  /// there are none.
  var settings: String? { get }

  /// Goes to a batch, counted from the first of the first epoch.
  mutating func seek(batch number: Int)

  /// The next batch: inputs as they were measured, `[N] + inputShape`, and N targets.
  /// - Throws: when it cannot be read; `fit` hands the error on, and the step is not taken
  mutating func nextBatch() throws -> TrainingBatch
}

/// Some examples, as a step of training takes them.
public struct TrainingBatch: Sendable {
  /// The inputs, `[N] + inputShape`.
  public var features: Tensor
  /// The N targets.
  public var targets: Target
  /// How much each example counts in the loss, `[N]`; `nil` where all count alike.
  public var weights: Tensor?
  /// The side inputs by their names, `[N, ...]` each, for the layers that ask for them.
  public var sideInputs: [String: Tensor]

  /// Creates a batch.
  public init(
    features: Tensor, targets: Target, weights: Tensor? = nil, sideInputs: [String: Tensor] = [:]
  ) {
    self.features = features
    self.targets = targets
    self.weights = weights
    self.sideInputs = sideInputs
  }
}

extension TrainingBatches {
  /// None.
  public var classNames: [String] { [] }
  /// None.
  public var featureNames: [String] { [] }
  /// None.
  public var sideInputShapes: [String: [Int]] { [:] }
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
  var sideInputShapes: [String: [Int]] { data.sideInputs.mapValues { Array($0.shape.dropFirst()) } }
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

  mutating func nextBatch() -> TrainingBatch {
    if batch == batchesPerEpoch { seek(batch: (epoch + 1) * batchesPerEpoch) }
    defer { batch += 1 }
    let start = batch * batchSize
    return data.batch(at: order[start..<Swift.min(start + batchSize, data.count)])
  }
}

/// Batches as the layers get them: with the network's preprocessing applied, and checked by a first layer that
/// does not take every number.
struct PreparedBatches<Base: TrainingBatches> {
  /// The batches before preparation.
  var base: Base
  private let areMadeReady: Bool

  /// Batches that are made while the network trains: each is prepared when its turn comes.
  init(_ base: Base) { (self.base, areMadeReady) = (base, false) }

  /// The batches of a data set that was prepared as a whole.
  init(ofPrepared base: Base) where Base == DatasetBatches {
    (self.base, areMadeReady) = (base, true)
  }

  /// The next batch for the layers of a network.
  mutating func next(for network: NeuralNetwork) throws -> TrainingBatch {
    var batch = try base.nextBatch()
    guard !areMadeReady else { return batch }
    batch.targets = network.scaled(batch.targets, of: batch.features)
    if let features = network.preprocessing?(batch.features) { batch.features = features }
    try network.checkInputs(name: base.name) { check in try check(batch.features, 0) }
    if !network.sideInputShapes.isEmpty || !batch.sideInputs.isEmpty {
      try network.check(
        batch.sideInputs, count: batch.targets.count, role: "a batch", name: base.name)
    }
    if let weights = batch.weights {
      try network.checkTakesWeights(name: base.name)
      requireWeights(weights, count: batch.targets.count, place: base.name)
    }
    return batch
  }
}
