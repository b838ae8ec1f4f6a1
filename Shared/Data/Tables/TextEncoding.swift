/// The encoding of a text file.
public enum TextEncoding: String, Sendable, CaseIterable {
  /// UTF-8, with or without a byte order mark.
  case utf8 = "UTF-8"
  /// UTF-16 of either byte order.
  case utf16 = "UTF-16"
  /// Windows-1252: Latin-1, with quotation marks and the euro sign among its control characters.
  case latin1 = "Latin-1"
}

extension CSVTable {
  /// The text of a table in UTF-8, and the encoding that it had.
  ///
  /// UTF-16 shows in its byte order mark, or in zeros at every other byte. Bytes that are no UTF-8 are Windows-1252 if
  /// all are characters there.
  static func decoded(_ bytes: [UInt8], name: String) throws -> ([UInt8], TextEncoding) {
    func refuse(_ what: String, _ remedy: String, line: Int? = nil) -> CourseError {
      CourseError(
        .format, "this is not a CSV file", expected: "a text", received: what,
        location: line.map { "\(name), line \($0)" } ?? name, remedy: remedy)
    }
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      throw refuse("a ZIP archive or a spreadsheet", "Unpack it, or export the sheet as CSV.")
    }
    if bytes.starts(with: [0x1F, 0x8B]) { throw refuse("gzip data", "Unpack it with gunzip.") }
    if let isLittle = isLittleEndianUTF16(bytes) {
      let units = stride(from: 0, to: bytes.count - 1, by: 2).map { place in
        let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
        return isLittle ? second << 8 | first : first << 8 | second
      }
      guard bytes.count.isMultiple(of: 2),
        let text = String(validating: units, as: UTF16.self), !text.contains("\0")
      else { throw refuse("damaged UTF-16 text", "Save it as CSV in UTF-8.") }
      return ([UInt8](text.utf8), .utf16)
    }
    if let place = bytes.firstIndex(of: 0) {
      throw refuse("binary data (a zero byte at offset \(place))", "Name a text file.")
    }
    if String(validating: bytes, as: UTF8.self) != nil { return (bytes, .utf8) }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count + bytes.count / 8)
    var line = 1
    for byte in bytes {
      guard let scalar = windows1252(byte) else {
        throw refuse(
          "bytes that are neither UTF-8 nor Latin-1", "Save it as CSV in UTF-8.", line: line)
      }
      if byte == CSVScanner.newline { line += 1 }
      text.append(contentsOf: UTF8.encode(scalar)!)
    }
    return (text, .latin1)
  }

  /// The byte order of UTF-16; `nil` for another encoding.
  private static func isLittleEndianUTF16(_ bytes: [UInt8]) -> Bool? {
    if bytes.starts(with: [0xFF, 0xFE]) { return true }
    if bytes.starts(with: [0xFE, 0xFF]) { return false }
    let start = bytes.prefix(64)
    guard start.count >= 4 else { return nil }
    let zeros = start.indices.filter { start[$0] == 0 }
    guard zeros.count * 2 == start.count - start.count % 2, let first = zeros.first,
      first < 2, zeros.allSatisfy({ ($0 - first).isMultiple(of: 2) })
    else { return nil }
    return first == 1
  }

  /// The character of a byte; `nil` for the five that have none, and for control characters.
  private static func windows1252(_ byte: UInt8) -> Unicode.Scalar? {
    switch byte {
    case 0x09, 0x0A, 0x0D, 0x20..<0x7F, 0xA0...: return Unicode.Scalar(byte)
    case 0x80..<0xA0:
      let value = upperHalf[Int(byte - 0x80)]
      return value == 0 ? nil : Unicode.Scalar(value)
    default: return nil
    }
  }

  /// The characters of the bytes 80 to 9F.
  private static let upperHalf: [UInt16] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122,
    0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
  ]
}
