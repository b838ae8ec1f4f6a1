import Foundation
import Networks

/// Networks that have every layer type between them, trained into the middle of an epoch, and all single
/// changes to their files.
enum CheckpointCorpus {
  /// Ends the training within the third epoch.
  private struct StopWithin: TrainingCallback {
    mutating func stepEnded(
      _ report: StepReport, network: inout NeuralNetwork
    ) -> TrainingControl { report.epoch == 2 && report.batch == 1 ? .stop : .proceed }
  }

  private static func train(
    _ network: inout NeuralNetwork, _ data: Dataset, shuffle: Bool = true,
    clipping: GradientClipping? = nil, schedule: any LearningRateSchedule = ConstantSchedule()
  ) throws {
    try network.fit(
      data, validation: data,
      options: TrainingOptions(
        epochs: 4, batchSize: 4, shuffle: shuffle, clipping: clipping, schedule: schedule),
      callbacks: [StopWithin(), EarlyStopping(patience: 9)])
  }

  /// Convolutions and poolings of images, batch norm; Adam, penalties, scaling by channel.
  static func images() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [2, 8, 8], loss: SoftmaxCrossEntropyLoss(), optimizer: Adam(learningRate: 0.01),
      seed: 3)
    network.penalty = L2(0.001)
    let padding = Padding.explicit(before: [1, 0], after: [0, 1])
    try network.append(
      Conv2D(
        inputChannels: 2, outputChannels: 4, kernelSize: 3, stride: [1, 1], padding: padding,
        groups: 2),
      penalty: ElasticNet(l1: 0.001, l2: 0.002))
    try network.append(BatchNorm(channels: 4))
    try network.append(ReLU())
    try network.append(SpatialDropout2D(rate: 0.25))
    try network.append(ConvReLU(inputChannels: 4, outputChannels: 3, kernelSize: 2, padding: .same))
    try network.append(
      ConvBatchNormReLU(
        inputChannels: 3, outputChannels: 3, kernelSize: 3, padding: .same, pool: 2))
    try network.append(MaxPool2D(kernelSize: 2, stride: 1))
    try network.append(
      ConvReLUPool(inputChannels: 3, outputChannels: 2, kernelSize: 1, pool: 2, poolStride: 1))
    try network.append(AveragePool2D(kernelSize: 2, stride: 1, padding: .same))
    try network.append(GroupNorm(groups: 1))
    try network.append(
      ConvTranspose2D(
        outputChannels: 2, kernelSize: [2, 1], stride: 2, outputPadding: [0, 1], activation: .relu))
    try network.append(Upsample2D(scaleFactor: [1, 2], mode: .bilinear))
    try network.append(GlobalAveragePool2D())
    try network.append(Dense(inputSize: 2, outputSize: 3))
    network.classNames = ["a", "b", "c"]
    network.notes = ["label": "kind"]
    let data = try Dataset(
      features: Tensor(normal: [12, 2, 8, 8], key: RandomKey(seed: 1)),
      targets: .classes((0..<12).map { $0 % 3 }))
    network.preprocessing = try .standardizingChannels(data)
    try train(
      &network, data, clipping: .norm(1),
      schedule: WarmUp(over: 2, then: CosineDecay(over: 9, minimum: 0.0001)))
    return network
  }

  /// Signals and rows; Momentum, the readable losses, scaling by feature, names of features.
  static func signals() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [12], loss: CrossEntropyLoss(), optimizer: Momentum(learningRate: 0.01), seed: 4)
    try network.append(Reshape([2, 6]))
    try network.append(
      Conv1D(inputChannels: 2, outputChannels: 4, kernelSize: 2, dilation: 2),
      penalty: L1(0.001))
    try network.append(LeakyReLU())
    try network.append(MaxPool1D(kernelSize: 2, stride: 1))
    try network.append(GELU())
    try network.append(AveragePool1D(kernelSize: 2, stride: 1))
    try network.append(Flatten())
    try network.append(
      Dense(
        inputSize: 8, outputSize: 6, activation: .tanh,
        initializer: .normal(mean: 0, standardDeviation: 0.5),
        biasInitializer: .uniform(low: -0.5, high: 0.5)))
    try network.append(LayerNorm(6))
    try network.append(Sigmoid())
    try network.append(TanH())
    try network.append(Dropout(rate: 0.25))
    try network.append(Dense(inputSize: 6, outputSize: 2))
    try network.append(Softmax())
    let data = try Dataset(
      features: Tensor(normal: [12, 12], key: RandomKey(seed: 2)),
      targets: .classes((0..<12).map { $0 % 2 }), featureNames: (0..<12).map { "x\($0)" },
      classNames: ["no", "yes"])
    network.preprocessing = try .standardizing(data)
    try train(&network, data)
    return network
  }

  /// Recurrent layers that carry their state; RMSProp, clipping by value.
  static func sequences() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [5], loss: SequenceCrossEntropyLoss(), optimizer: RMSProp(learningRate: 0.01),
      seed: 5)
    try network.append(Embedding(vocabularySize: 4, embeddingSize: 3, paddingIndex: 0))
    try network.append(LSTM(inputSize: 3, hiddenSize: 2, stateful: true))
    try network.append(GRU(inputSize: 2, hiddenSize: 3, stateful: true))
    try network.append(Bidirectional(LSTM(inputSize: 3, hiddenSize: 2)))
    try network.append(ElmanRNN(inputSize: 4, hiddenSize: 3))
    try network.append(Dense(inputSize: 3, outputSize: 4))
    let tokens = (0..<60).map { ($0 * 7) % 4 }
    let data = try Dataset(
      features: Tensor(shape: [12, 5], scalars: tokens.map { Float($0) }),
      targets: .classSequences(tokens, length: 5))
    try train(&network, data, shuffle: false, clipping: .value(0.5))
    return network
  }
}

