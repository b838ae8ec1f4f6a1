import CourseTestSupport
import Foundation
import Networks
import Testing

/// Training and evaluation on data whose classes or examples count differently.
@Suite(.watched) struct WeightedTrainingTests {
  private func data(count: Int = 11) throws -> Dataset {
    try Dataset.moons(count: count, noise: 0.2, seed: 3)
  }

  private static let weights: Tensor = [1, 3, 0, 2, 1, 1, 0.5, 2, 0, 4, 1]

  private func network(
    _ loss: any Loss = SoftmaxCrossEntropyLoss(),
    optimizer: any Optimizer = Momentum(learningRate: 0.1)
  ) throws -> NeuralNetwork {
    var network = NeuralNetwork(inputShape: [2], loss: loss, optimizer: optimizer, seed: 2)
    try network.append(Dense(inputSize: 2, outputSize: 5, activation: .tanh))
    try network.append(Dense(inputSize: 5, outputSize: 2))
    return network
  }

  private func expectSame(
    _ a: NeuralNetwork, _ b: NeuralNetwork, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let others = b.parameters
    a.visitParameters { name, parameter in
      expectClose(
        parameter.value, others[name]?.value ?? [], name, atol: 2e-6, rtol: 1e-5,
        sourceLocation: sourceLocation)
    }
  }

  /// Two copies of an example are the example with the weight 2.
  @Test(arguments: Reduction.allCases) func weightsCountLikeCopies(reduction: Reduction) throws {
    let data = try data(count: 4)
    let weighted = try data.weighted(by: [1, 3, 0, 2])
    let copies = data.subset([0, 1, 1, 1, 3, 3])
    var (a, b) = (
      try network(SoftmaxCrossEntropyLoss(reduction: reduction)),
      try network(SoftmaxCrossEntropyLoss(reduction: reduction))
    )
    let options = TrainingOptions(epochs: 5, batchSize: 6, shuffle: false)
    let first = try a.fit(weighted, options: options)
    let second = try b.fit(copies, options: options)
    expectSame(a, b)
    for (a, b) in zip(first.epochs, second.epochs) {
      #expect(abs(a.training.loss - b.training.loss) < 1e-5)
    }
    #expect(abs(try a.evaluate(weighted).loss - b.evaluate(copies).loss) < 1e-5)
  }

  /// A weight of the class is a weight of its examples.
  @Test func classesCountLikeTheirExamples() throws {
    let data = try data()
    let classes = data.targets.classIndices
    var (a, b) = (
      try network(SoftmaxCrossEntropyLoss(classWeights: [2, 0.5])), try network()
    )
    let options = TrainingOptions(epochs: 3, batchSize: 3, accumulationSteps: 2)
    try a.fit(data, options: options)
    try b.fit(data.weighted(by: Tensor(classes.map { $0 == 0 ? 2 : 0.5 })), options: options)
    expectSame(a, b)
  }

  /// The step of a large batch, in the memory of a small one: the mean over all parts is weighted.
  @Test(arguments: Reduction.allCases)
  func accumulatedStepsAreThoseOfTheWholeBatch(reduction: Reduction) throws {
    let data = try data().weighted(by: Self.weights)
    func trained(batchSize: Int, accumulationSteps: Int) throws -> NeuralNetwork {
      var network = try network(
        SoftmaxCrossEntropyLoss(reduction: reduction, classWeights: [1, 2], labelSmoothing: 0.1))
      try network.fit(
        data,
        options: TrainingOptions(
          epochs: 4, batchSize: batchSize, accumulationSteps: accumulationSteps))
      return network
    }
    // 4, 4 and 3 examples are one step.
    expectSame(
      try trained(batchSize: 11, accumulationSteps: 1),
      try trained(batchSize: 4, accumulationSteps: 3))
  }

  /// `Σ v l / Σ v` over the epoch, however large the batches are.
  @Test func theLossOfAnEpochIsTheWeightedMean() throws {
    let data = try data().weighted(by: Self.weights)
    let classWeights: [Float] = [1, 2]
    var network = try network(
      SoftmaxCrossEntropyLoss(classWeights: classWeights), optimizer: SGD(learningRate: 0))
    let p = try network.predict(data.features)
    var (sum, total) = (0.0, 0.0)
    for (row, label) in data.targets.classIndices.enumerated() {
      let weight = Double(Self.weights[row]) * Double(classWeights[label])
      sum -= weight * log(Double(p[row, label]))
      total += weight
    }
    let expected = sum / total
    for size in [1, 2, 4, 11] {
      let history = try network.fit(
        data, validation: data, options: TrainingOptions(epochs: 1, batchSize: size))
      #expect(abs(history.epochs[0].training.loss - expected) < 1e-5, "batches of \(size)")
      #expect(abs((history.epochs[0].validation?.loss ?? 0) - expected) < 1e-5)
      #expect(abs(try network.evaluate(data, batchSize: size).loss - expected) < 1e-5)
    }
  }

