import CourseTestSupport
import Foundation
import Shared
import Testing

/// What training makes sure of before the first batch, and the state that is carried from batch to batch.
@Suite(.watched) struct BatchTests {
  private func network(_ layer: some Layer) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3], loss: TinySquaredError(), optimizer: TinyMomentum(learningRate: 0.05),
      seed: 1)
    try network.append(layer)
    try network.append(TinyDense(inputSize: 3, outputSize: 2))
    return network
  }

  // MARK: Checks

  @Test func everyBatchIsCheckedBeforeTraining() throws {
    let picky = try network(Picky(smallest: 4))
    var copy = picky
    // 23 examples in batches of 5 leave 3.
    expectCourseError(.invalidData, "too few", "3", "layer 0 (Picky), for a batch of 3") {
      try copy.fit(tinyData(), options: TrainingOptions(epochs: 1, batchSize: 5))
    }
    #expect(copy.progress == nil, "a refused training must change nothing")
    try copy.fit(tinyData(), options: TrainingOptions(epochs: 1, batchSize: 19))
    copy = picky
    expectCourseError(.invalidData, "a batch of 3") {
      try copy.fit(
        tinyData(count: 24),
        options: TrainingOptions(epochs: 1, batchSize: 3, accumulationSteps: 4))
    }
    // In inference the layer takes what it gets.
    _ = try picky.evaluate(tinyData(), batchSize: 1)
    let shy = try network(Picky(smallest: 4, mode: .inference))
    expectCourseError(.invalidData, "layer 0 (Picky), for a batch of 3") {
      try shy.evaluate(tinyData(), batchSize: 5)
    }
    expectCourseError(.invalidData, "layer 0 (Picky), for a batch of 1") {
      try shy.predict([[1, 2, 3]])
    }
    copy = shy
    // When validation is due: a layer such as batch norm can evaluate nothing before.
    expectCourseError(.invalidData, "validation data", "a batch of 2") {
      try copy.fit(
        tinyData(), validation: tinyData(count: 2),
        options: TrainingOptions(epochs: 1, batchSize: 23))
    }
    expectCourseError(.invalidArgument, "batch size", "0") {
      try picky.evaluate(tinyData(), batchSize: 0)
    }
  }

  @Test func evaluationTakesNoMoreExamplesAtOnceThanItNeeds() throws {
    let widest = MaximalBatch()
    var wide = NeuralNetwork(inputShape: [1 << 16], loss: TinySquaredError())
    try wide.append(Watcher(widest))
    // 65 536 numbers an example are a quarter of a megabyte: 32 examples make 8 MB.
    _ = try wide.predict(Tensor(zeros: [40, 1 << 16]))
    #expect(widest.size == 32)
    widest.size = 0
    var narrow = NeuralNetwork(inputShape: [3])
    try narrow.append(Watcher(widest))
    _ = try narrow.predict(Tensor(zeros: [1000, 3]))
    #expect(widest.size == 256)
  }

  // MARK: State

  @Test func carriedStateNeedsOrderAndWholeBatches() throws {
    var network = try network(Carrier())
    #expect(network.carriesState)
    expectCourseError(.invalidArgument, "in order", "Carrier", "shuffle: false") {
      try network.fit(tinyData(count: 24), options: TrainingOptions(epochs: 1, batchSize: 4))
    }
    expectCourseError(.invalidArgument, "batches of one size", "23 training examples", "3") {
      try network.fit(tinyData(), options: TrainingOptions(epochs: 1, batchSize: 4, shuffle: false))
    }
    expectCourseError(.invalidArgument, "validation data", "batches of 4 divide", "11") {
      try network.fit(
        tinyData(count: 24), validation: tinyData(count: 11),
        options: TrainingOptions(epochs: 1, batchSize: 4, shuffle: false))
    }
    expectCourseError(.invalidArgument, "batches of 4 divide", "23") {
      try network.evaluate(tinyData(), batchSize: 4)
    }
    #expect(network.progress == nil)
  }

  /// The carrier adds what it has seen of the row before to each row, so the order shows in the output.
  @Test func everyEpochAndEveryEvaluationStartsAfresh() throws {
    let rows = Tensor(normal: [8, 3], key: RandomKey(seed: 2))
    let data = try Dataset(features: rows, targets: .values(Tensor(zeros: [8, 2])))
    var network = try network(Carrier())
    network.optimizer = TinySGD(learningRate: 0)
    let history = try network.fit(
      data, validation: data, options: TrainingOptions(epochs: 3, batchSize: 4, shuffle: false))
    let losses = history.epochs.map { $0.training.loss }
    #expect(
      losses.allSatisfy { $0 == losses[0] },
      "a state is carried from epoch to epoch: resetState() at the start of each. Got \(losses)")
    #expect(
      history.epochs.allSatisfy { $0.validation?.loss == losses[0] },
      "validation starts afresh, goes in order, in batches of the training's size")
    for _ in 0..<2 {
      #expect(
        try network.evaluate(data).loss == losses[0],
        "evaluate takes the training's batch size, and changes no state")
    }
    #expect(
      try network.evaluate(data, batchSize: 2).loss != losses[0],
      "the batch size must show in the loss, or this test shows nothing")
    var bare = Carrier()
    let first = bare.forward(rows[0..<4], mode: .inference)
    let second = bare.forward(rows[4..<8], mode: .inference)
    expectClose(second, rows[4..<8] + rows[0..<4], "the carried state")
    var dense = network
    dense.resetState()
    expectClose(
      try network.predict(rows),
      Tensor(concatenating: [dense.forward(rows[0..<4]), dense.forward(rows[4..<8])]),
      "predict carries the state from batch to batch")
    #expect(first == rows[0..<4])
  }

  @Test(arguments: [1, 2, 3, 5]) func aCarriedStateResumesBitForBit(step: Int) throws {
    try withTemporaryFolder { folder in
      func train(_ network: inout NeuralNetwork, stop: Int?, resuming: Bool = false) throws {
        try network.fit(
          tinyData(count: 24), validation: tinyData(count: 16),
          options: TrainingOptions(epochs: 2, batchSize: 8, shuffle: false),
          callbacks: [EarlyStopping(patience: 9), Stop(step: stop)], resuming: resuming)
      }
      var whole = try network(Carrier())
      try train(&whole, stop: nil)
      var part = try network(Carrier())
      try train(&part, stop: step)
      let url = folder.appending(path: "part.safetensors")
      try part.save(to: url)
      var rest = try NeuralNetwork(
        contentsOf: url, layers: [Carrier.self, TinyDense.self], losses: [TinySquaredError.self],
        optimizers: [TinyMomentum.self])
      try train(&rest, stop: nil, resuming: true)
      #expect(try #require(rest.progress).history == whole.progress?.history)
      let final = [folder.appending(path: "a"), folder.appending(path: "b")]
      try whole.save(to: final[0])
      try rest.save(to: final[1])
      #expect(try Data(contentsOf: final[0]) == Data(contentsOf: final[1]))
    }
  }

  /// A state without elements, before the first batch.
  @Test func anEmptyStateIsSavedAndLoaded() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "fresh.safetensors")
      try network(Carrier()).save(to: url)
      var copy = try NeuralNetwork(
        contentsOf: url, layers: [Carrier.self, TinyDense.self], losses: [TinySquaredError.self],
        optimizers: [TinyMomentum.self])
      var shapes: [[Int]] = []
      copy.forEachState { shapes.append($1.shape) }
      #expect(shapes == [[0, 3]])
    }
  }

  // MARK: Modes and memory

  @Test func noModeIsLeftBehindAndNothingPilesUp() throws {
    let log = ModeLog()
    var network = try network(Watcher(log: log))
    let data = try tinyData(count: 8)
    try network.fit(
      data, validation: data, options: TrainingOptions(epochs: 2, batchSize: 4),
      callbacks: [EvaluateEachStep(data: data)])
    // Two steps an epoch, an evaluation after each; at the end of the epoch the validation.
    let epoch = ["training", "inference", "training", "inference", "inference"]
    #expect(
      log.modes == epoch + epoch,
      "the mode is not restored after an evaluation, or an evaluation trains")
    func keptCount(_ epochs: Int) throws -> Int {
      var network = try self.network(TinyDense(inputSize: 3, outputSize: 3))
      try network.fit(data, options: TrainingOptions(epochs: epochs, batchSize: 4))
      return storedTensorElements(of: network.layers)
    }
    let (few, many) = (try keptCount(1), try keptCount(5))
    #expect(few == many, "layers keep more and more activations: \(few), later \(many) numbers")
  }

  private struct EvaluateEachStep: TrainingCallback {
    let data: Dataset
    func stepEnded(
      _ report: StepReport, network: inout NeuralNetwork
    ) throws -> TrainingControl {
      _ = try network.evaluate(data)
      return .proceed
    }
  }

  private struct Stop: TrainingCallback {
    let step: Int?
    func stepEnded(_ report: StepReport, network: inout NeuralNetwork) -> TrainingControl {
      report.step == step ? .stop : .proceed
    }
  }
}

