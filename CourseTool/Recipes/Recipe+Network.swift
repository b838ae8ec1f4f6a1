import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks

extension Recipe {
  /// The batches to train on, where they are no examples of the data: augmented ones, or windows at random places of a
  /// text; `nil` for the examples.
  func batches(of training: Dataset) throws -> (any TrainingBatches)? {
    if isText, stepsPerEpoch > 0 {
      return try TextWindows(
        of: training, batchSize: batchSize, stepsPerEpoch: stepsPerEpoch, seed: seed)
    }
    if isPretraining { return try viewBatches(of: training) }
    return try augmented(training)
  }

  /// The training examples as augmented batches; `nil` without augmentation.
  func augmented(_ training: Dataset) throws -> ImageGenerator? {
    guard !augment.list.isEmpty else { return nil }
    return try augment.batches(
      of: training, batchSize: batchSize, seed: seed,
      brightest: DataSource.brightest(of: data))
  }

  /// The network before training, with the scaling fitted on the training part.
  /// - Parameter preparation: how the rows of a table became the examples
  func network(
    for training: Dataset, preparation: Preparation? = nil
  ) throws -> NeuralNetwork {
    try checkWords(preparation)
    if let textNetwork { return try self.textNetwork(textNetwork, for: training) }
    if isSegmentation { return try unet(for: training) }
    if isPretraining { return try pretrainingNetwork(for: training) }
    if let loss { return try network(loss, for: training, preparation) }
    guard let classCount = training.classCount else {
      throw CourseError(
        .invalidData, "the data have no classes", expected: "labelled examples",
        received: "examples of shape \(training.inputShape)", location: training.name)
    }
    guard classCount >= 2 else {
      let name = training.classNames.first.map { " \"\($0.printable)\"" } ?? ""
      throw CourseError(
        .invalidData, "there is nothing to tell apart",
        expected: isText
          ? "a text of several different characters" : "examples of at least two classes",
        received: isText
          ? "only the character\(name)" : name.isEmpty ? "only one" : "only the class\(name)",
        location: training.name)
    }
    guard maps.isEmpty || training.inputShape.count == 3 else {
      throw CourseError(
        .shapeMismatch, "convolutions require images", expected: "examples of shape [C, H, W]",
        received: "\(training.inputShape)", location: training.name,
        remedy:
          "Use --shape 1,8,8 to make a grey image of each row of 64 numbers, or --maps none for "
          + "a network without convolutions.")
    }
    try checkBlocks(training)
    let optimizer = optimizer.make(for: self)
    if isText || isSorting {
      let vocabulary = try Vocabulary(classNames: training.classNames)
      var network =
        if blocks > 0 {
          try NeuralNetwork.transformer(
            vocabulary: vocabulary, contextLength: training.inputShape[0], width: embedding,
            blocks: blocks,
            heads: heads, dropout: dropout, optimizer: optimizer, seed: seed)
        } else {
          try NeuralNetwork.charLSTM(
            vocabulary: vocabulary, sequenceLength: sequenceLength, embeddingSize: embedding,
            cell: cell, hiddenSizes: recurrent, optimizer: optimizer, seed: seed)
        }
      network.penalty = penalty.penalty
      try network.requireMemory(forBatchOf: batchSize)
      return network
    }
    var network =
      if let encoder {
        try imageClassifier(
          from: encoder, for: training, classCount: classCount, optimizer: optimizer)
      } else if !recurrent.isEmpty {
        try NeuralNetwork.recurrent(
          inputShape: training.inputShape, cell: cell, hiddenSizes: recurrent, denseSizes: hidden,
          activation: activation, outputSize: classCount, optimizer: optimizer, seed: seed)
      } else if depth > 0 {
        try NeuralNetwork.resNet(
          inputShape: training.inputShape, depth: depth, widths: maps.widths.flatMap { $0 },
          classCount: classCount, optimizer: optimizer, seed: seed)
      } else if maps.isEmpty {
        try NeuralNetwork.multilayerPerceptron(
          inputSize: training.inputShape[0], vocabularies: preparation?.vocabularies ?? [:],
          hiddenSizes: hidden, classCount: classCount,
          activation: activation, batchNorm: batchNorm, dropout: dropout, optimizer: optimizer,
          seed: seed)
      } else {
        try NeuralNetwork.convolutional(
          inputShape: training.inputShape, blocks: maps.widths, kernelSize: kernelSize,
          hiddenSizes: hidden, classCount: classCount, activation: activation,
          batchNorm: batchNorm, dropout: dropout, optimizer: optimizer, seed: seed)
      }
    if let weights = try classWeights.weights(for: training) {
      network.loss = SoftmaxCrossEntropyLoss(classWeights: weights)
    }
    network.penalty = penalty.penalty
    try network.requireMemory(forBatchOf: min(batchSize, training.count))
    network.preparation = preparation
    if encoder == nil {
      network.preprocessing = try scaling.scaler(for: training, preparation)
    }
    network.classNames = training.classNames
    network.featureNames = training.featureNames
    return network
  }

