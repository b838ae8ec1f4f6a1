import CourseCommandLine
import Networks

// Columns of texts: networks of numbers and words leave them out, and others read nothing else.

extension CSVTable {
  /// Whether a column holds texts rather than words or names: five words in a row and more, in the mean of the first rows.
  func holdsTexts(inColumn column: Int) -> Bool {
    let rows = min(rowCount, 200)
    let words = (0..<rows).reduce(0) { sum, row in
      sum
        + texts(ofRow: row)[column].split(whereSeparator: \.isWhitespace).count { word in
          word.contains(where: \.isLetter)
        }
    }
    return rows > 0 && words >= 5 * rows
  }

  /// The columns of texts, but for one.
  func textColumns(besides label: Int?) -> [Int] {
    (0..<columnCount).filter { $0 != label && holdsTexts(inColumn: $0) }
  }

  /// The command that learns classes from a column of texts.
  /// - Parameters:
  ///   - label: the column of the classes; `nil` where it is not known
  ///   - data: the path of the table, for a whole command; `nil` for its settings alone
  func textTraining(column: Int, label: Int?, data: String? = nil) -> String {
    func named(_ column: Int) -> String { shellQuoted(columnNames?[column] ?? "\(column)") }
    return (data.map { "course train csv-text --data \(shellQuoted($0))" } ?? "train csv-text")
      + " --text \(named(column)) --label \(label.map(named) ?? "COLUMN")"
  }
}
