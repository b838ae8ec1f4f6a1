import Foundation
import Networks

/// A recipe with its data and its network: all that a run needs.
struct Experiment {
  private(set) var recipe: Recipe
  let parts: DatasetSplit
  /// The augmented training images; `nil` where examples are taken as they are.
  private let images: ImageGenerator?
  private(set) var network: NeuralNetwork
  /// Whether the network has been trained already and goes on from there.
  let isResumed: Bool
  /// What there is to say about the data.
  let remarks: ImageRemarks

  private static let recipeNote = "recipe"
  static let authorNote = "written by"

  /// A new run.
  init(_ recipe: Recipe, author: String, skipBroken: Bool = false) throws {
    try recipe.check()
    let data = try recipe.loadData(skipBroken: skipBroken)
    let parts = try recipe.split(data)
    images = try recipe.augmented(parts.train)
    network = try recipe.network(for: parts.train)
    network.notes[Self.recipeNote] = try recipe.json()
    Recipe.record(data, in: &network)
    network.notes[Self.authorNote] = author
    self.recipe = recipe
    self.parts = parts
    remarks = data.remarks
    isResumed = false
  }

  /// The rest of a run that ended early, or more epochs of one that did not.
  ///
  /// All settings come from the file; `arguments` may repeat them, raise the number of epochs, and say
  /// where the data are now.
  init(resuming path: String, arguments: Arguments) throws {
    network = try savedNetwork(path)
    guard var recipe = try Recipe(notedIn: network, path: path), let progress = network.progress
    else {
      throw CourseError(
        .invalidArgument, "nothing to resume", expected: "a file that 'course train' wrote",
        received: "a network without the settings of its training", location: path,
        remedy: "Only what 'course train' began goes on with --resume.")
    }
    var wanted = recipe
    wanted.apply(arguments)
    let free = ["epochs", "data"]
    for setting in RecipeOptions.settings where !free.contains(setting.option.name) {
      let (had, given) = (setting.text(recipe), setting.text(wanted))
      guard had == given else {
        throw UsageError(
          "'--\(setting.option.name) \(given)' conflicts with \(path), which was begun with "
            + "\(had.isEmpty ? "the usual one" : had). Leave the option out, or begin a new run without --resume."
        )
      }
    }
    guard progress.epoch < wanted.epochs else {
      throw UsageError(
        "nothing left to do: \(path) has \(progress.epoch) of \(counted(wanted.epochs, "epoch")). "
          + "'--epochs \(progress.epoch + 10)' goes on for ten more.")
    }
    guard recipe.scheduleName == .step || wanted.epochs == recipe.epochs else {
      throw UsageError(
        "\(path) has the schedule \(recipe.scheduleName.rawValue), which ends after its "
          + "\(counted(recipe.epochs, "epoch")). Leave --epochs out, or begin a new run without --resume."
      )
    }
    recipe.epochs = wanted.epochs
    recipe.data = wanted.data
    let data = try recipe.recordedData(
      of: network, isGivenNow: arguments.value(of: RecipeOptions.data) != nil,
      skipBroken: arguments[RunOptions.skipBroken],
      remedy: "Bring back the old data (--data says where they are), or begin a new run.")
    parts = try recipe.split(data)
    images = try recipe.augmented(parts.train)
    network.notes[Self.recipeNote] = try recipe.json()
    self.recipe = recipe
    remarks = data.remarks
    isResumed = true
  }

  /// Trains and saves; progress goes to `stream`, nowhere when it is `nil`.
  ///
  /// - Returns: whether a signal asked it to end.
  mutating func train(
    output: OutputFile, progress stream: TextStream?, warnings: TextStream
  ) throws -> Bool {
    var callbacks: [any TrainingCallback] = [
      StopOnInterruption(), Autosave(to: output, warnings: warnings),
    ]
    if let stream {
      callbacks.insert(TrainingDisplay(on: stream, showsPerplexity: recipe.isText), at: 0)
    }
    // The display cannot do it by itself when a signal or an error ends the run.
    defer { stream?.clearLine() }
    let schedule = recipe.schedule(
      stepsPerEpoch: (parts.train.count + recipe.batchSize - 1) / recipe.batchSize)
    try Interruption.watched {
      if let images {
        try network.fit(
          images, validation: validation, epochs: recipe.epochs, clipping: recipe.clip.clipping,
          schedule: schedule, callbacks: callbacks, resuming: isResumed)
      } else {
        try network.fit(
          parts.train, validation: validation, epochs: recipe.epochs, batchSize: recipe.batchSize,
          shuffle: !recipe.isText, clipping: recipe.clip.clipping, schedule: schedule,
          callbacks: callbacks, resuming: isResumed)
      }
      stream?.clearLine()
      try output.saveTrained(network, warnings: warnings)
    }
    return Interruption.isRequested || (network.progress?.epoch ?? 0) < recipe.epochs
  }

  /// The validation part; `nil` when it has no examples.
  var validation: Dataset? { recipe.validation > 0 ? parts.validation : nil }
  /// The test part; `nil` when it has no examples.
  var test: Dataset? { recipe.test > 0 ? parts.test : nil }
}

extension Recipe {
  /// The data, in the shape that the network takes.
  /// - Parameter schema: what a trained network looks for
  func loadData(
    schema: TableSchema? = nil, skipBroken: Bool = false
  ) throws -> DataSource.Loaded {
    if isText {
      let parts = try DataSource.loadText(data, classNames: schema?.classNames)
        .split(
          validation: validation, test: test, batchSize: batchSize, sequenceLength: sequenceLength)
      return DataSource.Loaded(examples: parts.train, parts: parts)
    }
    var loaded = try DataSource.load(
      data, label: label, schema: schema, skipBroken: skipBroken)
    loaded.examples = try shaped(loaded.examples)
    loaded.validation = try loaded.validation.map(shaped)
    loaded.test = try loaded.test.map(shaped)
    return loaded
  }

