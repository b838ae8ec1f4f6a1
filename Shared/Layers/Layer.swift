/// Whether a pass is part of training.
///
/// An argument of every pass and never a global: no evaluation can forget to switch it back.
public enum Mode: String, Sendable, Codable {
  /// Layers keep what `backward` needs; dropout drops and batch norm measures the batch.
  case training
  /// Layers keep nothing and change nothing.
  case inference
}

/// One step of a network: a function of a batch, with its gradient.
///
/// A layer is a struct. `forward` computes the output and, in training, keeps what `backward` needs;
/// `backward` takes the gradient of the loss with respect to the output, accumulates the gradients of
/// the parameters and returns the gradient with respect to the input.
///
/// A layer without parameters is two methods; this one is complete:
///
///     struct Doubling: ParameterFreeLayer {
///       static let typeName = "Doubling"
///       func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
///       mutating func forward(_ input: Tensor, mode: Mode) -> Tensor { input * 2 }
///       mutating func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * 2 }
///     }
///
/// A copy of a layer is independent of the original, so a snapshot of a network, a copy to measure
/// finite differences on, or a replica for another thread is `var copy = layer`.
public protocol Layer: Configurable {
  /// The constructor arguments, which a checkpoint stores.
  associatedtype Configuration: Codable & Sendable = NoConfiguration

  /// The name under which checkpoints and summaries know the layer.
  static var typeName: String { get }
  /// Creates the layer from what `configuration` returned; throws on values out of range.
  init(configuration: Configuration) throws
  /// The constructor arguments of this layer.
  var configuration: Configuration { get }

  /// The output of a batch. The first axis of `input` is the batch.
  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor

  /// Given the gradient with respect to the output of the last training pass, accumulates the
  /// parameters' gradients and returns the gradient with respect to that pass's input.
  ///
  /// It may use up what `forward` kept: there is one backward pass for each training pass.
  mutating func backward(_ outputGradient: Tensor) -> Tensor

  /// Like `backward` where nobody needs the input gradient: for the first layer of a network, which
  /// then does not compute it.
  mutating func backwardWithoutInputGradient(_ outputGradient: Tensor)

  /// Shows every parameter to `body`, always in the same order.
  mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows

  /// Shows every tensor that a checkpoint must hold besides the parameters: running statistics, a state
  /// carried from batch to batch.
  ///
  /// A new layer shows states of the shape that they keep. One that has a row for each example of a batch
  /// starts with a first size of 0.
  mutating func forEachState(_ body: (_ name: String, _ state: inout Tensor) throws -> Void)
    rethrows

  /// Throws when the states are none that the layer can have come to, such as a negative variance: called
  /// after they were read from a file, with the right shapes and finite.
  func checkState() throws

  /// The shape of the output for an input shape, both without the batch axis; throws when such an input
  /// does not fit. Called when the network is built, before any data flows.
  func outputShape(for inputShape: [Int]) throws -> [Int]

  /// What the outputs are when the inputs are of a kind: probabilities, say, behind a softmax.
  func outputKind(for inputKind: OutputKind) -> OutputKind

  /// Throws when the layer cannot process batches of such a shape, batch axis included, in this mode.
  /// Called before training, evaluation and prediction start.
  func check(batchShape: [Int], mode: Mode) throws

  /// Gives the layer the key of its random draws, such as dropout masks. A network that takes a layer in
  /// calls it, with a key made of its seed and the layer's place, so that no two layers draw the same.
  mutating func setRandomKey(_ key: RandomKey)

  /// Whether a batch goes on where the one before it ended. Then the order of the batches matters, and
  /// all must have the same size.
  var carriesState: Bool { get }

  /// Forgets what was carried from batch to batch: the next batch starts afresh.
  mutating func resetState()
}

/// The configuration of a layer that has none.
public struct NoConfiguration: Codable, Sendable, Equatable {
  /// The only value.
  public init() {}

  private enum CodingKeys: CodingKey {}

  /// Reads the empty object that stands for it.
  public init(from decoder: any Decoder) throws {
    _ = try decoder.container(keyedBy: CodingKeys.self)
  }
}

extension Layer {
  /// Draws the weights again, and makes further draws a function of the key.
  ///
  /// - Parameter isFinal: whether the layer has found its place in a network, which draws for good
  package mutating func draw(key: RandomKey, isFinal: Bool) {
    forEachParameter { name, parameter in
      parameter.drawValue(key: key.folded(name), isFinal: isFinal)
    }
    setRandomKey(key.folded("draws"))
  }

  /// The layer with weights and draws that are a function of the seed; as it is without one.
  package func seeded(_ seed: UInt64?) -> Self {
    guard let seed else { return self }
    var layer = self
    layer.draw(key: RandomKey(seed: seed), isFinal: false)
    return layer
  }

  /// Computes the input gradient and drops it.
  public mutating func backwardWithoutInputGradient(_ outputGradient: Tensor) {
    _ = backward(outputGradient)
  }
  /// Shows nothing: the layer has no parameters.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {}
  /// Shows nothing: the layer has no state.
  public mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows {}
  /// Accepts every state.
  public func checkState() throws {}
  /// Any numbers.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { .numbers }
  /// Accepts every batch.
  public func check(batchShape: [Int], mode: Mode) throws {}
  /// Does nothing: the layer draws nothing but its first weights.
  public mutating func setRandomKey(_ key: RandomKey) {}
  /// False: each batch stands for itself.
  public var carriesState: Bool { false }
  /// Does nothing: the layer carries nothing.
  public mutating func resetState() {}
}

/// A layer with neither parameters nor constructor arguments, such as `ReLU`.
public protocol ParameterFreeLayer: Layer where Configuration == NoConfiguration {
  /// Creates the layer.
  init()
}

extension ParameterFreeLayer {
  /// Creates the layer.
  public init(configuration: NoConfiguration) { self.init() }
  /// Nothing.
  public var configuration: NoConfiguration { NoConfiguration() }
}

extension Optional where Wrapped == Tensor {
  /// What the last training pass kept; stops with a message when there was none.
  ///
  ///     let output = output.kept(by: "ReLU")
  public func kept(by layer: String) -> Tensor {
    guard let self else {
      stop(
        "\(layer).backward", expected: "a forward pass with mode .training before it",
        received: "none (an inference pass keeps nothing, a backward pass uses it up)")
    }
    return self
  }
}

/// Stops unless the gradient handed to a layer's `backward` has the shape of its output.
public func requireGradient(_ gradient: Tensor, shape: [Int], of layer: String) {
  guard gradient.shape == shape else {
    stop(
      "\(layer).backward", expected: "a gradient of shape \(shape), as the output has",
      received: "\(gradient.shape)")
  }
}
