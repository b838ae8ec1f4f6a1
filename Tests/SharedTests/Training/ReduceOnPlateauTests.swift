import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct ReduceOnPlateauTests {
  /// The learning rate of each epoch when the validation loss of each is that of these weights.
  private func rates(
    _ weights: [Float], _ callback: ReduceOnPlateau,
    schedule: any LearningRateSchedule = ConstantSchedule()
  ) throws -> [Float] {
    var network = try steeredNetwork(learningRate: 1)
    return try network.fit(
      steeredData(0), validation: steeredData(4),
      options: TrainingOptions(epochs: weights.count, batchSize: 2, schedule: schedule),
      callbacks: [Steering(weights: weights), callback]
    ).epochs.map(\.learningRate)
  }

  @Test func theRateFallsAfterPatienceEpochsWithoutImprovement() throws {
    let callback = ReduceOnPlateau(factor: 0.5, patience: 2)
    #expect(
      try rates([5, 4, 4, 4, 4, 4, 3, 3], callback)
        == [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25],
      "epochs 2 and 3 (from 0) did not improve on epoch 1, nor did 4 and 5; 6 did")
    #expect(try rates([5, 4, 3, 2, 1], callback) == [1, 1, 1, 1, 1])
  }

  @Test func smallImprovementsDoNotCount() throws {
    let callback = ReduceOnPlateau(factor: 0.5, patience: 1, minimumImprovement: 1)
    #expect(try rates([5, 4.99, 4.98, 1, 0], callback) == [1, 1, 0.5, 0.25, 0.25])
  }

  @Test func theRateStaysAboveTheMinimum() throws {
    let callback = ReduceOnPlateau(factor: 0.5, patience: 1, minimumLearningRate: 0.3)
    #expect(try rates([1, 2, 3, 4, 5], callback) == [1, 1, 0.5, 0.3, 0.3])
    let high = ReduceOnPlateau(factor: 0.5, patience: 1, minimumLearningRate: 2)
    #expect(try rates([1, 2, 3], high) == [1, 1, 1], "a minimum above the rate raises nothing")
  }

  @Test func itLowersWhatAScheduleReturns() throws {
    let schedule = TinyHalving()
    #expect(
      try rates([1, 2, 3], ReduceOnPlateau(factor: 0.25, patience: 1), schedule: schedule)
        == [1, 0.5, 0.0625])
  }

  @Test func aLossThatIsNotANumberIsNoImprovement() throws {
    let callback = ReduceOnPlateau(factor: 0.5, patience: 2)
    #expect(try rates([.nan, .nan, .nan, 5, 4], callback) == [1, 1, 1, 0.5, 0.5])
  }

  /// In every epoch, and also within one: the file is all that the second part has.
  @Test(arguments: [3, 5, 7, 8]) func aResumedRunLowersTheRateAtTheSameEpochs(step: Int) throws {
    struct Interruption: TrainingCallback {
      let step: Int
      let url: URL
      mutating func stepEnded(
        _ report: StepReport, network: inout NeuralNetwork
      ) throws -> TrainingControl {
        guard report.step == step else { return .proceed }
        try network.save(to: url)
        return .stop
      }
    }
    func train(
      _ network: inout NeuralNetwork, _ first: [any TrainingCallback] = [], resuming: Bool = false
    ) throws {
      try network.fit(
        tinyData(), validation: tinyData(count: 11, seed: 6),
        options: TrainingOptions(epochs: 6, batchSize: 12),
        callbacks: first + [ReduceOnPlateau(factor: 0.3, patience: 1, minimumImprovement: 0.05)],
        resuming: resuming)
    }
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      var whole = try tinyNetwork()
      try train(&whole)
      let rates = try #require(whole.progress).history.epochs.map(\.learningRate)
      #expect(Set(rates).count >= 3, "the test must see the rate fall twice: \(rates)")
      var part = try tinyNetwork()
      try train(&part, [Interruption(step: step, url: url)])
      var resumed = try loadTiny(url)
      try train(&resumed, resuming: true)
      #expect(resumed.progress == whole.progress)
      try resumed.save(to: url)
      let other = folder.appending(path: "whole.safetensors")
      try whole.save(to: other)
      #expect(try Data(contentsOf: url) == Data(contentsOf: other))
    }
  }

  @Test func itNeedsSomethingToWatch() throws {
    var network = try tinyNetwork()
    expectCourseError(.invalidArgument, "ReduceOnPlateau", "validation data") {
      try network.fit(
        tinyData(), options: TrainingOptions(epochs: 2, batchSize: 5),
        callbacks: [ReduceOnPlateau()])
    }
  }
}

/// Makes the validation loss of each epoch what a test wants: it is weight² / 2, or NaN.
struct Steering: TrainingCallback {
  let weights: [Float]
  mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) -> TrainingControl {
    let weight = weights[report.epoch]
    network.forEachParameter { name, parameter in
      switch name {
      // Four times 3e38 is infinite, and the second layer takes infinity from infinity.
      case "layers.0.weights":
        parameter.value = Tensor(
          shape: [1, 2], scalars: weight.isNaN ? [3e38, 3e38] : [weight / 4, 0])
      case "layers.1.weights": parameter.value = [[1], [-1]]
      default: break
      }
    }
    return .proceed
  }
}

/// A network for `Steering`. It has nothing to learn: where the input is 0, so is all it gets and gives.
func steeredNetwork(learningRate: Float) throws -> NeuralNetwork {
  var network = NeuralNetwork(
    inputShape: [1], loss: TinySquaredError(), optimizer: TinySGD(learningRate: learningRate))
  try network.append(TinyDense(inputSize: 1, outputSize: 2))
  try network.append(TinyDense(inputSize: 2, outputSize: 1))
  network.forEachParameter { $1.value = Tensor(zeros: $1.value.shape) }
  return network
}

/// The data of a steered network: 0 to train on, 4 to validate.
func steeredData(_ feature: Float) throws -> Dataset {
  try Dataset(
    features: Tensor(repeating: feature, shape: [2, 1]), targets: .values(Tensor(zeros: [2, 1])))
}
