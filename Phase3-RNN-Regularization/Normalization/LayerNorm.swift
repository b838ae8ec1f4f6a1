import Shared

/// Layer normalisation: gives each example, or each step of a sequence, mean 0 and variance 1 over its last
/// axes, then every element a learned scale and shift of its own.
///
/// Computes, for each row x of F values, with its mean μ and its biased variance σ²,
/// `x̂ = (x − μ) / √(σ² + ε)`, `y = γ ⊙ x̂ + β`
/// - input: `[..., shape]`; F is the number of elements of `shape`
/// - `γ`: `scale`, `shape`; `β`: `shift`, `shape`; `ε`: `epsilon`
///
/// Each example is normalised on its own, so training and inference compute the same, for batches of any
/// size. Recurrent networks and transformers use it.
///
/// Given `dY`, with `dX̂ = dY ⊙ γ` and means over the row:
/// - `dγ = Σ dY ⊙ X̂`, `dβ = Σ dY`, over all rows
/// - `dX = (dX̂ − mean(dX̂) − X̂ mean(dX̂ ⊙ X̂)) / √(σ² + ε)`
///
///     var layer = LayerNorm(2)
///     layer.forward([[1, 3], [10, 50]], mode: .training)   // rows of about -1 and 1
///
/// - Complexity: O(number of elements).
/// - Reference: Ba, Kiros, Hinton (2016), *Layer normalization*, arXiv:1607.06450.
public struct LayerNorm: Layer {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The sizes of the last axes, those that are normalised over; empty where a network is to infer that of the last
    /// one.
    public var shape: [Int]
    /// The number added to the variance under the root.
    public var epsilon: Float

    /// Creates a configuration.
    public init(shape: [Int], epsilon: Float = 1e-5) {
      self.shape = shape
      self.epsilon = epsilon
    }
  }

  /// The constructor arguments.
  public private(set) var configuration: Configuration
  /// The scale γ, of the shape of the last axes.
  public var scale: Parameter
  /// The shift β, of the shape of the last axes.
  public var shift: Parameter

  /// X, and μ and 1 / √(σ² + ε) of each row.
  private var kept = Kept<LayerNormPass>()

  /// Creates a layer whose scale is 1 and whose shift is 0.
  /// - Parameters:
  ///   - shape: the size of the last axis, or the sizes of the last axes; without one, the network that the layer is
  ///     appended to finds that of the last axis
  ///   - epsilon: the number added to the variance under the root, above 0
  public init(_ shape: Int..., epsilon: Float = 1e-5) {
    // A size of 1 in place of one that is not known yet, so that epsilon is checked at once.
    let known = shape.isEmpty ? [1] : shape
    self = orStop { try LayerNorm(configuration: .init(shape: known, epsilon: epsilon)) }
    if shape.isEmpty { configuration.shape = [] }
  }

  /// Creates the layer from a checkpoint.
  public init(configuration: Configuration) throws {
    guard !configuration.shape.isEmpty, configuration.epsilon > 0, configuration.epsilon.isFinite
    else {
      throw CourseError(
        .invalidArgument, "LayerNorm: argument out of range",
        expected: "at least one axis, a finite epsilon above 0",
        received: "\(configuration.shape) and \(configuration.epsilon)")
    }
    try checkSizes(configuration.shape, of: Self.typeName)
    self.configuration = configuration
    scale = Parameter(Tensor(ones: configuration.shape), isRegularized: false)
    shift = Parameter(Tensor(zeros: configuration.shape), isRegularized: false)
  }

  /// The layer for inputs of this shape, whose last axis is normalised over.
  public func sized(for inputShape: [Int]) throws -> LayerNorm {
    guard configuration.shape.isEmpty else { return self }
    guard let size = inputShape.last else {
      throw missingInputSize(
        of: Self.typeName, argument: "of the last size", received: "a shape \(inputShape)")
    }
    var configuration = configuration
    configuration.shape = [size]
    return try remade(with: configuration)
  }

  /// The shape of the input, `[..., shape]`.
  public func outputShape(for inputShape: [Int]) throws -> [Int] {
    guard !configuration.shape.isEmpty else {
      throw missingInputSize(of: Self.typeName, argument: "of the last size")
    }
    guard inputShape.suffix(configuration.shape.count) == configuration.shape[...] else {
      throw CourseError(
        .shapeMismatch, "LayerNorm", expected: "input that ends in \(configuration.shape)",
        received: "\(inputShape)",
        remedy: "Set its shape to the last sizes of the output of the layer before it.")
    }
    return inputShape
  }

  /// `Y = γ ⊙ X̂ + β`
  public mutating func forward(_ input: Tensor, mode: Mode) -> Tensor {
    orStop { _ = try outputShape(for: Array(input.shape.dropFirst())) }
    let (output, pass) = input.layerNormalized(
      scale: scale.value, shift: shift.value, epsilon: configuration.epsilon)
    kept.set(pass, in: mode)
    return output
  }

  /// Accumulates `dγ` and `dβ` and returns `dX`.
  public mutating func backward(_ outputGradient: Tensor) -> Tensor {
    let pass = kept.take(for: Self.typeName)
    requireGradient(outputGradient, shape: pass.outputShape, of: Self.typeName)
    let gradients = pass.gradients(of: outputGradient, scale: scale.value)
    scale.accumulate(gradients.scale)
    shift.accumulate(gradients.shift)
    return gradients.input
  }

  /// Shows `scale`, then `shift`.
  public mutating func forEachParameter(
    _ body: (_ name: String, _ parameter: inout Parameter) throws -> Void
  ) rethrows {
    try body("scale", &scale)
    try body("shift", &shift)
  }
}
