import CCourseKernels

// Choosing offset and scale from the training data. Means and deviations are computed in double
// precision: single precision has neither the range (a square of 1e20) nor the digits (a deviation of 1 at 1e7).

extension FeatureScaler {
  /// Mean 0 and standard deviation 1 for each feature of the training data.
  ///
  /// `offset` is the mean, `scale` the standard deviation `√(Σ(x - mean)² / N)`.
  ///
  /// - Throws: when a feature has the same value in all examples, naming it, or when its values are too far apart or
  ///   too close to each other for single precision.
  public static func standardizing(_ training: Dataset) throws -> FeatureScaler {
    try fitted(to: training, by: .features)
  }

  /// Mean 0 and standard deviation 1 for each number that a regression predicts, on the training data: a network's
  /// `targetScaling`.
  ///
  /// - Throws: when the targets are classes, or the same in all examples.
  public static func standardizingTargets(_ training: Dataset) throws -> FeatureScaler {
    guard case .values(let values) = training.targets else {
      throw CourseError(
        .invalidData, "the targets are no numbers to scale", expected: "values to regress",
        received: training.targets.summary, location: training.name)
    }
    let rows = values.reshaped(to: [values.shape[0], -1])
    if let column = (rows.max(axis: 0) .== rows.min(axis: 0)).scalars.firstIndex(of: 1) {
      throw CourseError(
        .invalidData, "the number to predict is the same in all training examples",
        expected: "at least two different values", received: "\(rows.scalars[column])",
        location: "\(training.name), target \(column)",
        remedy: "Such data teach nothing; look at where they come from.")
    }
    return try standardizing(
      Dataset(
        name: training.name, features: rows,
        targets: .classes([Int](repeating: 0, count: rows.shape[0]))))
  }

  /// Mean 0 and standard deviation 1 for each channel of the training images `[N, C, ...]`.
  ///
  /// - Throws: when the examples have no channels, or when one has the same value everywhere.
  public static func standardizingChannels(_ training: Dataset) throws -> FeatureScaler {
    guard training.inputShape.count >= 2, training.count > 0 else {
      throw CourseError(
        .shapeMismatch, "the examples have no channels", expected: "images [N, C, H, W]",
        received: "\(training.count) examples of shape \(training.inputShape)",
        location: training.name)
    }
    return try fitted(to: training, by: .channels)
  }

  /// One mean and one standard deviation, over all features of the training data: for pixels, some of
  /// which never change.
  ///
  /// - Throws: when all features are equal.
  public static func standardizingAll(_ training: Dataset) throws -> FeatureScaler {
    try fitted(to: training, by: .all)
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
        .invalidArgument, "invalid target range", expected: "two different numbers",
        received: "\(range)")
    }
    let (low, high) = try requireVariety(training, grouping: .features, method: "scale")
    let scale = zip(low, high).map { (Double($1) - Double($0)) / Double(size) }
    let offset = zip(low, scale).map { Double($0) - $1 * Double(range.lowerBound) }
    return try rounded(offset: offset, scale: scale, of: training, grouping: .features)
  }

  /// - Parameter kept: the numbers of features that stay as they are
  static func fitted(
    to training: Dataset, by grouping: FeatureGrouping, except kept: [Int] = []
  ) throws -> FeatureScaler {
    try requireVariety(training, grouping: grouping, method: "standardise", except: kept)
    var (mean, deviation) = grouping.moments(of: training)
    for feature in kept { (mean[feature], deviation[feature]) = (0, 1) }
    return try rounded(offset: mean, scale: deviation, of: training, grouping: grouping)
  }

  /// The scaler with its numbers in single precision.
  private static func rounded(
    offset: [Double], scale: [Double], of data: Dataset, grouping: FeatureGrouping
  ) throws -> FeatureScaler {
    for (group, scale) in scale.enumerated() where Float(scale) == 0 || !Float(scale).isFinite {
      throw CourseError(
        .invalidData, "the values are too close to each other or too far apart to be scaled",
        expected: "a scale from 1e-45 to 3.4e38", received: "\(scale)",
        location: grouping.place(group, in: data),
        remedy: "Bring the values to another unit first.")
    }
    return try FeatureScaler(
      exactOffset: offset, scale: scale.map { Float($0) }, isPerChannel: grouping == .channels)
  }

  /// The smallest and the largest value of each group; throws when they are the same for one.
  @discardableResult
  private static func requireVariety(
    _ data: Dataset, grouping: FeatureGrouping, method: String, except kept: [Int] = []
  ) throws -> (low: [Float], high: [Float]) {
    guard data.count > 0 else {
      throw CourseError(
        .invalidData, "cannot \(method) features of no examples", location: data.name)
    }
    let (low, high) = grouping.extremes(of: data)
    let ignored = Set(kept)
    let constant = low.indices.filter { low[$0] == high[$0] && !ignored.contains($0) }
    if let group = constant.first {
      let others = constant.count - 1
      throw CourseError(
        .invalidData, "cannot \(method) \(grouping.subject) the same in all examples",
        expected: "at least two different values, in the seven digits of single precision",
        received: "\(low[group]) \(data.count) times"
          + (others > 0 ? " (and \(others) more such \(grouping.plural))" : ""),
        location: grouping.place(group, in: data), remedy: grouping.remedy)
    }
    if let group = low.indices.first(where: { !(high[$0] - low[$0]).isFinite }) {
      throw CourseError(
        .invalidData, "the values are too far apart to be scaled",
        expected: "a difference below 3.4e38", received: "\(low[group]) to \(high[group])",
        location: grouping.place(group, in: data),
        remedy: "Bring the values to another unit first.")
    }
    return (low, high)
  }
}

