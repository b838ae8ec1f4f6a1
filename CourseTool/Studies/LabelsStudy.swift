import CourseCommandLine
import CourseTraining
import ExplorationNetworks
import Foundation
import Networks
import Pictures

/// Shows how far few labels go, with a representation that was learned without any.
enum LabelsStudy: Study {
  static let name = "labels"
  static let abstract = "Few labels: pretraining without labels, and what it is worth."
  static let explanation = """
    An encoder of three convolutions (32, 64 and 128 channels) learns from all training images without
    their labels: by VICReg (task 5.7), or by telling how far an image is turned. Then a linear probe
    (multinomial logistic regression) learns from 5, 10, 50 and 500 labels a class on its frozen features. It is
    compared with the same probe on the pixels and on the features of an encoder with random weights, and with
    the same network trained from scratch on the labelled images, with the augmentation that the
    pretraining has. The encoders are pretrained once; five seeds choose the labelled images, and draw the weights
    of the other networks. The images are drawn figures (--data synthetic-figures), or those of mnist, fashion-mnist, cifar10, or a folder. The picture shows the
    accuracy on the test images, with the standard deviation over the seeds.
    """

  /// The labels of each class, as far as there are so many.
  static let labels = [5, 10, 50, 500]
  static let methods = [
    "VICReg", "rotation", "random weights", "pixels", "trained from scratch",
  ]

  static func run(
    _ settings: StudySettings, session: inout StudySession
  ) throws -> StudyResult {
    let repeats = settings.repeats ?? 5
    let images = try StudyImages(settings, session: &session)
    let counts = labels.filter { $0 <= images.perClass }
    guard !counts.isEmpty else {
      throw UsageError(
        "the study needs \(labels[0]) training images of each class, and there is a class with "
          + "\(images.perClass): use more --examples")
    }
    session = session.expecting(2 + repeats * counts.count)
    var data = StudyTable(columns: ["method", "labels a class", "seed", "accuracy"])
    // Of each method and number of labels, the accuracy with each seed.
    var accuracies = methods.map { _ in counts.map { _ in [Double]() } }
    let epochs = settings.epochs ?? 32
    let pretrained = try PretextTask.studied.map {
      try images.features(of: $0, epochs: epochs, seed: settings.seed, session: &session)
    }
    for seed in (0..<repeats).map({ settings.seed &+ UInt64($0) }) {
      let run = try LabelsRun(images: images, pretrained, seed: seed, epochs: epochs)
      for (place, count) in counts.enumerated() {
        let results = try run.accuracies(labels: count, session: &session)
        for (method, accuracy) in results.enumerated() {
          accuracies[method][place].append(accuracy)
          data.rows.append([
            .text(methods[method]), .count(count), .count(Int(seed)), .number(accuracy, digits: 4),
          ])
        }
        session.keep(data)
        session.report(
          "seed \(seed), \(count) labels: "
            + zip(methods, results).map { "\($0) \(fixed($1, 3))" }.joined(separator: ", "))
      }
    }
    return result(accuracies, counts: counts, images: images, data: data)
  }

  private static func result(
    _ accuracies: [[[Double]]], counts: [Int], images: StudyImages, data: StudyTable
  ) -> StudyResult {
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    func deviation(_ values: [Double]) -> Double {
      let mean = mean(values)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
    }
    var table = StudyTable(columns: ["method"] + counts.map { "\($0) a class" })
    var figure = Figure(
      title: "Accuracy on \(images.test.count.grouped) test images of \(images.name)",
      x: .init("labels of each class", scale: .logarithmic), y: .init("accuracy"))
    for (method, name) in methods.enumerated() {
      let values = accuracies[method]
      table.rows.append(
        [.text(name)]
          + values.map { .text("\(fixed(mean($0), 3)) ± \(fixed(deviation($0), 3))") })
      figure.marks.append(
        .line(
          name, zip(counts, values).map { (Double($0), mean($1)) }, color: .series(method)))
      // Side by side, where they would cover each other.
      let shift = pow(1.02, Double(method) - Double(methods.count - 1) / 2)
      for (count, values) in zip(counts, values) where deviation(values) > 0 {
        let (x, middle, reach) = (Double(count) * shift, mean(values), deviation(values))
        figure.marks.append(
          .line(
            "", [(x, middle - reach), (x, middle + reach)], color: .series(method),
            hasMarkers: false))
      }
    }
    let place = counts.firstIndex(of: 10) ?? 0
    func at(_ method: Int) -> String { fixed(mean(accuracies[method][place]), 3) }
    return StudyResult(
      table: table, data: data, picture: figure,
      conclusion:
        "With \(counts[place]) labels of each class, a linear probe on the features that VICReg learned from "
        + "\(images.train.count.grouped) images without labels is right on \(at(0)) of the test images. The same probe on features "
        + "learned from rotations reaches \(at(1)), on those of random weights \(at(2)), on the pixels \(at(3)); the network "
        + "trained from scratch on these labels \(at(4)).")
  }
}

/// The images of the study, in two parts.
struct StudyImages: Sendable {
  let name: String
  let train: Dataset
  let test: Dataset
  let augmentation: [Augmentation]
  /// The training images of the rarest class.
  let perClass: Int

