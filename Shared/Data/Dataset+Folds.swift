extension Dataset {
  /// The parts in one fold of a K-fold cross-validation.
  ///
  /// The examples are dealt out to `folds` parts of equal size, and each fold tests on another one of them. So every
  /// example is tested once, by a network that was not trained on it. Sizes differ by at most one example, and so
  /// does the number of examples of each class with `stratified`.
  ///
  ///     var accuracies: [Double] = []
  ///     for fold in 0..<5 {
  ///       let parts = try Dataset.iris.fold(fold, of: 5, seed: 1)
  ///       var network = try makeNetwork()      // a new one, whose scaling is fitted on parts.train
  ///       try network.fit(parts.train, options: options)
  ///       accuracies.append(try network.evaluate(parts.test).accuracy!)
  ///     }
  ///
  /// - Parameters:
  ///   - index: the fold, from 0
  ///   - validation: the fraction of all examples to hold out for validation, from those that are not tested
  ///   - stratified: whether each class is divided in the same proportions
  /// - Throws: when there are fewer examples than folds, or a part would stay empty
  /// - Reference: Kohavi (1995), *A study of cross-validation and bootstrap for accuracy estimation and model
  ///   selection*, on the number of folds and on stratification.
  public func fold(
    _ index: Int, of folds: Int, validation: Double = 0, seed: UInt64, stratified: Bool = true
  ) throws -> DatasetSplit {
    let parts = try targets.fold(
      index, of: folds, validation: validation, seed: seed, stratified: stratified, name: name)
    return DatasetSplit(
      train: subset(parts.train), validation: subset(parts.validation), test: subset(parts.test))
  }
}

extension Target {
  /// The indices of the examples of the parts in one fold, in order: see `Dataset.fold`.
  /// - Parameter name: the name of the data in errors
  public func fold(
    _ index: Int, of folds: Int, validation: Double = 0, seed: UInt64, stratified: Bool = true,
    name: String = "data"
  ) throws -> (train: [Int], validation: [Int], test: [Int]) {
    guard folds >= 2, (0..<folds).contains(index) else {
      throw CourseError(
        .invalidArgument, "a fold of a cross-validation",
        expected: "at least 2 folds, counted from 0",
        received: "fold \(index) of \(folds)", location: name)
    }
    guard folds <= count else {
      throw CourseError(
        .invalidData, "fewer examples than folds", expected: "at least \(folds) examples",
        received: "\(count)", location: name, remedy: "Use fewer folds.")
    }
    let share = validation / (1 - 1 / Double(folds))
    guard validation >= 0, share < 1 else {
      throw CourseError(
        .invalidArgument, "invalid fraction for validation",
        expected:
          "at least 0, and less than the \(folds - 1) of \(folds) folds that are not tested",
        received: "\(validation)", location: name)
    }
    var parts: (train: [Int], validation: [Int], test: [Int]) = ([], [], [])
    let key = RandomKey(seed: seed).folded("folds")
    let groups = stratified ? groupsByClass() : [Array(0..<count)]
    // Over all classes: the first example of one follows the last of the one before.
    var dealt = 0
    for (group, members) in groups.enumerated() {
      var isBegun = false
      for place in key.folded(group).permutation(of: members.count) {
        let example = members[place]
        defer { dealt += 1 }
        if dealt % folds == index {
          parts.test.append(example)
          continue
        }
        // A class of which training sees nothing cannot be learned.
        let others = parts.train.count + parts.validation.count + 1
        if isBegun, Double(parts.validation.count) + 0.5 <= share * Double(others) {
          parts.validation.append(example)
        } else {
          isBegun = true
          parts.train.append(example)
        }
      }
    }
    guard validation == 0 || !parts.validation.isEmpty else {
      throw tooFew(for: "validation", share: validation, groups: groups, name: name)
    }
    return (parts.train.sorted(), parts.validation.sorted(), parts.test.sorted())
  }
}
