// The members are documented in the protocols.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import Shared

/// Half the squared distance between prediction and target rows, for tests that must not depend on a
/// student's losses. Class indices count as one-hot rows.
public struct TinySquaredError: Loss {
  /// The constructor arguments.
  public struct Configuration: Codable, Sendable, Equatable { var reduction: Reduction }

  public static let typeName = "TinySquaredError"
  public let reduction: Reduction
  private var difference: Tensor?

  public init(reduction: Reduction = .mean) { self.reduction = reduction }
  public init(configuration: Configuration) throws { self.init(reduction: configuration.reduction) }
  public var configuration: Configuration { Configuration(reduction: reduction) }

  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    let wanted: Tensor =
      switch target {
      case .classes(let indices), .classSequences(let indices, _):
        Tensor(oneHot: indices, classCount: prediction.shape.last ?? 0)
      case .values(let values): values
      case .tasks: stop("TinySquaredError.forward", expected: "one task", received: target.summary)
      }
    let difference = prediction - wanted
    self.difference = difference
    return square(difference).sum() / 2 * scale(difference)
  }

  public mutating func backward() -> Tensor {
    guard let difference else { stop("TinySquaredError.backward without a forward pass") }
    return difference * scale(difference)
  }

  public func check(outputShape: [Int], target: Target) throws {
    switch target {
    case .classes(let indices), .classSequences(let indices, _):
      guard let size = outputShape.last, outputShape.count == 1,
        indices.allSatisfy({ (0..<size).contains($0) })
      else {
        throw CourseError(
          .invalidData, "TinySquaredError: a label is not below the number of outputs",
          received: "\(indices.max() ?? 0), with output shape \(outputShape)")
      }
    case .values(let values):
      guard Array(values.shape.dropFirst()) == outputShape else {
        throw CourseError(
          .shapeMismatch, "TinySquaredError: wrong targets", expected: "rows of \(outputShape)",
          received: "\(values.shape.dropFirst())")
      }
    case .tasks:
      throw CourseError(
        .invalidData, "TinySquaredError: several tasks", received: target.summary)
    }
  }

  private func scale(_ difference: Tensor) -> Float {
    reduction == .mean ? 1 / Float(difference.shape.first ?? 1) : 1
  }
}
