import Shared

/// The plan of a batch: its images and their epochs.
struct BatchPlan: Sendable {
  /// Counted from the first batch of the first epoch.
  var number: Int
  var indices: [Int]
  /// The epoch that each image belongs to.
  var epochs: [Int]
  var endsEpoch: Bool
}

/// Plans one batch after the other.
struct BatchPlanner: Sendable {
  private(set) var order: BatchOrder
  private var number = 0

  init(order: BatchOrder) { self.order = order }

  mutating func next() -> BatchPlan {
    let epochBefore = order.epoch
    let indices = order.next()
    // Without this, an unfinished task would make batches of nothing, and epochs without an end.
    guard !indices.isEmpty else {
      stop(
        "BatchOrder.next", expected: "the images of a batch: task 4.3 in Protocols/Generator.md",
        received: "none")
    }
    let before = order.countBeforeEpoch(in: indices)
    defer { number += 1 }
    return BatchPlan(
      number: number, indices: indices,
      epochs: indices.indices.map { $0 < before ? epochBefore : order.epoch },
      endsEpoch: before > 0 || order.isUsedUp)
  }
}

/// Decodes, fits and augments the images of a batch. Keeps nothing, so that several threads may make
/// batches at once.
struct BatchMaker: Sendable {
  let source: any ImageSource
  let imageSize: [Int]
  let augmentation: [Augmentation]
  let fitting: ImageFitting
  /// Whether the target of an image is its mask.
  var asksForPixels = false
  let key: RandomKey
  var bodies = ImageBodies.standard

  func batch(_ plan: BatchPlan) throws -> Batch {
    let size = imageSize.reduce(1, *)
    var (masks, boxes): ([Tensor], [[ImageBox]]) = ([], [])
    let images = try Tensor(shape: [plan.indices.count] + imageSize) { out in
      for (place, index) in plan.indices.enumerated() {
        let sample = try sample(at: index, epoch: plan.epochs[place])
        sample.write(to: out + place * size)
        if let mask = sample.mask { masks.append(mask) }
        boxes.append(sample.boxes)
      }
    }
    let labels = plan.indices.map { source.label(at: $0) }
    let all = masks.count == labels.count ? Tensor(concatenating: masks) : nil
    let batch = Batch(
      images: images, labels: labels,
      targets: asksForPixels ? try pixelTargets(all) : .classes(labels), masks: all, boxes: boxes,
      indices: plan.indices, epoch: plan.epochs.last ?? 0, endsEpoch: plan.endsEpoch)
    return augmentation.enumerated().reduce(batch) { batch, item in
      guard let mixing = item.element.mixing else { return batch }
      return mixing.mixed(
        batch, classCount: source.classNames.count,
        key: key.folded("batch").folded(plan.number).folded(item.offset))
    }
  }

  /// The class of each pixel of a batch.
  private func pixelTargets(_ masks: Tensor?) throws -> Target {
    guard let masks else {
      throw CourseError(
        .invalidData, "an image without a mask", expected: "a class for each pixel",
        received: "none", location: source.name)
    }
    return .classSequences(
      masks.scalars.map { $0 == Float(AnnotatedImage.ignored) ? Target.ignored : Int($0) },
      length: imageSize[1] * imageSize[2])
  }

  /// One image, ready for its batch.
  private func sample(at index: Int, epoch: Int) throws -> ImageSample {
    let (image, mask, boxes) = try source.example(at: index)
    if fitting == .refuse, image.tensorShape != imageSize {
      throw CourseError(
        .shapeMismatch, "an image does not fit the batch", expected: "\(imageSize), [C, H, W]",
        received: "\(image.tensorShape)", location: source.location(at: index),
        remedy: "Choose another imageSize, or have images fitted by .crop, .pad or .stretch.")
    }
    var sample = ImageSample(
      image.converted(toChannels: imageSize[0]), mask: mask, boxes: boxes, bodies: bodies)
    let (height, width) = (imageSize[1], imageSize[2])
    sample.fit(height: height, width: width, fitting)
    augmentation.apply(to: &sample, key: key.folded(epoch).folded(index))
    sample.fit(height: height, width: width, fitting)
    return sample
  }
}
