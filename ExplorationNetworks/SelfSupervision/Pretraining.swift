/// A task that a network learns from images without labels, in order that its encoder becomes useful for another one.
public enum PretextTask: String, Sendable, Codable, CaseIterable {
  /// Two views of an image are to have the same embedding, and embeddings are to differ: `VICRegLoss`.
  case vicReg = "vicreg"
  /// Each view is to be more similar to the other one of its image than to all others: `NTXentLoss`.
  case ntXent = "nt-xent"
  /// By how many quarters is an image turned?
  case rotation

  /// The number of views of each image.
  public var views: Int { self == .rotation ? 4 : 2 }
  /// The classes of a view; none where views are compared.
  public var classNames: [String] { self == .rotation ? ["0°", "90°", "180°", "270°"] : [] }
}

extension NeuralNetwork {
  /// A network that is trained on images without labels: an encoder, whose output is the representation, and a head for the
  /// pretext task, which is dropped afterwards.
  ///
  ///     var network = try NeuralNetwork.pretraining(
  ///       .vicReg, inputShape: [1, 28, 28], optimizer: Adam(learningRate: 0.002), seed: 1)
  ///     let views = try ViewBatches(
  ///       of: images, for: .vicReg, augmentation: [.rotate(degrees: 15), .crop(padding: 3)], batchSize: 256, seed: 1)
  ///     try network.fit(views, options: TrainingOptions(epochs: 15, batchSize: 256))
  ///     let features = try network.encoder().predict(images.features)       // [N, 1152]
  ///
  /// The encoder consists of 3 x 3 convolutions, each with batch norm and ReLU, and max pooling after each block; its
  /// output is flattened. The head consists of dense layers with batch norm and ReLU between them. For embeddings it is
  /// called the projector, and its last layer has the size of the embedding; for rotations a layer with a score for each of
  /// the four follows.
  ///
  /// - Parameters:
  ///   - task: the pretext task
  ///   - inputShape: the shape of an image, `[C, H, W]`
  ///   - blocks: the output channels of the convolutions, in blocks
  ///   - head: the sizes of the dense layers
  ///   - temperature: that of NT-Xent
  /// - Throws: `CourseError` when a size or the temperature is out of range, or images are too small for so many blocks.
  /// - Reference: Bardes, Ponce, LeCun (2022), *VICReg*, ICLR; Chen, Kornblith, Norouzi, Hinton (2020), *SimCLR*, ICML;
  ///   Gidaris, Singh, Komodakis (2018), *Unsupervised Representation Learning by Predicting Image Rotations*, ICLR.
  public static func pretraining(
    _ task: PretextTask, inputShape: [Int], blocks: [[Int]] = [[32], [64], [128]],
    kernelSize: Int = 3, head: [Int] = [256, 256], temperature: Float = 0.5,
    optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    guard !head.isEmpty, head.allSatisfy({ (1...65_536).contains($0) }) else {
      throw CourseError(
        .invalidArgument, "pretraining: head", expected: "at least one size, from 1 to 65536",
        received: "\(head)")
    }
    let encoder = try convolutional(
      inputShape: inputShape, blocks: blocks, kernelSize: kernelSize, hiddenSizes: [],
      classCount: 1,
      batchNorm: true, optimizer: optimizer, seed: seed
    ).layers.dropLast()
    var layers: [any Layer] = []
    for (place, size) in head.enumerated() {
      layers.append(Dense(outputSize: size))
      if place + 1 < head.count || task == .rotation { layers += [BatchNorm(), ReLU()] }
    }
    if task == .rotation { layers.append(Dense(outputSize: task.views)) }
    let loss: any Loss =
      switch task {
      case .vicReg: TwoViewLoss(.vicReg)
      case .ntXent:
        try TwoViewLoss(configuration: .init(method: .ntXent(temperature: temperature)))
      case .rotation: SequenceCrossEntropyLoss()
      }
    var network = NeuralNetwork(
      inputShape: [task.views * inputShape[0]] + inputShape.dropFirst(), loss: loss,
      optimizer: optimizer, seed: seed)
    try network.append(
      Siamese(Sequential(Sequential(Array(encoder)), Sequential(layers)), views: task.views))
    network.classNames = task.classNames
    return network
  }

  /// The encoder of a network that `pretraining` made: from an image to its representation, `[D]`.
  /// - Throws: `CourseError` for another network.
  public func encoder() throws -> NeuralNetwork {
    guard let siamese = layers.first as? Siamese, layers.count == 1,
      let parts = (siamese.body as? Sequential)?.layers, parts.count == 2,
      let encoder = parts[0] as? Sequential
    else {
      throw CourseError(
        .invalidArgument, "the network has no encoder of images",
        expected: "a network that was pretrained without labels",
        received: layers.map { type(of: $0).typeName }.joined(separator: ", "))
    }
    var network = NeuralNetwork(
      inputShape: [inputShape[0] / siamese.views] + inputShape.dropFirst(), seed: seed)
    for layer in encoder.layers { try network.append(layer) }
    network.preprocessing = preprocessing
    network.notes = notes
    return network
  }

  /// The network with the averages of its batch norms measured on images, and its weights as they are: an encoder with random
  /// weights, to compare others with.
  public func measured(on images: Dataset, batchSize: Int = 100) -> NeuralNetwork {
    var copy = self
    // The averages forget nine tenths of their past in 22 batches.
    for step in 0..<60 {
      let start = step * batchSize % images.count
      let rows = images.batch(at: start..<Swift.min(start + batchSize, images.count)).features
      if rows.shape[0] > 1 {
        _ = copy.forward(preprocessing?(rows) ?? rows, mode: .training)
      }
    }
    var result = self
    var states: [Tensor] = []
    copy.forEachState { states.append($1) }
    var place = 0
    result.forEachState { _, state in
      state = states[place]
      place += 1
    }
    return result
  }
}
