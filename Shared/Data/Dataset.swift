/// Examples to learn from: an input and a target for each.
///
///     let iris = Dataset.iris                       // 150 flowers
///     iris.inputShape                               // [4]
///     iris.classNames                               // ["setosa", "versicolor", "virginica"]
///     let parts = try iris.split(seed: 1)           // parts.train, parts.validation, parts.test
///
/// The features are raw, as they were measured; a `FeatureScaler` brings them to a common scale. A
/// dataset is checked when it is made: counts agree, labels are in range, every number is finite.
public struct Dataset: Sendable {
  /// What messages call the data.
  public var name: String
  /// The inputs, `[N, ...]`.
  public private(set) var features: Tensor
  /// The N targets.
  public private(set) var targets: Target
  /// The names of the numbers of one example, in row-major order; empty when they have none.
  public var featureNames: [String]
  /// The names of the classes; empty when they have none.
  public var classNames: [String]

  /// The number of classes that the targets themselves show.
  private var classesInTargets: Int?

  /// Creates a dataset; throws when the parts do not fit each other.
  /// - Parameters:
  ///   - features: `[N, ...]`, at least one example
  ///   - featureNames: none, or one for each number of an example
  ///   - classNames: none, or one for each class
  public init(
    name: String = "data", features: Tensor, targets: Target, featureNames: [String] = [],
    classNames: [String] = []
  ) throws {
    self.name = name
    self.features = features
    self.targets = targets
    self.featureNames = featureNames
    self.classNames = classNames
    try checkFeatures()
    try checkTargets()
    classesInTargets = Dataset.classCount(of: targets)
  }

  /// The number of examples.
  public var count: Int { targets.count }

  /// The shape of one input, without the batch axis.
  public var inputShape: [Int] { Array(features.shape.dropFirst()) }

  /// The number of classes: of the names; without names, one more than the largest label, or the
  /// columns of one-hot rows. `nil` when the targets are values to regress.
  public var classCount: Int? { classNames.isEmpty ? classesInTargets : classNames.count }

  /// The examples with the given indices, in that order.
  public func subset(_ indices: some Collection<Int>) -> Dataset {
    var part = self
    (part.features, part.targets) = batch(at: indices)
    return part
  }

  /// The inputs and targets of the examples with the given indices, in that order.
  ///
  /// Training reads its data through this function only, so that other kinds of datasets (images kept
  /// as bytes, files read on demand) can take its place.
  public func batch(at indices: some Collection<Int>) -> (features: Tensor, targets: Target) {
    if let wrong = indices.first(where: { !(0..<count).contains($0) }) {
      stop("Dataset \"\(name)\"", expected: "indices below \(count)", received: "\(wrong)")
    }
    return (features.rows(at: indices), targets.rows(at: indices))
  }

  /// The same examples with inputs of another shape, such as `[1, 8, 8]` for images of 64 numbers.
  public func reshaped(to inputShape: [Int]) -> Dataset {
    var result = self
    result.features = features.reshaped([count] + inputShape)
    return result
  }

  /// The same examples with other features, one row for each.
  func replacingFeatures(_ features: Tensor) -> Dataset {
    var result = self
    result.features = features
    return result
  }

  /// Summary in one line: name, number of examples, shape, classes.
  public var summary: String {
    let classes = classCount.map { ", \($0) classes" } ?? ""
    return "\(name): \(count) examples of shape \(inputShape)\(classes)"
  }
}

// MARK: - Checks

extension Dataset {
  private func refuse(
    _ what: String, kind: CourseError.Kind = .invalidData, expected: String? = nil,
    received: String? = nil, place: String? = nil, remedy: String? = nil
  ) -> CourseError {
    CourseError(
      kind, what, expected: expected, received: received,
      location: place.map { "\(name), \($0)" } ?? name, remedy: remedy)
  }

  private func checkFeatures() throws {
    guard features.rank >= 2 else {
      throw refuse(
        "features of the wrong rank", kind: .shapeMismatch, expected: "shape [N, ...]",
        received: "\(features.shape)", remedy: "One number an example is shape [N, 1].")
    }
    guard features.count > 0 else {
      throw refuse(
        "the dataset is empty", expected: "at least one example",
        received: "features of shape \(features.shape)")
    }
    let size = features.count / features.shape[0]
    guard featureNames.isEmpty || featureNames.count == size else {
      throw refuse(
        "the feature names do not fit the features", expected: "\(size) names",
        received: "\(featureNames.count)")
    }
    if let place = features.firstNonFiniteIndex {
      let feature = featureNames.isEmpty ? "\(place % size)" : "\"\(featureNames[place % size])\""
      throw refuse(
        "a feature is not finite", received: "\(features.reshaped([-1])[place])",
        place: "example \(place / size), feature \(feature)", remedy: "Correct or remove it.")
    }
  }

  private func checkTargets() throws {
    guard targets.count == features.shape[0] else {
      throw refuse(
        "the number of targets does not fit the features", kind: .shapeMismatch,
        expected: "\(features.shape[0]) targets", received: "\(targets.count)")
    }
    guard Set(classNames).count == classNames.count else {
      throw refuse("two classes have the same name", received: "\(classNames)")
    }
    switch targets {
    case .classes(let labels):
      let limit = classNames.isEmpty ? Int.max : classNames.count
      if let place = labels.firstIndex(where: { $0 < 0 || $0 >= limit }) {
        throw refuse(
          "a label is out of range",
          expected: classNames.isEmpty ? "at least 0" : "0 to \(limit - 1)",
          received: "\(labels[place])", place: "example \(place)",
          remedy: "Labels are class indices, counted from 0.")
      }
    case .values(let values):
      if let place = values.firstNonFiniteIndex {
        throw refuse(
          "a target is not finite", received: "\(values.reshaped([-1])[place])",
          place: "example \(place / (values.count / values.shape[0]))",
          remedy: "Correct or remove it.")
      }
      guard classNames.isEmpty || values.shape.last == classNames.count else {
        throw refuse(
          "the class names do not fit the targets", kind: .shapeMismatch,
          expected: "\(values.shape.last ?? 0) names", received: "\(classNames.count)")
      }
    }
  }

  private static func classCount(of targets: Target) -> Int? {
    switch targets {
    case .classes(let labels): return labels.max().map { $0 + 1 }
    case .values(let values):
      guard values.rank == 2, values.shape[1] >= 2 else { return nil }
      let isOneHot =
        ((values .== 0) + (values .== 1)).min() == 1 && (values.sum(axis: 1) .== 1).min() == 1
      return isOneHot ? values.shape[1] : nil
    }
  }
}
