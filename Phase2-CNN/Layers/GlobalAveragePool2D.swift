import Shared

/// The mean of each channel over the whole image: a step from convolutions to a classifier that takes images
/// of any size and has no weights.
///
/// Computes `Y[n, c] = Σ_y Σₓ X[n, c, y, x] / (H·W)`.
/// - `X`: input, `[N, C, H, W]`; `Y`: output, `[N, C]`
///
/// Given `dY`: `dX[n, c, y, x] = dY[n, c] / (H·W)`.
///
///     var pool = GlobalAveragePool2D()
///     pool.forward(Tensor([[[[1, 3], [4, 2]]]]), mode: .training)   // [[2.5]]
///     pool.backward([[8]])                                          // [[[[2, 2], [2, 2]]]]
///
/// - Complexity: O(N·C·H·W).
/// - Reference: Lin, Chen, Yan (2014), *Network in network*, section 3.2.
public struct GlobalAveragePool2D: ParameterFreeLayer {
  /// "GlobalAveragePool2D"
  public static let typeName = "GlobalAveragePool2D"
  private var kept = Kept<[Int]>()

  /// Creates the layer.
  public init() {}

  /// `[C, H, W]` becomes `[C]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 3, inputShape[1] >= 1, inputShape[2] >= 1 else {
      throw CourseError(
        .shapeMismatch, "GlobalAveragePool2D",
        expected: "input [C, H, W] (channels first, without the batch)", received: "\(inputShape)",
        remedy: "Put this layer after a convolution and before Flatten or Dense.")
    }
    return [inputShape[0]]
  }

  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }

  /// The mean of each channel.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank == 4, input.shape[2] >= 1, input.shape[3] >= 1 else {
      stop(
        "GlobalAveragePool2D.forward", expected: "input [N, C, H, W]", received: "\(input.shape)")
    }
    kept.set(input.shape, in: mode)
    let (batch, channels) = (input.shape[0], input.shape[1])
    return input.reshaped(to: [batch, channels, input.shape[2] * input.shape[3]]).mean(axis: 2)
  }

  /// The same share of `dY` for every place.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let shape = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: Array(shape.prefix(2)), of: Self.typeName)
    let share = outputGradient / Float(shape[2] * shape[3])
    return share.reshaped(to: [shape[0], shape[1], 1, 1]).broadcast(to: shape)
  }
}
