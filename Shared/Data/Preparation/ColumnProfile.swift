/// What the cells of a column are, counted over all rows of a table.
struct ColumnProfile {
  /// Cells that are decimal numbers.
  var numbers = 0
  /// Cells that are missing in any column.
  var missing = 0
  /// Cells that mark a missing number, such as "-", but may be words.
  var softMarks = 0
  /// The other cells, and how often each occurs: at most `limit` different ones.
  var texts: [String: Int] = [:]
  /// The number of other cells.
  var others = 0
  /// The different cells that are numbers, as texts: at most `ColumnProfile.fewNumbers`.
  var numberTexts: [String: Int] = [:]
  var minimum = Double.infinity
  var maximum = -Double.infinity
  /// The different numbers, where they are counted.
  var different: Set<Double> = []
  /// Whether every row has the number of the row before it plus one, from 0 or 1.
  var countsRows = true
  /// Whether the numbers are whole.
  var isWhole = true
  /// Numbers with a decimal point, and those of them that may be thousands: `1.234`.
  var (points, groups) = (0, 0)

  /// More different texts than this are not told apart.
  static let limit = 20_000
  /// A column of words may hold so many different numbers.
  static let fewNumbers = 12

  /// How the cells of a column of plain numbers are written: where the comma is the decimal mark, a point before every
  /// third digit separates thousands.
  func style(decimal: NumberStyle.Mark?) -> NumberStyle {
    decimal == .comma && points > 0 && points == groups
      ? NumberStyle(decimal: .comma, grouping: .point) : .plain
  }

  /// Different texts, numbers included.
  var differentWords: Int { texts.count + numberTexts.count }
}

extension CSVTable {
  /// The profile of each column, in one pass.
  /// - Parameters:
  ///   - marks: further marks of missing values
  ///   - words: columns whose numbers are texts
  ///   - counting: columns whose different numbers are counted
  func profiles(
    missingMarks marks: Set<String>, words: Set<Int>, counting: Set<Int>
  ) -> [ColumnProfile] {
    var profiles = [ColumnProfile](repeating: ColumnProfile(), count: columnCount)
    var fields: [CSVField] = []
    let bytes = scanner.bytes
    for row in 0..<rowCount {
      readFields(ofRow: row, into: &fields)
      for column in 0..<columnCount {
        let range = fields[column].range
        let number = words.contains(column) ? nil : parseDecimal(bytes, range)
        if let number, marks.isEmpty || !marks.contains(scanner.text(fields[column])) {
          profiles[column].add(
            number, row: row, counting: counting.contains(column), bytes: bytes, range)
        } else {
          profiles[column].add(scanner.text(fields[column]), missingMarks: marks)
        }
      }
    }
    return profiles
  }
}

extension ColumnProfile {
  fileprivate mutating func add(
    _ number: Double, row: Int, counting: Bool, bytes: [UInt8], _ range: Range<Int>
  ) {
    numbers += 1
    if countsRows {
      if row == 0 { countsRows = number == 0 || number == 1 }
      countsRows = countsRows && (row == 0 || number == maximum + 1)
    }
    minimum = Swift.min(minimum, number)
    maximum = Swift.max(maximum, number)
    if isWhole, number != number.rounded() { isWhole = false }
    if counting { different.insert(number) }
    if numberTexts.count <= Self.fewNumbers {
      numberTexts[String(decoding: bytes[range], as: UTF8.self), default: 0] += 1
    }
    if let point = range.first(where: { bytes[$0] == UInt8(ascii: ".") }) {
      points += 1
      let digits = point - range.lowerBound
      if range.upperBound - point == 4, (1...4).contains(digits), bytes[range.lowerBound] != 0x30 {
        groups += 1
      }
    }
  }

  fileprivate mutating func add(_ text: String, missingMarks marks: Set<String>) {
    countsRows = false
    if MissingValue.marksLabel(text) || marks.contains(text) {
      missing += 1
    } else if MissingValue.marksNumber(text) {
      softMarks += 1
      texts[text, default: 0] += 1
    } else {
      others += 1
      if texts.count < Self.limit || texts[text] != nil { texts[text, default: 0] += 1 }
    }
  }
}
