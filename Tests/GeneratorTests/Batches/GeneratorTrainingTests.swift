import CourseTestSupport
import Foundation
import Generator
import Shared
import Testing

@Suite(.waits(for: BatchOrderTests.steps), .watched)
struct GeneratorTrainingTests {
  /// Images of 3 x 8 x 8 in ten classes.
  private func network(_ loss: any Loss = TinySquaredError()) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3, 8, 8], loss: loss, optimizer: TinyMomentum(learningRate: 0.01), seed: 5)
    try network.append(Flat())
    try network.append(TinyDense(inputSize: 192, outputSize: 10))
    return network
  }

  /// `[N, 3, 8, 8]` to `[N, 192]`; without parameters.
  private struct Flat: Layer {
    struct Configuration: Codable, Sendable {}
    static let typeName = "Flat"
    var configuration: Configuration { Configuration() }
    init() {}
    init(configuration: Configuration) {}
    func outputShape(for inputShape: [Int]) -> [Int] { [inputShape.reduce(1, *)] }
    func forward(_ input: Tensor, mode: Mode) -> Tensor {
      input.reshaped(to: [input.shape[0], -1])
    }
    func backward(_ gradient: Tensor) -> Tensor {
      gradient.reshaped(to: [gradient.shape[0], 3, 8, 8])
    }
  }

  private func weights(_ network: NeuralNetwork) -> [Tensor] {
    var (copy, values) = (network, [Tensor]())
    copy.forEachParameter { values.append($1.value) }
    return values
  }

  private func generator(
    _ source: any ImageSource = CountedImages(20), batchSize: Int = 4,
    augmentation: [Augmentation] = [.mirror, .crop(padding: 2), .noise(standardDeviation: 0.1)],
    seed: UInt64 = 5, lastBatch: LastBatch = .wrap, threads: Int = 1
  ) throws -> ImageGenerator {
    try ImageGenerator(
      source, batchSize: batchSize, augmentation: augmentation, seed: seed, lastBatch: lastBatch,
      threads: threads)
  }

  // MARK: The same as a data set

  @Test(arguments: [(6, 1), (4, 2), (3, 3)])
  func withoutAugmentationItIsTheDataset(batchSize: Int, accumulationSteps: Int) throws {
    // The short batch at the end, and the short step, are those of the data set.
    let data = try Dataset(CountedImages(20))
    var (onImages, onData) = (try network(), try network())
    onImages.preprocessing = try .standardizingChannels(data)
    onData.preprocessing = onImages.preprocessing
    let validation = data.batch(at: 0..<7)
    let held = try Dataset(features: validation.features, targets: validation.targets)
    let images = try onImages.fit(
      generator(DatasetSource(data), batchSize: batchSize, augmentation: [], lastBatch: .short),
      validation: held,
      options: TrainingOptions(epochs: 3, accumulationSteps: accumulationSteps))
    let inMemory = try onData.fit(
      data, validation: held,
      options: TrainingOptions(
        epochs: 3, batchSize: batchSize, accumulationSteps: accumulationSteps))
    #expect(weights(onImages) == weights(onData))
    #expect(images == inMemory)
  }

  @Test(arguments: LastBatch.allCases) func anEpochIsItsBatches(lastBatch: LastBatch) throws {
    let images = try generator(batchSize: 6, lastBatch: lastBatch)
    var network = try network()
    let history = try network.fit(images, options: TrainingOptions(epochs: 2))
    let steps = lastBatch == .drop ? 3 : 4
    #expect(history.epochs.map(\.step) == [steps, 2 * steps])
    #expect(images.examplesPerEpoch == [.short: 20, .drop: 18][lastBatch] ?? 24)
  }

  @Test(arguments: [4, 6, 20]) func measuredOnAGeneratorAsOnADataset(batchSize: Int) throws {
    let data = try Dataset(CountedImages(20))
    var network = try network()
    network.preprocessing = try .standardizingChannels(data)
    try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 4))
    let images = try ImageGenerator(
      DatasetSource(data), batchSize: batchSize, shuffle: false, lastBatch: .short)
    _ = try images.next()
    let expected = try network.evaluate(data, batchSize: batchSize)
    for _ in 0..<2 {
      let measured = try network.evaluate(images)
      #expect(measured.loss == expected.loss && measured.accuracy == expected.accuracy)
      #expect(
        measured.predictions == expected.predictions && measured.predictions.shape == [20, 10])
    }
    #expect(try network.evaluate(images, keepingPredictions: false).predictions.count == 0)
    expectCourseError(.format, "damaged PNG", "counted/3.png") {
      try network.evaluate(
        ImageGenerator(CountedImages(20, brokenImage: 3), batchSize: 4, shuffle: false))
    }
    expectCourseError(.shapeMismatch, "data to evaluate on", "[3, 8, 8]", "[3, 4, 8]") {
      try network.evaluate(
        ImageGenerator(CountedImages(20), batchSize: 4, imageSize: [3, 4, 8]))
    }
  }

  // MARK: Determinism

  @Test func theNumberOfThreadsChangesNothing() throws {
    let all = try [0, 1, 3].map { threads in
      var network = try network()
      try network.fit(generator(threads: threads), options: TrainingOptions(epochs: 2))
      return weights(network)
    }
    #expect(all[0] == all[1] && all[0] == all[2])
  }

  @Test(arguments: LastBatch.allCases)
  func aResumedTrainingIsTheSame(lastBatch: LastBatch) throws {
    var whole = try network()
    let history = try whole.fit(
      generator(batchSize: 6, lastBatch: lastBatch), options: TrainingOptions(epochs: 3))
    for step in [1, 4, 6] {
      var network = try network()
      try network.fit(
        generator(batchSize: 6, lastBatch: lastBatch), options: TrainingOptions(epochs: 3),
        callbacks: [StopAfter(step: step)])
      #expect(network.progress?.step == step)
      // Another generator, and one that stands elsewhere.
      let images = try generator(batchSize: 6, lastBatch: lastBatch)
      _ = try images.next()
      let resumed = try network.fit(images, options: TrainingOptions(epochs: 3), resuming: true)
      #expect(weights(network) == weights(whole), "stopped after step \(step)")
      #expect(resumed == history)
    }
  }

  private struct StopAfter: TrainingCallback {
    let step: Int
    func stepEnded(_ report: StepReport, network: inout NeuralNetwork) -> TrainingControl {
      report.step == step ? .stop : .proceed
    }
  }

  @Test func trainingBeginsAtTheFirstBatch() throws {
    let images = try generator()
    for _ in 0..<7 { _ = try images.next() }
    var (first, second) = (try network(), try network())
    try first.fit(images, options: TrainingOptions(epochs: 1))
    try second.fit(generator(), options: TrainingOptions(epochs: 1))
    #expect(weights(first) == weights(second))
  }

  // MARK: Targets

  @Test func mixedImagesHaveMixedTargets() throws {
    let images = try generator(augmentation: [.mixup(alpha: 1)])
    guard case .values(let rows) = images.targets else {
      Issue.record("mixup: the targets are rows of shares")
      return
    }
    #expect(rows.shape == [20, 10])
    var (mixed, plain) = (try network(), try network())
    try mixed.fit(images, options: TrainingOptions(epochs: 1))
    try plain.fit(generator(augmentation: []), options: TrainingOptions(epochs: 1))
    #expect(weights(mixed) != weights(plain))
  }

  // MARK: Bad input

  @Test func anImageThatCannotBeReadLeavesTheNetworkAsItWas() throws {
    var whole = try network()
    try whole.fit(generator(), options: TrainingOptions(epochs: 2))
    for accumulationSteps in [1, 2] {
      var network = try network()
      expectCourseError(.format, "damaged PNG", "counted/7.png") {
        try network.fit(
          generator(CountedImages(20, brokenImage: 7)),
          options: TrainingOptions(epochs: 2, accumulationSteps: accumulationSteps))
      }
      let step = try #require(network.progress).step
      #expect(step < 5 && weights(network).allSatisfy(\.isFinite))
      // The file has been mended: the training goes on with the batch that it was missing.
      try network.fit(
        generator(), options: TrainingOptions(epochs: 2, accumulationSteps: accumulationSteps),
        resuming: true)
      if accumulationSteps == 1 { #expect(weights(network) == weights(whole)) }
    }
  }

  @Test func otherBatchesAreRefusedWhenResuming() throws {
    var network = try network()
    try network.fit(
      generator(augmentation: [.crop(padding: 2)]), options: TrainingOptions(epochs: 1))
    expectCourseError(.invalidArgument, "resumed", "crop:2", "crop:3") {
      try network.fit(
        generator(augmentation: [.crop(padding: 3)]), options: TrainingOptions(epochs: 2),
        resuming: true)
    }
    expectCourseError(.invalidArgument, "resumed", "seed 5", "seed 6") {
      try network.fit(
        generator(augmentation: [.crop(padding: 2)], seed: 6), options: TrainingOptions(epochs: 2),
        resuming: true)
    }
    expectCourseError(.invalidArgument, "resumed", "crop:2") {
      try network.fit(
        Dataset(CountedImages(20)), options: TrainingOptions(epochs: 2, batchSize: 4),
        resuming: true)
    }
    #expect(network.progress?.epoch == 1)
  }

  @Test func whatDoesNotFitIsRefusedBeforeTraining() throws {
    var network = try network()
    let source = CountedImages(20)
    expectCourseError(.shapeMismatch, "training data", "[3, 8, 8]", "[3, 4, 4]", "counted") {
      try network.fit(
        ImageGenerator(source, batchSize: 4, imageSize: [3, 4, 4]),
        options: TrainingOptions(epochs: 1))
    }
    expectCourseError(.invalidArgument, "number of epochs") {
      try network.fit(generator(source), options: TrainingOptions(epochs: 0))
    }
    #expect(network.progress == nil)
    #expect(source.reads.withLock { $0 } <= 3, "no more than a look at the first image")
  }
}
