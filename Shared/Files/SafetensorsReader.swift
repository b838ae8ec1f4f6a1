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

/// Checks a safetensors file as strictly as the reference implementation does, and in addition that no key
/// occurs twice and no size overflows.
struct SafetensorsReader {
  /// The limit of the reference implementation.
  static let headerLimit = 100_000_000
  private static let damageRemedy = "The file is damaged or truncated: download or save it again."

  private let path: String
  private let header: [String: JSONValue]
  /// The bytes after the header.
  private let body: Data

  /// The entry of one tensor in the header.
  struct Entry {
    var name: String
    var type: ElementType
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  init(data: Data, path: String) throws {
    self.path = path
    let length: Int
    (length, header) = try data.withUnsafeBytes { try SafetensorsReader.header($0, path: path) }
    body = data[(data.startIndex + 8 + length)...]
  }

  /// The length and the content of the header.
  private static func header(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws -> (length: Int, header: [String: JSONValue]) {
    let hint =
      contentHint(Data(bytes.prefix(16))).flatMap { $0 == "a safetensors file" ? nil : $0 }
      ?? textHint(bytes)
    // Where the file is something else, that says enough.
    var cursor = ByteCursor(bytes, path: path, remedy: hint == nil ? damageRemedy : "")
    func refuse(_ problem: String, expected: String, received: String) -> CourseError {
      cursor.refuse(
        problem, expected: hint == nil ? expected : nil, received: hint ?? received)
    }
    guard bytes.count >= 8 else {
      throw refuse(
        "this is not a safetensors file", expected: "at least 8 bytes",
        received: "\(bytes.count)")
    }
    let length = try cursor.number(bytes: 8, .little)
    guard length <= headerLimit else {
      throw refuse(
        "this is not a safetensors file", expected: "a header of at most \(headerLimit) bytes",
        received: "\(length) at offset 0")
    }
    guard length <= cursor.remaining else {
      throw refuse(
        "the file ends inside the header", expected: "\(length) bytes from offset 8",
        received: "\(cursor.remaining)")
    }
    let text = Data(try cursor.take(length, of: "the header"))
    guard let object = try JSONValue(parsing: text, name: "\(path), header").object else {
      throw CourseError(
        .format, "the header is not a JSON object", location: path,
        remedy: "This is not a safetensors file.")
    }
    return (length, object)
  }

  func metadata() throws -> [String: String] {
    guard let value = header["__metadata__"] else { return [:] }
    guard let object = value.object else {
      throw refuse("__metadata__", "is not an object", expected: "texts by name")
    }
    return try object.mapValues { text in
      if let text = text.string { return text }
      throw refuse("__metadata__", "holds a value that is not a text", received: "\(text)")
    }
  }

  func tensors() throws -> [(name: String, tensor: Tensor)] {
    try entries().map { ($0.name, try tensor($0)) }
  }

  /// The entries of all tensors, checked against the file; sorted by name, so that of several mistakes the
  /// same one is reported each time.
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
        remedy: SafetensorsReader.damageRemedy)
    }
    guard let count = countOfElements(shape), count <= Int.max / type.size,
      count * type.size == end - begin
    else {
      throw refuse(
        title, "has data that does not fit its shape \(shape) of \(typeName)",
        received: "\(end - begin) bytes")
    }
    return Entry(name: name, type: type, shape: shape, begin: begin, end: end)
  }

  /// The tensors must cover the data exactly: no gap, no overlap, nothing after the last.
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
        .format, "there are bytes after the last tensor", expected: "\(covered) bytes of data",
        received: "\(body.count)", location: path,
        remedy: SafetensorsReader.damageRemedy)
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
    _ place: String, _ problem: String, expected: String? = nil, received: String? = nil,
    remedy: String? = nil
  ) -> CourseError {
    CourseError(
      .format, "\(place) \(problem)", expected: expected, received: received, location: path,
      remedy: remedy)
  }
}

/// The beginning of a text, when a file is one.
private func textHint(_ data: UnsafeRawBufferPointer) -> String? {
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
