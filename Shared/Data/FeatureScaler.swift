/// Brings features to a common scale: `y = (x - offset) / scale`, feature by feature.
///
/// Fitted on the training part only, so that nothing of the other parts leaks into training:
///
///     let parts = try Dataset.iris.split(seed: 1)
///     let scaler = try FeatureScaler.standardizing(parts.train)
///     scaler.applied(to: parts.test)
///
/// A network that holds one in `preprocessing` applies it to raw input by itself and saves it.
public struct FeatureScaler: Equatable, Sendable, CustomStringConvertible {
  /// What is subtracted: one number for each feature, or a single one for all.
  public let offset: [Float]
  /// What is divided by: as many numbers as `offset`, none of them 0.
  public let scale: [Float]

  /// Creates a scaler from its numbers; throws when they cannot be one.
  public init(offset: [Float], scale: [Float]) throws {
    guard !offset.isEmpty, offset.count == scale.count, offset.allSatisfy(\.isFinite),
      scale.allSatisfy({ $0.isFinite && $0 != 0 })
    else {
      throw CourseError(
        .invalidData, "these numbers make no feature scaler",
        expected: "as many finite offsets as finite scales other than 0",
        received: "\(offset.count) and \(scale.count)")
    }
    self.offset = offset
    self.scale = scale
  }

  /// Mean 0 and standard deviation 1 for each feature of the training data.
  ///
  /// `offset` is the mean, `scale` the standard deviation `√(Σ(x - mean)² / N)`.
  ///
  /// - Throws: when a feature has the same value in all examples, naming it.
  public static func standardizing(_ training: Dataset) throws -> FeatureScaler {
    let rows = try rowsThatVary(training, method: "standardise")
    // The second mean takes away what rounding left in the first.
    let first = rows.mean(axis: 0)
    let mean = first + (rows - first).mean(axis: 0)
    let deviation = sqrt(square(rows - mean).mean(axis: 0))
    return try FeatureScaler(offset: mean.scalars, scale: deviation.scalars)
  }

  /// The smallest value of each feature of the training data becomes the lower bound of `range`, the
  /// largest the upper bound.
  ///
  /// - Throws: when a feature has the same value in all examples, naming it.
  public static func minMax(
    _ training: Dataset, to range: ClosedRange<Float> = 0...1
  ) throws -> FeatureScaler {
    let size = range.upperBound - range.lowerBound
    guard size > 0, size.isFinite else {
      throw CourseError(
        .invalidArgument, "this range cannot be scaled to", expected: "two different numbers",
        received: "\(range)")
    }
    let rows = try rowsThatVary(training, method: "scale")
    let low = rows.min(axis: 0)
    let scale = (rows.max(axis: 0) - low) / size
    let offset = low - scale * range.lowerBound
    return try FeatureScaler(offset: offset.scalars, scale: scale.scalars)
  }

  /// Divides every feature by the same number, such as the largest value that a pixel can have.
  public static func dividing(by divisor: Float) -> FeatureScaler {
    guard let scaler = try? FeatureScaler(offset: [0], scale: [divisor]) else {
      stop("FeatureScaler.dividing", expected: "a number other than 0", received: "\(divisor)")
    }
    return scaler
  }

  /// The number of features that the scaler was fitted on; `nil` when it fits any.
  public var featureCount: Int? { offset.count == 1 ? nil : offset.count }

  /// Throws when inputs of this shape (without the batch axis) have another number of features.
  public func check(inputShape: [Int]) throws {
    let size = inputShape.reduce(1, *)
    guard let featureCount, featureCount != size else { return }
    throw CourseError(
      .shapeMismatch, "the feature scaler does not fit the input",
      expected: "\(featureCount) features", received: "shape \(inputShape)",
      remedy: "Fit the scaler on the data that the network sees.")
  }

  /// Scales features, `[N, ...]`.
  public func callAsFunction(_ features: Tensor) -> Tensor {
    if offset.count == 1 { return (features - offset[0]) / scale[0] }
    guard features.rank >= 1, features.shape.dropFirst().reduce(1, *) == offset.count else {
      stop(
        "FeatureScaler", expected: "features [N, ...] with \(offset.count) numbers an example",
        received: "shape \(features.shape)")
    }
    let rows = features.reshaped([features.shape[0], offset.count])
    return ((rows - Tensor(offset)) / Tensor(scale)).reshaped(features.shape)
  }

  /// The dataset with scaled features.
  public func applied(to dataset: Dataset) -> Dataset {
    dataset.replacingFeatures(self(dataset.features))
  }

  /// The formula, with its numbers when they are the same for all features.
  public var description: String {
    offset.count > 1
      ? "(x - offset) / scale for \(offset.count) features"
      : offset[0] == 0 ? "x / \(scale[0])" : "(x - \(offset[0])) / \(scale[0])"
  }

  /// The features as rows; throws when a column is constant.
  private static func rowsThatVary(_ data: Dataset, method: String) throws -> Tensor {
    guard data.count > 0 else {
      throw CourseError(
        .invalidData, "cannot \(method) features of no examples", location: data.name)
    }
    let rows = data.features.reshaped([data.count, -1])
    let isConstant = (rows.max(axis: 0) .== rows.min(axis: 0)).scalars
    guard let column = isConstant.firstIndex(of: 1) else { return rows }
    let title = data.featureNames.isEmpty ? "\(column)" : "\"\(data.featureNames[column])\""
    let others = isConstant.count { $0 == 1 } - 1
    throw CourseError(
      .invalidData, "cannot \(method) a feature that is the same in all examples",
      expected: "at least two different values",
      received: "\(rows[0, column]) \(data.count) times"
        + (others > 0 ? " (and \(others) more such features)" : ""),
      location: "\(data.name), feature \(title)",
      remedy: "Remove the feature, or use FeatureScaler.dividing(by:).")
  }
}

extension FeatureScaler: Codable {
  private enum CodingKeys: String, CodingKey { case offset, scale }

  /// Decodes and checks a scaler.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      offset: values.decode([Float].self, forKey: .offset),
      scale: values.decode([Float].self, forKey: .scale))
  }
}
