import Shared

/// Sets whole channels of images to zero at random.
///
/// Neighbouring pixels of a feature map carry nearly the same information, so dropping single pixels changes
/// little; this layer drops a whole map or nothing of it. Computes, in training, `Y = X ⊙ M / (1 − r)`; in inference `Y = X`.
/// - `X`: input, `[N, C, H, W]`
/// - `M`: mask, `[N, C, 1, 1]`: 0 with probability `r`, else 1, drawn again in each pass
/// - `r`: `rate`, the fraction of the channels that is dropped
///
/// Given `dY`: `dX = dY ⊙ M / (1 − r)`, with the mask of the forward pass.
///
///     var layer = SpatialDropout2D(rate: 0.25)
///     layer.forward(Tensor(ones: [2, 8, 4, 4]), mode: .training)   // planes of 0, and of 1.3333334
///
/// - Complexity: O(number of elements).
/// - Reference: Tompson, Goroshin, Jain, LeCun, Bregler (2015), *CVPR*.
public struct SpatialDropout2D: MaskDrawing {
  /// The constructor arguments.
  public let configuration: DropoutConfiguration
  /// The fraction of the channels that is dropped; 0 among frozen layers.
  public var rate: Float { draws.isFrozen ? 0 : configuration.rate }

  var draws = MaskDraws()
  /// M / (1 − r), and the shape of the input.
  private var kept = Kept<(factors: Tensor, shape: [Int])>()

  /// Creates the layer.
  /// - Parameters:
  ///   - rate: the fraction of the channels that is dropped, at least 0 and below 1
  ///   - seed: makes the masks reproducible. Without it they differ from layer to layer; a network draws
  ///     them from its own seed
  public init(rate: Float, seed: UInt64? = nil) {
    self = orStop { try SpatialDropout2D(configuration: .init(rate: rate)) }.seeded(seed)
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: DropoutConfiguration) throws {
    try configuration.check(of: Self.typeName)
    self.configuration = configuration
  }

  /// The shape of the input, `[C, H, W]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 3 else {
      throw CourseError(
        .shapeMismatch, "SpatialDropout2D", expected: "input [C, H, W]", received: "\(inputShape)",
        remedy: "Use Dropout for inputs that are no images.")
    }
    return inputShape
  }

  /// In training `Y = X ⊙ M / (1 − r)`, in inference `Y = X`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank == 4 else {
      stop(
        "SpatialDropout2D.forward", expected: "input [N, C, H, W]", received: "\(input.shape)")
    }
    guard mode == .training else {
      kept.clear()
      return input
    }
    let factors =
      draws.next(shape: [input.shape[0], input.shape[1], 1, 1], rate: rate) / (1 - rate)
    kept.set((factors, input.shape), in: mode)
    return input * factors
  }

  /// `dX = dY ⊙ M / (1 − r)`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let (factors, shape) = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: shape, of: Self.typeName)
    return outputGradient * factors
  }
}
