import CourseTestSupport
import Phase1FeedForward
import Shared
import Synchronization
import Testing

/// Requires that one pass through a network and a loss works, layer by layer: a missing or half-written
/// task then fails a test that needs it, rather than ending the process in the layer after it.
func requirePass(
  _ network: NeuralNetwork, _ features: Tensor, _ targets: Target,
  loss: some Loss = SoftmaxCrossEntropyLoss(), sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var (layers, loss) = (network.layers, loss)
  var (activations, inputs) = (features, [Tensor]())
  for index in layers.indices {
    inputs.append(activations)
    activations = try forwardPass(
      &layers[index], input: activations, sourceLocation: sourceLocation)
  }
  var gradient = try lossPass(
    &loss, activations, target: targets, sourceLocation: sourceLocation
  ).gradient
  for index in layers.indices.reversed() {
    gradient = layers[index].backward(gradient)
    try #require(
      gradient.shape == inputs[index].shape,
      """
      \(type(of: layers[index]).typeName).backward: the input gradient must have the shape of the \
      input, expected \(inputs[index].shape), got \(gradient.shape)
      """, sourceLocation: sourceLocation)
  }
}

// MARK: - Parts that write down how they are called

/// The calls of everything that holds this log, in order.
final class CallLog: Sendable {
  private let list = Mutex<[String]>([])
  var calls: [String] { list.withLock { $0 } }
  func append(_ call: String) { list.withLock { $0.append(call) } }
}

/// Passes its input on; two parameters of different shape, whose gradients grow by 1 in each backward pass.
struct LoggingLayer: ParameterFreeLayer {
  static let typeName = "LoggingLayer"
  private let log: CallLog
  private var first = Parameter(Tensor(zeros: [2]))
  private var second = Parameter(Tensor(zeros: [1]))

  init() { self.init(CallLog()) }
  init(_ log: CallLog) { self.log = log }

  func outputShape(for inputShape: [Int]) -> [Int] { inputShape }

  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    log.append("forward, \(mode), \(input.scalars.map { Int($0) })")
    return input
  }

  mutating func backward(_ outputGradient: Tensor) -> Tensor {
    log.append("backward")
    first.accumulate(Tensor(ones: [2]))
    second.accumulate(Tensor(ones: [1]))
    return outputGradient
  }

  mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("first", &first)
    try body("second", &second)
  }
}

/// A loss of 1 for each batch.
struct LoggingLoss: Loss {
  static let typeName = "LoggingLoss"
  let configuration = NoConfiguration()
  let reduction = Reduction.mean
  private let log: CallLog
  private var shape: [Int] = []

  init(configuration: NoConfiguration) { self.init(CallLog()) }
  init(_ log: CallLog) { self.log = log }

  mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    shape = prediction.shape
    log.append(
      "loss of \(prediction.scalars.map { Int($0) }) with targets \(target.classIndices)")
    return 1
  }

  mutating func backward() -> Tensor {
    log.append("loss backward")
    return Tensor(ones: shape)
  }

  func check(outputShape: [Int], target: Target) {}
}

/// Changes nothing.
struct LoggingOptimizer: Optimizer {
  /// Knows which parameter it belongs to by the shape.
  struct State: ParameterState {
    let shape: [Int]
    init(for value: Tensor) { shape = value.shape }
    func forEach(_ body: (String, inout Tensor) throws -> Void) {}
  }

  static let typeName = "LoggingOptimizer"
  let configuration = NoConfiguration()
  var learningRate: Float = 1
  private let log: CallLog

  init(configuration: NoConfiguration) { self.init(CallLog()) }
  init(_ log: CallLog) { self.log = log }

  func update(_ value: inout Tensor, gradient: Tensor, state: inout State, step: Int) {
    log.append("update \(step): gradient \(gradient.scalars), state of shape \(state.shape)")
  }
}
