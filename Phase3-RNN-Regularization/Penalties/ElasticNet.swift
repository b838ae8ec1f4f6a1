import Shared

/// L1 and L2 together: few weights remain, and those are small.
///
/// `R(W) = λ₁ · Σ |w| + λ₂/2 · Σ w²`, with the gradient `λ₁ · sign(w) + λ₂ w`.
/// - `W`: the weights of a layer, of any shape; biases are exempt (`Parameter.isRegularized`)
/// - `λ₁`, `λ₂`: the strengths `l1` and `l2`
///
/// Of two inputs that always agree, L1 alone keeps either; with L2 both get half of the weight.
///
///     ElasticNet(l1: 0.5, l2: 0.5).value(of: [3, -4])   // 9.75 = 3.5 + 6.25
///
/// - Complexity: O(number of weights).
/// - Reference: Zou, Hastie (2005), *Regularization and variable selection via the elastic net*.
public struct ElasticNet: Penalty {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The strength of the part on the absolute values.
    public var l1: Float
    /// The strength of the part on the squares.
    public var l2: Float
  }

  /// "ElasticNet"
  public static let typeName = "ElasticNet"
  /// The constructor arguments.
  public let configuration: Configuration
  private let first: L1
  private let second: L2

  /// Creates the penalty; both strengths are finite numbers of at least 0.
  public init(l1: Float, l2: Float) {
    self = orStop { try ElasticNet(configuration: Configuration(l1: l1, l2: l2)) }
  }

  /// Creates the penalty from a checkpoint.
  public init(configuration: Configuration) throws {
    try checkStrength(configuration.l1, of: Self.typeName)
    try checkStrength(configuration.l2, of: Self.typeName)
    self.configuration = configuration
    first = L1(configuration.l1)
    second = L2(configuration.l2)
  }

  /// `λ₁ · Σ |w| + λ₂/2 · Σ w²`
  public func value(of weights: Tensor) -> Float {
    first.value(of: weights) + second.value(of: weights)
  }

  /// `λ₁ · sign(w) + λ₂ w`
  public func gradient(of weights: Tensor) -> Tensor {
    first.gradient(of: weights) + second.gradient(of: weights)
  }
}
