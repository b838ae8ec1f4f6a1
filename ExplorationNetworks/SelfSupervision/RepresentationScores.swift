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
  public init(
    ofFeatures features: Tensor, _ labels: [Int], testedOn tested: Tensor, _ truth: [Int],
    classCount: Int
  ) throws {
    self.features = features.shape[1]
    nearestNeighbours = try NearestNeighbours(features: features, labels: labels)
      .accuracy(on: tested, labels: truth)
    let probe = try LinearProbe(features: features, labels: labels, classCount: classCount)
    linearProbe = probe.accuracy(on: tested, labels: truth)
    penalty = probe.penalty
  }
}
