import Shared

/// The logistic function: squeezes every number into the interval from 0 to 1.
///
/// Computes `y = σ(x) = 1 / (1 + e⁻ˣ)` for each element of an input of any shape.
///
/// Given `dY`: `dX = dY ⊙ y ⊙ (1 - y)`. The derivative needs the output only, so that is what is kept. It
/// is 1/4 at most, and next to nothing where `|x|` is large: there the layer learns slowly.
///
///     var layer = Sigmoid()
///     layer.forward([[0, 2]], mode: .training)   // [[0.5, 0.880797]]
///     layer.backward([[1, 1]])                   // [[0.25, 0.10499358]]
///
/// - Complexity: O(number of elements).
/// - Reference: Rumelhart, Hinton, Williams (1986), *Nature* 323.
///   Task: Protocols/Phase3-RNN-Regularization.md, 3.2.
public struct Sigmoid: ParameterFreeLayer {
  /// "Sigmoid"
  public static let typeName = "Sigmoid"
  private var output: Tensor?

  /// Creates the layer.
  public init() {}

  /// The shape of the input.
  public func outputShape(for inputShape: [Int]) -> [Int] { inputShape }

  /// Probabilities.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { .probabilities }

  /// `y = 1 / (1 + e⁻ˣ)`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    // TODO(3.2): y = 1 / (1 + e⁻ˣ). In training keep y in self.output, in inference set it to nil.
    // BEGIN SOLUTION
    let output = sigmoid(input)
    self.output = mode == .training ? output : nil
    return output
    // END SOLUTION
  }

  /// `dX = dY ⊙ y ⊙ (1 - y)`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let output = output.kept(by: "Sigmoid")
    requireGradient(outputGradient, shape: output.shape, of: "Sigmoid")
    // TODO(3.2): dX = dY ⊙ y ⊙ (1 - y).
    // BEGIN SOLUTION
    return outputGradient * output * (1 - output)
    // END SOLUTION
  }
}
