import CourseTestSupport
import Foundation
import Networks
import Testing

/// A container as a user of the package writes it.
@Suite(.watched) struct OwnContainerTests {
  /// That of the documentation of `LayerContainer`, with a batch norm.
  private struct Gate: LayerContainer {
    struct Configuration: Codable, Sendable { var size: Int }
    let configuration: Configuration
    private var parts: [any Layer]
    private var kept = Kept<(value: Tensor, gate: Tensor)>()

    init(size: Int) { self.init(configuration: Configuration(size: size)) }

    init(configuration: Configuration) {
      self.configuration = configuration
      let size = configuration.size
      let dense = { Dense(inputSize: size, outputSize: size) }
      parts = [dense(), Sequential(dense(), BatchNorm(channels: size), Sigmoid())]
    }
    mutating func forEachLayer(
      _ body: (_ name: String, _ layer: inout any Layer) throws -> Void
    ) rethrows {
      try body("value", &parts[0])
      try body("gate", &parts[1])
    }
    func inputShapes(for inputShape: [Int]) -> [[Int]] { [inputShape, inputShape] }
    func outputShape(for inputShape: [Int]) throws -> [Int] {
      try parts[1].outputShape(for: parts[0].outputShape(for: inputShape))
    }
    mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
      let value = parts[0].forward(input, mode: mode)
      let gate = parts[1].forward(input, mode: mode)
      kept.set((value, gate), in: mode)
      return value * gate
    }
    mutating func backward(_ outputGradient: Tensor) -> Tensor {
      let (value, gate) = kept.take(for: "Gate")
      return parts[0].backward(outputGradient * gate) + parts[1].backward(outputGradient * value)
    }
  }

  private func network() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3], loss: SoftmaxCrossEntropyLoss(), optimizer: Adam(learningRate: 0.02), seed: 4
    )
    try network.append(Dense(outputSize: 5))
    try network.append(Residual(Sequential(Gate(size: 5), Dropout(rate: 0.2))))
    try network.append(Dense(outputSize: 2))
    return network
  }

  private let data = try! Dataset(
    features: Tensor(normal: [20, 3], key: RandomKey(seed: 6)),
    targets: .classes((0..<20).map { $0 % 2 }))
  private let options = TrainingOptions(epochs: 4, batchSize: 8)

  @Test func partsHavePaths() throws {
    var network = try network()
    let gate = "layers.1.body.0."
    var names: [String] = []
    network.visitParameters { name, _ in if name.hasPrefix(gate) { names.append(name) } }
    #expect(
      names
        == [
          "value.weights", "value.bias", "gate.0.weights", "gate.0.bias", "gate.1.scale",
          "gate.1.shift",
        ].map { gate + $0 })
    #expect(network.summary().contains("         gate  Sequential"))
    // The batch norm needs averages, before it is frozen.
    try network.fit(data, options: TrainingOptions(epochs: 1, batchSize: 8))
    #expect(
      network.activations(of: data.features).map(\.path).contains("1.body.0.gate.2"))
    try network.freeze(gate + "gate")
    try network.setPenalty(L2(1), for: gate + "value")
    let weights = try #require(network.layers[1].parameters["body.0.value.weights"]?.value)
    expectClose(Float(network.penaltyValue), 0.5 * square(weights).sum(), "penalty", rtol: 1e-5)
    let before = network.layers[1].parameters
    try network.fit(data, options: options)
    for (name, parameter) in network.layers[1].parameters {
      #expect((parameter.value == before[name]?.value) == name.hasPrefix("body.0.gate"), "\(name)")
    }
  }

  @Test func gradientsAgree() throws { try expectGradients(of: Gate(size: 4), inputShape: [6, 4]) }

  @Test func itIsSavedResumedAndFused() throws {
    var whole = try network()
    var half = whole
    try whole.fit(data, options: options)
    try half.fit(data, options: TrainingOptions(epochs: 2, batchSize: 8))
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "n.safetensors")
      try half.save(to: url)
      var loaded = try NeuralNetwork(contentsOf: url, adding: [Gate.self])
      try loaded.fit(data, options: options, resuming: true)
      expectSame(
        try loaded.predict(data.features), try whole.predict(data.features), "resumed training")
      expectCourseError(.format, "unknown layer", "Gate") {
        _ = try NeuralNetwork(contentsOf: url)
      }
    }
    let fused = try whole.fused()
    #expect(!fused.summary().contains("BatchNorm"))
    expectClose(
      try fused.predict(data.features), try whole.predict(data.features), "fused", atol: 1e-5)
  }

  @Test func errorsNameThePart() throws {
    expectCourseError(.shapeMismatch, "layer 1.body.0 (Gate)", "Dense") {
      var network = NeuralNetwork(inputShape: [3], seed: 1)
      try network.append(Dense(outputSize: 4))
      try network.append(Residual(Sequential(Gate(size: 5))))
    }
    let network = try network()
    expectCourseError(.invalidData, "layer 1.body.0.gate.1 (BatchNorm)", "never trained") {
      _ = try network.predict(data.features)
    }
  }
}
