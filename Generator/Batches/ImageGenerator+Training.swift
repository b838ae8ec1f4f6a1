import Shared

/// The batches of a generator for `NeuralNetwork.fit`.
///
///     let images = try ImageGenerator(
///       ImageFolder("flowers"), batchSize: 50, imageSize: [3, 32, 32],
///       augmentation: [.mirror, .crop(padding: 4)])
///     try network.fit(images, options: TrainingOptions(epochs: 20))
///
/// An epoch of training is `batchesPerEpoch` batches, so with `.wrapAndContinue` it may begin within one of
/// the generator's. The network's `preprocessing` is applied to the batches, as to those of a data set; a
/// generator that normalizes leaves it nothing to do.
extension ImageGenerator: TrainingBatches {
  /// The name of the images in messages.
  public var name: String { source.name }
  /// The shape of an image, `[C, H, W]`.
  public var inputShape: [Int] { imageSize }
  /// The targets of all images; a row of shares for each of them where images are mixed.
  public var targets: Target {
    augmentation.contains { $0.mixing != nil }
      ? .values(Tensor(oneHot: source.labels, classCount: source.classNames.count))
      : source.targets
  }
  /// The classes by name.
  public var classNames: [String] { source.classNames }
  /// The number of images that an epoch hands out: as many as there are only where the last batch is kept
  /// short or nothing is left for it.
  public var examplesPerEpoch: Int {
    lastBatch == .short ? source.count : batchesPerEpoch * batchSize
  }
  /// The seed, and the settings that decide on the batches.
  public var settings: String? {
    "\(source.count) images as \(imageSize), seed \(seed), last batch \(lastBatch), "
      + "fitting \(fitting), augmentation \(augmentation.map(\.description))"
  }

  /// The images and targets of the next batch.
  public func nextBatch() throws -> TrainingBatch {
    let batch = try next()
    return TrainingBatch(features: batch.images, targets: batch.targets)
  }
}