extension CheckpointCorpus {
  /// Containers in containers: a residual block, a skip, branches; a penalty and a frozen part inside.
  static func containers() throws -> NeuralNetwork {
    var network = NeuralNetwork(
      inputShape: [2, 4, 4], loss: SoftmaxCrossEntropyLoss(),
      optimizer: Momentum(learningRate: 0.01), seed: 6)
    try network.append(
      Residual(
        Sequential(
          Conv2D(outputChannels: 3, kernelSize: 3, padding: .same, bias: false), BatchNorm(),
          Dropout(rate: 0.25)), shortcut: Conv2D(outputChannels: 3, kernelSize: 1)))
    try network.append(Skip(Branches([ReLU(), Sequential(Dropout(rate: 0.5))], merge: .add)))
    try network.append(GlobalAveragePool2D())
    try network.append(
      Branches([Dense(outputSize: 2), Sequential(Dense(outputSize: 1))], merge: .concatenate))
    try network.setPenalty(L2(0.001), for: "layers.0.body")
    try network.freeze("layers.0.shortcut")
    let data = try Dataset(
      features: Tensor(normal: [12, 2, 4, 4], key: RandomKey(seed: 3)),
      targets: .classes((0..<12).map { $0 % 3 }))
    try train(&network, data)
    return network
  }
}

/// A place in a JSON text: the keys and numbers that lead there.
struct JSONPath: CustomStringConvertible {
  enum Step {
    case key(String)
    case index(Int)
  }
  var steps: [Step] = []

  /// "layers.0.configuration.stride.1"
  var description: String {
    steps.map {
      switch $0 {
      case .key(let key): key
      case .index(let index): "\(index)"
      }
    }.joined(separator: ".")
  }

  static func + (path: JSONPath, step: Step) -> JSONPath { JSONPath(steps: path.steps + [step]) }

  /// The last key of the path, numbers left out.
  var key: String {
    for case .key(let key) in steps.reversed() { return key }
    return ""
  }
}