  /// Throws when images that may have another size are too small to be halved by each block. Fewer blocks help only
  /// where there is more than one pixel.
  private func checkBlocks(_ training: Dataset) throws {
    let shape = training.inputShape
    guard depth == 0, shape.count == 3, let side = shape.dropFirst().min() else { return }
    let needed = 1 << maps.widths.count
    guard side < needed, DataSource.hasImages(data) else { return }
    throw CourseError(
      .shapeMismatch, "images too small for \(counted(maps.widths.count, "block")) of convolutions",
      expected: "a height and width of at least \(needed): each block halves them",
      received: "\(shape[1]) x \(shape[2])", location: training.name,
      remedy: "Choose a larger size with --size HxW"
        + (side < 2 ? "." : ", or fewer blocks in --maps."))
  }

  /// Throws when there are vectors of words to learn, and the settings fit numbers only.
  private func checkWords(_ preparation: Preparation?) throws(UsageError) {
    guard let preparation, !preparation.vocabularies.isEmpty else { return }
    let columns = preparation.columns.compactMap { column in
      if case .vocabulary(let values) = column.kind {
        "\"\(column.name)\" (\(values.count) words)"
      } else {
        nil
      }
    }
    let remedy = ": make a feature of each word with --word-limit, or leave it out with --ignore"
    guard maps.isEmpty, recurrent.isEmpty, shape.count < 2, preparation.window == nil else {
      throw UsageError(
        "--maps, --recurrent, --shape and series take numbers, not the words of \(columns[0])"
          + remedy)
    }
    guard scaling == .none || scaling == .standardize else {
      throw UsageError(
        "'--scaling \(scaling.text)' scales all features, and \(columns[0]) has words" + remedy
          + ", or use --scaling standardize")
    }
  }

  /// The network before training, for numbers or labels.
  private func network(
    _ loss: TargetLoss, for training: Dataset, _ preparation: Preparation?
  ) throws -> NeuralNetwork {
    let outputSize = training.classCount ?? (target?.count ?? 1) * horizon
    let optimizer = optimizer.make(for: self)
    var network =
      if recurrent.isEmpty {
        try NeuralNetwork.multilayerPerceptron(
          inputSize: training.inputShape.reduce(1, *),
          vocabularies: preparation?.vocabularies ?? [:], hiddenSizes: hidden,
          outputSize: outputSize, loss: loss.loss, activation: activation, batchNorm: batchNorm,
          dropout: dropout,
          optimizer: optimizer, seed: seed)
      } else {
        try NeuralNetwork.recurrent(
          inputShape: training.inputShape, cell: cell, hiddenSizes: recurrent, denseSizes: hidden,
          activation: activation, outputSize: outputSize, loss: loss.loss, optimizer: optimizer,
          seed: seed)
      }
    network.penalty = penalty.penalty
    try network.requireMemory(forBatchOf: min(batchSize, training.count))
    network.preparation = preparation
    network.preprocessing = try scaling.scaler(for: training, preparation)
    if loss == .crossEntropy {
      network.classNames = training.classNames
    } else {
      network.targetScaling =
        try preparation?.standardizingTargets(training) ?? .standardizingTargets(training)
    }
    network.featureNames = training.featureNames
    return network
  }

  /// The recipe in the notes of a trained network; `nil` when there is none.
  init?(notedIn network: NeuralNetwork, path: String) throws {
    guard let text = network.recipeNote else { return nil }
    let name = "\(path), note \"recipe\""
    try self.init(json: JSONValue(parsing: text, name: name), name: name)
  }
}
