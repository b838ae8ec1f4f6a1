import Shared

/// Produces batches of augmented, labelled images from files.
///
///     let source = try ImageFolder("flowers")
///     let generator = try ImageGenerator(
///       source, batchSize: 50, imageSize: [3, 64, 64],
///       augmentation: [.mirror, .rotate(degrees: 15), .crop(padding: 4)], seed: 1)
///     let batch = try generator.next()
///     batch.images.shape                         // [50, 3, 64, 64], from 0 to 1
///     generator.className(of: batch.labels[0])   // "daisy"
///     generator.currentEpoch                     // 0
///     for batch in generator { ... }             // the rest of the epoch
///
/// Each image comes once in an epoch. `lastBatch` decides on the last images, when they do not fill a batch;
/// `BatchOrder` counts epochs and puts the images in order.
///
/// Images are fitted to `imageSize`, augmented, and fitted again where that has changed their size. They are
/// decoded and augmented ahead, on `threads` threads; batches come in order, and they are the same,
/// bit for bit, for any number of threads: the random numbers of an image depend on the seed, the epoch and
/// the image only. No more than `prefetch` batches are kept, whatever the number of images.
///
/// A class, because a generator moves on: all its owners see the same next batch.
/// - Reference: Shorten, Khoshgoftaar (2019), *A survey on image data augmentation for deep learning*.
public final class ImageGenerator: Sequence {
  /// The source of the images.
  public let source: any ImageSource
  /// The number of images in a batch: the requested one, or that of all images where there are fewer.
  public let batchSize: Int
  /// The shape of an image in a batch, `[C, H, W]`.
  public let imageSize: [Int]
  /// The augmentations of the images, in order.
  public let augmentation: [Augmentation]
  /// Whether each epoch has a random order of its own.
  public let shuffle: Bool
  /// The seed of orders and augmentations.
  public let seed: UInt64
  /// The treatment of the images at the end of an epoch that do not fill a batch.
  public let lastBatch: LastBatch
  /// The treatment of images of another size or with other channels.
  public let fitting: ImageFitting
  /// The number of threads that decode and augment; 0 for the calling one.
  public let threads: Int
  /// The number of batches that are made ahead.
  public let prefetch: Int
  /// The epoch of the last image handed out, counted from 0. It rises when `next()` begins an epoch, not
  /// when it hands out the last batch of the one before.
  public private(set) var currentEpoch = 0

  /// Whether the targets are the classes of all pixels, so that they come from the masks.
  private let asksForPixels: Bool
  private var prefetcher: Prefetcher<BatchPlan, MadeBatch>?
  /// Whether the last batch was the last of its epoch.
  private(set) var isAtEpochEnd = false
  /// Whether `nextInEpoch()` has said so.
  private var isEndTold = false

  /// A generator that stands before the first batch of the first epoch.
  /// - Parameters:
  ///   - batchSize: the number of images in a batch; where there are fewer, an epoch is one batch of them all,
  ///     whatever `lastBatch` says
  ///   - imageSize: `[C, H, W]` with 1, 3 or 4 channels; unless given, height and width of the first image, in
  ///     colours where any image has them
  ///   - threads: the number of threads; unless given, the number of cores this process may use
  /// - Throws: a `CourseError` for settings out of range, and when the first image is needed and cannot be read
  public init(
    _ source: any ImageSource, batchSize: Int, imageSize: [Int]? = nil,
    augmentation: [Augmentation] = [], shuffle: Bool = true, seed: UInt64 = 0,
    lastBatch: LastBatch = .wrap, fitting: ImageFitting = .stretch, threads: Int? = nil,
    prefetch: Int = 4
  ) throws {
    func require(
      _ condition: Bool, _ setting: String, _ expected: String, _ received: String, _ remedy: String
    ) throws {
      guard condition else {
        throw CourseError(
          .invalidArgument, setting, expected: expected, received: received, location: source.name,
          remedy: remedy)
      }
    }
    try require(
      batchSize >= 1, "batch size", "at least 1", "\(batchSize)", "Choose a larger one.")
    let imageSize = try imageSize ?? ImageGenerator.size(of: source)
    try require(
      imageSize.count == 3 && [1, 3, 4].contains(imageSize[0])
        && imageSize.dropFirst().allSatisfy { (1...1 << 14).contains($0) }, "image size",
      "[C, H, W] with 1, 3 or 4 channels", "\(imageSize)",
      "Colour images of 32 x 32 are [3, 32, 32].")
    let threads = threads ?? Parallelism.availableCores
    try require(
      (0...256).contains(threads) && prefetch >= 1, "threads and batches ahead",
      "0 to 256 threads, and at least 1 batch", "\(threads) and \(prefetch)",
      "Leave them out: the defaults suit most.")
    try augmentation.checkOrder()
    for augmentation in augmentation {
      let count = augmentation.normalization?.channelCount ?? 1
      try require(
        count == 1 || count == imageSize[0], "normalize", "1 or \(imageSize[0]) channels",
        "\(count)", "Give one mean and standard deviation for each channel of the images.")
    }
    asksForPixels = source.targets.areOfPixels
    if case .classSequences(_, let length) = source.targets {
      try require(
        length == imageSize[1] * imageSize[2], "image size",
        "that of the masks, with \(length) pixels", "\(imageSize)",
        "Bring images and masks to that size before.")
      try require(
        !augmentation.contains { $0.mixing != nil }, "mixup", "a class for each image",
        "a class for each pixel", "Leave it out.")
    }
    self.source = source
    self.batchSize = Swift.min(batchSize, Swift.max(source.count, 1))
    self.imageSize = imageSize
    self.augmentation = augmentation
    self.shuffle = shuffle
    self.seed = seed
    self.lastBatch = lastBatch
    self.fitting = fitting
    self.threads = threads
    self.prefetch = prefetch
  }

