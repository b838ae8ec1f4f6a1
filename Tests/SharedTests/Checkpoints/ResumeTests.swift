import CourseTestSupport
import Foundation
import Shared
import Testing

/// A run that was interrupted and resumed from its file must end with the same bits as one that was not.
@Suite(.watched) struct ResumeTests {
  /// Saves the network at one step and ends the training there, as Ctrl-C does.
  private struct Interruption: TrainingCallback {
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

  private let schedule = TinyReciprocal(offset: 1, perStep: 0.05)

  private func train(
    _ network: inout NeuralNetwork, callbacks: [any TrainingCallback] = [], resuming: Bool = false,
    epochs: Int = 6
  ) throws -> TrainingHistory {
    try network.fit(
      tinyData(), validation: tinyData(count: 11, seed: 6),
      options: TrainingOptions(
        epochs: epochs, batchSize: 3, accumulationSteps: 2, schedule: schedule),
      callbacks: callbacks + [EarlyStopping(patience: 2, minimumImprovement: 0.002)],
      resuming: resuming)
  }

  private func load(_ url: URL) throws -> NeuralNetwork {
    try NeuralNetwork(
      contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
      optimizers: [TinyMomentum.self], schedules: [TinyReciprocal.self])
  }

  /// The bytes of a checkpoint: weights, optimizer state, counters, progress and history.
  private func bytes(_ network: NeuralNetwork, in folder: URL) throws -> Data {
    let url = folder.appending(path: "final.safetensors")
    try network.save(to: url)
    return try Data(contentsOf: url)
  }

  // 23 examples in steps of 6 are 4 steps an epoch: 1 is inside the first epoch, 4 and 8 end one.
  @Test(arguments: [1, 4, 7, 8, 13]) func resumingContinuesBitForBit(step: Int) throws {
    try withTemporaryFolder { folder in
      var whole = try tinyNetwork()
      let history = try train(&whole)
      let expected = try bytes(whole, in: folder)

      let url = folder.appending(path: "interrupted.safetensors")
      var first = try tinyNetwork()
      _ = try train(&first, callbacks: [Interruption(step: step, url: url)])
      #expect(first.progress?.step == step)
      var second = try load(url)
      let resumed = try train(&second, resuming: true)
      #expect(resumed == history, "interrupted after step \(step)")
      #expect(try bytes(second, in: folder) == expected, "interrupted after step \(step)")
    }
  }

  @Test func aCheckpointOfEveryEpochResumesBitForBit() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "epoch.safetensors")
      var whole = try tinyNetwork()
      let history = try train(&whole)
      let expected = try bytes(whole, in: folder)
      // The checkpoint is listed before early stopping and must still hold what that one remembers.
      var third = try tinyNetwork()
      _ = try train(&third, callbacks: [StopAfterEpochs(3), SaveSecondEpoch(url: url)])
      var resumed = try load(url)
      #expect(resumed.progress?.epoch == 2)
      #expect(try train(&resumed, resuming: true) == history)
      #expect(try bytes(resumed, in: folder) == expected)
    }
  }

  /// Saves after the second epoch only.
  private struct SaveSecondEpoch: TrainingCallback {
    let url: URL
    var runsLast: Bool { true }
    mutating func epochEnded(
      _ report: EpochReport, network: inout NeuralNetwork
    ) throws -> TrainingControl {
      if report.epoch == 1 { try network.save(to: url) }
      return .proceed
    }
  }

  private struct StopAfterEpochs: TrainingCallback {
    let epochs: Int
    init(_ epochs: Int) { self.epochs = epochs }
    mutating func epochEnded(
      _ report: EpochReport, network: inout NeuralNetwork
    ) -> TrainingControl { report.epoch + 1 >= epochs ? .stop : .proceed }
  }

  @Test func aFinishedRunCanBeExtended() throws {
    try withTemporaryFolder { folder in
      var whole = try tinyNetwork()
      try whole.fit(tinyData(), options: TrainingOptions(epochs: 5, batchSize: 4))
      let url = folder.appending(path: "short.safetensors")
      var short = try tinyNetwork()
      try short.fit(
        tinyData(), options: TrainingOptions(epochs: 3, batchSize: 4),
        callbacks: [CheckpointCallback(url: url)])
      var longer = try load(url)
      let history = try longer.fit(
        tinyData(), options: TrainingOptions(epochs: 5, batchSize: 4), resuming: true)
      #expect(history.epochs.count == 5)
      var (a, b): ([Tensor], [Tensor]) = ([], [])
      whole.forEachParameter { a.append($1.value) }
      longer.forEachParameter { b.append($1.value) }
      #expect(a == b)
    }
  }

  @Test func theOptionsAreSavedAndSufficeToResume() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "part.safetensors")
      let options = TrainingOptions(
        epochs: 4, batchSize: 3, shuffle: false, accumulationSteps: 2, clipping: .norm(1),
        schedule: schedule)
      var whole = try tinyNetwork()
      try whole.fit(tinyData(), options: options)
      var first = try tinyNetwork()
      try first.fit(tinyData(), options: options, callbacks: [Interruption(step: 5, url: url)])
      var second = try load(url)
      let saved = try #require(second.progress?.options)
      #expect(saved == options)
      try second.fit(tinyData(), options: saved, resuming: true)
      #expect(try bytes(second, in: folder) == bytes(whole, in: folder))
      expectCourseError(.format, "unknown schedule", "\"TinyReciprocal\"", "among schedules") {
        try NeuralNetwork(
          contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
          optimizers: [TinyMomentum.self])
      }
      let without = try NeuralNetwork(
        contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
        optimizers: [TinyMomentum.self], schedules: nil)
      #expect(without.progress?.options.schedule is ConstantSchedule)
    }
  }

  @Test func aResumedTrainingMayHaveAnotherSchedule() throws {
    var network = try tinyNetwork(optimizer: TinySGD(learningRate: 1))
    try network.fit(tinyData(), options: TrainingOptions(epochs: 1, batchSize: 23))
    let history = try network.fit(
      tinyData(), options: TrainingOptions(epochs: 3, batchSize: 23, schedule: TinyHalving()),
      resuming: true)
    #expect(history.epochs.map(\.learningRate) == [1, 0.5, 0.25])
    #expect(network.progress?.options.schedule is TinyHalving)
  }

  @Test func otherSettingsAreRefused() throws {
    var network = try tinyNetwork()
    try network.fit(tinyData(), options: TrainingOptions(epochs: 1, batchSize: 4))
    expectCourseError(.invalidArgument, "batch size 4", "batch size 5") {
      try network.fit(tinyData(), options: TrainingOptions(epochs: 2, batchSize: 5), resuming: true)
    }
    expectCourseError(.invalidArgument, "23 examples", "22 examples") {
      try network.fit(
        tinyData(count: 22), options: TrainingOptions(epochs: 2, batchSize: 4), resuming: true)
    }
    expectCourseError(.invalidArgument, "not shuffled") {
      try network.fit(
        tinyData(), options: TrainingOptions(epochs: 2, batchSize: 4, shuffle: false),
        resuming: true)
    }
    #expect(network.progress?.step == 6, "a refused run must leave the progress alone")
  }
}
