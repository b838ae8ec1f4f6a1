import Shared

/// Sets elements to zero at random, so that no unit can rely on a single other one.
///
/// Computes, in training, `Y = X ⊙ M / (1 − r)`; in inference `Y = X`.
/// - `X`: input, of any shape
/// - `M`: mask, of the same shape: each element is 0 with probability `r`, else 1, drawn anew in each pass
/// - `r`: `rate`, the fraction that is dropped
///
/// The division keeps the expected value: `E[Y] = X`, so that in inference nothing has to be scaled
/// ("inverted dropout").
///
/// Given `dY`: `dX = dY ⊙ M / (1 − r)`, with the mask of the forward pass.
///
///     var layer = Dropout(rate: 0.5)
///     layer.forward(Tensor(ones: [2, 4]), mode: .training)    // zeros and twos
///     layer.forward(Tensor(ones: [2, 4]), mode: .inference)   // ones
///
/// The mask is a function of the network's seed, the layer's place, the number of training passes so far
/// and the place of the element: the same whatever the number of threads, and after a resume.
///
/// - Complexity: O(number of elements).
/// - Reference: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), *JMLR* 15.
///   Task: Protocols/Phase3-RNN-Regularization.md, 3.6.
public struct Dropout: Layer {
  /// "Dropout"
  public static let typeName = "Dropout"
  /// The constructor arguments.
  public let configuration: DropoutConfiguration
  /// The fraction of the elements that is dropped.
  public var rate: Float { configuration.rate }

  private var draws = MaskDraws()
  private var mask: Tensor?

  /// Creates the layer.
  /// - Parameters:
  ///   - rate: the fraction that is dropped, at least 0 and below 1
  ///   - seed: makes the masks reproducible. Without it they differ from layer to layer; a network draws
  ///     them from its own seed
  public init(rate: Float, seed: UInt64? = nil) {
    self = orStop { try Dropout(configuration: DropoutConfiguration(rate: rate)) }.seeded(seed)
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: DropoutConfiguration) throws {
    try configuration.check(Self.typeName)
    self.configuration = configuration
  }

  /// The shape of the input.
  public func outputShape(for inputShape: [Int]) -> [Int] { inputShape }

  /// The kind of the input.
  public func outputKind(for inputKind: OutputKind) -> OutputKind { inputKind }

  /// In training `Y = X ⊙ M / (1 − r)`, in inference `Y = X`.
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    // TODO(3.6): in inference return X and set self.mask to nil. In training draw a mask,
    // draws.next(shape: input.shape, rate: rate), keep it in self.mask and return X ⊙ M / (1 − r).
    // BEGIN SOLUTION
    guard mode == .training else {
      mask = nil
      return input
    }
    let mask = draws.next(shape: input.shape, rate: rate)
    self.mask = mask
    return input * mask / (1 - rate)
    // END SOLUTION
  }

  /// `dX = dY ⊙ M / (1 − r)`
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let mask = mask.kept(by: "Dropout")
    requireGradient(outputGradient, shape: mask.shape, of: "Dropout")
    // TODO(3.6): dX = dY ⊙ M / (1 − r), with the mask of the forward pass.
    // BEGIN SOLUTION
    return outputGradient * mask / (1 - rate)
    // END SOLUTION
  }

  /// Takes the key of the masks.
  public mutating func setRandomKey(_ key: RandomKey) { draws.key = key }

  /// Shows "passes": how many masks were drawn, so that a resumed training goes on with the next one.
  public mutating func forEachState(
    _ body: (_ name: String, _ state: inout Tensor) throws -> Void
  ) rethrows {
    try body("passes", &draws.passes.words)
  }

  /// Throws when the count of masks is none.
  public func checkState() throws { try draws.passes.check(of: Self.typeName) }
}

/// The constructor arguments of the dropout layers.
public struct DropoutConfiguration: Codable, Sendable, Equatable {
  /// The fraction that is dropped.
  public var rate: Float

  /// Collects the arguments.
  public init(rate: Float) { self.rate = rate }

  func check(_ layer: String) throws {
    // Written so that NaN fails.
    guard (0..<1).contains(rate) else {
      throw CourseError(
        .invalidArgument, "\(layer): rate out of range",
        expected: "the fraction that is dropped, at least 0 and below 1", received: "\(rate)",
        remedy: rate == 1
          ? "A rate of 1 would leave nothing; leave the layer out to drop nothing."
          : "To keep 80 % of the elements, the rate is 0.2.")
    }
  }
}

/// Where masks come from: one for each training pass.
struct MaskDraws: Sendable {
  /// Until a layer is given a seed or a place in a network, its masks are its own.
  var key = RandomKey.random()
  var passes = PassCounter()

  /// The mask of the next pass: 0 with probability `rate`, else 1.
  mutating func next(shape: [Int], rate: Float) -> Tensor {
    defer { passes.count += 1 }
    return Tensor(ofOnes: shape, dropping: rate, key: key.folded(passes.count))
  }
}
