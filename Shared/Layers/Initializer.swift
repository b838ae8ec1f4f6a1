/// How many inputs and outputs one weight takes part in.
public struct Fans: Sendable, Equatable {
  /// The number of values that flow into one output.
  public var fanIn: Int
  /// The number of outputs that one input value flows into.
  public var fanOut: Int

  /// The fans of any other kind of weights.
  public init(fanIn: Int, fanOut: Int) {
    self.fanIn = fanIn
    self.fanOut = fanOut
  }

  /// The fans of a dense weight matrix `[inputs, outputs]`.
  public static func dense(inputs: Int, outputs: Int) -> Fans {
    Fans(fanIn: inputs, fanOut: outputs)
  }

  /// The fans of a convolution's weights `[outputChannels, inputChannels, kernel...]`: each output sees
  /// `inputChannels · kernel area` values, each input reaches `outputChannels · kernel area`. With
  /// groups, `inputChannels` and `outputChannels` are those of one group.
  public static func convolution(
    inputChannels: Int, outputChannels: Int, kernelSize: [Int]
  ) -> Fans {
    let area = kernelSize.reduce(1, *)
    return Fans(fanIn: inputChannels * area, fanOut: outputChannels * area)
  }
}

/// A rule that draws the first values of a parameter.
public protocol Initializer: Sendable {
  /// A tensor of `shape`, drawn under `key`.
  func tensor(shape: [Int], fans: Fans, key: RandomKey) -> Tensor
}

/// The initializers of this package; a network's configuration names one.
///
///     Dense(inputSize: 784, outputSize: 100, initializer: .heNormal)
public enum StandardInitializer: Initializer, Codable, Equatable {
  /// Every weight equal to a constant. Right for biases; useless for weights, which then stay equal.
  case constant(Float)
  /// Uniform in `low..<high`.
  case uniform(low: Float, high: Float)
  /// Normal with the given mean and standard deviation.
  case normal(mean: Float, standardDeviation: Float)
  /// Uniform in `±√(6 / (fanIn + fanOut))` (Glorot and Bengio 2010, equation 16): keeps the variance of
  /// activations and gradients where the activation is nearly linear (tanh, sigmoid).
  case xavierUniform
  /// Normal with standard deviation `√(2 / (fanIn + fanOut))` (Glorot and Bengio 2010, equation 12).
  case xavierNormal
  /// Uniform in `±√(6 / fanIn)`: the uniform distribution with the variance of `heNormal`.
  case heUniform
  /// Normal with standard deviation `√(2 / fanIn)` (He et al. 2015, equation 10): makes up for the half
  /// of the activations that ReLU sets to 0.
  case heNormal
  /// An orthogonal matrix, drawn evenly among all of them (Saxe, McClelland, Ganguli 2014): it turns and
  /// mirrors but neither stretches nor shrinks, so a recurrent layer can apply it many times. A matrix that
  /// is not square has orthonormal rows or columns, whichever are fewer. Axes but the first count as one.
  case orthogonal

  // In files: {"constant": {"value": 0.1}}.
  private enum ConstantCodingKeys: String, CodingKey {
    case _0 = "value"
  }

  /// A tensor of `shape`, drawn under `key`.
  public func tensor(shape: [Int], fans: Fans, key: RandomKey) -> Tensor {
    func uniform(_ variance: Float) -> Tensor {
      // A uniform distribution on ±b has variance b²/3.
      let bound = (3 * variance).squareRoot()
      return Tensor(uniform: shape, in: -bound..<bound, key: key)
    }
    func normal(_ variance: Float) -> Tensor {
      Tensor(normal: shape, standardDeviation: variance.squareRoot(), key: key)
    }
    let xavier = 2 / (Float(fans.fanIn) + Float(fans.fanOut))
    let he = 2 / Float(fans.fanIn)
    return switch self {
    case .constant(let value): Tensor(repeating: value, shape: shape)
    case .uniform(let low, let high):
      if low <= high {
        Tensor(uniform: shape, in: low..<high, key: key)
      } else {
        stop("StandardInitializer.uniform", expected: "low <= high", received: "\(low), \(high)")
      }
    case .normal(let mean, let deviation):
      Tensor(normal: shape, mean: mean, standardDeviation: deviation, key: key)
    case .xavierUniform: uniform(xavier)
    case .xavierNormal: normal(xavier)
    case .heUniform: uniform(he)
    case .heNormal: normal(he)
    case .orthogonal: Self.orthogonal(shape: shape, key: key)
    }
  }

  /// Throws unless its numbers, read from a file, make an initializer: finite, the lower bound not above the
  /// upper one, the deviation not negative.
  public func check(of layer: String) throws {
    let isRight =
      switch self {
      case .constant(let value): value.isFinite
      case .uniform(let low, let high): low.isFinite && high.isFinite && low <= high
      case .normal(let mean, let deviation):
        mean.isFinite && deviation.isFinite && deviation >= 0
      case .xavierUniform, .xavierNormal, .heUniform, .heNormal, .orthogonal: true
      }
    guard isRight else {
      throw CourseError(
        .invalidArgument, "\(layer): initializer out of range",
        expected: "finite numbers, low <= high, a standard deviation of at least 0",
        received: "\(self)")
    }
  }

  /// Gram and Schmidt's method on the rows of a normally distributed matrix.
  private static func orthogonal(shape: [Int], key: RandomKey) -> Tensor {
    guard let height = shape.first, elementCount(shape) > 0 else { return Tensor(zeros: shape) }
    let width = shape.dropFirst().reduce(1, *)
    let (rows, columns) = (Swift.min(height, width), Swift.max(height, width))
    let drawn = Tensor(normal: [rows, columns], key: key)
    var basis = Tensor(zeros: [rows, columns])
    for row in 0..<rows {
      var vector = drawn.slice(axis: 0, at: row)
      // The rows that are not made yet are 0 and take nothing away. Twice, since one pass leaves rounding
      // errors where the rest is short.
      for _ in 0..<2 { vector -= basis.matmul(vector).matmul(basis) }
      vector /= square(vector).sum().squareRoot()
      basis[row..<(row + 1)] = vector.reshaped(to: [1, columns])
    }
    return (height <= width ? basis : basis.transposed()).reshaped(to: shape)
  }
}

extension Initializer where Self == StandardInitializer {
  /// Every weight 0; the usual choice for biases.
  public static var zeros: StandardInitializer { .constant(0) }
}