// MARK: - Layers

/// Takes no batches below a size in one of the modes.
private struct Picky: Layer {
  struct Configuration: Codable, Sendable {
    var smallest: Int
    var mode: Mode
  }
  static let typeName = "Picky"
  let configuration: Configuration
  init(smallest: Int, mode: Mode = .training) {
    configuration = Configuration(smallest: smallest, mode: mode)
  }
  init(configuration: Configuration) { self.configuration = configuration }
  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
  func forward(_ input: Tensor, mode: Mode) -> Tensor { input }
  func backward(_ outputGradient: Tensor) -> Tensor { outputGradient }
  func check(batchShape: [Int], mode: Mode) throws {
    if mode == configuration.mode && batchShape[0] < configuration.smallest {
      throw CourseError(.invalidData, "too few examples", received: "\(batchShape)")
    }
  }
}

/// Adds the row that stood in the same place of the batch before.
private struct Carrier: ParameterFreeLayer {
  static let typeName = "Carrier"
  private var last = Tensor(zeros: [0, 3])
  var carriesState: Bool { true }
  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let output = last.count == 0 ? input : input + last
    last = input
    return output
  }
  func backward(_ outputGradient: Tensor) -> Tensor { outputGradient }
  mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows { try body("last", &last) }
  mutating func resetState() { last = Tensor(zeros: [0, 3]) }
  func check(batchShape: [Int], mode: Mode) throws {
    if last.count > 0 && last.shape != batchShape {
      throw CourseError(.shapeMismatch, "carried state", received: "\(last.shape)")
    }
  }
}

private final class MaximalBatch: @unchecked Sendable {
  var size = 0
}
private final class ModeLog: @unchecked Sendable {
  var modes: [String] = []
}

/// Writes down what it sees.
private struct Watcher: ParameterFreeLayer {
  static let typeName = "Watcher"
  private var batch: MaximalBatch?
  private var log: ModeLog?
  init() {}
  init(_ batch: MaximalBatch) { self.batch = batch }
  init(log: ModeLog) { self.log = log }
  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
  func forward(_ input: Tensor, mode: Mode) -> Tensor {
    if let batch { batch.size = max(batch.size, input.shape[0]) }
    log?.modes.append(mode.rawValue)
    return input
  }
  func backward(_ outputGradient: Tensor) -> Tensor { outputGradient }
}
