// How much examples and classes count.

extension Dataset {
  /// The same examples, which count in the loss with these weights: `fit` and `evaluate` then take the weighted mean
  /// `Σₙ sₙ lₙ / Σₙ sₙ` of the losses of the examples.
  ///
  ///     let data = try Dataset(features: [[1], [2], [3]], targets: .classes([0, 1, 1]))
  ///       .weighted(by: [2, 1, 1])
  ///
  /// An example with the weight 2 counts as if it were there twice; one with the weight 0 changes nothing but the
  /// statistics of a batch norm. Metrics, such as the accuracy, count every example once.
  ///
  /// - Parameter weights: `s`, a number for each example, `[N]`; `nil` to let all count alike
  /// - Throws: unless there is a finite number of at least 0 for each example, and one above 0.
  public func weighted(by weights: Tensor?) throws -> Dataset {
    var result = self
    result.weights = weights
    guard let weights else { return result }
    func refuse(_ expected: String, _ received: String, _ place: String? = nil) -> CourseError {
      CourseError(
        .invalidData, "weights that do not fit the examples", expected: expected,
        received: received, location: place.map { "\(name), \($0)" } ?? name)
    }
    guard weights.shape == [count] else {
      throw refuse("a weight for each of \(count) examples", "shape \(weights.shape)")
    }
    let scalars = weights.scalars
    if let wrong = scalars.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw refuse("finite numbers of at least 0", "\(scalars[wrong])", "example \(wrong)")
    }
    guard scalars.contains(where: { $0 > 0 }) else {
      throw refuse("an example that counts", "only weights of 0")
    }
    return result
  }

  /// The weights of the classes with which each class counts as much as every other one, however many examples it
  /// has: `wⱼ = N / (C Nⱼ)`, of N examples in C classes, Nⱼ in class j.
  ///
  ///     let weights = try parts.train.balancedClassWeights()
  ///     network.loss = SoftmaxCrossEntropyLoss(classWeights: weights)
  ///
  /// They are those of `class_weight="balanced"` in scikit-learn. A class without examples counts neither in C nor in
  /// N, and has the weight 1. Steps of sequences count like examples, those to ignore do not.
  ///
  /// - Throws: when the targets are no classes.
  /// - Reference: King, Zeng (2001), *Logistic regression in rare events data*, section 3.2.
  public func balancedClassWeights() throws -> [Float] {
    guard let classCount else {
      throw CourseError(
        .invalidArgument, "balanced class weights of targets without classes",
        expected: "class indices or one-hot rows", received: targets.summary, location: name)
    }
    var counts = [Int](repeating: 0, count: classCount)
    for label in targets.classIndices where label != Target.ignored { counts[label] += 1 }
    let (total, present) = (counts.reduce(0, +), counts.count { $0 > 0 })
    return counts.map { $0 > 0 ? Float(Double(total) / (Double(present) * Double($0))) : 1 }
  }
}
