import CourseTestSupport
import Foundation
import Shared
import Testing

/// Parts of a network that training leaves as they are, or moves with a learning rate of their own.
@Suite(.watched) struct FreezingTests {
  private func network(
    optimizer: any Optimizer = TinyMomentum(learningRate: 0.05)
  ) throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [3], loss: TinySquaredError(), optimizer: optimizer, seed: 4)
    for (inputs, outputs) in [(3, 5), (5, 4), (4, 2)] {
      try network.append(TinyDense(inputSize: inputs, outputSize: outputs))
    }
    return network
  }

  private let options = TrainingOptions(epochs: 3, batchSize: 5)

  private func values(_ network: NeuralNetwork) -> [String: Tensor] {
    network.parameters.mapValues(\.value)
  }

  @Test func frozenParametersStayAndTheOthersMove() throws {
    let parts: [(any NetworkPart, [String])] = [
      (0..<2, ["layers.0.", "layers.1."]), (1...2, ["layers.1.", "layers.2."]),
      (1, ["layers.1."]), ("layers.2", ["layers.2."]), ("layers.0.bias", ["layers.0.bias"]),
    ]
    for (part, frozen) in parts {
      var network = try network()
      try network.freeze(part)
      let before = values(network)
      try network.fit(tinyData(), options: options)
      for (name, value) in values(network) {
        let isFrozen = frozen.contains { name.hasPrefix($0) }
        #expect((value == before[name]) == isFrozen, "\(part): \(name)")
        #expect(network.parameters[name]?.isTrainable == !isFrozen)
      }
    }
  }

  /// The trained layers move as if those before them were part of the data.
  @Test func theRestTrainsOnTheOutputsOfTheFrozenLayers() throws {
    var whole = try network()
    try whole.freeze(0..<2)
    var head = NeuralNetwork(
      inputShape: [4], loss: TinySquaredError(), optimizer: TinyMomentum(learningRate: 0.05),
      seed: 4)
    try head.append(TinyDense(inputSize: 4, outputSize: 2))
    for name in ["weights", "bias"] {
      try head.setParameter("layers.0.\(name)", to: whole.parameters["layers.2.\(name)"]!.value)
    }
    let data = try tinyData()
    let front = whole
    var features = data.features
    for index in 0..<2 { features = front.layers[index].output(of: features) }
    let outputs = try Dataset(features: features, targets: data.targets)
    let history = try whole.fit(data, options: options)
    #expect(try head.fit(outputs, options: options) == history)
    for name in ["weights", "bias"] {
      #expect(
        try #require(head.parameters["layers.0.\(name)"]).value
          == whole.parameters["layers.2.\(name)"]?.value)
    }
  }

  @Test func backwardEndsAtTheFirstTrainedLayer() throws {
    let log = Log()
    var network = NeuralNetwork(inputShape: [2], loss: TinySquaredError())
    for index in 0..<5 { try network.append(Spy(number: index, log: log)) }
    func passes(_ gradient: Tensor = [[1, 1]]) -> [String] {
      log.lines = []
      var copy = network
      _ = copy.forward([[1, 2]], mode: .training)
      copy.backward(gradient)
      return log.lines
    }
    let forward = (0..<5).map { "forward \($0) training" }
    #expect(
      passes() == forward + ["backward 4", "backward 3", "backward 2", "backward 1", "last 0"])
    // Layer 3 is in the middle: its gradient goes on.
    try network.freeze(3)
    #expect(
      passes() == forward + ["backward 4", "backward 3", "backward 2", "backward 1", "last 0"])
    try network.unfreeze(3)
    try network.freeze(0...1)
    let partly = ["forward 0 inference", "forward 1 inference"] + Array(forward[2...])
    #expect(passes() == partly + ["backward 4", "backward 3", "last 2"])
    log.lines = []
    _ = network.forward([[1, 2]], mode: .inference)
    #expect(log.lines.allSatisfy { $0.hasSuffix("inference") })
    try network.unfreeze(0..<5)
    #expect(passes().last == "last 0")
  }

  /// A layer without parameters keeps its way of training, unless a frozen layer comes after it.
  @Test func layersWithoutParametersBetweenFrozenOnesComputeAsInInference() throws {
    let log = Log()
    var network = NeuralNetwork(inputShape: [2], loss: TinySquaredError())
    for (index, hasWeight) in [false, true, false, true, false, true].enumerated() {
      try network.append(Spy(number: index, log: log, hasWeight: hasWeight))
    }
    var copy = network
    _ = copy.forward([[1, 2]], mode: .training)
    copy.backward([[1, 1]])
    #expect(log.lines.first == "forward 0 training" && log.lines.last == "last 1")
    try network.freeze(1)
    try network.freeze(3)
    log.lines = []
    _ = network.forward([[1, 2]], mode: .training)
    #expect(
      log.lines
        == (0...3).map { "forward \($0) inference" } + (4...5).map { "forward \($0) training" })
    network.backward([[1, 1]])
    #expect(log.lines.last == "last 5")
  }

  @Test func frozenWeightsHaveNoPenalty() throws {
    for decouples in [false, true] {
      var network = try network()
      network.penalty = TinyPenalty(0.1)
      network.decouplesPenalties = decouples
      let whole = network.penaltyValue
      try network.freeze(0)
      let weights = try #require(network.parameters["layers.0.weights"])
      let rest = whole - Double(TinyPenalty(0.1).value(of: weights.value))
      #expect(abs(network.penaltyValue - rest) < 1e-4 && rest < whole)
      let before = values(network)
      network.addPenaltyGradients()
      network.applyGradients()
      #expect(network.parameters["layers.0.weights"]?.value == before["layers.0.weights"])
      #expect(network.parameters["layers.1.weights"]?.value != before["layers.1.weights"])
    }
  }

  /// The state of a frozen parameter is not in the file, and forgotten: unfrozen, it starts afresh.
  @Test func frozenParametersHaveNoState() throws {
    var network = try network()
    try network.fit(tinyData(), options: options)
    try withTemporaryFolder { folder in
      func states(_ network: NeuralNetwork) throws -> [String] {
        let url = folder.appending(path: "network.safetensors")
        try network.save(to: url)
        return try SafetensorsFile(contentsOf: url).tensors.map(\.name).filter {
          $0.hasPrefix("optimizer.")
        }
      }
      let all = try states(network)
      try network.freeze("layers.1.weights")
      let left = try states(network)
      #expect(Set(all).subtracting(left) == ["optimizer.velocity.layers.1.weights"])
      try network.unfreeze(1)
      #expect(try states(network) == all)
      let fresh = try SafetensorsFile(
        contentsOf: folder.appending(path: "network.safetensors")
      ).tensors.first { $0.name == "optimizer.velocity.layers.1.weights" }
      #expect(fresh?.tensor == Tensor(zeros: [5, 4]))
    }
  }

  /// A factor of f is the step of an optimizer with f times the rate.
  @Test func partsHaveLearningRatesOfTheirOwn() throws {
    let data = try tinyData()
    let one = TrainingOptions(epochs: 1, batchSize: data.count)
    func change(_ rate: Float, _ factors: [(Float, any NetworkPart)] = []) throws -> [String:
      Tensor]
    {
      var network = try network(optimizer: TinySGD(learningRate: rate))
      for (factor, part) in factors { try network.setLearningRate(factor: factor, for: part) }
      let before = values(network)
      try network.fit(data, options: one)
      return values(network).merging(before) { $0 - $1 }
    }
    let (plain, tenth) = (try change(0.1), try change(0.01))
    let grouped = try change(0.1, [(0.1, 0..<2), (3, "layers.2.bias"), (1, 1)])
    for (name, step) in grouped {
      switch name {
      case "layers.0.weights", "layers.0.bias":
        expectClose(step, tenth[name]!, name, atol: 1e-7)
      case "layers.2.bias": expectClose(step, 3 * plain[name]!, name, atol: 1e-6)
      default: #expect(step == plain[name], "\(name)")
      }
    }
  }

  /// Saved and loaded in the middle of a training: the same bits.
  @Test(arguments: [3, 10]) func resumingContinuesBitForBit(steps: Int) throws {
    func prepared() throws -> NeuralNetwork {
      var network = try network()
      network.penalty = TinyPenalty(0.1)
      try network.freeze(0)
      try network.freeze("layers.1.bias")
      try network.setLearningRate(factor: 0.25, for: "layers.2")
      return network
    }
    var whole = try prepared()
    let history = try whole.fit(tinyData(), options: options)
    var first = try prepared()
    try first.fit(tinyData(), options: options, callbacks: [EndAfterSteps(steps)])
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      try first.save(to: url)
      var second = try NeuralNetwork(
        contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
        optimizers: [TinyMomentum.self], penalties: [TinyPenalty.self])
      #expect(second.parameters["layers.0.weights"]?.isTrainable == false)
      #expect(second.parameters["layers.1.weights"]?.isTrainable == true)
      #expect(second.parameters["layers.2.weights"]?.learningRateFactor == 0.25)
      #expect(second.summary() == first.summary())
      #expect(try second.fit(tinyData(), options: options, resuming: true) == history)
      for (name, value) in values(whole) {
        #expect(second.parameters[name]?.value == value, "\(name)")
      }
    }
  }

  @Test func theSummaryShowsIt() throws {
    var network = try network()
    #expect(!network.summary().contains("Training"))
    try network.freeze(0)
    try network.freeze("layers.1.bias")
    try network.setLearningRate(factor: 0.1, for: 1...2)
    let lines = network.summary().split(separator: "\n")
    #expect(lines[0].hasSuffix("Parameters    Training"))
    #expect(lines[2].hasSuffix("20    frozen"))
    #expect(lines[3].hasSuffix("24    partly frozen, learning rate × 0.1"))
    #expect(lines[4].hasSuffix("10    learning rate × 0.1"))
    #expect(lines[1].count == lines.dropFirst(2).prefix(3).map(\.count).max())
    #expect(network.summary().contains("Parameters: 54 (216 B), 30 of them trained"))
    #expect(network.trainableParameterCount == 30 && network.parameterCount == 54)
  }

  @Test func whatIsNotThereIsRefused() throws {
    var network = try network()
    expectCourseError(.invalidArgument, "no such part", "layers below 3", "\"layers.3\"") {
      try network.freeze(1..<4)
    }
    // A part of a word is no name.
    expectCourseError(.invalidArgument, "no such part", "layers.0.weights", "\"layers.0.w\"") {
      try network.freeze("layers.0.w")
    }
    expectCourseError(.invalidArgument, "without parameters", "no layer") {
      try network.unfreeze(0..<0)
    }
    for factor in [0, -1, .nan, .infinity] as [Float] {
      expectCourseError(.invalidArgument, "factor of the learning rate", "freeze") {
        try network.setLearningRate(factor: factor, for: 0)
      }
    }
    #expect(network.parameters.values.allSatisfy { $0.isTrainable }, "nothing was changed")
    try network.freeze(0...2)
    expectCourseError(.invalidArgument, "nothing to train", "unfreeze") {
      try network.fit(tinyData(), options: options)
    }
  }

  @Test func aCheckpointWithOtherNamesIsRefused() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "network.safetensors")
      var network = try network()
      try network.freeze(0)
      try network.setLearningRate(factor: 2, for: 1)
      try network.save(to: url)
      let file = try SafetensorsFile(contentsOf: url)
      for (old, new, word) in [
        ("\"layers.0.bias\"", "\"layers.0.shift\"", "layers.0.shift"),
        ("\"layers.1.bias\":2", "\"layers.1.bias\":-2", "factor of the learning rate"),
      ] {
        var metadata = file.metadata
        let model = try #require(metadata["model"])
        #expect(model.contains(old))
        metadata["model"] = model.replacing(old, with: new)
        try SafetensorsFile(metadata: metadata, tensors: file.tensors).write(to: url)
        expectCourseError(.format, "damaged checkpoint", word) {
          _ = try NeuralNetwork(
            contentsOf: url, layers: [TinyDense.self], losses: [TinySquaredError.self],
            optimizers: [TinyMomentum.self])
        }
      }
    }
  }

  @Test func theGradientOfTheInputNeedsAllLayers() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var network = NeuralNetwork(inputShape: [3])
      try network.append(TinyDense(inputSize: 3, outputSize: 2))
      try network.append(TinyDense(inputSize: 2, outputSize: 2))
      try network.freeze(0)
      _ = network.forward([[1, 2, 3]])
      _ = network.backwardToInput([[1, 1]])
    }
    expectWords(of: result, "backwardToInput", "not frozen", "1 that compute as in inference")
  }
}

extension Layer {
  /// The output in inference, of any layer.
  fileprivate func output(of input: Tensor) -> Tensor {
    var copy = self
    return copy.forward(input, mode: .inference)
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

/// The passes of some layers, in order. The test looks at them from one thread only.
private final class Log: @unchecked Sendable {
  var lines: [String] = []
}

/// Hands on its input and notes its passes.
private struct Spy: Layer {
  var number = 0
  var log = Log()
  var hasWeight = true
  var weight = Parameter([1])
  var configuration: NoConfiguration { NoConfiguration() }

  init(number: Int, log: Log, hasWeight: Bool = true) {
    (self.number, self.log, self.hasWeight) = (number, log, hasWeight)
  }
  init(configuration: NoConfiguration) {}

  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
  func forward(_ input: Tensor, mode: Mode) -> Tensor {
    log.lines.append("forward \(number) \(mode)")
    return input
  }
  func backward(_ outputGradient: Tensor) -> Tensor {
    log.lines.append("backward \(number)")
    return outputGradient
  }
  func backwardWithoutInputGradient(_ outputGradient: Tensor) { log.lines.append("last \(number)") }
  mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    if hasWeight { try body("weight", &weight) }
  }
}
