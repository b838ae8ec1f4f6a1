import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct FitTests {
  private func weights(_ network: NeuralNetwork) -> [Tensor] {
    var copy = network
    var all: [Tensor] = []
    copy.forEachParameter { all.append($1.value) }
    return all
  }

  @Test func trainingLearnsAndReportsEveryEpoch() throws {
    var network = try tinyNetwork()
    let history = try network.fit(
      tinyData(), validation: tinyData(count: 11, seed: 6),
      options: TrainingOptions(epochs: 30, batchSize: 4))
    #expect(history.epochs.count == 30)
    #expect(history.epochs.map(\.epoch) == Array(0..<30))
    #expect(history.epochs.last?.step == 30 * 6, "23 examples in batches of 4 are 6 steps an epoch")
    let (first, last) = (try #require(history.epochs.first), try #require(history.epochs.last))
    #expect(last.training.loss < first.training.loss)
    #expect(try #require(last.validation).loss < 0.2)
  }

  @Test func everyExampleIsSeenOnceAnEpoch() throws {
    // With a learning rate of 0 the weights stay, so the mean over the batches is the mean over the data.
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 0))
    let data = try tinyData()
    let history = try network.fit(data, options: TrainingOptions(epochs: 2, batchSize: 5))
    let expected = try network.evaluate(data).loss
    for epoch in history.epochs {
      #expect(
        Swift.abs(epoch.training.loss - expected) < 1e-6,
        "the last, smaller batch must count by its size")
    }
  }

  @Test func theSameSeedGivesTheSameBitsOnAnyNumberOfThreads() throws {
    let data = try tinyData(count: 40)
    var results: [[Tensor]] = []
    let previous = Parallelism.threadCount
    defer { Parallelism.threadCount = previous }
    for threads in [1, 2, 5] {
      Parallelism.threadCount = threads
      var network = try tinyNetwork()
      try network.fit(data, options: TrainingOptions(epochs: 3, batchSize: 7))
      results.append(weights(network))
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  /// 23 examples: the last step is smaller, its parts are unequal, and with batches of 5 or 3 it has fewer.
  @Test(arguments: [(1, 12), (2, 6), (3, 4), (3, 5), (5, 3)])
  func accumulatedBatchesEqualOneLargeBatch(parts: Int, batchSize: Int) throws {
    var whole = try tinyNetwork()
    try whole.fit(tinyData(), options: TrainingOptions(epochs: 3, batchSize: parts * batchSize))
    var split = try tinyNetwork()
    try split.fit(
      tinyData(),
      options: TrainingOptions(epochs: 3, batchSize: batchSize, accumulationSteps: parts))
    for (a, b) in zip(weights(whole), weights(split)) {
      expectClose(b, a, "weights after steps of \(parts) parts", atol: 1e-5)
    }
    #expect(try #require(whole.progress).step == split.progress?.step)
  }

  /// All data in one batch, so that an epoch reports the loss of the weights it began with.
  @Test func scoresOfAnEpochLeaveOutTheEpochsBefore() throws {
    let data = try tinyData()
    var network = try tinyNetwork()
    let before = try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: data.count))
    let expected = try network.evaluate(data)
    let after = try network.fit(
      data, options: TrainingOptions(epochs: 2, batchSize: data.count), resuming: true)
    #expect(before.epochs[0].training.loss > 1.1 * expected.loss, "the loss must have changed")
    #expect(Swift.abs(after.epochs[1].training.loss - expected.loss) < 1e-6)
    #expect(after.epochs[1].training.accuracy == expected.accuracy)
  }

  @Test func theScheduleSetsTheLearningRateOfEachStep() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 1))
    let recorder = Recorder()
    try network.fit(
      tinyData(),
      options: TrainingOptions(
        epochs: 2, batchSize: 12, schedule: TinyReciprocal(offset: 10, perStep: 1, perEpoch: 10)),
      callbacks: [recorder])
    let expected: [Float] = [10, 11, 22, 23].map { 1 / $0 }
    #expect(recorder.rates == expected)
  }

  @Test func callbacksRunInOrderAndRecordersLast() throws {
    var network = try tinyNetwork()
    let first = Recorder(isLast: true)
    let second = Recorder()
    second.other = first
    try network.fit(
      tinyData(), options: TrainingOptions(epochs: 2, batchSize: 12), callbacks: [first, second])
    #expect(
      second.events == ["began", "step", "step", "epoch 0", "step", "step", "epoch 1", "ended"])
    #expect(second.eventsOfOtherAtEpoch == [3, 6], "a recorder must come after the others")
    try network.fit(
      tinyData(), options: TrainingOptions(epochs: 3, batchSize: 12),
      callbacks: [second], resuming: true)
    #expect(second.startEpochs == [0, 2])
  }

  @Test func aCallbackCanStopAfterAStep() throws {
    var network = try tinyNetwork()
    let recorder = Recorder()
    recorder.stopAtStep = 3
    let history = try network.fit(
      tinyData(), options: TrainingOptions(epochs: 5, batchSize: 12), callbacks: [recorder])
    #expect(history.epochs.count == 1)
    #expect(network.progress?.step == 3)
    #expect(network.progress?.batch == 1)
  }

  @Test func preprocessingIsAppliedToRawFeatures() throws {
    let data = try tinyData()
    var plain = try tinyNetwork()
    try plain.fit(data, options: TrainingOptions(epochs: 2, batchSize: 5))
    let scaler = FeatureScaler.dividing(by: 0.5)
    var scaled = try tinyNetwork()
    scaled.preprocessing = scaler
    let halved = try Dataset(features: data.features * 0.5, targets: data.targets)
    try scaled.fit(halved, options: TrainingOptions(epochs: 2, batchSize: 5))
    #expect(weights(plain) == weights(scaled))
    #expect(try plain.predict(data.features) == scaled.predict(halved.features))
    #expect(try plain.evaluate(data).loss == scaled.evaluate(halved).loss)
  }

  @Test func aBatchLargerThanTheDataIsAllOfThem() throws {
    let data = try tinyData()
    func trained(batchSize: Int, accumulationSteps: Int = 1) throws -> NeuralNetwork {
      var network = try tinyNetwork()
      try network.fit(
        data,
        options: TrainingOptions(
          epochs: 3, batchSize: batchSize, accumulationSteps: accumulationSteps))
      return network
    }
    let all = try trained(batchSize: 23)
    for size in [24, 1000, .max] {
      let larger = try trained(batchSize: size)
      #expect(weights(larger) == weights(all) && larger.progress == all.progress)
    }
    let parts = try trained(batchSize: 10, accumulationSteps: 3)
    #expect(
      try weights(trained(batchSize: 10, accumulationSteps: .max)) == weights(parts))
    #expect(try all.evaluate(data, batchSize: 1000).loss == all.evaluate(data).loss)
    // The default, on fewer examples than it has.
    var small = try tinyNetwork()
    #expect(
      try small.fit(
        data.subset(0..<7), options: TrainingOptions(epochs: 1)
      ).epochs.count == 1)
  }

  // MARK: Bad input

  @Test func settingsThatMakeNoSenseAreRefusedBeforeTraining() throws {
    var network = try tinyNetwork()
    let before = weights(network)
    let data = try tinyData()
    expectCourseError(.invalidArgument, "batch size", "0") {
      try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 0))
    }
    expectCourseError(.invalidArgument, "epochs") {
      try network.fit(
        data, options: TrainingOptions(epochs: 0))
    }
    expectCourseError(.shapeMismatch, "[3]", "[4]", "training data") {
      try network.fit(
        Dataset(features: Tensor(zeros: [9, 4]), targets: .classes([Int](repeating: 0, count: 9))),
        options: TrainingOptions(epochs: 1, batchSize: 3))
    }
    expectCourseError(.shapeMismatch, "validation data") {
      try network.fit(
        data, validation: Dataset(features: Tensor(zeros: [1, 4]), targets: .classes([0])),
        options: TrainingOptions(epochs: 1, batchSize: 3))
    }
    expectCourseError(.invalidArgument, "nothing to resume") {
      try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 3), resuming: true)
    }
    #expect(weights(network) == before && network.progress == nil)

    var bare = NeuralNetwork(inputShape: [3])
    expectCourseError(.invalidArgument, "no layers") {
      try bare.fit(
        data, options: TrainingOptions(epochs: 1))
    }
    try bare.append(TinyDense(inputSize: 3, outputSize: 2))
    expectCourseError(.invalidArgument, "no loss") {
      try bare.fit(
        data, options: TrainingOptions(epochs: 1))
    }
    bare.loss = TinySquaredError()
    expectCourseError(.invalidArgument, "no optimizer") {
      try bare.fit(
        data, options: TrainingOptions(epochs: 1))
    }
  }

  @Test func preprocessingOfAnotherShapeIsRefusedBeforeABatchIsMade() throws {
    var network = try tinyNetwork()
    network.preprocessing = try .minMax(
      Dataset(
        features: Tensor(normal: [2, 4], key: RandomKey(seed: 1)), targets: .classes([0, 1])))
    expectCourseError(.shapeMismatch, "scaler") {
      try network.fit(
        Unmade(), options: TrainingOptions(epochs: 1))
    }
    #expect(network.progress == nil)
  }

  @Test func weightsThatOverflowInTheLastStepAreNoticed() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: .greatestFiniteMagnitude))
    expectCourseError(.diverged, "step 1", "learning rate 3.4") {
      try network.fit(tinyData(), options: TrainingOptions(epochs: 1, batchSize: 23))
    }
  }

  @Test func divergenceNamesStepLayerAndLearningRate() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 1e30))
    expectCourseError(
      .diverged, "step 2", "the output of layer 1 (TinyDense)", "learning rate 1e+30"
    ) {
      try network.fit(tinyData(), options: TrainingOptions(epochs: 5, batchSize: 12))
    }
  }

  @Test func aLayerThatOverflowsIsNamed() throws {
    var huge = TinyDense(inputSize: 4, outputSize: 2)
    huge.weights.value = Tensor(repeating: 3e38, shape: [4, 2])
    var network = NeuralNetwork(
      inputShape: [3], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0.1), seed: 1)
    try network.append(TinyDense(inputSize: 3, outputSize: 4))
    try network.append(huge)
    expectCourseError(.diverged, "step 1", "the output of layer 1 (TinyDense)") {
      try network.fit(tinyData(), options: TrainingOptions(epochs: 1, batchSize: 12))
    }
  }
}

