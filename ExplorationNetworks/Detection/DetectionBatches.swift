import Shared

/// The batches that a detector is trained on: images, and for each a sample of regions with their classes and offsets.
///
/// In each epoch, `regions` of the proposals and true boxes of an image are sampled: up to a quarter from those that overlap
/// a thing by at least half, with its class and the offset to its box; the rest from those that overlap none so much, as
/// background. Images are mirrored at random.
///
///     let batches = DetectionBatches(data, regions: 64, batchSize: 8, seed: 1)
///     try network.fit(batches, options: TrainingOptions(epochs: 20, batchSize: 8))
///
/// A sample is a function of the seed, the epoch and the image.
///
/// - Reference: Girshick (2015), "Fast R-CNN", *ICCV*, section 2.3.
public struct DetectionBatches: TrainingBatches {
  /// The factor between a predicted offset and its size in `BoxOffset`: so that predictions have a spread of about 1.
  public static let offsetScale: [Float] = [0.1, 0.1, 0.2, 0.2]

  private let data: DetectionData
  private let regions: Int
  private let seed: UInt64
  private var mirrorsImages: Bool
  /// The overlap from which on background is drawn; below it only where there is not enough.
  private let background: Float
  /// For each image and candidate the thing that it overlaps most, and how much.
  private let matches: [[(thing: Int, overlap: Float)]]
  /// Proposals, and the true boxes after them.
  private let candidates: [[Box]]
  private var (epoch, batch): (Int, Int) = (0, 0)
  private var order: [Int] = []

  /// The number of images in a batch.
  public let batchSize: Int
  /// Whether each epoch has an order of its own.
  public let shuffle: Bool

  /// Prepares batches. Stops without images, or unless there is at least one region, and one image in a batch.
  /// - Parameters:
  ///   - regions: the number of regions of an image
  ///   - batchSize: the number of images in a batch, all where there are fewer
  ///   - mirrors: whether every second image is mirrored, and the order is new in each epoch
  ///   - background: the least overlap with a thing that background has, where there is enough of it
  public init(
    _ data: DetectionData, regions: Int, batchSize: Int, seed: UInt64, mirrors: Bool = true,
    background: Float = 0.1
  ) {
    guard data.count >= 1, regions >= 1, batchSize >= 1 else {
      stop(
        "DetectionBatches",
        expected: "at least one image, one region of each, and one image in a batch",
        received: "\(counted(data.count, "image")), \(regions) regions, batches of \(batchSize)")
    }
    (self.data, self.regions, self.seed, mirrorsImages) = (data, regions, seed, mirrors)
    (self.batchSize, self.background, shuffle) = (min(batchSize, data.count), background, mirrors)
    candidates = zip(data.proposals, data.truth).map { $0 + $1.map(\.box) }
    matches = zip(candidates, data.truth).map { boxes, things in
      boxes.map { box in
        var best: (thing: Int, overlap: Float) = (-1, 0)
        for (thing, truth) in things.enumerated() {
          let overlap = truth.box.overlap(with: box)
          if overlap > best.overlap { best = (thing, overlap) }
        }
        return best
      }
    }
  }

  /// The name of the images.
  public var name: String { data.name }
  /// `[3, H, W]`
  public var inputShape: [Int] { data.images.inputShape }
  /// The number of images.
  public var examplesPerEpoch: Int { data.count }
  /// The classes, and the background as the last one.
  public var classNames: [String] { data.classNames + ["background"] }
  /// The regions of an image.
  public var sideInputShapes: [String: [Int]] { [RegionPooling.sideInput: [regions, 4]] }
  /// Targets like those of all examples.
  public var targets: Target { sample(of: [0], epoch: 0).targets }
  /// The settings that decide on the batches.
  public var settings: String? {
    "\(data.count) images, \(data.method) proposals, \(regions) regions, seed \(seed), "
      + "background from \(background)" + (mirrorsImages ? ", mirrored" : "")
  }

  /// Goes to a batch.
  public mutating func seek(batch number: Int) {
    let perEpoch = (data.count + batchSize - 1) / batchSize
    (epoch, batch) = number.quotientAndRemainder(dividingBy: perEpoch)
    order =
      shuffle
      ? NeuralNetwork.order(epoch: epoch, exampleCount: data.count, seed: seed)
      : Array(0..<data.count)
  }