extension JSONValue {
  /// Every place inside, each before those that it holds.
  func places(_ path: JSONPath = JSONPath()) -> [(path: JSONPath, value: JSONValue)] {
    let inside: [(JSONPath, JSONValue)] =
      switch self {
      case .object(let members):
        members.sorted { $0.key < $1.key }.map { (path + .key($0.key), $0.value) }
      case .array(let values): values.enumerated().map { (path + .index($0.offset), $0.element) }
      default: []
      }
    return [(path, self)] + inside.flatMap { $0.1.places($0.0) }
  }

  /// The same with another value at a place, or, for `nil`, without it.
  func replacing(_ path: ArraySlice<JSONPath.Step>, by new: JSONValue?) -> JSONValue? {
    guard let first = path.first else { return new }
    let rest = path.dropFirst()
    switch (self, first) {
    case (.object(var members), .key(let key)):
      members[key] = members[key].flatMap { $0.replacing(rest, by: new) }
      return .object(members)
    case (.array(var values), .index(let index)):
      if let value = values[index].replacing(rest, by: new) {
        values[index] = value
      } else {
        values.remove(at: index)
      }
      return .array(values)
    default: return self
    }
  }

  /// What a value is changed to: removed, negated, zeroed, at its limits, of another type, empty.
  var changes: [(name: String, value: JSONValue?)] {
    let types: [(String, JSONValue?)] = [("removed", nil), ("null", .null)]
    switch self {
    case .integer(let value):
      return types + [
        ("negated", .integer(-value)), ("zero", .integer(0)), ("one more", .integer(value + 1)),
        ("2^30", .integer(1 << 30)), ("2^31", .integer(1 << 31)), ("Int.max", .integer(.max)),
        ("Int.min", .integer(.min)), ("1e308", .number(1e308)), ("half", .number(0.5)),
        ("text", .string("x")), ("truth", .bool(true)), ("list", .array([])),
      ]
    case .number(let value):
      return types + [
        ("negated", .number(-value)), ("zero", .integer(0)), ("Int.max", .integer(.max)),
        ("1e308", .number(1e308)), ("-1e308", .number(-1e308)), ("nan", .string("nan")),
        ("inf", .string("inf")), ("text", .string("x")), ("truth", .bool(true)),
      ]
    case .string:
      return types + [
        ("empty", .string("")), ("text", .string("x")), ("-1", .string("-1")),
        ("number", .integer(7)), ("list", .array([])),
      ]
    case .bool: return types + [("number", .integer(7)), ("text", .string("x"))]
    case .array(let values):
      return types + [
        ("empty", .array([])), ("number", .integer(7)), ("object", .object([:])),
        ("longer", .array(values + values.prefix(1))), ("shorter", .array(values.dropLast())),
      ]
    case .object: return types + [("empty", .object([:])), ("number", .integer(7))]
    case .null: return []
    }
  }

  /// Whether two texts say the same. A member that is null, or that has nothing in it where there may be
  /// none, means as much as none; numbers are the same to the last bit of a `Float`.
  func says(_ other: JSONValue) -> Bool {
    switch (self, other) {
    case (.object(let members), .object(let others)):
      return Set(members.keys).union(others.keys).allSatisfy { key in
        let (mine, its) = (members[key], others[key])
        if let mine, let its, mine.says(its) { return true }
        let isOptional = key == "layerPenalties"
        return [mine, its].allSatisfy { (value: JSONValue?) -> Bool in
          guard let value else { return true }
          return value == .null || isOptional && value == .object([:])
        }
      }
    case (.array(let values), .array(let others)):
      return values.count == others.count && zip(values, others).allSatisfy { $0.says($1) }
    default:
      guard let number, let other = other.number else { return self == other }
      return number == other || Float(number) == Float(other) && Swift.abs(number) > 1e9
        || Float(number) == Float(other) && number != number.rounded()
    }
  }
}