  /// The images that the settings name.
  init(_ settings: StudySettings, session: inout StudySession) throws {
    name = settings.data ?? DataSource.figures.name
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
        .contrast(0.4),
        .saturation(0.4), .hue(0.2),
      ]
    } else {
      guard DataSource.hasImages(name) else {
        throw UsageError(
          "'--data \(name)' has no images: give a name from 'data list', or a folder")
      }
      var recipe = Recipe(recipe: "", data: name, maps: Blocks([[1]]))
      (recipe.validation, recipe.test) = (0, 0.2)
      let parts = try recipe.split(recipe.loadData(progress: nil))
      // Data may be sorted.
      let order = RandomKey(seed: 0).folded("study").permutation(of: parts.train.count)
      train = parts.train.subset(
        order.prefix(settings.examples ?? parts.train.count).sorted())
      test = parts.test
      let side = train.inputShape.last ?? 1
      let geometry: [Augmentation] = [
        .rotate(degrees: 15), .zoom(0.2), .crop(padding: max(1, side / 9)),
      ]
      augmentation =
        train.inputShape[0] == 1
        ? geometry + [
          .shear(degrees: 20), .elastic(Float(side) / 36), .thickness(1),
        ]
        : [.mirror] + geometry + [.brightness(0.4), .contrast(0.4), .saturation(0.4), .hue(0.1)]
    }
    var perClass = [Int](repeating: 0, count: train.classCount ?? 0)
    for label in train.targets.classIndices { perClass[label] += 1 }
    self.perClass = perClass.min() ?? 0
  }
}

extension PretextTask {
  /// The tasks of the study.
  fileprivate static let studied: [PretextTask] = [.vicReg, .rotation]
}

/// The features of all training and test images.
private struct StudyFeatures {
  let train: Tensor
  let test: Tensor
}

extension StudyImages {
  /// Those of an encoder that learns from all training images, without their labels.
  fileprivate func features(
    of task: PretextTask, epochs: Int, seed: UInt64, session: inout StudySession
  ) throws -> StudyFeatures {
    var network = try NeuralNetwork.pretraining(
      task, inputShape: train.inputShape, optimizer: AdamW(learningRate: 0.004), seed: seed)
    network.preprocessing = try .standardizingAll(train)
    let batches = try ViewBatches(
      of: train, for: task, augmentation: augmentation, batchSize: min(64, train.count), seed: seed
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
  fileprivate func features(of encoder: NeuralNetwork) throws -> StudyFeatures {
    StudyFeatures(
      train: try encoder.predict(train.features), test: try encoder.predict(test.features))
  }

  /// The pixels.
  fileprivate var pixels: StudyFeatures {
    StudyFeatures(
      train: train.features.reshaped(to: [train.count, -1]),
      test: test.features.reshaped(to: [test.count, -1]))
  }
}

/// The measurements with one seed.
private struct LabelsRun {
  let images: StudyImages
  let seed: UInt64
  let epochs: Int
  /// Of the pretrained encoders, of random weights, and the pixels.
  private let features: [StudyFeatures]
  private let scaler: FeatureScaler
  /// The training images of each class, in the order in which they are labelled.
  private let order: [[Int]]

  init(images: StudyImages, _ pretrained: [StudyFeatures], seed: UInt64, epochs: Int) throws {
    (self.images, self.seed, self.epochs) = (images, seed, epochs)
    scaler = try .standardizingAll(images.train)
    let shuffled = RandomKey(seed: seed).folded("labels").permutation(of: images.train.count)
    let labels = images.train.targets.classIndices
    order = (0..<(images.train.classCount ?? 0)).map { label in
      shuffled.filter { labels[$0] == label }
    }
    var random = try NeuralNetwork.pretraining(
      .vicReg, inputShape: images.train.inputShape, optimizer: AdamW(), seed: seed
    ).encoder()
    random.preprocessing = scaler
    features =
      pretrained + [
        try images.features(of: random.measured(on: images.train)), images.pixels,
      ]
  }

  /// The accuracy of each method with a number of labels of each class.
  func accuracies(labels count: Int, session: inout StudySession) throws -> [Double] {
    let chosen = order.flatMap { $0.prefix(count) }
    let (labels, truth) = (images.train.targets.classIndices, images.test.targets.classIndices)
    let line = session.progress("fitting probes", total: features.count)
    var accuracies: [Double] = []
    for features in features {
      if Interruption.isRequested { throw Interruption.status }
      let probe = try LinearProbe(
        features: features.train.rows(at: chosen), labels: chosen.map { labels[$0] },
        classCount: order.count
      )
      accuracies.append(probe.accuracy(on: features.test, labels: truth))
      line.advance()
    }
    line.clear()
    return accuracies + [try trainedFromScratch(chosen, count, session: &session)]
  }

  /// The accuracy of the encoder with a linear layer, trained on the labelled images alone.
  private func trainedFromScratch(
    _ chosen: [Int], _ count: Int, session: inout StudySession
  ) throws -> Double {
    let train = images.train.subset(chosen)
    var network = try NeuralNetwork.convolutional(
      inputShape: train.inputShape, blocks: [[32], [64], [128]], kernelSize: 3, hiddenSizes: [],
      classCount: order.count, batchNorm: true, optimizer: AdamW(learningRate: 0.002), seed: seed)
    network.preprocessing = scaler
    let batchSize = min(64, train.count)
    let batches = try ImageGenerator(
      DatasetSource(train), batchSize: batchSize, imageSize: train.inputShape,
      augmentation: images.augmentation, seed: seed, lastBatch: .short)
    // Long enough: more steps change the accuracy by less than its error.
    let perEpoch = (train.count + batchSize - 1) / batchSize
    let epochs = max(1, self.epochs / 2, 16 * self.epochs / perEpoch)
    _ = try session.train("seed \(seed), \(count) labels from scratch", &network) {
      network, callbacks in
      try network.fit(
        batches,
        options: TrainingOptions(
          epochs: epochs, batchSize: batchSize,
          schedule: CosineDecay(over: epochs * perEpoch, unit: .step)),
        callbacks: callbacks)
    }
    return try network.evaluate(images.test, keepingPredictions: false).accuracy ?? 0
  }
}