  /// The next batch.
  public mutating func nextBatch() -> TrainingBatch {
    if order.isEmpty || batch * batchSize >= data.count {
      seek(batch: (epoch + (order.isEmpty ? 0 : 1)) * ((data.count + batchSize - 1) / batchSize))
    }
    defer { batch += 1 }
    let start = batch * batchSize
    return examples(Array(order[start..<min(start + batchSize, data.count)]), epoch: epoch)
  }

  /// Every image with one sample of its regions, not mirrored: to measure the loss on.
  public func dataset() throws -> Dataset {
    var plain = self
    plain.mirrorsImages = false
    let sample = plain.sample(of: Array(0..<data.count), epoch: 0)
    return try Dataset(
      name: name, bytes: data.images, targets: sample.targets, classNames: classNames
    ).with(sideInputs: sample.sideInputs)
  }

  /// Images with a sample of their regions.
  private func examples(_ indices: [Int], epoch: Int) -> TrainingBatch {
    let sample = sample(of: indices, epoch: epoch)
    var features = data.images.rows(at: indices)
    for row in sample.mirrored {
      let image = features[row..<(row + 1)].reshaped(to: inputShape)
      features[row..<(row + 1)] = image.mirrored().reshaped(to: [1] + inputShape)
    }
    return TrainingBatch(
      features: features, targets: sample.targets, sideInputs: sample.sideInputs)
  }

  /// The targets and regions of images, and which of these are mirrored.
  private func sample(
    of indices: [Int], epoch: Int
  ) -> (targets: Target, sideInputs: [String: Tensor], mirrored: [Int]) {
    var mirrored: [Int] = []
    var (boxes, classes, offsets) = ([Float](), [Int](), [Float]())
    for (row, index) in indices.enumerated() {
      let key = RandomKey(seed: seed).folded("regions").folded(epoch).folded(index)
      var draws = key.folded("mirror").generator
      let isMirrored = mirrorsImages && draws.next() % 2 == 1
      if isMirrored { mirrored.append(row) }
      for place in sample(index, key: key) {
        let region = region(index, place, isMirrored: isMirrored)
        boxes += [region.box.x1, region.box.y1, region.box.x2, region.box.y2]
        classes.append(region.label)
        offsets += [Float(region.label)] + region.offset
      }
    }
    let count = indices.count
    return (
      .tasks([
        "class": .classSequences(classes, length: regions),
        "box": .values(Tensor(shape: [count, regions, 5], scalars: offsets)),
      ]), [RegionPooling.sideInput: Tensor(shape: [count, regions, 4], scalars: boxes)], mirrored
    )
  }

  /// The places of the regions that are drawn among the candidates; −1 where there are too few.
  private func sample(_ index: Int, key: RandomKey) -> [Int] {
    let matches = matches[index]
    let order = key.permutation(of: matches.count)
    let foreground = order.filter { matches[$0].overlap >= 0.5 }.prefix(max(1, regions / 4))
    let rest = order.filter { matches[$0].overlap < 0.5 }
    let near = rest.filter { matches[$0].overlap >= background }
    let far = rest.filter { matches[$0].overlap < background }
    let chosen = (foreground + near + far).prefix(regions)
    return chosen + [Int](repeating: -1, count: regions - chosen.count)
  }

  /// A candidate with its class and its offset, in units of `offsetScale`.
  private func region(
    _ index: Int, _ place: Int, isMirrored: Bool
  ) -> (box: Box, label: Int, offset: [Float]) {
    let width = Float(data.imageSize[1])
    func seen(_ box: Box) -> Box {
      isMirrored ? Box(x1: width - box.x2, y1: box.y1, x2: width - box.x1, y2: box.y2) : box
    }
    guard place >= 0 else {
      let whole = Box(x1: 0, y1: 0, x2: width, y2: Float(data.imageSize[0]))
      return (whole, Target.ignored, [0, 0, 0, 0])
    }
    let (box, match) = (seen(candidates[index][place]), matches[index][place])
    guard match.overlap >= 0.5 else { return (box, data.classNames.count, [0, 0, 0, 0]) }
    let thing = data.truth[index][match.thing]
    let offset = box.offset(to: seen(thing.box))
    let numbers = zip([offset.dx, offset.dy, offset.dw, offset.dh], Self.offsetScale)
    return (box, thing.label, numbers.map { $0 / $1 })
  }
}
