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
  /// What is left of the current entry, padding included.
  private var left = 0

  init(_ source: ByteSource) { self.source = source }

  /// The next regular file; `nil` at the end of the archive. What was not read of the one before it is
  /// passed over.
  mutating func next() throws -> Entry? {
    var longName: String?
    while true {
      try source.skip(left, what: "a file in the archive")
      left = 0
      let place = source.offset
      let block = try source.read(atMost: 512)
      // Archives end with blocks of zeros; some just end.
      if block.isEmpty { return nil }
      guard block.count == 512 else {
        throw refuse(place, "the archive is truncated", "a header of 512 bytes", "\(block.count)")
      }
      if block.allSatisfy({ $0 == 0 }) {
        try finish()
        return nil
      }
      try checkSum(of: block, at: place)
      guard let size = TarReader.number(block[124..<136]),
        size <= source.mostContent
      else {
        throw refuse(
          place + 124, "the size of a file in the archive makes no sense",
          "at most \(source.mostContent) bytes", text(block[124..<136]))
      }
      let padded = (size + 511) / 512 * 512
      let type = block[156]
      switch type {
      case UInt8(ascii: "L"), UInt8(ascii: "x"):
        guard size <= 1 << 16 else {
          throw refuse(place, "a name in the archive is too long", "65536 bytes", "\(size)")
        }
        let content = try source.read(padded, what: "a long name").prefix(size)
        longName =
          type == UInt8(ascii: "L") ? text(content) : TarReader.path(inPax: content) ?? longName
      case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
        left = padded
        let isPOSIX = block[257..<262].elementsEqual("ustar".utf8)
        let prefix = isPOSIX && block[262] == 0 ? text(block[345..<500]) : ""
        let short = text(block[0..<100])
        return Entry(
          name: longName ?? (prefix.isEmpty ? short : "\(prefix)/\(short)"), size: size)
      default:
        // Folders, links, settings for all files: nothing to read.
        left = padded
        longName = nil
      }
    }
  }

  /// The content of the current file, appended to `bytes`.
  mutating func append(_ entry: Entry, to bytes: inout [UInt8]) throws {
    try source.append(entry.size, to: &bytes, what: entry.name)
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
      throw refuse(
        place, "this is not a tar header", "the checksum \(String(sum, radix: 8)) at byte 148",
        place == 0 ? beginning(block) : "\"\(text(block[148..<156]))\"")
    }
  }

  private func refuse(
    _ place: Int, _ what: String, _ expected: String, _ received: String
  ) -> CourseError {
    CourseError(
      .format, what, expected: expected, received: received,
      location: "\(source.path), offset \(place)\(source.place)", remedy: "Get the file anew.")
  }

  /// An octal number between blanks and zeros; GNU's binary form for sizes above 8 GB is not read.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
    return digits.isEmpty ? nil : Int(String(decoding: digits, as: UTF8.self), radix: 8)
  }

  /// The value of "path" among pax records: "27 path=folder/file\n".
  private static func path(inPax content: ArraySlice<UInt8>) -> String? {
    var rest = content
    while let blank = rest.firstIndex(of: 32),
      let length = Int(String(decoding: rest[..<blank], as: UTF8.self)),
      length > blank - rest.startIndex + 1, length <= rest.count
    {
      let record = rest[(blank + 1)..<(rest.startIndex + length - 1)]
      if record.starts(with: "path=".utf8) {
        return String(decoding: record.dropFirst(5), as: UTF8.self)
      }
      rest = rest[(rest.startIndex + length)...]
    }
    return nil
  }

  private func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }
}
