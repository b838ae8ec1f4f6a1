import CourseTestSupport
import Foundation
import Shared
import Testing

/// Learning rates that are set while a training runs, or before it goes on.
@Suite(.watched) struct LearningRateTests {
  /// Sets the learning rate after an epoch.
  struct SetRate: TrainingCallback {
    let epoch: Int
    let change: @Sendable (Float) -> Float
    mutating func epochEnded(
      _ report: EpochReport, network: inout NeuralNetwork
    ) -> TrainingControl {
      if report.epoch == epoch, let rate = network.optimizer?.learningRate {
        network.optimizer?.learningRate = change(rate)
      }
      return .proceed
    }
  }

  private func rates(
    _ network: inout NeuralNetwork, epochs: Int,
    schedule: any LearningRateSchedule = ConstantSchedule(),
    callbacks: [any TrainingCallback] = [], resuming: Bool = false
  ) throws -> [Float] {
    try network.fit(
      tinyData(), options: TrainingOptions(epochs: epochs, batchSize: 23, schedule: schedule),
      callbacks: callbacks, resuming: resuming
    ).epochs.map(\.learningRate)
  }

  @Test func aRateThatACallbackSetsHolds() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 0.1))
    let rates = try rates(&network, epochs: 5, callbacks: [SetRate(epoch: 1) { _ in 0.03 }])
    #expect(rates == [0.1, 0.1, 0.03, 0.03, 0.03])
  }

  @Test func aRateThatIsSetWhenTrainingBeginsHolds() throws {
    struct Begin: TrainingCallback {
      mutating func trainingBegan(_ plan: TrainingPlan, network: inout NeuralNetwork) {
        network.optimizer?.learningRate = 0.02
      }
    }
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 0.1))
    #expect(try rates(&network, epochs: 2, callbacks: [Begin()]) == [0.02, 0.02])
  }

  @Test func aRateOrAnOptimizerThatIsSetBeforeResumingHolds() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 0.1))
    _ = try rates(&network, epochs: 2)
    network.optimizer?.learningRate = 0.05
    #expect(try rates(&network, epochs: 3, resuming: true) == [0.1, 0.1, 0.05])
    network.optimizer = TinyMomentum(learningRate: 0.01)
    #expect(try rates(&network, epochs: 4, resuming: true) == [0.1, 0.1, 0.05, 0.01])
    #expect(network.optimizer is TinyMomentum)
  }

  @Test func aScheduleGoesOnFromTheRateThatWasSet() throws {
    let halving = TinyHalving()
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 1))
    let rates = try rates(
      &network, epochs: 5, schedule: halving, callbacks: [SetRate(epoch: 1) { $0 / 4 }])
    #expect(rates == [1, 0.5, 0.0625, 0.03125, 0.015625])
  }

  @Test func aScheduleIsResumedFromAFileWithItsRates() throws {
    let schedule = TinyReciprocal(offset: 3, perStep: 1)
    var whole = try tinyNetwork(optimizer: TinySGD(learningRate: 0.7))
    let expected = try rates(
      &whole, epochs: 6, schedule: schedule, callbacks: [SetRate(epoch: 2) { $0 * 0.3 }])
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "part.safetensors")
      var part = try tinyNetwork(optimizer: TinySGD(learningRate: 0.7))
      _ = try rates(
        &part, epochs: 3, schedule: schedule,
        callbacks: [SetRate(epoch: 2) { $0 * 0.3 }, CheckpointCallback(url: url)])
      var resumed = try loadTiny(url)
      #expect(try rates(&resumed, epochs: 6, schedule: schedule, resuming: true) == expected)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -0.5]) func aRateThatIsNoneIsRefused(rate: Float) throws {
    var network = try tinyNetwork()
    expectCourseError(.invalidArgument, "learning rate out of range", "\(rate)", "step 1") {
      try rates(&network, epochs: 2, schedule: TinyReciprocal(offset: 0.05 / rate))
    }
    expectCourseError(.invalidArgument, "learning rate out of range", "\(rate)", "step 2") {
      try rates(&network, epochs: 2, callbacks: [SetRate(epoch: 0) { _ in rate }])
    }
  }
}

/// Loads a network of the types of the test support.
func loadTiny(_ url: URL) throws -> NeuralNetwork {
  try NeuralNetwork(
    contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
    optimizers: [TinyMomentum.self, TinySGD.self], penalties: [TinyPenalty.self],
    schedules: [TinyReciprocal.self])
}