  /// Height and width of the first image, and the channels of all.
  private static func size(of source: any ImageSource) throws -> [Int] {
    let first = try source.image(at: 0)
    // Decoded already: a first image in colours says enough.
    let channels = first.channels == 3 ? 3 : try source.commonChannels()
    return [channels, first.height, first.width]
  }

  /// The next batch.
  /// - Throws: when an image of this batch cannot be read, or does not fit and is to be refused; the following
  ///   call returns the next batch
  public func next() throws -> Batch {
    let prefetcher = prefetcher ?? started(skipping: 0)
    self.prefetcher = prefetcher
    // A batch that cannot be made has its place in the epoch, too.
    let made = try prefetcher.next()
    currentEpoch = made.plan.epochs.last ?? currentEpoch
    isAtEpochEnd = made.plan.endsEpoch
    isEndTold = false
    return try made.batch.get()
  }

  /// The next batch of an epoch; once `nil` after its last one, and then the first of the next epoch. A loop
  /// over an epoch that can be left by an error:
  ///
  ///     while let batch = try generator.nextInEpoch() { ... }
  ///
  /// - Throws: as `next()`; the following call continues after the batch that could not be made
  public func nextInEpoch() throws -> Batch? {
    guard isAtEpochEnd, !isEndTold else { return try next() }
    isEndTold = true
    return nil
  }

  /// Goes back to the first batch of the first epoch.
  public func reset() { seek(batch: 0) }

  /// Goes to a batch, counted from the first of the first epoch; nothing in between is decoded.
  public func seek(batch number: Int) {
    guard number >= 0 else {
      stop("ImageGenerator.seek", expected: "a batch of at least 0", received: "\(number)")
    }
    prefetcher = nil
    prefetcher = started(skipping: number)
  }

  /// The name of a class.
  public func className(of label: Int) -> String {
    guard source.classNames.indices.contains(label) else {
      stop(
        "ImageGenerator.className", expected: "a label below \(source.classNames.count)",
        received: "\(label)")
    }
    return source.classNames[label]
  }

  /// The batches of an epoch: those that are left of it, or all of the next one after its end.
  ///
  /// `for ... in` cannot throw: an image that cannot be read stops the program with the error's text. Loop over
  /// `nextInEpoch()` to handle the error, or leave such images out of the source before (`skipBroken`,
  /// `brokenImages()`).
  public func makeIterator() -> AnyIterator<Batch> {
    var isDone = false
    return AnyIterator {
      guard !isDone else { return nil }
      do {
        let batch = try self.next()
        isDone = batch.endsEpoch
        return batch
      } catch {
        stop("\(error)")
      }
    }
  }

  /// The number of batches that an epoch takes; with `.wrapAndContinue` rounded up.
  public var batchesPerEpoch: Int { newOrder.batchesPerEpoch }

  // MARK: Making batches

  private var newOrder: BatchOrder {
    BatchOrder(
      count: source.count, batchSize: batchSize, shuffle: shuffle, seed: seed, lastBatch: lastBatch)
  }

  /// A batch, or why there is none.
  private struct MadeBatch: Sendable {
    let plan: BatchPlan
    let batch: Result<Batch, any Error>
  }

  private func started(skipping count: Int) -> Prefetcher<BatchPlan, MadeBatch> {
    var planner = BatchPlanner(order: newOrder)
    for _ in 0..<count { _ = planner.next() }
    currentEpoch = planner.order.epoch
    isAtEpochEnd = count > 0 && planner.order.isUsedUp
    isEndTold = true
    let maker = BatchMaker(
      source: source, imageSize: imageSize, augmentation: augmentation, fitting: fitting,
      asksForPixels: asksForPixels, key: RandomKey(seed: seed).folded("augmentation"))
    return Prefetcher(
      threads: threads, capacity: prefetch, plan: { planner.next() },
      make: { plan in MadeBatch(plan: plan, batch: Result { try maker.batch(plan) }) })
  }
}

extension PixelImage {
  /// `[C, H, W]`
  var tensorShape: [Int] { [channels, height, width] }
}

extension PixelView.Normalization {
  var channelCount: Int { max(mean.count, std.count) }
}
