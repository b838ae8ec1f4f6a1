import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct EarlyStoppingTests {
  /// Makes the validation loss of each epoch what the test wants: the single weight is set to a value
  /// whose distance to the target is known.
  private struct Steering: TrainingCallback {
    let weights: [Float]
    mutating func stepEnded(
      _ report: StepReport, network: inout NeuralNetwork
    ) -> TrainingControl {
      let weight = weights[report.epoch]
      network.forEachParameter { name, parameter in
        if name.hasSuffix("weights") { parameter.value = Tensor(shape: [1, 1], scalars: [weight]) }
      }
      return .proceed
    }
  }

  private func train(
    weights: [Float], patience: Int, minimumImprovement: Double = 0
  ) throws -> (network: NeuralNetwork, epochs: Int) {
    var network = NeuralNetwork(
      inputShape: [1], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0))
    try network.append(TinyDense(inputSize: 1, outputSize: 1))
    // Prediction = weight, target 0: the loss is weight² / 2.
    let data = try Dataset(
      features: Tensor(ones: [2, 1]), targets: .values(Tensor(zeros: [2, 1])))
    let history = try network.fit(
      data, validation: data, options: TrainingOptions(epochs: weights.count, batchSize: 2),
      callbacks: [
        Steering(weights: weights),
        EarlyStopping(patience: patience, minimumImprovement: minimumImprovement),
      ])
    return (network, history.epochs.count)
  }

  private func weight(_ network: NeuralNetwork) throws -> Float {
    try network.predict(Tensor(ones: [1, 1])).scalar
  }

  @Test func stopsAfterPatienceAndRestoresTheBestWeights() throws {
    let (network, epochs) = try train(weights: [5, 3, 4, 4, 1, 0], patience: 2)
    #expect(epochs == 4, "epochs 2 and 3 (from 0) did not improve on epoch 1")
    #expect(try weight(network) == 3, "the weights of the best epoch must come back")
  }

  @Test func restoresTheBestWeightsAlsoWhenTrainingEndsByItself() throws {
    let (network, epochs) = try train(weights: [5, 3, 4], patience: 5)
    #expect(epochs == 3)
    #expect(try weight(network) == 3)
  }

  @Test func theLastWeightsStayWhereTheyAreAskedFor() throws {
    var network = NeuralNetwork(
      inputShape: [1], loss: TinySquaredError(), optimizer: TinySGD(learningRate: 0))
    try network.append(TinyDense(inputSize: 1, outputSize: 1))
    let data = try Dataset(
      features: Tensor(ones: [2, 1]), targets: .values(Tensor(zeros: [2, 1])))
    let stopping = EarlyStopping(patience: 2, restoresBest: false)
    #expect(try stopping.bestEpoch(of: TrainingHistory()) == nil)
    let history = try network.fit(
      data, validation: data, options: TrainingOptions(epochs: 9, batchSize: 2),
      callbacks: [Steering(weights: [5, 3, 4, 7, 1, 0, 0, 0, 0]), stopping])
    #expect(history.epochs.count == 4)
    #expect(try stopping.bestEpoch(of: history) == 1)
    #expect(try weight(network) == 7)
  }

  @Test func smallImprovementsDoNotCount() throws {
    let (network, epochs) = try train(
      weights: [5, 4.99, 4.98, 1], patience: 2, minimumImprovement: 1)
    #expect(epochs == 3)
    #expect(try weight(network) == 5)
  }

  @Test func aSecondTrainingStartsAfresh() throws {
    var (network, _) = try train(weights: [1, 2, 3], patience: 2)
    let data = try Dataset(
      features: Tensor(ones: [2, 1]), targets: .values(Tensor(zeros: [2, 1])))
    let history = try network.fit(
      data, validation: data, options: TrainingOptions(epochs: 3, batchSize: 2),
      callbacks: [Steering(weights: [9, 8, 7]), EarlyStopping(patience: 2)])
    #expect(history.epochs.count == 3, "scores of an earlier training must not count")
    #expect(try weight(network) == 7)
  }

  @Test func validationLossNeedsValidationData() throws {
    var network = try tinyNetwork()
    expectCourseError(.invalidArgument, "EarlyStopping", "validation data") {
      try network.fit(
        tinyData(), options: TrainingOptions(epochs: 2, batchSize: 5),
        callbacks: [EarlyStopping(patience: 1)])
    }
  }

  @Test func theTrainingLossCanBeMonitored() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 0))
    let history = try network.fit(
      tinyData(), options: TrainingOptions(epochs: 9, batchSize: 23),
      callbacks: [EarlyStopping(patience: 2, minimumImprovement: 1, monitor: .trainingLoss)])
    #expect(history.epochs.count == 3)
  }

  // MARK: Ends

  /// Nothing gets better by 100: the best epoch is the first.
  private func fit(
    _ network: inout NeuralNetwork, epochs: Int, _ more: [any TrainingCallback] = [],
    resuming: Bool = false
  ) throws {
    try network.fit(
      tinyData(), validation: tinyData(count: 11, seed: 6),
      options: TrainingOptions(epochs: epochs, batchSize: 4),
      callbacks: more + [EarlyStopping(patience: 100, minimumImprovement: 100)], resuming: resuming)
  }

  private func values(_ network: NeuralNetwork) -> [Tensor] {
    var copy = network
    var all: [Tensor] = []
    copy.forEachParameter { all.append($1.value) }
    return all
  }

  /// What a file of the network holds.
  private func tensors(_ network: NeuralNetwork, in folder: URL) throws -> [String: Tensor] {
    let url = folder.appending(path: "all.safetensors")
    try network.save(to: url)
    return try Dictionary(
      uniqueKeysWithValues: SafetensorsFile(contentsOf: url).tensors.map { ($0.name, $0.tensor) })
  }

  @Test func aFinishedRunGoesOnAsIfItHadNotEnded() throws {
    try withTemporaryFolder { folder in
      var first = try tinyNetwork()
      try fit(&first, epochs: 1)
      var whole = try tinyNetwork()
      try fit(&whole, epochs: 20)
      #expect(values(whole) == values(first), "the best weights are those of the first epoch")

      let url = folder.appending(path: "network.safetensors")
      var part = try tinyNetwork()
      try fit(&part, epochs: 12, [CheckpointCallback(url: url)])
      try fit(&part, epochs: 20, resuming: true)
      #expect(try tensors(part, in: folder) == tensors(whole, in: folder))
      var loaded = try loadTiny(url)
      try fit(&loaded, epochs: 20, resuming: true)
      #expect(try tensors(loaded, in: folder) == tensors(whole, in: folder))
    }
  }

  /// A run that stopped goes on with more patience, to the bits of one that had it from the start.
  @Test func morePatienceGoesOn() throws {
    func fit(_ network: inout NeuralNetwork, patience: Int, resuming: Bool = false) throws {
      try network.fit(
        tinyData(), validation: tinyData(count: 11, seed: 6),
        options: TrainingOptions(epochs: 30, batchSize: 4),
        callbacks: [EarlyStopping(patience: patience, minimumImprovement: 100)],
        resuming: resuming)
    }
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      var network = try tinyNetwork()
      try fit(&network, patience: 3)
      #expect(network.progress?.epoch == 4 && network.progress?.isStopped == true)
      try network.save(to: url)
      var resumed = try loadTiny(url)
      try fit(&resumed, patience: 3, resuming: true)
      #expect(resumed.progress?.epoch == 4, "the same patience has nothing to add")
      resumed = try loadTiny(url)
      try fit(&resumed, patience: 6, resuming: true)
      var whole = try tinyNetwork()
      try fit(&whole, patience: 6)
      #expect(whole.progress?.epoch == 7)
      #expect(resumed.progress == whole.progress)
      #expect(try tensors(resumed, in: folder) == tensors(whole, in: folder))
    }
  }

  @Test func weightsThatWereChangedSinceTheEndStay() throws {
    var network = try tinyNetwork()
    try fit(&network, epochs: 3)
    network.forEachParameter { $1.value = Tensor(zeros: $1.value.shape) }
    /// Comes after `EarlyStopping`.
    struct Look: TrainingCallback {
      var runsLast: Bool { true }
      mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) {
        network.forEachParameter { #expect($1.value == Tensor(zeros: $1.value.shape)) }
      }
    }
    try fit(&network, epochs: 4, [Look()], resuming: true)
  }

  @Test func aStopAfterAStepEndsTrainingLikeOneAfterAnEpoch() throws {
    /// Stops after a step, and counts the ends.
    struct StopAfter: TrainingCallback {
      let step: Int
      let ended: () -> Void
      mutating func stepEnded(
        _ report: StepReport, network: inout NeuralNetwork
      ) -> TrainingControl { report.step == step ? .stop : .proceed }
      mutating func trainingEnded(_ history: TrainingHistory, network: inout NeuralNetwork) {
        ended()
      }
    }
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      var first = try tinyNetwork()
      try fit(&first, epochs: 1)
      var network = try tinyNetwork()
      // 23 examples in batches of 4 are 6 steps: 15 is within the third epoch.
      var ends = 0
      try fit(
        &network, epochs: 5,
        [StopAfter(step: 15) { ends += 1 }, CheckpointCallback(url: url, everyEpochs: 9)])
      #expect(ends == 1)
      #expect(network.progress?.step == 15)
      #expect(values(network) == values(first), "the best weights come back")
      #expect(try values(loadTiny(url)) == values(network), "the checkpoint has them")

      var whole = try tinyNetwork()
      try fit(&whole, epochs: 5)
      var resumed = try loadTiny(url)
      try fit(&resumed, epochs: 5, resuming: true)
      #expect(try tensors(resumed, in: folder) == tensors(whole, in: folder))
      #expect(resumed.progress == whole.progress)
    }
  }

  @Test func aBestEpochThatWasNotWatchedIsNotReplacedByAnOlderOne() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 0.02))
    func train(_ epochs: Int, _ callbacks: [any TrainingCallback], resuming: Bool) throws {
      try network.fit(
        tinyData(), validation: tinyData(count: 11, seed: 6),
        options: TrainingOptions(epochs: epochs, batchSize: 4),
        callbacks: callbacks, resuming: resuming)
    }
    try train(2, [EarlyStopping(patience: 100)], resuming: false)
    try train(6, [], resuming: true)
    // Epoch 6 (from 0) is spoilt; the best is one of those that were trained without the callback.
    struct Spoil: TrainingCallback {
      mutating func stepEnded(
        _ report: StepReport, network: inout NeuralNetwork
      ) -> TrainingControl {
        network.forEachParameter { $1.value *= 1.2 }
        return .proceed
      }
    }
    try train(7, [Spoil(), EarlyStopping(patience: 100)], resuming: true)
    let losses = try #require(network.progress).history.epochs.compactMap(\.validation?.loss)
    try #require(losses.min() != losses[0] && losses.min() != losses[1] && losses[6] > losses[1])
    #expect(
      try network.evaluate(tinyData(count: 11, seed: 6)).loss == losses[6],
      "the weights stay those of the last epoch")
  }
}
