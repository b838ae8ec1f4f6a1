import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Networks

/// The study of labels on images: encoders of convolutions that learn by VICReg, or by telling how far an image is turned.
struct StudyImages: LabelsSubject {
  static let unit = "images"
  static let labels = [5, 10, 50, 500]
  static let concludedLabels = 10
  static let methods = ["VICReg", "rotation", "random weights", "pixels", "trained from scratch"]
  static let trainings = (shared: 2, each: 1)

  let name: String
  let train: Dataset
  let test: Dataset
  /// Of a training with labels. That of the pretraining is stronger where that helps; more harms here.
  private let augmentation: [Augmentation]
  /// Of the pretraining.
  private let views: [Augmentation]
  private let epochs: Int
  private let scaler: FeatureScaler
  /// Of the pretrained encoders.
  private var pretrained: [ImageFeatures] = []
  /// Of the pretrained encoders, of random weights, and the pixels.
  private var features: [ImageFeatures] = []

  /// The images that the settings name.
  init(_ settings: StudySettings, session: inout StudySession) throws {
    name = settings.data ?? DataSource.figures.name
    epochs = settings.epochs ?? 40
    if name == DataSource.figures.name {
      let count = settings.examples ?? 5000
      // Drawn apart from the training images, and as many as make the error of an accuracy small.
      let tested = min(2000, max(count, 20))
      let line = session.progress("drawing", total: count + tested, unit: "images")
      defer { line.clear() }
      let all = try Dataset(
        ShownImages(SyntheticImages(count: count + tested, seed: 1), counting: line), name: name,
        channels: 3)
      (train, test) = (all.subset(0..<count), all.subset(count..<(count + tested)))
      augmentation = [
        .mirror, .rotate(degrees: 30), .zoom(0.2), .crop(padding: 4), .brightness(0.4),
        .contrast(0.4), .saturation(0.4), .hue(0.2),
      ]
      views = [
        .mirror, .rotate90, .rotate(degrees: 45), .zoom(0.2), .crop(padding: 4), .brightness(0.5),
        .contrast(0.5), .saturation(1), .hue(0.5),
      ]
    } else {
      guard DataSource.hasImages(name) else {
        throw UsageError(
          "'--data \(name)' has neither images nor texts with classes: give definitions, a name of images from "
            + "'data list', a folder of images, or a CSV file of texts")
      }
      var recipe = Recipe(recipe: "", data: name, maps: Blocks([[1]]))
      (recipe.validation, recipe.test) = (0, 0.2)
      let parts = try Self.parts(of: recipe.loadData(progress: nil), recipe)
      // Data may be sorted.
      let order = RandomKey(seed: 0).folded("study").permutation(of: parts.train.count)
      train = parts.train.subset(
        order.prefix(settings.examples ?? parts.train.count).sorted())
      test = parts.test
      let side = train.inputShape.last ?? 1
      let geometry: [Augmentation] = [
        .rotate(degrees: 15), .zoom(0.2), .crop(padding: max(1, side / 9)),
      ]
      if train.inputShape[0] == 1 {
        augmentation = geometry
        views = geometry + [.shear(degrees: 20), .elastic(Float(side) / 36), .thickness(1)]
      } else {
        augmentation =
          [.mirror] + geometry + [.brightness(0.4), .contrast(0.4), .saturation(0.4), .hue(0.1)]
        views = augmentation
      }
    }
    let sides = train.inputShape.suffix(2)
    guard sides.allSatisfy({ $0 >= 8 }) else {
      throw CourseError(
        .invalidData, "images that are too small for three convolutions, each of which halves them",
        expected: "at least 8 x 8 pixels (height x width)",
        received: sides.map(String.init).joined(separator: " x "), location: name,
        remedy: "Use larger images.")
    }
    scaler = try .standardizingAll(train)
  }

  mutating func pretrain(seed: UInt64, session: inout StudySession) throws {
    pretrained = try PretextTask.studied.map {
      try features(of: $0, seed: seed, session: &session)
    }
  }

  mutating func begin(seed: UInt64) throws {
    var random = try NeuralNetwork.pretraining(
      .vicReg, inputShape: train.inputShape, optimizer: AdamW(), seed: seed
    ).encoder()
    random.preprocessing = scaler
    features = pretrained + [try features(of: random.measured(on: train)), pixels]
  }

