// The names of classes and features: `fit` takes them over from the data, files must have as many as the
// network has outputs and inputs.

extension NeuralNetwork {
  /// Throws unless there are no names, or as many as there are classes and features.
  func checkNames() throws {
    if !featureNames.isEmpty, featureNames.count != inputShape.reduce(1, *) {
      throw CourseError(
        .invalidArgument, "the feature names do not fit the network",
        expected:
          "\(counted(inputShape.reduce(1, *), "name")), one for each number of an input \(inputShape)",
        received: "\(featureNames.count)", remedy: "Correct network.featureNames, or set it to [].")
    }
    guard !classNames.isEmpty else { return }
    guard fits(classCount: classNames.count) else {
      throw CourseError(
        .invalidArgument, "the class names do not fit the network",
        expected: "a name for each class of an output \(outputShape)",
        received: "\(classNames.count)", remedy: "Correct network.classNames, or set it to [].")
    }
    guard Set(classNames).count == classNames.count else {
      throw CourseError(
        .invalidArgument, "two classes have the same name",
        received: listed(classNames), remedy: "Correct network.classNames, or set it to [].")
    }
  }

  /// Whether the network's outputs can stand for so many classes.
  private func fits(classCount: Int) -> Bool {
    if let answers = loss?.answerClassCount(outputShape: outputShape) {
      return classCount == answers
    }
    // A single output tells two classes apart.
    return classCount == outputShape.last ?? 1
      || classCount == 2 && outputShape.reduce(1, *) == 1
  }

  /// Throws when data name other classes or features than the network: their numbers would mean something
  /// else. Names that only one of the two has are no conflict.
  func checkNames(classes: [String], features: [String], of data: String, role: String) throws {
    func check(_ names: [String], _ own: [String], _ what: String, _ remedy: String) throws {
      guard !names.isEmpty, !own.isEmpty, names != own else { return }
      throw CourseError(
        .invalidData, "\(role): other \(what) than the network has", expected: listed(own),
        received: listed(names), location: data, remedy: remedy)
    }
    try check(
      classes, classNames, "classes",
      "Read the labels by the classes of the network (classNames:), or empty network.classNames.")
    try check(
      features, featureNames, "features",
      "Bring the columns into the network's order, or empty network.featureNames.")
  }

  /// Takes over the names of data that fit, where the network has none.
  mutating func adoptNames(classes: [String], features: [String]) {
    if classNames.isEmpty, fits(classCount: classes.count) { classNames = classes }
    if featureNames.isEmpty, features.count == inputShape.reduce(1, *) { featureNames = features }
  }
}

/// The first of many names.
private func listed(_ names: [String]) -> String {
  names.prefix(8).map { "\"\($0)\"" }.joined(separator: ", ")
    + (names.count > 8 ? ", ... (\(names.count) in all)" : "")
}
