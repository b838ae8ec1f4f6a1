import CourseTestSupport
import ExplorationNetworks
import Foundation
import Testing

/// Learning without labels: views, the network, its encoder, and the scores of a representation.
@Suite(.watched) struct PretrainingTests {
  private static let figures = SyntheticImages(count: 24, seed: 1, size: 16)
  private let images: Dataset

  init() throws { images = try Dataset(Self.figures) }

  private func batches(
    _ task: PretextTask, size: Int = 8, augmentation: [Augmentation] = [.crop(padding: 2)]
  ) throws -> ViewBatches {
    try ViewBatches(
      of: images, for: task, augmentation: augmentation, batchSize: size, seed: 3)
  }

  private func network(_ task: PretextTask) throws -> NeuralNetwork {
    try .pretraining(
      task, inputShape: [3, 16, 16], blocks: [[4], [6]], head: [8, 8],
      optimizer: AdamW(learningRate: 0.01), seed: 1)
  }

  // MARK: Views

  @Test func twoViewsOfAnImageDifferAndFollowTheirPlace() throws {
    var a = try batches(.vicReg, size: 10)
    #expect(a.inputShape == [6, 16, 16] && a.examplesPerEpoch == 20)
    let first = (0..<5).map { _ in a.nextBatch() }
    #expect(first.allSatisfy { $0.features.shape == [10, 6, 16, 16] })
    let views = first[0].features
    #expect(views[0..., 0..<3] != views[0..., 3...])
    // Each view is its image, shifted by up to two pixels: one of the 25 shifts fits exactly.
    let order = NeuralNetwork.order(epoch: 0, exampleCount: 24, seed: 3)
    for view in 0..<2 {
      let seen = views[0..<1, (3 * view)..<(3 * view + 3)].reshaped(to: [3, 16, 16])
      let image = images.batch(at: [order[0]]).features.reshaped(to: [3, 16, 16])
      let shifts = (-2...2).flatMap { top in (-2...2).map { (top, $0) } }
      #expect(
        shifts.contains { image.cropped(top: $0.0, left: $0.1, height: 16, width: 16) == seen })
    }
    // A batch is a function of its number, on any number of threads.
    var b = a
    let threads = Parallelism.threadCount
    defer { Parallelism.threadCount = threads }
    Parallelism.threadCount = 1
    b.seek(batch: 3)
    expectSame(b.nextBatch().features, first[3].features, "the second batch of the second epoch")
    #expect(first[0].features != first[2].features)
    // The views of an image are others in the next epoch.
    let next = NeuralNetwork.order(epoch: 1, exampleCount: 24, seed: 3)
    let again = try #require(next.prefix(20).firstIndex(of: order[0]))
    let row = again % 10
    #expect(first[2 + again / 10].features[row..<(row + 1)] != views[0..<1])
  }

  @Test func rotationsAreQuarterTurns() throws {
    var batches = try batches(.rotation, augmentation: [])
    let batch = batches.nextBatch()
    #expect(batch.features.shape == [8, 12, 16, 16])
    #expect(batch.targets == .classSequences((0..<8).flatMap { _ in 0..<4 }, length: 4))
    #expect(batches.classNames == ["0°", "90°", "180°", "270°"])
    let order = NeuralNetwork.order(epoch: 0, exampleCount: 24, seed: 3)
    let image = images.batch(at: [order[5]]).features.reshaped(to: [3, 16, 16])
    for turns in 0..<4 {
      expectSame(
        batch.features[5..<6, (3 * turns)..<(3 * turns + 3)].reshaped(to: [3, 16, 16]),
        image.rotated90(turns: turns), "\(turns) quarter turns")
    }
  }

  @Test func theViewsToMeasureOnStayTheSame() throws {
    for task in PretextTask.allCases {
      let set = try batches(task).dataset()
      #expect(set.count == 24 && set.inputShape == [3 * task.views, 16, 16] && set.bytes != nil)
      expectSame(try batches(task).dataset().features, set.features, "the same views")
    }
    // Without augmentation they are the images, also of another range.
    let plain = try batches(.vicReg, augmentation: []).dataset()
    expectSame(plain.features[0..., 0..<3], images.features, "the first view")
    let digits = Dataset.digits.reshaped(to: [1, 8, 8])
    let views = try ViewBatches(
      of: digits.subset(0..<5), for: .ntXent, augmentation: [], batchSize: 5, seed: 1,
      brightest: 16
    ).dataset()
    expectClose(
      views.features[0..., 1...], digits.subset(0..<5).features, "the second view", atol: 0.04)
  }

  // MARK: The network

  @Test(arguments: PretextTask.allCases) func theNetworkLearnsIsSavedAndResumes(
    task: PretextTask
  ) throws {
    let batches = try batches(task)
    var network = try network(task)
    #expect(network.inputShape == [3 * task.views, 16, 16])
    #expect(network.outputShape == (task == .rotation ? [4, 4] : [2, 8]))
    let options = TrainingOptions(epochs: 2, batchSize: 8)
    let history = try network.fit(batches, validation: batches.dataset(), options: options)
    #expect(history.epochs[1].training.loss < history.epochs[0].training.loss)
    let metrics = history.epochs[1].validation?.metrics ?? [:]
    #expect(metrics.keys.sorted() == [task == .rotation ? "accuracy" : "embedding deviation"])
    // The encoder alone, as part of the network and from a file.
    let encoder = try network.encoder()
    #expect(encoder.inputShape == [3, 16, 16] && encoder.outputShape == [6 * 4 * 4])
    let features = try encoder.predict(images.features)
    #expect(encoder.parameters["layers.0.convolution.weights"] != nil)
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "encoder.safetensors")
      try network.save(to: url)
      let copy = try NeuralNetwork(contentsOf: url, adding: NeuralNetwork.explorationTypes)
      expectSame(try copy.encoder().predict(images.features), features, "features of a saved one")
    }
    var whole = try self.network(task)
    try whole.fit(
      batches, validation: batches.dataset(), options: TrainingOptions(epochs: 3, batchSize: 8))
    try network.fit(
      batches, validation: batches.dataset(), options: TrainingOptions(epochs: 3, batchSize: 8),
      resuming: true)
    expectSame(
      try network.encoder().predict(images.features), try whole.encoder().predict(images.features),
      "features after a resumed training")
  }

  /// Without variance and covariance, the views of an image agree best where all images are the same.
  @Test func varianceKeepsTheEmbeddingsApart() throws {
    var network = try network(.vicReg)
    try network.fit(batches(.vicReg), options: TrainingOptions(epochs: 30, batchSize: 8))
    let last = try #require(network.progress?.history.epochs.last)
    let deviation = try #require(last.training.metrics["embedding deviation"])
    #expect(deviation > 0.6, "\(deviation)")
  }

  /// Every answer is wrong where the labels to test on are those of the other class.
  @Test func scoresAreThoseOfTheTestPart() throws {
    let features: Tensor = [[0, 1], [0.1, 1], [1, 0], [1, 0.1], [0, 0.9], [0.9, 0]]
    let labels = [0, 0, 1, 1, 0, 1]
    for (truth, share) in [(labels, 1.0), (labels.map { 1 - $0 }, 0)] {
      let scores = try RepresentationScores(
        ofFeatures: features, labels, testedOn: features, truth, classCount: 2)
      #expect(scores.linearProbe == share && scores.nearestNeighbours == share)
      #expect(scores.features == 2)
    }
  }

  @Test func averagesOfAnUntrainedEncoderAreMeasured() throws {
    let encoder = try network(.vicReg).encoder()
    expectCourseError(.invalidData, "BatchNorm was never trained") {
      _ = try encoder.predict(images.features)
    }
    let measured = encoder.measured(on: images, batchSize: 10)
    let features = try measured.predict(images.features)
    #expect(features.isFinite && features.variance(axis: 0).max() > 0)
    for (name, parameter) in encoder.parameters {
      expectSame(measured.parameters[name]!.value, parameter.value, name)
    }
  }

  // MARK: Scores

  /// Features that say all, and features that say nothing.
  @Test func scoresOfARepresentation() throws {
    let labels = (0..<60).map { $0 % 3 }
    let noise = Tensor(normal: [60, 4], key: RandomKey(seed: 5))
    func scores(_ features: Tensor) throws -> RepresentationScores {
      try RepresentationScores(
        ofFeatures: features[0..<40], Array(labels[0..<40]), testedOn: features[40...],
        Array(labels[40...]), classCount: 3)
    }
    let good = try scores(
      Tensor(concatenating: [noise * 0.1, Tensor(oneHot: labels, classCount: 3)], axis: 1))
    #expect(good.features == 7 && good.nearestNeighbours == 1 && good.linearProbe == 1)
    let bad = try scores(noise)
    #expect(bad.nearestNeighbours < 0.8 && bad.linearProbe < 0.8)
  }

  /// A single image has no other one to be compared with.
  @Test(arguments: [TwoViewLoss.Method.vicReg, .ntXent(temperature: 0.5)])
  func batchesOfOneImageAreRefused(method: TwoViewLoss.Method) throws {
    var network = NeuralNetwork(
      inputShape: [4], loss: TwoViewLoss(method), optimizer: SGD(learningRate: 0.1), seed: 1)
    try network.append(Siamese(Dense(outputSize: 3)))
    let views = Tensor(normal: [3, 4], key: RandomKey(seed: 1))
    func fit(_ count: Int, batchSize: Int) throws {
      try network.fit(
        Dataset(
          features: views[0..<count], targets: .classes([Int](repeating: 0, count: count))),
        options: TrainingOptions(epochs: 1, batchSize: batchSize))
    }
    for (count, size) in [(1, 8), (3, 1)] {
      expectCourseError(.invalidData, "no answer that counts", "batches of 1", "TwoViewLoss") {
        try fit(count, batchSize: size)
      }
    }
    #expect(throws: Never.self) { try fit(3, batchSize: 2) }
  }

  @Test func featuresAndClassesThatDoNotFitAreRefused() {
    expectCourseError(.invalidArgument, "LinearProbe: number of classes", "at least 1") {
      _ = try LinearProbe(features: [[1], [2]], labels: [0, 0], classCount: 0)
    }
    func scores(
      _ features: Tensor, _ labels: [Int], _ tested: Tensor, _ truth: [Int]
    ) throws {
      _ = try RepresentationScores(
        ofFeatures: features, labels, testedOn: tested, truth, classCount: 2)
    }
    let (good, labels): (Tensor, [Int]) = ([[1, 2], [3, 5]], [0, 1])
    expectCourseError(.shapeMismatch, "features [N, D]", "[2]") {
      try scores([1, 2], labels, good, labels)
    }
    for (tested, truth) in [
      (Tensor([1, 2]), labels), (Tensor([[1], [2]]), labels), (good, [0]),
      (Tensor(zeros: [0, 2]), []),
    ] {
      expectCourseError(.shapeMismatch, "to test on", "features [M, 2] and M classes") {
        try scores(good, labels, tested, truth)
      }
    }
    expectCourseError(.invalidData, "class out of range", "0 to 1", "example 1 to test on") {
      try scores(good, labels, good, [0, 2])
    }
  }

  // MARK: Refusals

  @Test func impossibleSettingsAreRefused() throws {
    expectCourseError(.invalidArgument, "no view of an image", "mixup") {
      _ = try batches(.vicReg, augmentation: [.mixup(alpha: 1)])
    }
    expectCourseError(.invalidArgument, "batch size", "at least 2") {
      _ = try batches(.vicReg, size: 1)
    }
    for (task, purpose) in [(PretextTask.vicReg, "compare views"), (.rotation, "learn from")] {
      expectCourseError(.invalidData, "too few images to \(purpose)", "at least 2") {
        _ = try ViewBatches(
          of: images.subset([0]), for: task, augmentation: [], batchSize: 4, seed: 1)
      }
    }
    // Borders would tell the turns apart.
    let wide = images.reshaped(to: [3, 8, 32])
    expectCourseError(.shapeMismatch, "not square", "8 x 32") {
      _ = try ViewBatches(of: wide, for: .rotation, augmentation: [], batchSize: 4, seed: 1)
    }
    _ = try ViewBatches(of: wide, for: .vicReg, augmentation: [], batchSize: 4, seed: 1)
    expectCourseError(.shapeMismatch, "not images") {
      _ = try ViewBatches(of: .iris, for: .vicReg, augmentation: [], batchSize: 4, seed: 1)
    }
    expectCourseError(.invalidArgument, "pretraining: head") {
      _ = try NeuralNetwork.pretraining(
        .vicReg, inputShape: [1, 8, 8], head: [], optimizer: Adam(), seed: 1)
    }
    expectCourseError(.invalidArgument, "temperature", "above 0", "got 0") {
      _ = try NeuralNetwork.pretraining(
        .ntXent, inputShape: [1, 8, 8], temperature: 0, optimizer: Adam(), seed: 1)
    }
    var plain = NeuralNetwork(inputShape: [4], seed: 1)
    try plain.append(Dense(outputSize: 2))
    expectCourseError(.invalidArgument, "no encoder", "got Dense") { _ = try plain.encoder() }
  }
}
