/// Where one field lies in the bytes of a CSV file.
struct CSVField {
  /// Without the quotes, and without the blanks around an unquoted field.
  var range: Range<Int>
  /// Whether doubled quotes inside stand for single ones.
  var hasDoubledQuotes = false
}

/// Splits the bytes of a CSV file (RFC 4180) into records and fields.
///
/// Works on bytes: the characters that matter are ASCII, and no byte of a longer UTF-8 character looks
/// like one of them.
struct CSVScanner {
  let bytes: [UInt8]
  /// The name of the file in errors.
  let name: String
  let delimiter: UInt8

  static let quote = UInt8(ascii: "\"")
  static let newline = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let tab = UInt8(ascii: "\t")

  /// Reads the record at `position` into `fields`, and moves past its line end. `line` counts the
  /// lines of the file, of which a quoted field may span several.
  func readRecord(at position: inout Int, line: inout Int, into fields: inout [CSVField]) throws {
    fields.removeAll(keepingCapacity: true)
    var place = position
    while true {
      let field = try readField(at: &place, line: &line)
      fields.append(field)
      guard place < bytes.count, bytes[place] == delimiter else { break }
      place += 1
    }
    if place < bytes.count {
      let isPair = bytes[place] == CSVScanner.carriageReturn && place + 1 < bytes.count
      place += isPair && bytes[place + 1] == CSVScanner.newline ? 2 : 1
      line += 1
    }
    position = place
  }

  /// Reads one field, up to the delimiter, the line end or the end of the file.
  private func readField(at place: inout Int, line: inout Int) throws -> CSVField {
    var start = place
    while start < bytes.count, isBlank(bytes[start]) { start += 1 }
    if start < bytes.count, bytes[start] == CSVScanner.quote {
      place = start
      return try readQuotedField(at: &place, line: &line)
    }
    var end = start
    while end < bytes.count {
      let byte = bytes[end]
      if byte == delimiter || byte == CSVScanner.newline || byte == CSVScanner.carriageReturn {
        break
      }
      end += 1
    }
    place = end
    while end > start, isBlank(bytes[end - 1]) { end -= 1 }
    return CSVField(range: start..<end)
  }

  private func readQuotedField(at place: inout Int, line: inout Int) throws -> CSVField {
    let firstLine = line
    var field = CSVField(range: (place + 1)..<(place + 1))
    var end = place + 1
    while true {
      guard end < bytes.count else {
        throw CourseError(
          .format, "unterminated quoted field", location: "\(name), line \(firstLine)",
          remedy: "Close the quote, or double it (\"\") where it belongs to the text.")
      }
      if bytes[end] == CSVScanner.quote {
        guard end + 1 < bytes.count, bytes[end + 1] == CSVScanner.quote else { break }
        field.hasDoubledQuotes = true
        end += 1
      } else if bytes[end] == CSVScanner.newline {
        line += 1
      }
      end += 1
    }
    field.range = field.range.lowerBound..<end
    place = end + 1
    while place < bytes.count, isBlank(bytes[place]) { place += 1 }
    guard
      place == bytes.count || bytes[place] == delimiter || bytes[place] == CSVScanner.newline
        || bytes[place] == CSVScanner.carriageReturn
    else {
      throw CourseError(
        .format, "there is text after the closing quote of a field",
        location: "\(name), line \(line)",
        remedy: "Double the quotes (\"\") that belong to the text.")
    }
    return field
  }

  private func isBlank(_ byte: UInt8) -> Bool {
    (byte == CSVScanner.space || byte == CSVScanner.tab) && byte != delimiter
  }

  /// Whether there is nothing in a field, not even quotes.
  func isBlank(_ field: CSVField) -> Bool {
    let start = field.range.lowerBound
    return field.range.isEmpty && (start == 0 || bytes[start - 1] != CSVScanner.quote)
  }

  /// The text of a field.
  func text(_ field: CSVField) -> String {
    let text = String(decoding: bytes[field.range], as: UTF8.self)
    return field.hasDoubledQuotes ? text.replacing("\"\"", with: "\"") : text
  }
}

// MARK: - Which delimiter?

extension CSVScanner {
  /// The delimiter that occurs equally often in each of the first records: tab, semicolon or comma, in
  /// this order because a file of the first two may use commas inside its fields.
  static func guessDelimiter(in bytes: [UInt8]) -> UInt8 {
    let records = countCandidates(in: bytes)
    guard let first = records.first else { return candidates[2] }
    for (place, candidate) in candidates.enumerated() where first[place] > 0 {
      if records.allSatisfy({ $0[place] == first[place] }) { return candidate }
    }
    let most = first.indices.max { first[$0] < first[$1] } ?? 2
    return first[most] > 0 ? candidates[most] : candidates[2]
  }

  private static let candidates = [tab, UInt8(ascii: ";"), UInt8(ascii: ",")]

  /// How often each candidate occurs outside quotes in each of the first ten records.
  private static func countCandidates(in bytes: [UInt8]) -> [[Int]] {
    var records: [[Int]] = []
    var counts = [0, 0, 0]
    var isQuoted = false
    var isEmpty = true
    for byte in bytes {
      if byte == quote { isQuoted.toggle() }
      if !isQuoted, byte == newline || byte == carriageReturn {
        if !isEmpty { records.append(counts) }
        if records.count == 10 { return records }
        (counts, isEmpty) = ([0, 0, 0], true)
        continue
      }
      if byte != space { isEmpty = false }
      if !isQuoted, let place = candidates.firstIndex(of: byte) { counts[place] += 1 }
    }
    if !isEmpty { records.append(counts) }
    return records
  }
}
