import Phase1FeedForward
import Phase3RNNRegularization
import Shared

/// The activation of the hidden layers of a ready-made network.
///
///     let network = try NeuralNetwork.multilayerPerceptron(
///       inputSize: 64, hiddenSizes: [32], classCount: 10, activation: .tanh, optimizer: Adam(), seed: 1)
public enum HiddenActivation: String, Codable, CaseIterable, Sendable {
  /// `max(0, x)`
  case relu
  /// `x` where it is above 0, else `0.01 x`
  case leakyReLU = "leaky-relu"
  /// `x Φ(x)`, with the distribution function Φ of the normal distribution
  case gelu
  /// `tanh x`
  case tanh
  /// `1 / (1 + e⁻ˣ)`
  case sigmoid

  /// A layer that applies the function.
  var layer: any Layer {
    switch self {
    case .relu: ReLU()
    case .leakyReLU: LeakyReLU()
    case .gelu: GELU()
    case .tanh: TanH()
    case .sigmoid: Sigmoid()
    }
  }

  /// The initialisation of the weights before it: He et al. (2015) where half of the outputs is cut off, Glorot and
  /// Bengio (2010) for the functions that are nearly linear around 0.
  var initializer: StandardInitializer {
    switch self {
    case .relu, .leakyReLU, .gelu: .heNormal
    case .tanh, .sigmoid: .xavierNormal
    }
  }
}

extension NeuralNetwork {
  /// Appends a dense layer with its activation: one layer with ReLU, else two.
  package mutating func appendHidden(
    _ size: Int, _ activation: HiddenActivation, biasInitializer: StandardInitializer = .zeros
  ) throws {
    try append(
      Dense(
        configuration: .init(
          inputSize: outputShape[0], outputSize: size,
          activation: activation == .relu ? .relu : .identity,
          initializer: activation.initializer, biasInitializer: biasInitializer)))
    if activation != .relu { try append(activation.layer) }
  }
}
