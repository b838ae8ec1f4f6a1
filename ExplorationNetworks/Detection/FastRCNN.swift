import Shared

extension NeuralNetwork {
  /// A detector: Fast R-CNN, small.
  ///
  ///     var network = try NeuralNetwork.fastRCNN(
  ///       imageSize: [64, 64], classNames: scenes.classNames, optimizer: Adam(learningRate: 0.002), seed: 1)
  ///     let batches = DetectionBatches(data, regions: 64, batchSize: 8, seed: 1)
  ///     try network.fit(batches, options: TrainingOptions(epochs: 15, batchSize: 8))
  ///     let found = try Detector(network).detect(in: data)       // boxes, classes and scores for each image
  ///
  /// Convolutions make a feature map of the whole image, once: with batch norm and ReLU, each but the last followed by a max
  /// pooling by 2. `RegionPooling` cuts `size` × `size` numbers a channel out of it for each region, and a dense layer, the same
  /// for each region, makes `hidden` numbers of them. Two heads follow: a score for each class and the background, and
  /// an offset for each class, from the region to the box of the thing.
  ///
  /// The loss is `L = CE(class) + λ [it is no background] · smooth L1(offset)`, averaged over the regions.
  ///
  /// - Parameters:
  ///   - imageSize: height and width
  ///   - channels: the output channels of the convolutions
  ///   - size: the bins on each side of a region, P
  ///   - regions: the regions of an image in training, R
  ///   - boxWeight: λ; with 0 there is no box regression
  /// - Throws: `CourseError` when a size or the weight is out of range.
  /// - Reference: Girshick (2015), "Fast R-CNN", *ICCV*. There, a VGG16 that was trained on ImageNet comes first.
  public static func fastRCNN(
    imageSize: [Int], classNames: [String], channels: [Int] = [24, 48, 64], size: Int = 4,
    hidden: Int = 128, regions: Int = 64, boxWeight: Float = 1, optimizer: any Optimizer,
    seed: UInt64
  ) throws -> NeuralNetwork {
    guard !classNames.isEmpty, (1...16).contains(channels.count),
      channels.allSatisfy({ (1...4096).contains($0) }), (1...65_536).contains(hidden)
    else {
      throw CourseError(
        .invalidArgument, "fastRCNN: size out of range",
        expected: "classes, 1 to 16 convolutions of 1 to 4096 channels, and a dense layer",
        received: "\(classNames.count) classes, channels \(channels), \(hidden) hidden")
    }
    guard boxWeight >= 0, boxWeight.isFinite else {
      throw CourseError(
        .invalidArgument, "fastRCNN: weight of the boxes",
        expected: "a finite number of at least 0", received: "\(boxWeight)")
    }
    let factor = 1 << (channels.count - 1)
    guard imageSize.count == 2, imageSize.allSatisfy({ $0 >= factor && $0 % factor == 0 }) else {
      throw CourseError(
        .shapeMismatch, "images that cannot be halved so often",
        expected: "height and width that \(factor) divides, for \(channels.count) convolutions",
        received: imageSize.map(String.init).joined(separator: " x ") + " (height x width)",
        remedy: "Choose such a size, or fewer convolutions.")
    }
    let classCount = classNames.count
    var network = NeuralNetwork(
      inputShape: [3] + imageSize,
      loss: MultiTaskLoss([
        .init("class", outputs: 0..<(classCount + 1), loss: SequenceCrossEntropyLoss()),
        .init(
          "box", outputs: (classCount + 1)..<(5 * classCount + 1), loss: RegionBoxLoss(),
          weight: boxWeight),
      ]),
      optimizer: optimizer, seed: seed)
    for (index, count) in channels.enumerated() {
      try network.append(
        ConvBatchNormReLU(
          outputChannels: count, kernelSize: 3, padding: .same,
          pool: index + 1 < channels.count ? 2 : nil))
    }
    try network.append(
      RegionPooling(configuration: .init(regions: regions, size: size, imageSize: imageSize)))
    try network.append(Dense(outputSize: hidden))
    try network.append(ReLU())
    try network.append(
      Branches(
        [Dense(outputSize: classCount + 1), Dense(outputSize: 4 * classCount)],
        merge: .concatenate, axis: -1))
    network.classNames = classNames + ["background"]
    return network
  }
}
