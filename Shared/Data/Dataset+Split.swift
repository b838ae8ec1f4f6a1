/// A dataset in three parts that share no example.
public struct DatasetSplit: Sendable {
  /// The examples for fitting weights and scalers.
  public var train: Dataset
  /// The examples for choosing settings.
  public var validation: Dataset
  /// The examples for the final measurement, used once.
  public var test: Dataset

  /// Creates a split from three given parts.
  public init(train: Dataset, validation: Dataset, test: Dataset) {
    self.train = train
    self.validation = validation
    self.test = test
  }
}

extension Dataset {
  /// Divides the examples at random into three parts, the same ones for the same seed.
  ///
  /// Every example lands in exactly one part. With `stratified`, each class is divided in the same
  /// proportions (regression targets have no classes and are divided as a whole); the first example of a class that has
  /// fewer than there are parts is a training one. A part whose fraction is 0 stays empty.
  ///
  ///     let (train, test) = try { ($0.train, $0.test) }(iris.split(seed: 7))
  ///
  /// - Throws: when the fractions are negative or do not add up to 1, when a part would stay empty
  ///   although its fraction is not 0.
  public func split(
    train: Double = 0.7, validation: Double = 0.15, test: Double = 0.15, seed: UInt64,
    stratified: Bool = true
  ) throws -> DatasetSplit {
    let parts = try targets.split(
      train: train, validation: validation, test: test, seed: seed, stratified: stratified,
      name: name)
    return DatasetSplit(
      train: subset(parts.train), validation: subset(parts.validation), test: subset(parts.test))
  }
}

extension Target {
  /// The indices of the examples of three parts, in order: see `Dataset.split`.
  /// - Parameter name: the name of the data in errors
  public func split(
    train: Double = 0.7, validation: Double = 0.15, test: Double = 0.15, seed: UInt64,
    stratified: Bool = true, name: String = "data"
  ) throws -> (train: [Int], validation: [Int], test: [Int]) {
    let shares = [train, validation, test]
    guard shares.allSatisfy({ $0 >= 0 }), Swift.abs(shares.reduce(0, +) - 1) < 1e-6 else {
      throw CourseError(
        .invalidArgument, "invalid split fractions",
        expected: "three fractions of at least 0 that add up to 1",
        received: "\(train), \(validation) and \(test)", location: name)
    }
    let groups = stratified ? groupsByClass() : [Array(0..<count)]
    let partCount = shares.count { $0 > 0 }

    var parts: [[Int]] = [[], [], []]
    let key = RandomKey(seed: seed).folded("split")
    var dealt = 0
    for (group, members) in groups.enumerated() {
      let isSmall = groups.count > 1 && members.count < partCount
      var isBegun = false
      for place in key.folded(group).permutation(of: members.count) {
        // Each example goes to the part that is furthest below its share so far. Over all of them and
        // over each class, no part is then more than about one example off.
        dealt += 1
        // A class of which training sees nothing cannot be learned.
        if isSmall, shares[0] > 0, !isBegun {
          isBegun = true
          parts[0].append(members[place])
          continue
        }
        var neediest = 0
        var most = -Double.infinity
        for part in 0..<3 where shares[part] > 0 {
          let missing = shares[part] * Double(dealt) - Double(parts[part].count)
          if missing > most + 1e-9 { (neediest, most) = (part, missing) }
        }
        parts[neediest].append(members[place])
      }
    }
    for (part, title) in ["train", "validation", "test"].enumerated()
    where shares[part] > 0 && parts[part].isEmpty {
      throw tooFew(for: title, share: shares[part], groups: groups, name: name)
    }
    return (parts[0].sorted(), parts[1].sorted(), parts[2].sorted())
  }

  /// The error for a part that stays empty.
  func tooFew(for part: String, share: Double, groups: [[Int]], name: String) -> CourseError {
    guard groups.count <= 1 || groups.contains(where: { $0.count > 1 }) else {
      return CourseError(
        .invalidData, "too few examples to divide", expected: "several of each class",
        received: "one of each of \(counted(count, "class"))", location: name,
        remedy: "Give each class more examples: the first one of a class is for training.")
    }
    return CourseError(
      .invalidData, "too few examples to divide", expected: "one for the \(part) part",
      received: "\(counted(count, "example")) and a share of \(share)", location: name,
      remedy: "Give this part a larger fraction, or 0.")
  }

  /// One more than the largest label, or the number of columns of one-hot rows; `nil` for values to regress.
  var classCount: Int? {
    switch self {
    case .classes(let labels), .classSequences(let labels, _): return labels.max().map { $0 + 1 }
    case .values(let values):
      guard values.rank == 2, values.shape[1] >= 2 else { return nil }
      let isOneHot =
        ((values .== 0) + (values .== 1)).min() == 1 && (values.sum(axis: 1) .== 1).min() == 1
      return isOneHot ? values.shape[1] : nil
    case .tasks: return classTask?.target.classCount
    }
  }

  /// The indices of the examples of each class.
  func groupsByClass() -> [[Int]] {
    guard let classCount else { return [Array(0..<count)] }
    let labels = classIndices
    guard labels.count == count, labels.allSatisfy({ $0 >= 0 }) else { return [Array(0..<count)] }
    var groups = [[Int]](repeating: [], count: classCount)
    for (index, label) in labels.enumerated() { groups[label].append(index) }
    return groups
  }
}
