import Shared

/// Exchanges the two axes of an example: steps of numbers become channels over time, as a convolution takes them, and
/// back.
///
/// Computes `Y[n, j, i] = X[n, i, j]`; given `dY`: `dX[n, i, j] = dY[n, j, i]`.
/// - `X`: input, `[N, A, B]`; `Y`: output, `[N, B, A]`
///
///     var layer = Transpose()
///     layer.forward([[[1, 2, 3], [4, 5, 6]]], mode: .inference)   // [[[1, 4], [2, 5], [3, 6]]]
///
/// - Complexity: O(N·A·B).
public struct Transpose: ParameterFreeLayer {
  /// "Transpose"
  public static let typeName = "Transpose"

  private var kept = Kept<[Int]>()

  /// Creates the layer.
  public init() {}

  /// `[B, A]` for `[A, B]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 2 else {
      throw CourseError(
        .shapeMismatch, "Transpose", expected: "input of two axes", received: "\(inputShape)")
    }
    return inputShape.reversed()
  }

  /// The kind of the input; rows that sum to 1 become columns.
  public func outputKind(for inputKind: OutputKind) -> OutputKind {
    inputKind == .distributions ? .probabilities : inputKind
  }

  /// `Y`, `[N, B, A]`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    guard input.rank == 3 else {
      stop("Transpose.forward", expected: "input [N, A, B]", received: "\(input.shape)")
    }
    kept.set(input.shape, in: mode)
    return input.transposed(axes: [0, 2, 1])
  }

  /// `dX`, `[N, A, B]`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let shape = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: [shape[0], shape[2], shape[1]], of: Self.typeName)
    return outputGradient.transposed(axes: [0, 2, 1])
  }
}
