import Foundation

extension SafetensorsFile {
  /// Reads a file; throws when it is damaged or something else.
  public init(contentsOf url: URL) throws {
    let data = try readFile(at: url.path, content: "a safetensors file")
    try self.init(data: data, path: url.path)
  }

  /// Reads the bytes of a file; `path` names it in errors.
  public init(data: Data, path: String) throws {
    let reader = try SafetensorsReader(data: data, path: path)
    self.init(metadata: try reader.metadata(), tensors: try reader.tensors())
  }
}

/// Checks a safetensors file as strictly as the reference implementation does, and two things more:
/// no key may occur twice, and no size may overflow.
struct SafetensorsReader {
  /// What the reference implementation allows.
  static let headerLimit = 100_000_000

  private let path: String
  private let header: [String: JSONValue]
  /// The bytes behind the header.
  private let body: Data

  /// What the header says about one tensor.
  struct Entry {
    var name: String
    var type: ElementType
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  init(data: Data, path: String) throws {
    self.path = path
    func refuse(_ what: String, expected: String? = nil, received: String? = nil) -> CourseError {
      let hint =
        contentHint(data).flatMap { $0 == "a safetensors file" ? nil : $0 } ?? textHint(data)
      return CourseError(
        .format, what, expected: hint == nil ? expected : nil, received: hint ?? received,
        location: path,
        remedy: hint == nil ? "The file is damaged or truncated: get it anew." : nil)
    }
    guard data.count >= 8 else {
      throw refuse(
        "this is not a safetensors file", expected: "at least 8 bytes",
        received: "\(data.count)")
    }
    let length = data.withUnsafeBytes {
      UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
    }
    guard length <= UInt64(SafetensorsReader.headerLimit) else {
      throw refuse(
        "this is not a safetensors file",
        expected: "a header of at most \(SafetensorsReader.headerLimit) bytes",
        received: "\(length) at offset 0")
    }
    guard Int(length) <= data.count - 8 else {
      throw refuse(
        "the file ends inside the header", expected: "\(length) bytes from offset 8",
        received: "\(data.count - 8)")
    }
    let start = data.startIndex + 8
    let text = data[start..<(start + Int(length))]
    let value = try JSONValue(parsing: Data(text), name: "\(path), header")
    guard let object = value.object else {
      throw CourseError(
        .format, "the header is not a JSON object", location: path,
        remedy: "This is not a safetensors file.")
    }
    header = object
    body = data[(start + Int(length))...]
  }

  func metadata() throws -> [String: String] {
    guard let value = header["__metadata__"] else { return [:] }
    guard let object = value.object else {
      throw refuse("__metadata__", "is not an object", expected: "texts by name")
    }
    return try object.mapValues { text in
      if let text = text.string { return text }
      throw refuse("__metadata__", "holds something else than text", received: "\(text)")
    }
  }

  func tensors() throws -> [(name: String, tensor: Tensor)] {
    try entries().map { ($0.name, try tensor($0)) }
  }

  /// What the header says about all tensors, found to be true of the file; by name, so that of several
  /// mistakes the same one is told each time.
  func entries() throws -> [Entry] {
    let entries = try header.filter { $0.key != "__metadata__" }
      .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(entry)
    try checkThatNothingIsLeftOut(entries)
    return entries
  }

  private func entry(_ name: String, _ value: JSONValue) throws -> Entry {
    let title = "tensor \"\(name)\""
    guard let typeName = value["dtype"]?.string else {
      throw refuse(title, "has no data type", expected: "\"dtype\": \"F32\" or the like")
    }
    guard let type = ElementType(rawValue: typeName) else {
      throw refuse(
        title, "has a data type that is not supported",
        expected: ElementType.allCases.map(\.rawValue).joined(separator: ", "),
        received: typeName, remedy: "Convert it to F32.")
    }
    let shape = value["shape"]?.array?.compactMap(\.integer) ?? [-1]
    guard shape.count == value["shape"]?.array?.count, shape.allSatisfy({ $0 >= 0 }) else {
      throw refuse(
        title, "has no valid shape", expected: "a list of whole numbers",
        received: value["shape"].map { "\($0)" } ?? "nothing")
    }
    guard let offsets = value["data_offsets"]?.array, offsets.count == 2,
      let begin = offsets[0].integer, let end = offsets[1].integer, 0 <= begin, begin <= end
    else {
      throw refuse(
        title, "has no valid data offsets", expected: "begin and end",
        received: value["data_offsets"].map { "\($0)" } ?? "nothing")
    }
    guard end <= body.count else {
      throw refuse(
        title, "reaches beyond the end of the file",
        expected: "at most \(body.count) bytes of data", received: "offset \(end)",
        remedy: "The file is damaged or truncated: get it anew.")
    }
    guard let count = checkedElementCount(shape), count <= Int.max / type.size,
      count * type.size == end - begin
    else {
      throw refuse(
        title, "has data that does not fit its shape \(shape) of \(typeName)",
        received: "\(end - begin) bytes")
    }
    return Entry(name: name, type: type, shape: shape, begin: begin, end: end)
  }

  /// The tensors must cover the data exactly: no gap, no overlap, nothing behind the last.
  private func checkThatNothingIsLeftOut(_ entries: [Entry]) throws {
    var covered = 0
    for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard entry.begin == covered else {
        throw refuse(
          "tensor \"\(entry.name)\"",
          entry.begin < covered ? "overlaps the one before" : "leaves a gap before it",
          expected: "data from offset \(covered)", received: "\(entry.begin)")
      }
      covered = entry.end
    }
    guard covered == body.count else {
      throw CourseError(
        .format, "there are bytes behind the last tensor", expected: "\(covered) bytes of data",
        received: "\(body.count)", location: path,
        remedy: "The file is damaged: get it anew.")
    }
  }

  /// The numbers of a tensor.
  func tensor(_ entry: Entry) throws -> Tensor {
    try Tensor(shape: entry.shape) { out in
      let tooLarge = body.withUnsafeBytes { bytes in
        entry.type.convert(
          UnsafeRawBufferPointer(rebasing: bytes[entry.begin..<entry.end]), isBigEndian: false,
          to: out)
      }
      if let tooLarge {
        throw refuse(
          "tensor \"\(entry.name)\"", "holds a number that is too large for 32 bits",
          received: "element \(tooLarge)")
      }
    }
  }

  private func refuse(
    _ place: String, _ what: String, expected: String? = nil, received: String? = nil,
    remedy: String? = nil
  ) -> CourseError {
    CourseError(
      .format, "\(place) \(what)", expected: expected, received: received, location: path,
      remedy: remedy)
  }
}

/// The beginning of a text, when a file is one.
private func textHint(_ data: Data) -> String? {
  // The last character may have been cut.
  let start = String(decoding: data.prefix(40), as: UTF8.self).dropLast(data.count > 40 ? 1 : 0)
  guard
    start.unicodeScalars.allSatisfy({
      $0.value >= 0x20 && $0.value != 0x7F && $0 != "\u{FFFD}" || (0x09...0x0D).contains($0.value)
    })
  else { return nil }
  let words = start.split(whereSeparator: \.isNewline).first
  return "a text that begins with \"\(words ?? "")\""
}
