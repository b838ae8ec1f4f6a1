extension Preparation {
  /// Throws unless the preparation, which may come from a file, makes inputs of a shape.
  func check(inputShape: [Int]) throws {
    func refuse(_ received: String, expected: String) -> CourseError {
      damagedCheckpoint(received, expected: expected)
    }
    // Written so that no size overflows: a column has at most seven features and its words.
    let history = window?.history ?? 1
    guard (1...65_536).contains(history), (1...65_536).contains(window?.horizon ?? 1),
      columns.count <= 1 << 20, columns.allSatisfy({ $0.words.count <= 1 << 20 }),
      featureCount <= 1 << 40, featureCount * history == inputShape.reduce(1, *)
    else {
      throw refuse(
        "a preparation of other features", expected: "\(inputShape.reduce(1, *)) features")
    }
    // Of a series, the targets are columns as well.
    let used = columns.map(\.place)
    let places = used + targets.map(\.place).filter { window == nil || !used.contains($0) }
    guard window == nil || places.count == used.count, window == nil || !targets.isEmpty else {
      throw refuse("a series without its targets", expected: "the past of the targets")
    }
    guard Set(places).count == places.count, (0...(1 << 20)).contains(columnCount),
      places.allSatisfy((0..<columnCount).contains),
      Set(columns.map(\.name)).count == columns.count
    else {
      throw refuse("a preparation with columns \(places)", expected: "columns of one table")
    }
    if let labels {
      let count = labels.separator == nil ? targets.count : 1
      guard (1...(1 << 20)).contains(labels.names.count), targets.count == count,
        labels.separator != nil || labels.names.count == count,
        labels.separator.map({ !$0.isEmpty }) ?? true, Set(labels.names).count == labels.names.count
      else {
        throw refuse(
          "\(labels.names.count) labels of \(targets.count) columns", expected: "labels of a table")
      }
    }
    for column in columns {
      guard column.fill?.isFinite ?? true, column.fill.map({ abs($0) < 1e15 }) ?? true else {
        throw refuse(
          "a gap of \"\(column.name)\" filled by \(column.fill ?? 0)", expected: "a number")
      }
      if Set(column.words).count != column.words.count {
        throw refuse("a word of \"\(column.name)\" twice", expected: "different words")
      }
      if case .date(_, let origin) = column.kind, !(abs(origin) < 1e9) {
        throw refuse("dates from day \(origin)", expected: "a day")
      }
    }
  }
}

extension Preparation.Column {
  fileprivate var words: [String] {
    switch kind {
    case .words(let values), .vocabulary(let values): values
    default: []
    }
  }
}
