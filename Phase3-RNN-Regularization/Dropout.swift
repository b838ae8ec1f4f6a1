import Shared

/// Sets elements to zero at random, so that no unit can rely on a single other one.
///
/// Computes, in training, `Y = X ⊙ M / (1 − r)`; in inference `Y = X`.
/// - `X`: input, of any shape
/// - `M`: mask, of the same shape: each element is 0 with probability `r`, else 1, drawn again in each pass
/// - `r`: `rate`, the fraction of the elements that is dropped
///
/// The division keeps the expected value, `E[Y] = X`, so that in inference nothing has to be scaled
/// ("inverted dropout").
///
/// Given `dY`: `dX = dY ⊙ M / (1 − r)`, with the mask of the forward pass.
///
///     var layer = Dropout(rate: 0.5)
///     layer.forward(Tensor(ones: [2, 4]), mode: .training)    // zeros and twos
///     layer.forward(Tensor(ones: [2, 4]), mode: .inference)   // ones
///
/// The mask is a function of the network's seed, the layer's place, the number of training passes so far
/// and the place of the element: the same for any number of threads, and after a resume.
///
/// - Complexity: O(number of elements).
/// - Reference: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), *JMLR* 15.
///   Task: Protocols/Phase3-RNN-Regularization.md, 3.6.
public struct Dropout: MaskDrawing {
  /// The fraction of the elements that is dropped; 0 among frozen layers.
  public var rate: Float { draws.isFrozen ? 0 : configuration.rate }
  var draws = MaskDraws()
  private var kept = Kept<Tensor>()

  /// In training `Y = X ⊙ M / (1 − r)`, in inference `Y = X`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    // TODO(3.6): in inference call kept.clear() and return X. In training draw a mask,
    // draws.next(shape: input.shape, rate: rate), keep it, kept.set(mask, in: mode), and return
    // X ⊙ M / (1 − r).
    // BEGIN SOLUTION
    guard mode == .training else {
      kept.clear()
      return input
    }
    let mask = draws.next(shape: input.shape, rate: rate)
    kept.set(mask, in: mode)
    return input * mask / (1 - rate)
    // END SOLUTION
  }

  /// `dX = dY ⊙ M / (1 − r)`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let mask = kept.take(for: "Dropout")
    requireGradient(outputGradient, shape: mask.shape, of: "Dropout")
    // TODO(3.6): dX = dY ⊙ M / (1 − r), with the mask of the forward pass.
    // BEGIN SOLUTION
    return outputGradient * mask / (1 - rate)
    // END SOLUTION
  }

  /// The constructor arguments.
  public let configuration: DropoutConfiguration

  /// Creates the layer.
  /// - Parameters:
  ///   - rate: the fraction of the elements that is dropped, at least 0 and below 1
  ///   - seed: makes the masks reproducible. Without it they differ from layer to layer; a network draws
  ///     them from its own seed
  public init(rate: Float, seed: UInt64? = nil) {
    self = orStop { try Dropout(configuration: .init(rate: rate)) }.seeded(seed)
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: DropoutConfiguration) throws {
    try configuration.check(of: Self.typeName)
    self.configuration = configuration
  }

  /// The shape of the input.
  public func outputShape(for inputShape: [Int]) -> [Int] { inputShape }
}
