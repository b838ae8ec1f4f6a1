/// Whether a pass is part of training.
///
/// Passed to every call instead of stored, so a network can never be left in the wrong mode.
public enum Mode: String, Sendable, Codable {
  /// Layers keep the values that `backward` needs; dropout drops and batch norm measures the batch.
  case training
  /// Layers keep nothing and change nothing.
  case inference
}

/// One step of a network: a function of a batch, with its gradient.
///
/// A layer is a struct. `forward` computes the output and, in training, keeps the values that `backward`
/// needs; `backward` takes the gradient of the loss with respect to the output, accumulates the gradients of
/// the parameters and returns the gradient with respect to the input.
///
/// A layer without parameters is these three methods; this one is complete:
///
///     struct Doubling: ParameterFreeLayer {
///       func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
///       func forward(_ input: Tensor, mode: Mode) -> Tensor { input * 2 }
///       func backward(_ outputGradient: Tensor) -> Tensor { outputGradient * 2 }
///     }
///
/// A layer that has more to it (weights, a running average, random draws) implements the methods of
/// `Parameterized`, `StateKeeping`, `RandomDrawing`, `BatchChecking`, `InputSizing`, `Freezing` or `SideInputTaking`,
/// whose defaults do nothing.
///
/// A copy of a layer is independent of the original, so a snapshot of a network, a copy to measure
/// finite differences on, or a replica for another thread is `var copy = layer`.
public protocol Layer: Configurable, Parameterized, StateKeeping, RandomDrawing, BatchChecking,
  InputSizing, Freezing, SideInputTaking
{
  /// The output of a batch. The first axis of `input` is the batch.
  mutating func forward(_ input: Tensor, mode: Mode) -> Tensor

  /// Given the gradient with respect to the output of the last training pass, accumulates the
  /// parameters' gradients and returns the gradient with respect to that pass's input.
  ///
  /// There is one backward pass for each training pass: it consumes the values that `forward` kept.
  mutating func backward(_ outputGradient: Tensor) -> Tensor

  /// The shape of the output for an input shape, both without the batch axis; throws when such an input
  /// does not fit. Called when the network is built, before any data flows.
  func outputShape(for inputShape: [Int]) throws -> [Int]
}

/// The configuration of a layer that has none.
public struct NoConfiguration: Codable, Sendable, Equatable {
  /// The only value.
  public init() {}
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

  /// A layer of another configuration, with the seed of this one: what `sized(for:)` returns. Weights without a seed are
  /// like no others.
  package func remade(with configuration: Configuration) throws -> Self {
    var (old, layer) = (self, try Self(configuration: configuration))
    var parameters: [String: Parameter] = [:]
    old.forEachParameter { parameters[$0] = $1 }
    layer.forEachParameter { name, parameter in
      if let old = parameters[name] { parameter.drawValue(like: old) }
    }
    return layer
  }
}

/// Stops unless the gradient handed to a layer's `backward` has the shape of its output.
package func requireGradient(
  _ gradient: Tensor, shape: [Int], of layer: @autoclosure () -> String
) {
  guard gradient.shape == shape else {
    stop(
      "\(layer()).backward", expected: "a gradient of shape \(shape), as the output has",
      received: "\(gradient.shape)")
  }
}
