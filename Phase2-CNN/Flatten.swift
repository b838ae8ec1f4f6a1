import Shared

/// Merges all axes of an example into one, so that a dense layer can follow a convolution.
///
/// `[N, d₁, d₂, ...]` becomes `[N, d₁ · d₂ · ...]`, in row-major order: the elements stay where they are.
///
/// Given `dY`: `dX` is `dY` under the shape of the input.
///
///     var flatten = Flatten()
///     flatten.forward(Tensor(zeros: [8, 3, 4, 5]), mode: .inference).shape   // [8, 60]
///
/// - Complexity: O(1): the memory is shared. Task: Protocols/Phase2-CNN.md, 2.6.
public struct Flatten: ParameterFreeLayer {
  /// The shape of the input.
  private var kept = Kept<[Int]>()

  /// Creates the layer.
  public init() {}

  /// The input as `[N, ...]` with one axis after the batch.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank >= 1 else {
      stop("Flatten.forward", expected: "input [N, ...]", received: "\(input.shape)")
    }
    // TODO(2.6): [N, C, H, W] becomes [N, C · H · W], and [N, ...] of any rank likewise. Keep the shape of
    // the input for backward: kept.set(input.shape, in: mode).
    // BEGIN SOLUTION
    kept.set(input.shape, in: mode)
    return input.reshaped(to: [input.shape[0], input.shape.dropFirst().reduce(1, *)])
    // END SOLUTION
  }

  /// The gradient under the shape of the input.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let inputShape = kept.take(for: "Flatten")
    requireGradient(
      outputGradient, shape: [inputShape[0], inputShape.dropFirst().reduce(1, *)], of: "Flatten")
    // TODO(2.6): the gradient under the shape of the input.
    // BEGIN SOLUTION
    return outputGradient.reshaped(to: inputShape)
    // END SOLUTION
  }
}

extension Flatten {
  /// "Flatten"
  public static let typeName = "Flatten"

  /// One axis with as many elements as the input has.
  public func outputShape(for inputShape: [Int]) -> [Int] { [elementCount(inputShape)] }

  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }
}
