// The members are documented in the protocol.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import Shared

/// `λ/2 · Σ w²`, for tests that must not depend on a student's `L2`.
public struct TinyPenalty: Penalty {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable { var strength: Float }

  public static let typeName = "TinyPenalty"
  public let configuration: Configuration

  public init(_ strength: Float) { configuration = Configuration(strength: strength) }
  public init(configuration: Configuration) throws { self.configuration = configuration }

  public func value(of weights: Tensor) -> Float {
    configuration.strength / 2 * square(weights).sum()
  }
  public func gradient(of weights: Tensor) -> Tensor { configuration.strength * weights }
}
