import Shared

/// The logistic function: squeezes every number into the interval from 0 to 1.
///
/// Computes `y = σ(x) = 1 / (1 + e⁻ˣ)` for each element of an input of any shape.
///
/// Given `dY`: `dX = dY ⊙ y ⊙ (1 - y)`. The derivative needs only the output, so the layer keeps y and not x.
/// It is 1/4 at most, and close to 0 where `|x|` is large: there the layer learns slowly.
///
///     var layer = Sigmoid()
///     layer.forward([[0, 2]], mode: .training)   // [[0.5, 0.880797]]
///     layer.backward([[1, 1]])                   // [[0.25, 0.10499358]]
///
/// - Complexity: O(number of elements).
/// - Reference: Rumelhart, Hinton, Williams (1986), *Nature* 323.
///   Task: Protocols/Phase3-RNN-Regularization.md, 3.2.
public struct Sigmoid: ParameterFreeLayer {
  private var kept = Kept<Tensor>()

  /// `y = 1 / (1 + e⁻ˣ)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    // TODO(3.2): y = 1 / (1 + e⁻ˣ). Keep y for backward: kept.set(y, in: mode).
    // BEGIN SOLUTION
    let output = sigmoid(input)
    kept.set(output, in: mode)
    return output
    // END SOLUTION
  }

  /// `dX = dY ⊙ y ⊙ (1 - y)`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let output = kept.take(for: "Sigmoid")
    requireGradient(outputGradient, shape: output.shape, of: "Sigmoid")
    // TODO(3.2): dX = dY ⊙ y ⊙ (1 - y). The output y that forward kept is `output`.
    // BEGIN SOLUTION
    return outputGradient * output * (1 - output)
    // END SOLUTION
  }

  /// Creates the layer.
  public init() {}

  /// The shape of the input.
  public func outputShape(for inputShape: [Int]) -> [Int] { inputShape }

  /// Probabilities.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { .probabilities }
}
