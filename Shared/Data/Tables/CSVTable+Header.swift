// Whether the first row of a table names its columns, and their names: the one rule for every command and
// for the library.
//
// 1. A row that has all names that the caller expects is the header, however they look: those of a
//    network's features, or of the label column.
// 2. Otherwise it is one when it has words where the rows below have numbers, or no number at all
//    (`CSVHeader.automatic`), or when it counts the columns, as pandas does where they have no names: 0, 1, 2, label.
// 3. Names are different; a column without one is called by its number, "column 3".

extension CSVTable {
  private enum Cell { case number, missing, word }

  /// See `CSVHeader.automatic`.
  static func looksLikeHeader(
    _ scanner: CSVScanner, rowStarts: [Int], expecting names: [String]
  ) throws -> Bool {
    var fields: [CSVField] = []
    let rows = try rowStarts.prefix(11).map { start in
      var (position, line) = (start, 0)
      try scanner.readRecord(at: &position, line: &line, into: &fields)
      return fields.map(scanner.text)
    }
    guard let first = rows.first else { return false }
    if areAll(names, among: first) { return true }
    let cells = rows.map { row in
      row.map { text -> Cell in
        isNumber(text) ? .number : MissingValue.marksNumber(text) ? .missing : .word
      }
    }
    if !cells[0].contains(.number) { return cells[0].contains(.word) }
    let isAboveNumbers = first.indices.contains { column in
      let below = cells.dropFirst().map { $0[column] }
      return cells[0][column] == .word && below.contains(.number) && !below.contains(.word)
    }
    return isAboveNumbers || countsColumns(first, above: Array(rows.dropFirst()))
  }

  /// Whether a row is 0, 1, 2, ... with words between that no row below has. Without words it takes ten numbers, or
  /// decimal points below: a few whole numbers may well be data.
  private static func countsColumns(_ first: [String], above rows: [[String]]) -> Bool {
    let columns = first.indices.filter { isNumber(first[$0]) }
    let words = first.indices.filter { !isNumber(first[$0]) }
    guard columns.count >= 2, columns.enumerated().allSatisfy({ first[$1] == "\($0)" }),
      !rows.isEmpty
    else { return false }
    guard words.isEmpty else {
      return words.allSatisfy { column in
        !first[column].isEmpty && !rows.contains { $0[column] == first[column] }
          || first[column].isEmpty && rows.allSatisfy { isNumber($0[column]) }
      }
    }
    return columns.count >= 10
      || columns.contains { column in rows.allSatisfy { $0[column].contains(".") } }
  }

  /// Whether a text is a number, in any style: `7`, `0,5`, `12 %`.
  private static func isNumber(_ text: String) -> Bool {
    CSVTable.number(text) != nil
      || NumberStyle.detect([text], decimal: nil, hasPlain: false) != .none
  }

  /// The names of the columns.
  static func checkedNames(_ header: [String], table: String, line: Int) throws -> [String] {
    let names = header.enumerated().map { $1.isEmpty ? "column \($0)" : $1 }
    var places: [String: Int] = [:]
    for (place, name) in names.enumerated() {
      guard let earlier = places.updateValue(place, forKey: name) else { continue }
      throw CourseError(
        .format, "two columns have the same name", expected: "a name of its own for each",
        received: "\"\(name)\" for columns \(earlier + 1) and \(place + 1)",
        location: "\(table), line \(line)", remedy: "Rename or remove one of them.")
    }
    return names
  }
}
