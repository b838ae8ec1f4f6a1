/// The batches that a network is pretrained on: several views of each image, and no labels.
///
///     let views = try ViewBatches(
///       of: images, for: .vicReg, augmentation: [.rotate(degrees: 15), .crop(padding: 3)], batchSize: 256, seed: 1)
///     try network.fit(views, validation: views.dataset(), options: TrainingOptions(epochs: 15, batchSize: 256))
///
/// For `vicReg` and `ntXent` a view is the image, augmented; the two views of an image are augmented differently, and so
/// are those of each epoch. For `rotation` the image is augmented once, and its views are the four quarter turns.
/// Images that were padded to a square show their turn by their borders, and teach nothing: crop them.
///
/// An example is the stack of the views of an image, `[V·C, H, W]`, as `Siamese` takes it. A view is a function of the
/// seed, the epoch, the image and the view's number. The last images of an epoch that fill no batch are left out of it: they are
/// others in each epoch, and in small batches embeddings say little about their spread.
public struct ViewBatches: TrainingBatches {
  private let images: DatasetSource
  private let task: PretextTask
  private let augmentation: [Augmentation]
  private let brightest: Float
  private let seed: UInt64
  private let shape: [Int]
  private var (epoch, batch): (Int, Int) = (0, 0)
  private var order: [Int] = []

  /// The name of the images.
  public let name: String
  /// The number of images in a batch.
  public let batchSize: Int
  /// True.
  public let shuffle = true

  /// Prepares batches.
  /// - Parameters:
  ///   - data: images; their labels, if they have any, are not looked at
  ///   - augmentation: changes of places and colours of pixels
  ///   - batchSize: the number of images in a batch, all where there are fewer
  ///   - brightest: the number that is white in the data
  /// - Throws: `CourseError` when the data are no images, or there are fewer than two; for `rotation` also when they are not
  ///   square
  public init(
    of data: Dataset, for task: PretextTask, augmentation: [Augmentation], batchSize: Int,
    seed: UInt64, brightest: Float = 1
  ) throws {
    images = try DatasetSource(data, range: 0...brightest)
    if let wrong = augmentation.first(where: { $0.stage > .color }) {
      throw CourseError(
        .invalidArgument, "an augmentation that makes no view of an image",
        expected: "changes of places and colours of pixels", received: wrong.description)
    }
    guard images.count >= 2 else {
      throw CourseError(
        .invalidData,
        task == .rotation ? "too few images to learn from" : "too few images to compare views of",
        expected: "at least 2",
        received: "\(images.count)", location: data.name)
    }
    let size = images.shape(at: 0).suffix(2)
    guard task != .rotation || size.first == size.last else {
      throw CourseError(
        .shapeMismatch, "images that are not square, to be turned by quarters",
        expected: "one height and width: black borders would tell the turns apart",
        received: size.map(String.init).joined(separator: " x ") + " (height x width)",
        location: data.name, remedy: "Crop them, by an ImageInput with one height and width.")
    }
    guard batchSize >= 2 else {
      throw CourseError(
        .invalidArgument, "batch size",
        expected: "at least 2 images"
          + (task == .rotation ? "" : ", whose embeddings are compared"),
        received: "\(batchSize)")
    }
    (self.task, self.augmentation, self.seed) = (task, augmentation, seed)
    (self.brightest, name, shape) = (brightest, data.name, images.shape(at: 0))
    self.batchSize = min(batchSize, images.count)
  }

  /// `[V·C, H, W]`
  public var inputShape: [Int] { [task.views * shape[0]] + shape.dropFirst() }
  /// The number of images that fill batches.
  public var examplesPerEpoch: Int { images.count / batchSize * batchSize }
  /// The quarter turns, for `rotation`.
  public var classNames: [String] { task.classNames }
  /// Targets like those of all examples.
  public var targets: Target { targets(of: [0]) }
  /// The settings that decide on the batches.
  public var settings: String? {
    "\(images.count) images as \(shape), seed \(seed), views for \(task.rawValue), augmentation "
      + "\(augmentation.map(\.description))"
  }

  /// Goes to a batch.
  public mutating func seek(batch number: Int) {
    (epoch, batch) = number.quotientAndRemainder(dividingBy: images.count / batchSize)
    order = NeuralNetwork.order(epoch: epoch, exampleCount: images.count, seed: seed)
  }

  /// The next batch.
  public mutating func nextBatch() -> TrainingBatch {
    let perEpoch = images.count / batchSize
    if order.isEmpty || batch == perEpoch {
      seek(batch: (epoch + (order.isEmpty ? 0 : 1)) * perEpoch)
    }
    defer { batch += 1 }
    let indices = Array(order[(batch * batchSize)..<((batch + 1) * batchSize)])
    let key = RandomKey(seed: seed).folded("views").folded(epoch)
    let size = inputShape.reduce(1, *)
    let features = Tensor(shape: [indices.count] + inputShape) { out in
      nonisolated(unsafe) let out = out
      parallelFor(indices.count) { row in
        var place = out + row * size
        for view in views(of: indices[row], key: key) {
          (brightest == 1 ? view : view * brightest).read { pixels in
            place.update(from: pixels, count: view.count)
          }
          place += view.count
        }
      }
    }
    return TrainingBatch(features: features, targets: targets(of: indices))
  }

  /// Every image with views that are the same each time: to measure the loss on.
  public func dataset() throws -> Dataset {
    let key = RandomKey(seed: seed).folded("views to measure on")
    let size = inputShape.reduce(1, *)
    let bytes = [UInt8](unsafeUninitializedCapacity: images.count * size) { out, count in
      nonisolated(unsafe) let start = out.baseAddress!
      parallelFor(images.count) { index in
        var place = start + index * size
        for view in views(of: index, key: key) {
          view.read { pixels in
            for pixel in 0..<view.count {
              place[pixel] = UInt8((min(max(pixels[pixel], 0), 1) * 255).rounded())
            }
          }
          place += view.count
        }
      }
      count = images.count * size
    }
    return try Dataset(
      name: name,
      bytes: ByteFeatures(
        shape: [images.count] + inputShape, bytes: bytes, divisor: 255 / brightest),
      targets: targets(of: Array(0..<images.count)), classNames: classNames)
  }

  private func targets(of indices: [Int]) -> Target {
    task == .rotation
      ? .classSequences(indices.flatMap { _ in 0..<task.views }, length: task.views)
      : .classes(indices.map { _ in 0 })
  }

  /// The views of an image, `[C, H, W]` each, from 0 to 1.
  private func views(of index: Int, key: RandomKey) -> [Tensor] {
    let image = ImageSample(images.image(at: index))
    let key = key.folded(index)
    func augmented(_ key: RandomKey) -> ImageSample {
      var sample = image
      for (place, augmentation) in augmentation.enumerated() {
        augmentation(&sample, key: key.folded(place))
      }
      return sample
    }
    func fitted(_ sample: ImageSample) -> Tensor {
      var sample = sample
      sample.resize(height: shape[1], width: shape[2])
      return sample.image
    }
    guard task == .rotation else {
      return (0..<task.views).map { fitted(augmented(key.folded($0))) }
    }
    let upright = augmented(key)
    return (0..<task.views).map { turns in
      var turned = upright
      turned.rotate90(turns: turns)
      return fitted(turned)
    }
  }
}
