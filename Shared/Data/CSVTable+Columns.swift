extension CSVTable {
  /// The number of a column.
  public func column(_ column: LabelColumn) throws -> Int {
    switch column {
    case .index(let index):
      let resolved = index < 0 ? index + columnCount : index
      guard (0..<columnCount).contains(resolved) else {
        throw CourseError(
          .invalidArgument, "there is no column \(index)",
          expected: "0 to \(columnCount - 1), or -\(columnCount) to -1 from the back",
          received: "\(index)", location: name)
      }
      return resolved
    case .name(let wanted):
      guard let columnNames else {
        throw CourseError(
          .invalidArgument, "there is no column \"\(wanted)\"", expected: "a header with names",
          received: "a table without header", location: name,
          remedy: "Give the column's number: 0 is the first, -1 the last.")
      }
      let places = columnNames.indices.filter { columnNames[$0] == wanted }
      guard let place = places.first, places.count == 1 else {
        throw CourseError(
          .invalidArgument,
          places.isEmpty
            ? "there is no column \"\(wanted)\"" : "several columns are called \"\(wanted)\"",
          expected: "one of \(CSVTable.list(columnNames))", received: "\"\(wanted)\"",
          location: name, remedy: "Check the spelling, or give the column's number from 0.")
      }
      return place
    }
  }

  /// The columns that hold the inputs of a network.
  ///
  /// Serves prediction, where a file may come with the label column or without it, and its columns in
  /// another order: `names` are looked up in the header when there is one that has them all; otherwise
  /// the columns are taken in order, and a label column is left out when there is one too many.
  public func featureColumns(
    names: [String], count: Int, label: LabelColumn? = nil
  ) throws -> [Int] {
    if let columnNames, names.count == count, count > 0 {
      let places = names.map { columnNames.firstIndex(of: $0) }
      if !places.contains(nil) { return places.compactMap { $0 } }
      if places.contains(where: { $0 != nil }) {
        let missing = names.filter { !columnNames.contains($0) }
        throw CourseError(
          .invalidData, "columns are missing", expected: CSVTable.list(names),
          received: "no \(CSVTable.list(missing))", location: name)
      }
    }
    let all = Array(0..<columnCount)
    if columnCount == count { return all }
    if columnCount == count + 1 {
      let left = try label.map { try column($0) } ?? columnCount - 1
      return all.filter { $0 != left }
    }
    throw CourseError(
      .invalidData, "wrong number of columns", expected: "\(count), or \(count + 1) with the label",
      received: "\(columnCount)", location: name)
  }

  /// The numbers in some columns, `[rowCount, columns.count]`.
  public func numbers(inColumns columns: [Int]) throws -> Tensor {
    for column in columns where !(0..<columnCount).contains(column) {
      stop(
        "CSVTable.numbers", expected: "columns below \(columnCount)", received: "\(column)")
    }
    let bytes = scanner.bytes
    var fields: [CSVField] = []
    return try Tensor(shape: [rowCount, columns.count]) { out in
      var place = 0
      for row in 0..<rowCount {
        readFields(ofRow: row, into: &fields)
        for column in columns {
          let value = parseDecimal(bytes, fields[column].range).map { Float($0) }
          guard let value, value.isFinite else {
            throw numberError(row: row, column: column, isTooLarge: value != nil)
          }
          out[place] = value
          place += 1
        }
      }
    }
  }

  /// The classes in one column: the index of each row's class, and the names of all classes.
  ///
  /// Names are sorted, as numbers when all are whole. With `classNames` (those of a trained network)
  /// the indices refer to them, and a name that is not among them is an error.
  public func classes(
    inColumn column: Int, classNames: [String]? = nil
  ) throws -> (indices: [Int], names: [String]) {
    var labels = (0..<rowCount).map { text(row: $0, column: column) }
    // Not `isMissingMark`: "none" and "-" may well be classes.
    let missing = ["", "?", "nan", "na", "n/a", "null"]
    if let row = labels.firstIndex(where: { missing.contains($0.lowercased()) }) {
      throw CourseError(
        .invalidData, "the label is missing", received: "\"\(labels[row])\"",
        location: location(row: row, column: column), remedy: "Fill it in or remove the row.")
    }
    if let whole = try wholeNumbers(labels, column: column) { labels = whole.map(String.init) }
    let names = classNames ?? CSVTable.sortedClasses(Set(labels))
    let index = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    let indices = try labels.enumerated().map { row, label in
      if let found = index[label] { return found }
      throw CourseError(
        .invalidData, "unknown class", expected: "one of \(CSVTable.list(names))",
        received: "\"\(label)\"", location: location(row: row, column: column))
    }
    return (indices, names)
  }

  // MARK: How

  /// The labels as whole numbers (`2` and `2.0` alike); `nil` when they are words.
  private func wholeNumbers(_ labels: [String], column: Int) throws -> [Int]? {
    let numbers = labels.map { label in
      let bytes = [UInt8](label.utf8)
      return parseDecimal(bytes, 0..<bytes.count)
    }
    if numbers.contains(nil) { return nil }
    return try numbers.enumerated().map { row, number in
      if let number, let whole = Int(exactly: number) { return whole }
      throw CourseError(
        .invalidData, "the label is not a class", expected: "a word or a whole number",
        received: "\"\(labels[row])\"", location: location(row: row, column: column),
        remedy: "Name the column that holds the class.")
    }
  }

  private static func sortedClasses(_ names: Set<String>) -> [String] {
    let numbers = names.compactMap { Int($0) }
    return numbers.count == names.count ? numbers.sorted().map(String.init) : names.sorted()
  }

  private func numberError(row: Int, column: Int, isTooLarge: Bool) -> CourseError {
    let text = text(row: row, column: column)
    let bare = text.lowercased().drop { $0 == "-" || $0 == "+" }
    var (what, remedy) = (
      "this is not a number", "Remove the column, or replace its words by numbers."
    )
    if CSVTable.isMissingMark(text) {
      (what, remedy) = ("a value is missing", "Fill it in, or remove the row or the column.")
    } else if isTooLarge || bare == "inf" || bare == "infinity" || bare == "nan" {
      (what, remedy) = ("the value is not finite", "Correct it or remove the row.")
    } else if text.split(separator: ",").count == 2,
      text.allSatisfy({ $0.isNumber || $0 == "," || $0 == "-" })
    {
      remedy = "Write the decimal point as a point, and no separators of thousands."
    }
    return CourseError(
      .invalidData, what, expected: "a number", received: "\"\(text)\"",
      location: location(row: row, column: column), remedy: remedy)
  }

  /// Names in quotes; the middle of a long list is left out.
  private static func list(_ names: [String]) -> String {
    let quoted = names.map { "\"\($0)\"" }
    guard quoted.count > 12 else { return quoted.joined(separator: ", ") }
    return (quoted.prefix(6) + ["..."] + quoted.suffix(3)).joined(separator: ", ")
  }
}
