extension CSVTable {
  /// The index of a column. A name matches in other capitals only where none matches exactly.
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
      guard let place = places(of: [wanted], among: columnNames)[0] else {
        throw CourseError(
          .invalidArgument, "there is no column \"\(wanted)\"",
          expected: "one of \(quotedList(columnNames))", received: "\"\(wanted)\"",
          location: name, remedy: "Check the spelling, or give the column's number from 0.")
      }
      return place
    }
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
            throw numberError(row: row, column: column)
          }
          out[place] = value
          place += 1
        }
      }
    }
  }

  /// The columns among these whose numbers differ in digits that single precision does not keep: after rounding they
  /// are off by more than a thousandth of their range.
  package func columnsThatLoseDigits(_ columns: [Int]) -> [Int] {
    var range = [(low: Double, high: Double, error: Double)](
      repeating: (.infinity, -.infinity, 0), count: columns.count)
    forEachRow { _, texts in
      for (place, column) in columns.enumerated() {
        guard let number = CSVTable.number(texts[column]), Float(number).isFinite else { continue }
        range[place].low = min(range[place].low, number)
        range[place].high = max(range[place].high, number)
        range[place].error = max(range[place].error, abs(Double(Float(number)) - number))
      }
    }
    return zip(columns, range).filter {
      $1.high > $1.low && $1.error > ($1.high - $1.low) / 1000
    }.map(\.0)
  }

  /// The classes in one column: the index of each row's class, and the names of all classes.
  ///
  /// A class is the text that stands in the table: `1`, `01` and `1.0` are three classes. Names are sorted, as
  /// numbers when all are some. With `classNames` (those of a trained network) the indices refer to them, and a
  /// name that is not among them is an error.
  /// - Parameters:
  ///   - areWords: whether numbers with fractions are classes as well
  ///   - rows: the rows to look at; `nil` for all
  public func classes(
    inColumn column: Int, classNames: [String]? = nil, areWords: Bool = false, rows: [Int]? = nil
  ) throws -> (indices: [Int], names: [String]) {
    let rows = rows ?? Array(0..<rowCount)
    try requireTargets(
      in: [(column, .words(values: []))], rows: rows, missingMarks: [],
      remedy: "Fill it in or remove the row.")
    let labels = rows.map { text(row: $0, column: column) }
    let names =
      try classNames ?? sortedClasses(labels, rows: rows, column: column, areWords: areWords)
    let index = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    let indices = try zip(rows, labels).map { row, label in
      if let found = index[label] { return found }
      let number = CSVTable.number(label)
      let similar = names.first {
        places(of: [label], among: [$0])[0] != nil || number != nil && CSVTable.number($0) == number
      }
      throw CourseError(
        .invalidData, "unknown class", expected: "one of \(quotedList(names))",
        received: "\"\(label)\"", location: location(row: row, column: column),
        remedy: similar.map { "Write it as in training: \"\($0)\"." }
          ?? "Correct the label, or remove the row.")
    }
    return (indices, names)
  }

  /// The number of rows of each class, and of rows without a label, where labels may be missing.
  package func classCounts(
    inColumn column: Int
  ) throws -> (classes: [(name: String, rows: Int)], missing: Int) {
    var counts: [String: Int] = [:]
    var missing = 0
    var labels: [String] = []
    forEachRow { _, texts in
      labels.append(texts[column])
      if MissingValue.marksLabel(texts[column]) {
        missing += 1
      } else {
        counts[texts[column], default: 0] += 1
      }
    }
    let names = try sortedClasses(labels, rows: Array(0..<rowCount), column: column)
    return (names.compactMap { name in counts[name].map { (name, $0) } }, missing)
  }

  // MARK: Helpers

  /// The number that a text stands for, by the rule of all table readers.
  package static func number(_ text: String) -> Double? {
    let bytes = [UInt8](text.utf8)
    return parseDecimal(bytes, 0..<bytes.count)
  }

  /// The different labels in order; throws when they look like measurements.
  private func sortedClasses(
    _ labels: [String], rows: [Int], column: Int, areWords: Bool = false
  ) throws -> [String] {
    let names = Set(labels).filter { !MissingValue.marksLabel($0) }
      .map { (text: $0, number: CSVTable.number($0)) }
    if names.contains(where: { $0.number == nil }) { return names.map(\.text).sorted() }
    if !areWords,
      let fraction = labels.firstIndex(where: { label in
        CSVTable.number(label).map { $0 != $0.rounded() } ?? false
      })
    {
      throw CourseError(
        .invalidData, "the label is not a class", expected: "a word or a whole number",
        received: "\"\(labels[fraction])\"",
        location: location(row: rows[fraction], column: column),
        remedy: "Name the column that holds the class.")
    }
    return names.sorted { ($0.number ?? 0, $0.text) < ($1.number ?? 0, $1.text) }.map(\.text)
  }

  /// The error for a gap where none is allowed.
  func gapError(row: Int, column: Int) -> CourseError {
    CourseError(
      .invalidData, "a value is missing", expected: "a value",
      received: "\"\(text(row: row, column: column))\"",
      location: location(row: row, column: column),
      remedy: "Fill it in, or remove the row or the column.")
  }

  /// The error for a field that is no finite number.
  func numberError(row: Int, column: Int) -> CourseError {
    let text = text(row: row, column: column)
    if MissingValue.marksNumber(text) { return gapError(row: row, column: column) }
    let bare = text.lowercased().drop { $0 == "-" || $0 == "+" }
    var (what, remedy) = (
      "this is not a number", "Remove the column, or replace its words by numbers."
    )
    let isTooLarge = CSVTable.number(text).map { !Float($0).isFinite } ?? false
    if isTooLarge || bare == "inf" || bare == "infinity" || bare == "nan" {
      (what, remedy) = ("the value is not finite", "Correct it or remove the row.")
    } else if CSVTable.number(text.replacing(",", with: "")) != nil, text.contains(",") {
      let groups = text.prefix { $0 != "." }.split(separator: "," as Character).dropFirst()
      remedy =
        groups.allSatisfy { $0.count == 3 }
        ? "Write it without separators of thousands, \(text.replacing(",", with: "")); or, if "
          + "the comma is a decimal one, as a point."
        : "Write the decimal point as a point, not as a comma."
    }
    return CourseError(
      .invalidData, what, expected: "a number", received: "\"\(text)\"",
      location: location(row: row, column: column), remedy: remedy)
  }
}
