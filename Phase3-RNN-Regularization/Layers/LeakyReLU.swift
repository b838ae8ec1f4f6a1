import Shared

/// A rectified linear unit that lets a little of a negative input through, so that no unit dies.
///
/// Computes `y = x` where `x > 0`, else `y = a x`, for each element of an input of any shape; `a` is
/// `negativeSlope`.
///
/// Given `dY`: `dX = dY` where `x > 0`, else `a dY`. At exactly 0 it is `a dY`, as in PyTorch.
///
///     var layer = LeakyReLU(negativeSlope: 0.1)
///     layer.forward([[-1, 0, 2]], mode: .training)   // [[-0.1, 0, 2]]
///     layer.backward([[5, 5, 5]])                    // [[0.5, 0.5, 5]]
///
/// - Complexity: O(number of elements).
/// - Reference: Maas, Hannun, Ng (2013), *Rectifier nonlinearities improve neural network acoustic models*.
public struct LeakyReLU: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The slope a for negative inputs.
    public var negativeSlope: Float

    /// Creates a configuration.
    public init(negativeSlope: Float = 0.01) { self.negativeSlope = negativeSlope }
  }

  /// The constructor arguments.
  public let configuration: Configuration
  private var kept = Kept<Tensor>()

  /// Creates the layer.
  /// - Parameter negativeSlope: the slope a, from 0 (ReLU) to 1 (the identity)
  public init(negativeSlope: Float = 0.01) {
    self = orStop {
      try LeakyReLU(configuration: Configuration(negativeSlope: negativeSlope))
    }
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    guard (0...1).contains(configuration.negativeSlope) else {
      throw CourseError(
        .invalidArgument, "LeakyReLU: negative slope", expected: "a number from 0 to 1",
        received: "\(configuration.negativeSlope)")
    }
    self.configuration = configuration
  }

  /// The shape of the input.
  public func outputShape(for inputShape: [Int]) -> [Int] { inputShape }

  /// `y = max(x, 0) + a min(x, 0)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    kept.set(input, in: mode)
    // By halves: 0 times an infinite input would be no number.
    return Tensor.maximum(input, 0) + configuration.negativeSlope * Tensor.minimum(input, 0)
  }

  /// `dX = dY` where `x > 0`, else `a dY`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let input = kept.take(for: "LeakyReLU")
    requireGradient(outputGradient, shape: input.shape, of: "LeakyReLU")
    let isPositive = input .> 0
    return outputGradient * (isPositive + configuration.negativeSlope * (1 - isPositive))
  }
}
