import Shared

/// The Gaussian error linear unit: a smooth ReLU, which transformers use.
///
/// Computes `y = x Φ(x)` for each element of an input of any shape, where Φ is the distribution function of
/// the standard normal distribution, `Φ(x) = (1 + erf(x / √2)) / 2`; or, `approximation: .tanh`, with
/// `Φ(x) ≈ (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2`, with which older models were trained. The two differ by
/// 5e-4 at most.
///
/// Given `dY`: `dX = dY ⊙ (Φ(x) + x φ(x))`, with the density `φ(x) = e^(-x²/2) / √(2π)`; for the
/// approximation, the derivative of the approximation.
///
///     var layer = GELU()
///     layer.forward([[-1, 0, 2]], mode: .training)   // [[-0.15865526, 0, 1.9544997]]
///     layer.backward([[1, 1, 1]])                    // [[-0.08331547, 0.5, 1.0852319]]
///
/// The error of y is 1.5e-7 · max(1, |x|) at most, that of the derivative 2.5e-7.
///
/// - Complexity: O(number of elements).
/// - Reference: Hendrycks, Gimpel (2016), *Gaussian error linear units*, arXiv:1606.08415.
public struct GELU: Layer {
  /// How Φ is computed.
  public enum Approximation: String, Codable, Sendable, CaseIterable {
    /// By the error function: no approximation, PyTorch's default.
    case none
    /// By the hyperbolic tangent.
    case tanh
  }

  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// How Φ is computed.
    public var approximation: Approximation

    /// Creates a configuration.
    public init(approximation: Approximation = .none) { self.approximation = approximation }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  private var slope = Kept<Tensor>()
  private var byTanh: Bool { configuration.approximation == .tanh }

  /// Creates the layer.
  public init(approximation: Approximation = .none) {
    configuration = Configuration(approximation: approximation)
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// The shape of the input.
  public func outputShape(for inputShape: [Int]) -> [Int] { inputShape }

  /// `y = x Φ(x)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    // The derivative needs the same exponential: computed now, it costs nearly nothing.
    guard mode == .training else {
      slope.clear()
      return gelu(input, byTanh: byTanh)
    }
    let (output, derivative) = geluWithSlope(input, byTanh: byTanh)
    slope.set(derivative, in: mode)
    return output
  }

  /// `dX = dY ⊙ (Φ(x) + x φ(x))`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    var gradient = slope.take(for: "GELU")
    requireGradient(outputGradient, shape: gradient.shape, of: "GELU")
    gradient *= outputGradient
    return gradient
  }
}
