// One rule for data in memory and tables: features and classes with names are found by name, not by place.

extension Dataset {
  /// The same examples with their features and classes in the order of these names.
  ///
  /// Where either side has no names, the order is taken to be right. Features may be named in other capitals;
  /// classes are those of the same text, and may be fewer.
  ///
  /// - Parameter role: the name of the data in messages
  /// - Throws: when a feature is missing, or a class occurs that is not among the names.
  func aligned(
    featureNames wantedFeatures: [String], classNames wantedClasses: [String], role: String
  ) throws -> Dataset {
    var result = self
    let size = inputShape.reduce(1, *)
    if featureNames != wantedFeatures, featureNames.count == size, wantedFeatures.count == size {
      let found = places(of: wantedFeatures, among: featureNames)
      if let missing = found.firstIndex(of: nil) {
        throw CourseError(
          .invalidData, "\(role): features differ from those of the network",
          expected: quotedList(wantedFeatures),
          received: "no \"\(wantedFeatures[missing])\" among \(quotedList(featureNames))",
          location: name,
          remedy: "Name the features as in training, or leave featureNames empty on either side.")
      }
      result.reorderFeatures(found.compactMap { $0 }, names: wantedFeatures)
    }
    if !classNames.isEmpty, !wantedClasses.isEmpty, classNames != wantedClasses {
      try result.renumberClasses(as: wantedClasses, role: role)
    }
    return result
  }

  /// The same labels as numbers of other names.
  private mutating func renumberClasses(as wanted: [String], role: String) throws {
    let numbers = Dictionary(wanted.enumerated().map { ($1, $0) }) { first, _ in first }
    let places = classNames.map { numbers[$0] }
    func number(_ label: Int) throws -> Int {
      if label < 0 { return label }
      if let place = places[label] { return place }
      throw CourseError(
        .invalidData, "\(role): classes differ from those of the network",
        expected: quotedList(wanted), received: "\"\(classNames[label])\"", location: name,
        remedy: "Correct the label or leave the example out; a network that is to learn other "
          + "classes has them as its classNames.")
    }
    func renumbered(_ targets: Target) throws -> Target {
      switch targets {
      case .classes(let labels): return .classes(try labels.map(number))
      case .classSequences(let labels, let length):
        return .classSequences(try labels.map(number), length: length)
      case .values(let values):
        // One column for each class.
        let columns = try classNames.indices.map(number)
        var order = [Int?](repeating: nil, count: wanted.count)
        for (column, place) in columns.enumerated() { order[place] = column }
        let rows = values.reshaped(to: [-1, classNames.count]).transposed()
        let none = Tensor(zeros: [1, rows.shape[1]])
        let reordered = Tensor(concatenating: order.map { $0.map { rows.rows(at: [$0]) } ?? none })
        return .values(
          reordered.transposed().reshaped(to: values.shape.dropLast() + [wanted.count]))
      case .tasks(var tasks):
        guard let (name, target) = targets.classTask else { return targets }
        tasks[name] = try renumbered(target)
        return .tasks(tasks)
      }
    }
    targets = try renumbered(targets)
    classNames = wanted
  }
}
