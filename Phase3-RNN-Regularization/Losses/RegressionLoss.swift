import Shared

/// A loss that compares predicted numbers with true ones of the same shape: the common part of all such losses.
public protocol RegressionLoss: Loss {}

extension RegressionLoss {
  /// True.
  public var takesWeights: Bool { true }

  /// Root mean squared error, mean absolute error and coefficient of determination.
  public var metrics: [any Metric] { [RootMeanSquaredError(), MeanAbsoluteError(), R2()] }

  /// The loss of a batch of predictions.
  public mutating func forward(_ prediction: Tensor, target: Target) -> Float {
    forward(prediction, target: target, weights: nil)
  }

  /// `y − t`, and the factors of its terms.
  func terms(
    _ prediction: Tensor, _ target: Target, weights: Tensor?
  ) -> (difference: Tensor, scale: TermScale) {
    let place = "\(Self.typeName).forward"
    guard case .values(let truth) = target, truth.shape == prediction.shape else {
      stop(
        place, expected: "target values of shape \(prediction.shape)", received: target.summary)
    }
    return (
      prediction - truth,
      TermScale(prediction.shape, reduction: reduction, weights: weights, place: place)
    )
  }

  /// Throws unless the targets are numbers in the shape of the output.
  public func check(outputShape: [Int], target: Target) throws {
    guard case .values(let truth) = target, Array(truth.shape.dropFirst()) == outputShape else {
      throw CourseError(
        .shapeMismatch, "\(Self.typeName): targets that the network cannot predict",
        expected: "values [N] + \(outputShape)", received: target.summary,
        remedy: "Give the last layer one output for each number to predict; for one number per "
          + "example the targets are a column [N, 1].")
    }
  }
}
