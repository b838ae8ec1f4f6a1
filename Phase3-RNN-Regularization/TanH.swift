import Shared

/// The hyperbolic tangent: squeezes every number into the interval from -1 to 1.
///
/// Computes `y = tanh(x) = (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ)` for each element of an input of any shape.
///
/// Given `dY`: `dX = dY ⊙ (1 - y²)`. The derivative needs only the output, so the layer keeps y and not x.
///
///     var layer = TanH()
///     layer.forward([[0, 0.5]], mode: .training)   // [[0, 0.46211717]]
///     layer.backward([[1, 1]])                     // [[1, 0.7864477]]
///
/// - Complexity: O(number of elements).
/// - Reference: LeCun, Bottou, Orr, Müller (1998), *Efficient BackProp*.
///   Task: Protocols/Phase3-RNN-Regularization.md, 3.1.
public struct TanH: ParameterFreeLayer {
  private var kept = Kept<Tensor>()

  /// `y = tanh(x)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    // TODO(3.1): y = tanh(x). Keep y for backward: kept.set(y, in: mode).
    // BEGIN SOLUTION
    let output = tanh(input)
    kept.set(output, in: mode)
    return output
    // END SOLUTION
  }

  /// `dX = dY ⊙ (1 - y²)`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let output = kept.take(for: "TanH")
    requireGradient(outputGradient, shape: output.shape, of: "TanH")
    // TODO(3.1): dX = dY ⊙ (1 - y²). The output y that forward kept is `output`.
    // BEGIN SOLUTION
    return outputGradient * (1 - square(output))
    // END SOLUTION
  }

  /// Creates the layer.
  public init() {}

  /// The shape of the input.
  public func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
}