  func accuracies(
    _ labelled: LabelledExamples, seed: UInt64, session: inout StudySession
  ) throws -> [Double] {
    let line = session.progress("fitting probes", total: features.count)
    let probes = try features.map { features in
      defer { line.advance() }
      return try probe(labelled, features.train.rows(at: labelled.chosen), on: features.test)
    }
    line.clear()
    return probes + [try trainedFromScratch(labelled, seed: seed, session: &session)]
  }

  func conclusion(_ accuracies: [String], labels: Int) -> String {
    "With \(labels) labels of each class, a linear probe on the features that VICReg learned from "
      + "\(train.count.grouped) images without labels is right on \(accuracies[0]) of the test images. The "
      + "same probe on features learned from rotations reaches \(accuracies[1]), on those of random weights "
      + "\(accuracies[2]), on the pixels \(accuracies[3]); the network trained from scratch on these labels "
      + "\(accuracies[4])."
  }
}

/// The features of all training and test images.
private struct ImageFeatures {
  let train: Tensor
  let test: Tensor
}

extension PretextTask {
  /// The tasks of the study.
  fileprivate static let studied: [PretextTask] = [.vicReg, .rotation]
}

extension StudyImages {
  /// Those of an encoder that learns from all training images, without their labels.
  private func features(
    of task: PretextTask, seed: UInt64, session: inout StudySession
  ) throws -> ImageFeatures {
    var network = try NeuralNetwork.pretraining(
      task, inputShape: train.inputShape, optimizer: AdamW(learningRate: 0.004), seed: seed)
    network.preprocessing = scaler
    let batches = try ViewBatches(
      of: train, for: task, augmentation: views, batchSize: min(64, train.count), seed: seed
    )
    // An image has two views or four: as many views in all.
    let epochs = max(1, 2 * epochs / task.views)
    let steps = epochs * max(1, train.count / batches.batchSize)
    _ = try session.train(task.rawValue, &network) { network, callbacks in
      try network.fit(
        batches,
        options: TrainingOptions(
          epochs: epochs, batchSize: batches.batchSize,
          schedule: CosineDecay(over: steps, unit: .step)),
        callbacks: callbacks)
    }
    return try features(of: network.encoder())
  }

  /// Those of an encoder.
  private func features(of encoder: NeuralNetwork) throws -> ImageFeatures {
    ImageFeatures(
      train: try encoder.predict(train.features), test: try encoder.predict(test.features))
  }

  /// The pixels.
  private var pixels: ImageFeatures {
    ImageFeatures(
      train: train.features.reshaped(to: [train.count, -1]),
      test: test.features.reshaped(to: [test.count, -1]))
  }

  /// The accuracy of the encoder with a linear layer, trained on the labelled images alone.
  private func trainedFromScratch(
    _ labelled: LabelledExamples, seed: UInt64, session: inout StudySession
  ) throws -> Double {
    let train = self.train.subset(labelled.chosen)
    var network = try NeuralNetwork.convolutional(
      inputShape: train.inputShape, blocks: [[32], [64], [128]], kernelSize: 3, hiddenSizes: [],
      classCount: train.classNames.count, batchNorm: true, optimizer: AdamW(learningRate: 0.002),
      seed: seed)
    network.preprocessing = scaler
    let batchSize = min(64, train.count)
    let batches = try ImageGenerator(
      DatasetSource(train), batchSize: batchSize, imageSize: train.inputShape,
      augmentation: augmentation, seed: seed, lastBatch: .short)
    // Long enough: more steps change the accuracy by less than its error.
    let perEpoch = (train.count + batchSize - 1) / batchSize
    let epochs = max(1, 3 * self.epochs / 8, 25 * self.epochs / 2 / perEpoch)
    _ = try session.train("seed \(seed), \(labelled.perClass) labels from scratch", &network) {
      network, callbacks in
      try network.fit(
        batches,
        options: TrainingOptions(
          epochs: epochs, batchSize: batchSize,
          schedule: CosineDecay(over: epochs * perEpoch, unit: .step)),
        callbacks: callbacks)
    }
    return try network.evaluate(test, keepingPredictions: false).accuracy ?? 0
  }
}
