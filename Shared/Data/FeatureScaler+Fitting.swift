// Choosing offset and scale by what the training data are like.

extension FeatureScaler {
  /// Mean 0 and standard deviation 1 for each feature of the training data.
  ///
  /// `offset` is the mean, `scale` the standard deviation `√(Σ(x - mean)² / N)`.
  ///
  /// - Throws: when a feature has the same value in all examples, naming it.
  public static func standardizing(_ training: Dataset) throws -> FeatureScaler {
    try requireVariety(training, method: "standardise")
    let (mean, deviation) = FeatureGrouping.features.moments(of: training)
    return try FeatureScaler(offset: mean.scalars, scale: deviation.scalars)
  }

  /// Mean 0 and standard deviation 1 for each channel of the training images `[N, C, ...]`.
  ///
  /// - Throws: when the examples have no channels, or when one has the same value everywhere.
  public static func standardizingChannels(_ training: Dataset) throws -> FeatureScaler {
    guard training.inputShape.count >= 2, training.count > 0 else {
      throw CourseError(
        .shapeMismatch, "these examples have no channels", expected: "images [N, C, H, W]",
        received: "\(training.count) examples of shape \(training.inputShape)",
        location: training.name)
    }
    let (mean, deviation) = FeatureGrouping.channels.moments(of: training)
    if let channel = deviation.scalars.firstIndex(of: 0) {
      throw CourseError(
        .invalidData, "cannot standardise a channel that is the same everywhere",
        received: "\(mean[channel])", location: "\(training.name), channel \(channel)",
        remedy: "Use FeatureScaler.dividing(by:).")
    }
    return try FeatureScaler(
      offset: mean.scalars, scale: deviation.scalars, isPerChannel: true)
  }

  /// One mean and one standard deviation, over all features of the training data: for pixels, some of
  /// which never change.
  ///
  /// - Throws: when all features are equal.
  public static func standardizingAll(_ training: Dataset) throws -> FeatureScaler {
    try requireExamples(training, method: "standardise")
    let (mean, deviation) = FeatureGrouping.all.moments(of: training)
    guard deviation[0] > 0 else {
      throw CourseError(
        .invalidData, "all features are equal", received: "\(mean[0])", location: training.name,
        remedy: "Such data teach nothing; look at where they come from.")
    }
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
    let (low, high) = try requireVariety(training, method: "scale")
    let scale = (high - low) / size
    let offset = low - scale * range.lowerBound
    return try FeatureScaler(offset: offset.scalars, scale: scale.scalars)
  }

  private static func requireExamples(_ data: Dataset, method: String) throws {
    guard data.count == 0 else { return }
    throw CourseError(
      .invalidData, "cannot \(method) features of no examples", location: data.name)
  }

  /// The smallest and the largest value of each feature; throws when they are the same for one.
  @discardableResult
  private static func requireVariety(
    _ data: Dataset, method: String
  ) throws -> (low: Tensor, high: Tensor) {
    try requireExamples(data, method: method)
    var range: (low: Tensor, high: Tensor)?
    data.forEachPiece { piece in
      let rows = FeatureGrouping.features.grouped(piece)
      let (low, high) = (rows.min(axis: 0), rows.max(axis: 0))
      range = range.map { (.minimum($0.low, low), .maximum($0.high, high)) } ?? (low, high)
    }
    let (low, high) = range!
    let isConstant = (high .== low).scalars
    guard let column = isConstant.firstIndex(of: 1) else { return (low, high) }
    let title = data.featureNames.isEmpty ? "\(column)" : "\"\(data.featureNames[column])\""
    let others = isConstant.count { $0 == 1 } - 1
    throw CourseError(
      .invalidData, "cannot \(method) a feature that is the same in all examples",
      expected: "at least two different values",
      received: "\(low[column]) \(data.count) times"
        + (others > 0 ? " (and \(others) more such features)" : ""),
      location: "\(data.name), feature \(title)",
      remedy: "Remove the feature, or use FeatureScaler.dividing(by:).")
  }
}

/// Which elements of the features share an offset and a scale.
enum FeatureGrouping {
  case all, features, channels

  /// The features `[N, ...]` so that numbers for each group broadcast against them.
  func grouped(_ x: Tensor) -> Tensor {
    switch self {
    case .all: x.reshaped([-1])
    case .features: x.reshaped([x.shape[0], x.shape.dropFirst().reduce(1, *)])
    case .channels:
      x.reshaped([x.shape[0], x.shape[1], x.shape.dropFirst(2).reduce(1, *)])
    }
  }

  /// One number for each group, so that they broadcast.
  func broadcasting(_ numbers: Tensor) -> Tensor {
    self == .channels ? numbers.reshaped([numbers.count, 1]) : numbers
  }

  /// The mean of each group, `[groups]`.
  private func means(_ grouped: Tensor) -> Tensor {
    switch self {
    case .all: Tensor([grouped.mean()])
    case .features: grouped.mean(axis: 0)
    case .channels: grouped.mean(axis: 2).mean(axis: 0)
    }
  }

  /// Mean and standard deviation of each group.
  func moments(of data: Dataset) -> (mean: Tensor, deviation: Tensor) {
    // The second mean takes away what rounding left in the first.
    let first = average(data) { $0 }
    let mean = first + average(data) { $0 - broadcasting(first) }
    let deviation = sqrt(average(data) { square($0 - broadcasting(mean)) })
    return (mean, deviation)
  }

  private func average(_ data: Dataset, _ value: (Tensor) -> Tensor) -> Tensor {
    var sum: Tensor?
    data.forEachPiece { piece in
      let part = means(value(grouped(piece))) * (Float(piece.shape[0]) / Float(data.count))
      sum = sum.map { $0 + part } ?? part
    }
    return sum!
  }
}
