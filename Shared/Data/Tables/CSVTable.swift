import Foundation

/// The rows of a CSV file as text, with lines and columns for error messages.
///
///     let table = try CSVTable(contentsOf: "flowers.csv")
///     table.columnNames                              // ["sepal length", ..., "species"]
///     try table.numbers(inColumns: [0, 1, 2, 3])     // a tensor [150, 4]
///
/// Fields may be quoted, and quotes inside them doubled; lines end in LF or CRLF; a byte order mark and
/// blank lines are skipped; every row must have as many fields as the first. Texts are UTF-8 or, where they cannot be,
/// UTF-16 or Windows-1252 (Latin-1 with a few more characters): see `encoding`.
///
/// - Complexity: reading keeps the bytes of the file and one offset a row.
public struct CSVTable: Sendable {
  /// The path, or another name of the table in errors.
  public let name: String
  /// The names of the columns; `nil` when the file has no header.
  public let columnNames: [String]?
  /// The number of fields in each row.
  public let columnCount: Int
  /// The encoding that the file was read in.
  public let encoding: TextEncoding
  /// The number of rows, without the header.
  public var rowCount: Int { rowStarts.count }

  let scanner: CSVScanner
  private let rowStarts: [Int]
  private let rowLines: [Int]

  /// Reads a file or a pipe (`-` is the standard input).
  /// - Parameters:
  ///   - delimiter: `nil` to detect it: tab, semicolon or comma
  ///   - expecting: names of columns; a first row that has all of them is the header, however it looks
  public init(
    contentsOf path: String, header: CSVHeader = .automatic, delimiter: Character? = nil,
    expecting names: [String] = []
  ) throws {
    let data = try readFile(at: path, content: "a CSV file")
    try self.init(
      bytes: [UInt8](data), name: path, header: header, delimiter: delimiter, expecting: names)
  }

  /// Reads a text; `name` stands for the file in errors.
  public init(
    text: String, name: String = "CSV text", header: CSVHeader = .automatic,
    delimiter: Character? = nil, expecting names: [String] = []
  ) throws {
    try self.init(
      bytes: [UInt8](text.utf8), name: name, header: header, delimiter: delimiter,
      expecting: names)
  }

  package init(
    bytes: [UInt8], name: String, header: CSVHeader = .automatic, delimiter: Character? = nil,
    expecting names: [String] = []
  ) throws {
    let (bytes, encoding) = try CSVTable.decoded(bytes, name: name)
    let start = withoutByteOrderMark(bytes).startIndex
    self.encoding = encoding
    scanner = CSVScanner(
      bytes: bytes, name: name,
      delimiter: try delimiter.map(CSVTable.byte(ofDelimiter:))
        ?? CSVScanner.guessDelimiter(in: bytes))
    self.name = name

    var starts: [Int] = []
    var lines: [Int] = []
    var fields: [CSVField] = []
    var (position, line, width) = (start, 1, 0)
    while position < bytes.count {
      let (rowStart, rowLine) = (position, line)
      try scanner.readRecord(at: &position, line: &line, into: &fields)
      if fields.count == 1, scanner.isBlank(fields[0]) { continue }
      if starts.isEmpty { width = fields.count }
      guard fields.count == width else {
        throw CourseError(
          .format, "rows of different length",
          expected: "\(counted(width, "field")), as in line \(lines[0])",
          received: "\(fields.count)", location: "\(name), line \(rowLine)",
          remedy: "Add or remove fields; quote texts that hold the delimiter.")
      }
      starts.append(rowStart)
      lines.append(rowLine)
    }

    columnCount = width
    let hasHeader =
      switch header {
      case .present: true
      case .absent: false
      case .automatic:
        try CSVTable.looksLikeHeader(scanner, rowStarts: starts, expecting: names)
      }
    if hasHeader, let first = starts.first {
      var (position, line) = (first, 0)
      try scanner.readRecord(at: &position, line: &line, into: &fields)
      columnNames = try CSVTable.checkedNames(
        fields.map(scanner.text), table: name, line: lines[0])
    } else {
      columnNames = nil
    }
    rowStarts = hasHeader ? Array(starts.dropFirst()) : starts
    rowLines = hasHeader ? Array(lines.dropFirst()) : lines
    guard !rowStarts.isEmpty else {
      throw CourseError(
        .invalidData, "the table has no rows", expected: "a row for each example",
        received: starts.isEmpty ? "no text" : "a header only", location: name,
        remedy: "Check that it is the right file, and that it was written to its end.")
    }
  }

  /// The text of one field.
  public func text(row: Int, column: Int) -> String {
    guard (0..<rowCount).contains(row), (0..<columnCount).contains(column) else {
      stop(
        "CSVTable.text", expected: "a row below \(rowCount) and a column below \(columnCount)",
        received: "row \(row) and column \(column)")
    }
    return scanner.text(fields(ofRow: row)[column])
  }

  /// The text of every field of one row.
  public func texts(ofRow row: Int) -> [String] { fields(ofRow: row).map(scanner.text) }

  /// Where a field stands: the file, the line from 1, and the column from 1 with its name.
  public func location(row: Int, column: Int) -> String {
    let title = columnNames.map { " (\"\($0[column])\")" } ?? ""
    return "\(name), line \(rowLines[row]), column \(column + 1)\(title)"
  }

  /// The lines of some rows, for messages: "lines 3, 7 and 12 more".
  package func lines(ofRows rows: [Int]) -> String {
    let rest = rows.count - 5
    let numbers = rows.prefix(5).map { "\(rowLines[$0])" }.joined(separator: ", ")
    return "line\(rows.count == 1 ? "" : "s") \(numbers)" + (rest > 0 ? " and \(rest) more" : "")
  }

  /// Calls `body` with the texts of each row: once through the file, however many columns there are.
  package func forEachRow(_ body: (_ row: Int, _ texts: [String]) throws -> Void) rethrows {
    var fields: [CSVField] = []
    for row in 0..<rowCount {
      readFields(ofRow: row, into: &fields)
      try body(row, fields.map(scanner.text))
    }
  }

  func fields(ofRow row: Int) -> [CSVField] {
    var fields: [CSVField] = []
    readFields(ofRow: row, into: &fields)
    return fields
  }

  func readFields(ofRow row: Int, into fields: inout [CSVField]) {
    var (position, line) = (rowStarts[row], 0)
    do {
      try scanner.readRecord(at: &position, line: &line, into: &fields)
    } catch {
      stop("CSVTable: a row that could be read before cannot be read again (\(error))")
    }
  }
}

// MARK: - The delimiter

extension CSVTable {
  private static func byte(ofDelimiter character: Character) throws -> UInt8 {
    guard let byte = character.asciiValue, byte != CSVScanner.quote, byte != CSVScanner.newline,
      byte != CSVScanner.carriageReturn, !character.isNumber, character != ".", character != "-"
    else {
      throw CourseError(
        .invalidArgument, "invalid delimiter",
        expected: "one such as , ; or a tab", received: "\"\(character)\"")
    }
    return byte
  }
}
