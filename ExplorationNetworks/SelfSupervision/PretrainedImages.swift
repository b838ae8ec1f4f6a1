import Networks
import Shared

// Classifiers of images that begin as another network: transfer learning.

extension NeuralNetwork {
  /// The network without its head: from an image to its representation, `[D]`.
  ///
  ///     let encoder = try network.imageEncoder()
  ///     let features = try encoder.predict(images.features)       // [N, D], for a LinearProbe
  ///
  /// Of a network that `pretraining` made, it is `encoder()`; of a classifier of images, all layers but the last.
  ///
  /// - Throws: `CourseError` for another network.
  public func imageEncoder() throws -> NeuralNetwork {
    if let encoder = try? encoder() { return encoder }
    guard inputShape.count == 3, sideInputShapes.isEmpty, outputShape.count == 1,
      layers.count > 1, layers.last is Dense
    else {
      throw CourseError(
        .invalidArgument, "the network has no encoder of images",
        expected: "a network that was pretrained without labels, or a classifier of images",
        received: layers.map { type(of: $0).typeName }.joined(separator: ", ")
          + " for inputs of shape \(inputShape)")
    }
    var network = NeuralNetwork(inputShape: inputShape, seed: seed)
    for layer in layers.dropLast() { try network.append(layer) }
    network.preprocessing = preprocessing
    network.notes = notes
    return network
  }

  /// A network that gives an image one of several classes, and begins as the encoder of another network: one that was
  /// pretrained without labels, or a classifier of other images. It needs fewer images with labels than a network that
  /// begins with random weights.
  ///
  ///     var classifier = try NeuralNetwork.imageClassifier(
  ///       pretrained: network, classCount: 10, optimizer: Adam(learningRate: 0.001), seed: 1)
  ///     try classifier.fit(few, options: TrainingOptions(epochs: 20, batchSize: 16))
  ///
  /// Dense layers follow the layers of `imageEncoder()`, the last of them with a score for each class. The network takes
  /// images of the same shape, and scales them in the same way. All of it is trained, unless a part is frozen, or gets a
  /// learning rate of its own:
  ///
  ///     let count = try network.imageEncoder().layers.count
  ///     try classifier.freeze(0..<count)                          // trains the dense layers only
  ///     try classifier.setLearningRate(factor: 0.1, for: 0..<count)
  ///
  /// - Parameters:
  ///   - network: a network that `pretraining` made, or a classifier of images
  ///   - classCount: the number of classes, at least two
  ///   - hiddenSizes: the widths of dense layers between the encoder and the scores
  ///   - activation: the function after each of these
  ///   - dropout: the dropout rate after each of these
  ///   - loss: the loss to minimise, of scores
  /// - Throws: `CourseError` when the network has no encoder of images, or a size is out of range.
  /// - Reference: Yosinski, Clune, Bengio, Lipson (2014), "How Transferable Are Features in Deep Neural Networks?", *NIPS*.
  public static func imageClassifier(
    pretrained network: NeuralNetwork, classCount: Int, hiddenSizes: [Int] = [],
    activation: HiddenActivation = .relu, dropout: Float = 0,
    loss: any Loss = SoftmaxCrossEntropyLoss(), optimizer: any Optimizer, seed: UInt64
  ) throws -> NeuralNetwork {
    let sizes = hiddenSizes + [classCount]
    guard classCount >= 2, sizes.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw CourseError(
        .invalidArgument, "imageClassifier: layer sizes",
        expected: "at least 2 classes, sizes from 1 to \(1 << 20)",
        received: "hidden \(hiddenSizes), classes \(classCount)")
    }
    let encoder = try network.imageEncoder()
    var classifier = NeuralNetwork(
      inputShape: encoder.inputShape, loss: loss, optimizer: optimizer, seed: seed)
    for layer in encoder.layers { try classifier.append(layer) }
    for size in hiddenSizes {
      try classifier.appendHidden(size, activation)
      if dropout != 0 { try classifier.append(Dropout(configuration: .init(rate: dropout))) }
    }
    try classifier.append(
      Dense(configuration: .init(inputSize: classifier.outputShape[0], outputSize: classCount)))
    classifier.preprocessing = encoder.preprocessing
    return classifier
  }
}