  @Test func metricsCountEveryExampleOnce() throws {
    var network = try network()
    try network.fit(data(), options: TrainingOptions(epochs: 5, batchSize: 4))
    let plain = try network.evaluate(data())
    let weighted = try network.evaluate(data().weighted(by: Self.weights))
    #expect(plain.accuracy == weighted.accuracy && plain.loss != weighted.loss)
    #expect(try #require(plain.confusionMatrix).counts == weighted.confusionMatrix?.counts)
  }

  /// Examples that do not count may fill a batch, or an accumulated step.
  @Test func aBatchWithoutWeightTrainsNothing() throws {
    let data = try data(count: 4).weighted(by: [0, 0, 1, 1])
    var network = try network()
    let before = network.parameters["layers.0.weights"]?.value
    let options = TrainingOptions(epochs: 1, batchSize: 2, shuffle: false)
    try network.fit(
      data, options: options, callbacks: [EndAfterSteps(1)])
    #expect(network.parameters["layers.0.weights"]?.value == before)
    try network.fit(data, options: options, resuming: true)
    #expect(network.parameters["layers.0.weights"]?.value != before)
    #expect(network.progress?.history.epochs[0].training.loss.isFinite == true)
  }

  /// Interrupted in the middle of an epoch, saved, loaded and resumed: the same bits.
  @Test(arguments: [1, 3]) func resumingContinuesBitForBit(steps: Int) throws {
    let data = try data().weighted(by: Self.weights)
    let loss = SoftmaxCrossEntropyLoss(classWeights: [0.7, 1.9], labelSmoothing: 0.1)
    let options = TrainingOptions(epochs: 3, batchSize: 2, accumulationSteps: 2)
    var whole = try network(loss)
    let history = try whole.fit(data, validation: data, options: options)
    var first = try network(loss)
    try first.fit(data, validation: data, options: options, callbacks: [EndAfterSteps(steps)])
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try first.save(to: url)
      var second = try NeuralNetwork(contentsOf: url)
      let restored = try #require(second.loss as? SoftmaxCrossEntropyLoss)
      #expect(restored.configuration == loss.configuration)
      #expect(try second.fit(data, validation: data, options: options, resuming: true) == history)
      for (name, parameter) in whole.parameters {
        #expect(second.parameters[name]?.value == parameter.value, "\(name)")
      }
    }
  }

  /// Batches that are made while the network trains have weights as well.
  @Test func batchesCarryWeights() throws {
    let data = try data().weighted(by: Self.weights)
    var (a, b) = (try network(), try network())
    let options = TrainingOptions(epochs: 2, batchSize: 3, shuffle: false)
    let first = try a.fit(data, options: options)
    let second = try b.fit(Rows(data: data, batchSize: 3), options: options)
    #expect(first == second)
    let bias = try #require(a.parameters["layers.1.bias"])
    #expect(bias.value == b.parameters["layers.1.bias"]?.value)
    #expect(try a.evaluate(data).loss == a.evaluate(Rows(data: data, batchSize: 11)).loss)
  }
}

/// Ends the training after some steps, as a signal does.
private struct EndAfterSteps: TrainingCallback {
  let steps: Int
  init(_ steps: Int) { self.steps = steps }
  mutating func stepEnded(
    _ report: StepReport, network: inout NeuralNetwork
  ) throws -> TrainingControl { report.step == steps ? .stop : .proceed }
}

/// The rows of a data set in order.
private struct Rows: TrainingBatches {
  let data: Dataset
  let batchSize: Int
  var number = 0
  init(data: Dataset, batchSize: Int) { (self.data, self.batchSize) = (data, batchSize) }
  var name: String { "rows" }
  var inputShape: [Int] { data.inputShape }
  var targets: Target { data.targets }
  var examplesPerEpoch: Int { data.count }
  var shuffle: Bool { false }
  var settings: String? { nil }
  mutating func seek(batch number: Int) { self.number = number }
  mutating func nextBatch() -> TrainingBatch {
    let start = number % ((data.count + batchSize - 1) / batchSize) * batchSize
    number += 1
    return data.batch(at: start..<min(start + batchSize, data.count))
  }
}
