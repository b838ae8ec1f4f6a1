import Shared

/// The rectified linear unit.
///
/// Computes `y = max(0, x)` for each element of an input of any shape.
///
/// Given `dY`: `dX = dY ⊙ [y > 0]`. At exactly 0 the derivative does not exist; 0 is taken, as
/// PyTorch does. Where x is not a number, neither is y, and dY passes.
///
///     var relu = ReLU()
///     relu.forward([[-1, 0, 2]], mode: .training)   // [[0, 0, 2]]
///     relu.backward([[5, 5, 5]])                    // [[0, 0, 5]]
///
/// - Complexity: O(number of elements).
/// - Reference: Nair, Hinton (2010), *ICML*. Task: Protocols/Phase1-FeedForward.md, 1.3.
public struct ReLU: ParameterFreeLayer {
  /// The output y.
  private var kept = Kept<Tensor>()

  /// Creates the layer.
  public init() {}

  /// `y = max(0, x)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    // TODO(1.3): y = max(0, x). Keep y for backward, kept.set(output, in: mode): it is positive exactly where
    // the gradient passes.
    // BEGIN SOLUTION
    let output = Tensor.maximum(input, 0)
    kept.set(output, in: mode)
    return output
    // END SOLUTION
  }

  /// `dX = dY ⊙ [y > 0]`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let output = kept.take(for: "ReLU")
    requireGradient(outputGradient, shape: output.shape, of: "ReLU")
    // TODO(1.3): dX = dY where y > 0, else 0.
    // BEGIN SOLUTION
    return outputGradient.zeroed(where: output .<= 0)
    // END SOLUTION
  }
}

extension ReLU {
  /// "ReLU"
  public static let typeName = "ReLU"

  /// The shape of the input.
  public func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
}
