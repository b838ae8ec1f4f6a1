import CourseTestSupport
import Foundation
import Networks
import Testing

/// Layers that need to know more of an example than its input.
@Suite(.watched) struct SideInputTests {
  /// Multiplies each example by a number of its own, which must not be negative.
  private struct Scaling: ParameterFreeLayer {
    static let typeName = "Scaling"
    var factors = Tensor(ones: [1, 1])
    var sideInputShapes: [String: [Int]] { ["factor": [1]] }
    mutating func take(sideInputs: [String: Tensor]) { factors = sideInputs["factor"]! }
    func check(sideInputs: [String: Tensor], inputShape: [Int], firstExample: Int) throws {
      guard let wrong = sideInputs["factor"]!.scalars.firstIndex(where: { $0 < 0 }) else { return }
      throw CourseError(
        .invalidData, "factor", expected: "at least 0", received: "a negative one",
        location: "example \(firstExample + wrong)")
    }
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    mutating func forward(_ input: Tensor, mode: Mode) -> Tensor { input * factors }
    mutating func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * factors }
  }

  /// Asks for the same name in another shape.
  private struct Other: ParameterFreeLayer {
    static let typeName = "Other"
    var sideInputShapes: [String: [Int]] { ["factor": [2]] }
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    mutating func forward(_ input: Tensor, mode: Mode) -> Tensor { input }
    mutating func backward(_ outputGradient: Tensor) -> Tensor { outputGradient }
  }

  /// Refuses every factor, and says of which input.
  private struct Refusing: ParameterFreeLayer {
    static let typeName = "Refusing"
    var sideInputShapes: [String: [Int]] { ["factor": [1]] }
    func check(sideInputs: [String: Tensor], inputShape: [Int], firstExample: Int) throws {
      throw CourseError(
        .invalidData, "factor", expected: "none", received: "one for \(inputShape)")
    }
    func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
    mutating func forward(_ input: Tensor, mode: Mode) -> Tensor { input }
    mutating func backward(_ outputGradient: Tensor) -> Tensor { outputGradient }
  }

  /// A network in which two layers ask for the factor, one of them deep inside of containers.
  private func network() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [2], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.003), seed: 1)
    try network.append(Residual(Sequential(Dense(outputSize: 2), Scaling())))
    try network.append(Scaling())
    try network.append(Dense(outputSize: 1))
    return network
  }

  /// Batches that are made while the network trains.
  private struct Batches: TrainingBatches {
    let data: Dataset
    var factors: [String: Tensor]
    var sideInputShapes: [String: [Int]]
    var number = 0
    var name: String { "stream" }
    var inputShape: [Int] { [2] }
    var targets: Target { data.targets }
    var batchSize: Int { 4 }
    var examplesPerEpoch: Int { data.count }
    var shuffle: Bool { false }
    var settings: String? { nil }
    mutating func seek(batch number: Int) { self.number = number }
    mutating func nextBatch() -> TrainingBatch {
      let start = number % (data.count / 4) * 4
      number += 1
      let rows = start..<(start + 4)
      return TrainingBatch(
        features: data.features[rows], targets: data.targets.rows(at: rows),
        sideInputs: factors.mapValues { $0.rows(at: rows) })
    }
  }

  private let features = Tensor(normal: [8, 2], key: RandomKey(seed: 3))
  private let factors = Tensor(uniform: [8, 1], in: 0.5..<2, key: RandomKey(seed: 4))

  private func data() throws -> Dataset {
    try Dataset(
      name: "numbers", features: features,
      targets: .values(Tensor(normal: [8, 1], key: RandomKey(seed: 5))))
  }

  @Test func eachLayerGetsTheSideInputsOfItsBatch() throws {
    var network = try network()
    #expect(network.sideInputShapes == ["factor": [1]])
    let output = network.forward(features, sideInputs: ["factor": factors], mode: .inference)
    // By hand: Y = ((X W + b) ∘ f + X) ∘ f V + c
    let p = network.parameters
    let first =
      features.matmul(p["layers.0.body.0.weights"]!.value)
      + p["layers.0.body.0.bias"]!.value
    let scaled = (first * factors + features) * factors
    expectClose(
      output, scaled.matmul(p["layers.2.weights"]!.value) + p["layers.2.bias"]!.value, "output")
    // In batches, and in another order.
    let order = [5, 1, 7, 0, 2]
    expectClose(
      try network.predict(
        features.rows(at: order), sideInputs: ["factor": factors.rows(at: order)], batchSize: 2),
      output.rows(at: order), "predictions in batches of 2")
  }

  @Test func gradientsAreThoseOfTheScaledOutput() {
    var layer = Residual(Sequential(Dense(inputSize: 2, outputSize: 2, seed: 1), Scaling()))
    layer.take(sideInputs: ["factor": factors])
    let report = checkGradients(of: layer, inputShape: [8, 2])
    #expect(report.passed, "\(report)")
  }

  @Test func trainingOnADatasetOrOnBatchesIsTheSame() throws {
    let data = try data()
    let (network, batches) = (
      try network(),
      Batches(data: data, factors: ["factor": factors], sideInputShapes: ["factor": [1]])
    )
    let options = TrainingOptions(epochs: 3, batchSize: 4, shuffle: false)
    var (a, b) = (network, network)
    let with = try data.with(sideInputs: ["factor": factors])
    #expect(with.subset([6, 2]).sideInputs["factor"] == factors.rows(at: [6, 2]))
    try a.fit(with, validation: with, options: options)
    try b.fit(batches, validation: batches, options: options)
    expectSame(
      a.parameters["layers.2.weights"]!.value, b.parameters["layers.2.weights"]!.value, "weights")
    let losses = [a, b].map { $0.progress?.history.epochs.map(\.training.loss) }
    #expect(losses[0] == losses[1])
    #expect(try a.evaluate(with, batchSize: 4).loss == b.evaluate(batches).loss)
    let test = try a.learningRateRangeTest(
      on: with, options: TrainingOptions(epochs: 1, batchSize: 4), steps: 20)
    #expect(!test.losses.isEmpty)
  }

  @Test func missingExtraAndMisshapenOnesAreRefusedBeforeTraining() throws {
    let data = try data()
    var network = try network()
    let options = TrainingOptions(epochs: 1, batchSize: 4)
    expectCourseError(.invalidData, "numbers", "\"factor\" is missing", "[1] for each", "got none")
    { try network.fit(data, options: options) }
    expectCourseError(.invalidData, "numbers", "no layer asks for", "got \"length\"") {
      try network.fit(
        data.with(sideInputs: ["factor": factors, "length": factors]), options: options)
    }
    expectCourseError(.shapeMismatch, "\"factor\" does not fit", "[1] for each", "got [3]") {
      try network.fit(data.with(sideInputs: ["factor": Tensor(ones: [8, 3])]), options: options)
    }
    expectCourseError(.invalidData, "numbers, layer 0.body.1 (Scaling), example 6", "at least 0") {
      var wrong = factors
      wrong[6, 0] = -1
      try network.fit(data.with(sideInputs: ["factor": wrong]), options: options)
    }
    expectCourseError(.invalidData, "numbers", "data to evaluate on", "\"factor\" is missing") {
      try network.evaluate(data)
    }
    expectCourseError(.shapeMismatch, "data to predict", "[1] for each", "got [3]") {
      try network.predict(features, sideInputs: ["factor": Tensor(ones: [8, 3])])
    }
    expectCourseError(.shapeMismatch, "one for each of 8", "got shape [7, 1]") {
      try network.predict(features, sideInputs: ["factor": Tensor(ones: [7, 1])])
    }
    expectCourseError(.shapeMismatch, "shape [8, ...]", "got [7, 1]") {
      _ = try data.with(sideInputs: ["factor": Tensor(ones: [7, 1])])
    }
    expectCourseError(.invalidData, "numbers, example 3", "not finite") {
      var wrong = factors
      wrong[3, 0] = .nan
      _ = try data.with(sideInputs: ["factor": wrong])
    }
    // A network that asks for none refuses them as well.
    var plain = NeuralNetwork(
      inputShape: [2], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1))
    try plain.append(Dense(outputSize: 1))
    expectCourseError(.invalidData, "no layer asks for", "expected none") {
      try plain.fit(data.with(sideInputs: ["factor": factors]), options: options)
    }
  }

  @Test func eachLayerIsCheckedWithTheShapeOfItsOwnInput() throws {
    let data = try data().with(sideInputs: ["factor": factors])
    let options = TrainingOptions(epochs: 1, batchSize: 4)
    let block = Sequential(Dense(outputSize: 3), Sequential(Dense(outputSize: 5), Refusing()))
    let places: [(layer: any Layer, path: String, shape: String)] = [
      (block, "0.1.1", "[5]"), (Refusing(), "0", "[2]"),
      (Residual(block, shortcut: Dense(outputSize: 5)), "0.body.1.1", "[5]"),
    ]
    for (layer, path, shape) in places {
      var network = NeuralNetwork(
        inputShape: [2], loss: MeanSquaredErrorLoss(), optimizer: SGD(learningRate: 0.1))
      try network.append(layer)
      try network.append(Dense(outputSize: 1))
      expectCourseError(.invalidData, "layer \(path) (Refusing)", "got one for \(shape)") {
        try network.fit(data, options: options)
      }
    }
  }

  @Test func batchesWithoutTheirSideInputsAreRefused() throws {
    var network = try network()
    let options = TrainingOptions(epochs: 1)
    let data = try data()
    expectCourseError(.invalidData, "stream", "\"factor\" is missing") {
      try network.fit(Batches(data: data, factors: [:], sideInputShapes: [:]), options: options)
    }
    expectCourseError(.invalidData, "stream", "a batch", "\"factor\" is missing") {
      try network.fit(
        Batches(data: data, factors: [:], sideInputShapes: ["factor": [1]]), options: options)
    }
  }

  @Test func oneNameHasOneShape() throws {
    var network = try network()
    expectCourseError(.shapeMismatch, "layer 3.1 (Other)", "\"factor\"", "[1]", "got [2]") {
      try network.append(Sequential(ReLU(), Other()))
    }
  }

  @Test func aCheckpointAsksForTheSame() throws {
    let network = try network()
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try network.save(to: url)
      let copy = try NeuralNetwork(contentsOf: url, adding: [Scaling.self])
      #expect(copy.sideInputShapes == ["factor": [1]])
      expectSame(
        try copy.predict(features, sideInputs: ["factor": factors]),
        try network.predict(features, sideInputs: ["factor": factors]), "predictions")
    }
  }

  @Test func aForwardPassWithoutThemStopsTheProgram() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var network = try SideInputTests().network()
      _ = network.forward(Tensor(zeros: [3, 2]))
    }
    expectWords(
      of: result, "NeuralNetwork.forward", "the side inputs \"factor\" of 3 examples", "got none")
  }
}
