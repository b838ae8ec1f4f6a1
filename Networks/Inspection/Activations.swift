import Shared

/// Input and output of a layer for a batch, and the gradients of a score with respect to them.
public struct LayerActivation: Sendable {
  /// The way to the layer: "3.body.0".
  public let path: String
  /// The layer.
  public let layer: any Layer
  /// Its input, `[N, ...]`.
  public let input: Tensor
  /// Its output, `[N, ...]`.
  public let output: Tensor
  /// The gradient of the score with respect to the input; `nil` without a score.
  public let inputGradient: Tensor?
  /// The gradient of the score with respect to the output; `nil` without a score.
  public let outputGradient: Tensor?
}

extension NeuralNetwork {
  /// What every layer gets and returns for a batch, also those inside of containers.
  ///
  /// The layers compute as in inference. With a gradient, a backward pass follows: this is how much a score, such as
  /// that of a class, changes with each number in the network.
  ///
  ///     for layer in network.activations(of: batch) {
  ///       print(layer.path, layer.output.shape)                   // 0 [8, 16, 32, 32], 1.body.0 [8, 16, 32, 32], ...
  ///     }
  ///     // How much the score of class 3 changes with each pixel.
  ///     let layers = network.activations(of: batch) { output in
  ///       Tensor(oneHot: Array(repeating: 3, count: output.shape[0]), classCount: output.shape[1])
  ///     }
  ///     let gradient = layers[0].inputGradient
  ///
  /// - Parameters:
  ///   - batch: raw, `[N] + inputShape`, or of other lengths where the layers take them; `preprocessing` is applied
  ///   - sideInputs: the side inputs that the layers ask for, `[N]` + shape each
  ///   - gradient: the gradient of the score with respect to the network's output, given that output
  /// - Returns: the layers in the order in which they compute: those inside of a container before it
  public func activations(
    of batch: Tensor, sideInputs: [String: Tensor] = [:], gradient: ((Tensor) -> Tensor)? = nil
  ) -> [LayerActivation] {
    requireSideInputs(sideInputs, count: batch.shape.first ?? 0, of: "NeuralNetwork.activations")
    return Self.activations(
      of: layers, for: preprocessing?(batch) ?? batch, sideInputs: sideInputs, gradient: gradient)
  }

  /// The same for some layers, and their prepared input.
  static func activations(
    of layers: [any Layer], for input: Tensor, sideInputs: [String: Tensor] = [:],
    gradient: ((Tensor) -> Tensor)? = nil
  ) -> [LayerActivation] {
    var sequence = Sequential(layers.map(ObservedLayer.observing))
    sequence.resetState()
    sequence.take(sideInputs: sideInputs)
    if let gradient {
      // Frozen layers compute as in inference, and keep what a backward pass needs.
      sequence.forEachParameter { $1.isTrainable = false }
      sequence.setFrozen(true)
      let output = sequence.forward(input, mode: .training)
      _ = sequence.backward(gradient(output))
    } else {
      _ = sequence.forward(input, mode: .inference)
    }
    return ObservedLayer.activations(in: sequence)
  }
}

/// A layer whose passes are noted.
private struct ObservedLayer: LayerContainer, ParameterFreeLayer {
  var layer: any Layer
  private var input: Tensor?
  private var output: Tensor?
  private var inputGradient: Tensor?
  private var outputGradient: Tensor?

  init() { layer = Sequential() }

  private init(_ layer: any Layer) { self.layer = layer }

  /// The layer, and those inside of it, observed.
  static func observing(_ layer: any Layer) -> any Layer {
    guard var container = layer as? any LayerContainer else { return ObservedLayer(layer) }
    container.forEachLayer { _, inside in inside = observing(inside) }
    return ObservedLayer(container)
  }

  /// What the observed layers inside of a container got and returned, in the order in which they computed.
  static func activations(in container: any LayerContainer, prefix: String = "")
    -> [LayerActivation]
  {
    var found: [LayerActivation] = []
    container.visitLayers { name, layer in
      guard let layer = layer as? ObservedLayer, let input = layer.input, let output = layer.output
      else { return }
      let path = prefix + name
      if let container = layer.layer as? any LayerContainer {
        // A path that only passes on its input.
        if (container as? Sequential)?.layers.isEmpty == true { return }
        found += activations(in: container, prefix: path + ".")
      }
      found.append(
        LayerActivation(
          path: path, layer: layer.layer, input: input, output: output,
          inputGradient: layer.inputGradient, outputGradient: layer.outputGradient))
    }
    return found
  }

  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    let result = layer.forward(input, mode: mode)
    (self.input, output) = (input, result)
    return result
  }

  mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let result = layer.backward(outputGradient)
    (self.outputGradient, inputGradient) = (outputGradient, result)
    return result
  }

  func outputShape(for inputShape: [Int]) throws -> [Int] {
    try layer.outputShape(for: inputShape)
  }

  func inputShapes(for inputShape: [Int]) throws -> [[Int]] { [inputShape] }

  mutating func forEachLayer(
    _ body: (_ name: String, _ layer: inout any Layer) throws -> Void
  ) rethrows {
    try body("layer", &layer)
  }

  mutating func setFrozen(_ isFrozen: Bool) { layer.setFrozen(isFrozen) }
}