/// Which elements of the features share an offset and a scale.
enum FeatureGrouping {
  case all, features, channels

  /// The features `[N, ...]` as `[rows, groups, elements]`, so that a group's elements lie on the outer axes.
  func grouped(_ x: Tensor) -> Tensor {
    switch self {
    case .all: x.reshaped(to: [1, 1, x.count])
    case .features: x.reshaped(to: [x.shape[0], x.shape.dropFirst().reduce(1, *), 1])
    case .channels:
      x.reshaped(to: [x.shape[0], x.shape[1], x.shape.dropFirst(2).reduce(1, *)])
    }
  }

  /// The smallest and the largest value of each group.
  fileprivate func extremes(of data: Dataset) -> (low: [Float], high: [Float]) {
    var range: (low: Tensor, high: Tensor)?
    data.forEachPiece { piece in
      let x = grouped(piece)
      let (low, high) = (x.min(axis: 2).min(axis: 0), x.max(axis: 2).max(axis: 0))
      range = range.map { (.minimum($0.low, low), .maximum($0.high, high)) } ?? (low, high)
    }
    return (range!.low.scalars, range!.high.scalars)
  }

  /// Mean and standard deviation of each group.
  fileprivate func moments(of data: Dataset) -> (mean: [Double], deviation: [Double]) {
    // The second pass removes the rounding error of the first mean.
    let first = sums(of: data, around: nil)
    let center = first.sums.map { $0 / first.count }
    let (sums, squares, count) = sums(of: data, around: center)
    let rest = sums.map { $0 / count }
    return (
      zip(center, rest).map { $0 + $1 },
      zip(squares, rest).map { max(0, $0 / count - $1 * $1).squareRoot() }
    )
  }

  /// The sums of x - center and of its square, and the number of elements, of each group.
  private func sums(
    of data: Dataset, around center: [Double]?
  ) -> (sums: [Double], squares: [Double], count: Double) {
    var (sums, squares, count) = ([Double](), [Double](), 0)
    data.forEachPiece { piece in
      let x = grouped(piece)
      let (rows, groups, size) = (x.shape[0], x.shape[1], x.shape[2])
      if sums.isEmpty {
        sums = [Double](repeating: 0, count: groups)
        squares = sums
      }
      let center = center ?? [Double](repeating: 0, count: groups)
      x.read { kernels_add_moments($0, rows, groups, size, center, &sums, &squares) }
      count += rows * size
    }
    return (sums, squares, Double(count))
  }

  // MARK: In messages

  fileprivate var subject: String {
    switch self {
    case .all: "features that are all"
    case .features: "a feature that is"
    case .channels: "a channel that is"
    }
  }

  fileprivate var plural: String { self == .channels ? "channels" : "features" }

  fileprivate var remedy: String {
    switch self {
    case .all: "Such data teach nothing; look at where they come from."
    case .features:
      "Remove the feature, or use `standardizingAll`; where the values differ in later digits only, first "
        + "subtract their common part."
    case .channels: "Use `standardizingAll`."
    }
  }

  fileprivate func place(_ group: Int, in data: Dataset) -> String {
    switch self {
    case .all: data.name
    case .features:
      "\(data.name), feature "
        + (data.featureNames.indices.contains(group)
          ? "\"\(data.featureNames[group])\"" : "\(group)")
    case .channels: "\(data.name), channel \(group)"
    }
  }
}