  private func shaped(_ data: Dataset) throws -> Dataset {
    let own = data.inputShape
    // Dense layers look at an image as at a row of numbers.
    let wanted =
      !shape.isEmpty ? shape : maps.isEmpty && recurrent.isEmpty ? [own.reduce(1, *)] : own
    guard own.reduce(1, *) == wanted.reduce(1, *) else {
      throw CourseError(
        .shapeMismatch, "the examples cannot be given this shape",
        expected: "\(wanted.reduce(1, *)) numbers an example, as shape \(wanted) has",
        received: "\(own.reduce(1, *))", location: data.name,
        remedy: "Choose another --shape, or none.")
    }
    return wanted == own ? data : data.reshaped(to: wanted)
  }

  /// The three parts of the data: a function of the seed and the shares.
  func split(_ data: DataSource.Loaded) throws -> DatasetSplit {
    if let parts = data.parts { return parts }
    guard data.validation != nil || data.test != nil else {
      try checkShares()
      return try split(data.examples, validation: validation, test: test)
    }
    // What the authors have divided off is taken as it is, the rest comes from the examples.
    let shares = (
      validation: data.validation == nil ? validation : 0, test: data.test == nil ? test : 0
    )
    // A subset is a copy, which nobody needs of everything.
    var parts =
      shares == (0, 0)
      ? DatasetSplit(train: data.examples, validation: data.examples, test: data.examples)
      : try split(data.examples, validation: shares.validation, test: shares.test)
    if let validation = data.validation { parts.validation = validation }
    if let test = data.test { parts.test = test }
    return parts
  }

  private func split(
    _ data: Dataset, validation: Double, test: Double
  ) throws -> DatasetSplit {
    switch splitName {
    case .random:
      return try data.split(
        train: 1 - validation - test, validation: validation, test: test, seed: seed)
    case .ordered:
      let testStart = data.count - Int((Double(data.count) * test).rounded())
      let validationStart = testStart - Int((Double(data.count) * validation).rounded())
      return DatasetSplit(
        train: data.subset(0..<validationStart),
        validation: data.subset(validationStart..<testStart),
        test: data.subset(testStart..<data.count))
    }
  }

  /// The training examples augmented; `nil` when they are to be taken as they are.
  func augmented(_ training: Dataset) throws -> ImageGenerator? {
    guard !augment.list.isEmpty else { return nil }
    return try augment.batches(
      of: training, batchSize: batchSize, seed: seed,
      brightest: DataSource.brightest(of: data))
  }

  /// The network before training, with the scaling fitted on the training part.
  func network(for training: Dataset) throws -> NeuralNetwork {
    guard let classCount = training.classCount else {
      throw CourseError(
        .invalidData, "these data are not for a classifier", expected: "examples with a class",
        received: "examples of shape \(training.inputShape)", location: training.name)
    }
    guard maps.isEmpty || training.inputShape.count == 3 else {
      throw CourseError(
        .shapeMismatch, "convolutions need images", expected: "examples of shape [C, H, W]",
        received: "\(training.inputShape)", location: training.name,
        remedy: "--shape 1,8,8 makes a grey image of each row of 64 numbers; --maps none leaves "
          + "the convolutions out.")
    }
    let optimizer = optimizer.make(
      learningRate: learningRate, momentum: momentum, weightDecay: weightDecay)
    if isText {
      var network = try NeuralNetwork.charLSTM(
        vocabulary: Vocabulary(classNames: training.classNames), sequenceLength: sequenceLength,
        embeddingSize: embedding, cell: cell, hiddenSizes: recurrent, optimizer: optimizer,
        seed: seed)
      network.penalty = penalty.penalty
      try network.requireMemory(forBatchOf: batchSize)
      return network
    }
    var network =
      if !recurrent.isEmpty {
        try NeuralNetwork.recurrent(
          inputShape: training.inputShape, cell: cell, hiddenSizes: recurrent, denseSizes: hidden,
          outputSize: classCount, optimizer: optimizer, seed: seed)
      } else if maps.isEmpty {
        try NeuralNetwork.multilayerPerceptron(
          inputSize: training.inputShape[0], hiddenSizes: hidden, classCount: classCount,
          batchNorm: batchNorm, dropout: dropout, optimizer: optimizer, seed: seed)
      } else {
        try NeuralNetwork.convolutional(
          inputShape: training.inputShape, blocks: maps.widths, kernelSize: kernelSize,
          hiddenSizes: hidden, classCount: classCount, batchNorm: batchNorm, dropout: dropout,
          optimizer: optimizer, seed: seed)
      }
    network.penalty = penalty.penalty
    try network.requireMemory(forBatchOf: min(batchSize, training.count))
    network.preprocessing = try scaling.scaler(for: training)
    network.classNames = training.classNames
    network.featureNames = training.featureNames
    return network
  }

  /// The recipe that a trained network carries in its notes; `nil` when it carries none.
  init?(notedIn network: NeuralNetwork, path: String) throws {
    guard let text = network.notes["recipe"] else { return nil }
    let name = "\(path), note \"recipe\""
    try self.init(json: JSONValue(parsing: text, name: name), name: name)
  }

  /// The settings as JSON in one line.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
