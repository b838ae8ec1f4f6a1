/// How much of the classes of images a representation shows: the accuracy of their nearest neighbours, and of a linear probe.
///
///     let scores = try RepresentationScores(
///       ofFeatures: encoder.predict(train.features), train.targets.classIndices,
///       testedOn: encoder.predict(test.features), test.targets.classIndices, classCount: 10)
///     scores.linearProbe        // 0.97
///
/// Both know the labels of the training part only, and choose nothing on the test part.
public struct RepresentationScores: Sendable, Codable, Equatable {
  /// The numbers of a feature vector.
  public let features: Int
  /// The share of right classes by the five nearest neighbours in angle.
  public let nearestNeighbours: Double
  /// That of a linear probe.
  public let linearProbe: Double
  /// The penalty of the probe.
  public let penalty: Float

  /// Measures features, `[N, D]`.
  /// - Throws: `CourseError` when features and labels do not fit each other
  public init(
    ofFeatures features: Tensor, _ labels: [Int], testedOn tested: Tensor, _ truth: [Int],
    classCount: Int
  ) throws {
    let known = try NearestNeighbours(features: features, labels: labels)
    guard tested.rank == 2, tested.shape[1] == features.shape[1], tested.shape[0] == truth.count,
      !truth.isEmpty
    else {
      throw CourseError(
        .shapeMismatch, "RepresentationScores: features to test on, and their classes",
        expected: "features [M, \(features.shape[1])] and M classes, at least one",
        received: "\(tested.shape) and \(truth.count) classes")
    }
    if let wrong = truth.firstIndex(where: { !(0..<classCount).contains($0) }) {
      throw CourseError(
        .invalidData, "RepresentationScores: class out of range",
        expected: "0 to \(classCount - 1)", received: "\(truth[wrong])",
        location: "example \(wrong) to test on")
    }
    self.features = features.shape[1]
    let probe = try LinearProbe(features: features, labels: labels, classCount: classCount)
    nearestNeighbours = known.accuracy(on: tested, labels: truth)
    linearProbe = probe.accuracy(on: tested, labels: truth)
    penalty = probe.penalty
  }
}
