import Shared

/// A feed-forward network: a list of layers, each fed with the output of the one before it, and a loss.
///
/// For inputs X and targets T, layers `f₁, ..., f_L` and a loss `ℓ`:
/// `A₀ = X`, `Aₗ = fₗ(Aₗ₋₁)` for l = 1, ..., L, and `L = ℓ(A_L, T)`
/// - `X`: `[N, ...]`, N examples of the first layer's input shape
/// - `Aₗ`: the activations after layer l, `[N, ...]`
///
/// Backward, the chain rule from the loss to the first layer: the loss returns `dA_L`, and layer l turns `dAₗ`
/// into `dAₗ₋₁`, adding the gradients of its own parameters on the way.
///
///     var network = FeedForwardNetwork(
///       [Dense(inputSize: 2, outputSize: 8, seed: 1), ReLU(), Dense(inputSize: 8, outputSize: 2, seed: 2)],
///       loss: SoftmaxCrossEntropyLoss())
///     let loss = network.forward([[0, 1], [1, 0]], target: .classes([0, 1]))
///     network.backward()                                 // every parameter now has its gradient
///
/// `NeuralNetwork` is this class with shape checks, training, metrics and checkpoints around it.
///
/// - Complexity: the sum over the layers.
/// - Reference: Rumelhart, Hinton, Williams (1986), *Nature* 323.
///   Task: Protocols/Phase1-FeedForward.md, 1.8.
public struct FeedForwardNetwork: Sendable {
  /// The layers, first to last.
  public var layers: [any Layer]
  /// The loss after the last layer.
  public var loss: any Loss

  /// The activations after the last layer, `A_L`.
  public mutating func output(of input: Tensor, mode: Mode) -> Tensor {
    // TODO(1.8): hand the input to the first layer, each layer's output to the next, and return the last
    // output. Call layers[index].forward: a `for var layer in layers` would call it on a copy.
    // BEGIN SOLUTION
    var activations = input
    for index in layers.indices {
      activations = layers[index].forward(activations, mode: mode)
    }
    return activations
    // END SOLUTION
  }

  /// The loss of a training batch; every layer keeps the values that `backward` needs.
  public mutating func forward(_ input: Tensor, target: Target) -> Float {
    // TODO(1.8): the loss of the output, in training mode.
    // BEGIN SOLUTION
    loss.forward(output(of: input, mode: .training), target: target)
    // END SOLUTION
  }

  /// Accumulates the gradients of all parameters for the last `forward`, and returns dX.
  @discardableResult
  public mutating func backward() -> Tensor {
    // TODO(1.8): start with the gradient that the loss returns, and go through the layers from last to first.
    // BEGIN SOLUTION
    var gradient = loss.backward()
    for index in layers.indices.reversed() {
      gradient = layers[index].backward(gradient)
    }
    return gradient
    // END SOLUTION
  }

  // MARK: Given

  /// Creates a network of these layers.
  public init(_ layers: [any Layer], loss: any Loss) {
    self.layers = layers
    self.loss = loss
  }

  /// Shows every parameter, those of the first layer first.
  public mutating func forEachParameter(_ body: (inout Parameter) -> Void) {
    for index in layers.indices { layers[index].forEachParameter { body(&$1) } }
  }
}
