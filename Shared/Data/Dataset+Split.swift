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
  /// proportions (regression targets have no classes and are divided as a whole). A part whose fraction
  /// is 0 stays empty.
  ///
  ///     let (train, test) = try { ($0.train, $0.test) }(iris.split(seed: 7))
  ///
  /// - Throws: when the fractions are negative or do not add up to 1, when a part would stay empty
  ///   although its fraction is not 0, or when a class has fewer examples than there are parts.
  public func split(
    train: Double = 0.7, validation: Double = 0.15, test: Double = 0.15, seed: UInt64,
    stratified: Bool = true
  ) throws -> DatasetSplit {
    let shares = [train, validation, test]
    guard shares.allSatisfy({ $0 >= 0 }), Swift.abs(shares.reduce(0, +) - 1) < 1e-6 else {
      throw CourseError(
        .invalidArgument, "invalid split fractions",
        expected: "three fractions of at least 0 that add up to 1",
        received: "\(train), \(validation) and \(test)", location: name)
    }
    let groups = try stratified ? groupsByClass(parts: shares.count { $0 > 0 }) : [Array(0..<count)]

    var parts: [[Int]] = [[], [], []]
    let key = RandomKey(seed: seed).folded("split")
    var dealt = 0
    for (group, members) in groups.enumerated() {
      for place in key.folded(group).permutation(of: members.count) {
        // Each example goes to the part that is furthest below its share so far. Over all of them and
        // over each class, no part is then more than about one example off.
        dealt += 1
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
      throw CourseError(
        .invalidData, "too few examples to divide", expected: "one for the \(title) part",
        received: "\(count) examples and a share of \(shares[part])", location: name,
        remedy: "Give this part a larger fraction, or 0.")
    }
    let datasets = parts.map { subset($0.sorted()) }
    return DatasetSplit(train: datasets[0], validation: datasets[1], test: datasets[2])
  }

  /// The indices of the examples of each class.
  private func groupsByClass(parts: Int) throws -> [[Int]] {
    guard let classCount else { return [Array(0..<count)] }
    let labels = targets.classIndices
    guard labels.count == count else { return [Array(0..<count)] }
    var groups = [[Int]](repeating: [], count: classCount)
    for (index, label) in labels.enumerated() { groups[label].append(index) }
    if let small = groups.firstIndex(where: { !$0.isEmpty && $0.count < parts }) {
      let title = classNames.isEmpty ? "\(small)" : "\"\(classNames[small])\""
      throw CourseError(
        .invalidData, "class \(title) is too small to be divided",
        expected: "at least \(parts) examples", received: "\(groups[small].count)",
        location: name,
        remedy: "Collect more, remove the class, or divide without `stratified`.")
    }
    return groups
  }
}
