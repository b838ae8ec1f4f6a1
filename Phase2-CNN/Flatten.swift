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
/// - Complexity: O(1): the memory is shared.
public struct Flatten: ParameterFreeLayer {
  /// "Flatten"
  public static let typeName = "Flatten"
  private var inputShape: [Int]?

  /// Creates the layer.
  public init() {}

  /// One axis with as many elements as the input has.
  public func outputShape(for inputShape: [Int]) -> [Int] { [inputShape.reduce(1, *)] }

  /// The input as `[N, ...]` with one axis after the batch.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank >= 1 else {
      stop("Flatten.forward", expected: "input [N, ...]", received: "\(input.shape)")
    }
    inputShape = mode == .training ? input.shape : nil
    return input.reshaped([input.shape[0], input.shape.dropFirst().reduce(1, *)])
  }

  /// The gradient under the shape of the input.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    guard let inputShape else {
      stop(
        "Flatten.backward", expected: "a forward pass with mode .training before it",
        received: "none (an inference pass keeps nothing)")
    }
    requireGradient(
      outputGradient, shape: [inputShape[0], inputShape.dropFirst().reduce(1, *)], of: "Flatten")
    return outputGradient.reshaped(inputShape)
  }
}
