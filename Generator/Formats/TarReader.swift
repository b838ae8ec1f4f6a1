import Shared

/// Reads a tar archive (POSIX ustar with the GNU and pax ways to write long names) from front to back.
///
/// Nothing is unpacked to the disk, so that the names in an archive are names and never places.
struct TarReader {
  /// A file in the archive; its content follows.
  struct Entry {
    var name: String
    var size: Int
  }

  private let source: ByteSource
  /// The bytes of the current entry that have not been read, padding included.
  private var left = 0

  init(_ source: ByteSource) { self.source = source }

  /// A block of 512 bytes in front of a file or a record.
  private struct Header {
    var block: [UInt8]
    /// The offset of the block.
    var place: Int

    var type: UInt8 { block[156] }
    var sizeField: ArraySlice<UInt8> { block[124..<136] }
    var name: String {
      let isPOSIX = block[257..<262].elementsEqual("ustar".utf8)
      let prefix = isPOSIX && block[262] == 0 ? text(block[345..<500]) : ""
      return prefix.isEmpty ? text(block[0..<100]) : "\(prefix)/\(text(block[0..<100]))"
    }
  }

  /// The next regular file; `nil` at the end of the archive. The unread rest of the previous one is passed
  /// over.
  mutating func next() throws -> Entry? {
    // From the records in front of a file.
    var (longName, longSize): (String?, Int?)
    while let header = try nextHeader() {
      switch header.type {
      case UInt8(ascii: "L"): longName = text(try record(header))
      case UInt8(ascii: "x"):
        let records = try paxRecords(record(header), at: header.place + 512)
        longName = records["path"] ?? longName
        if let digits = records["size"] {
          guard let number = wholeNumber(digits.utf8) else {
            throw refuseSize("\"\(digits)\"", expected: "digits", at: header.place + 512)
          }
          longSize = number
        }
      case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
        let size = try size(of: header, longSize)
        left = padded(size)
        return Entry(name: longName ?? header.name, size: size)
      default:
        // Folders, links, settings for all files: nothing to read.
        left = padded(try size(of: header, longSize))
        (longName, longSize) = (nil, nil)
      }
    }
    return nil
  }

  private mutating func nextHeader() throws -> Header? {
    try source.skip(left, of: "a file in the archive")
    left = 0
    let place = source.offset
    let block = try source.read(atMost: 512)
    // Archives end with blocks of zeros; some just end.
    if block.isEmpty { return nil }
    guard block.count == 512 else {
      throw source.refuse(
        "the archive is truncated", expected: "a header of 512 bytes", received: "\(block.count)",
        at: place)
    }
    if block.allSatisfy({ $0 == 0 }) {
      try finish()
      return nil
    }
    try checkSum(of: block, at: place)
    return Header(block: block, place: place)
  }

  /// The content of a record: a long name, or settings of the next file.
  private func record(_ header: Header) throws -> ArraySlice<UInt8> {
    let size = try size(of: header, nil)
    guard size <= 1 << 16 else {
      throw source.refuse(
        "a name in the archive is too long", expected: "65536 bytes", received: "\(size)",
        at: header.place)
    }
    return try source.take(padded(size), of: "a long name").prefix(size)
  }

  /// The size of a file or record. Its limit also keeps the arithmetic from overflowing.
  private func size(of header: Header, _ longSize: Int?) throws -> Int {
    guard let size = longSize ?? TarReader.number(header.sizeField), size <= source.maximumContent
    else {
      throw refuseSize(
        longSize.map { "\($0)" } ?? "\"\(text(header.sizeField))\"",
        expected: "at most \(source.maximumContent) bytes, in octal digits", at: header.place + 124)
    }
    return size
  }

  private func refuseSize(_ received: String, expected: String, at place: Int) -> CourseError {
    source.refuse(
      "the size of a file in the archive makes no sense", expected: expected, received: received,
      at: place)
  }

  private func padded(_ size: Int) -> Int { (size + 511) / 512 * 512 }

  /// The content of the current file, appended to `bytes`.
  mutating func append(_ entry: Entry, to bytes: inout [UInt8]) throws {
    try source.append(entry.size, to: &bytes, of: entry.name)
    left -= entry.size
  }

  /// Reads on to the end of the file, so that gzip's checksum is looked at.
  private func finish() throws {
    while try !source.read(atMost: 1 << 16).isEmpty {}
  }

  private func checkSum(of block: [UInt8], at place: Int) throws {
    // The field of the sum itself counts as blanks.
    let sum =
      block.reduce(0) { $0 + Int($1) } - block[148..<156].reduce(0) { $0 + Int($1) } + 8 * 32
    guard TarReader.number(block[148..<156]) == sum else {
      throw source.refuse(
        "this is not a tar header", expected: "the checksum \(String(sum, radix: 8)) at byte 148",
        received: place == 0 ? beginning(block) : "\"\(text(block[148..<156]))\"", at: place)
    }
  }

  /// An octal number between blanks and zeros, or GNU's binary form for sizes from 8 GB on: a first byte
  /// of 80, then the number, the highest byte first. (FF begins a negative one.)
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if field.first == 0x80 {
      let bytes = field.dropFirst().drop { $0 == 0 }
      return bytes.count < 8 ? bytes.reduce(0) { $0 << 8 | Int($1) } : nil
    }
    let digits = field.drop { $0 == 32 }
    let end = digits.firstIndex { $0 == 0 || $0 == 32 } ?? digits.endIndex
    guard digits[end...].allSatisfy({ $0 == 0 || $0 == 32 }) else { return nil }
    return wholeNumber(digits[..<end], radix: 8)
  }

  /// The fields of pax records, such as "27 path=folder/file\n"; each begins with its own length.
  private func paxRecords(
    _ content: ArraySlice<UInt8>, at place: Int
  ) throws -> [String: String] {
    var records: [String: String] = [:]
    var rest = content
    // Zeros fill the block.
    while let first = rest.first, first != 0 {
      guard let blank = rest.firstIndex(of: 32),
        let length = wholeNumber(rest[..<blank]), length <= rest.count,
        rest.startIndex + length > blank + 1, rest[rest.startIndex + length - 1] == 10,
        let equals = rest[blank...].firstIndex(of: 61), equals < rest.startIndex + length
      else {
        throw source.refuse(
          "a record in the archive is damaged",
          expected: "its length, a name and a value: \"27 path=folder/file\"",
          received: "\"\(text(rest.prefix(20)))\"",
          at: place + rest.startIndex - content.startIndex)
      }
      let end = rest.startIndex + length
      let name = String(decoding: rest[(blank + 1)..<equals], as: UTF8.self)
      records[name] = String(decoding: rest[(equals + 1)..<(end - 1)], as: UTF8.self)
      rest = rest[end...]
    }
    return records
  }
}

/// The text of a field, which ends at the first zero.
private func text(_ field: ArraySlice<UInt8>) -> String {
  String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
}