/// Batches that can be named but not made.
private struct Unmade: TrainingBatches {
  let name = "unmade"
  let inputShape = [3]
  let targets = Target.classes([0, 1])
  let batchSize = 2
  let examplesPerEpoch = 2
  let shuffle = false
  let settings: String? = nil

  func seek(batch number: Int) {}
  func nextBatch() throws -> TrainingBatch {
    throw CourseError(.invalidData, "a batch was made")
  }
}

/// Writes down what happens. A class, because the test looks at it afterwards.
private final class Recorder: TrainingCallback {
  let runsLast: Bool
  var events: [String] = []
  var rates: [Float] = []
  var stopAtStep: Int?
  var other: Recorder?
  var eventsOfOtherAtEpoch: [Int] = []
  var startEpochs: [Int] = []

  init(isLast: Bool = false) { runsLast = isLast }

  func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) {
    events.append("began")
    startEpochs.append(plan.startEpoch)
  }
  func stepEnded(_ report: StepReport, network: inout NeuralNetwork) -> TrainingControl {
    events.append("step")
    rates.append(report.learningRate)
    return report.step == stopAtStep ? .stop : .proceed
  }
  func epochEnded(_ report: EpochReport, network: inout NeuralNetwork) -> TrainingControl {
    events.append("epoch \(report.epoch)")
    if let other { eventsOfOtherAtEpoch.append(other.events.count) }
    return .proceed
  }
  func trainingEnded(_ history: TrainingHistory, network: inout NeuralNetwork) {
    events.append("ended")
  }
}
