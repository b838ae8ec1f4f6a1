import Foundation

/// The header of a NumPy file: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
struct NpyHeader {
  var type: ElementType
  var isBigEndian = false
  var isColumnMajor = false
  var shape: [Int]

  /// "\x93NUMPY"
  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]

  // MARK: Writing

  /// The bytes in front of the numbers, exactly as `numpy.save` writes them. Only floats and bytes are
  /// written.
  var encoded: Data {
    let sizes = shape.map(String.init)
    let tuple = sizes.count == 1 ? "\(sizes[0])," : sizes.joined(separator: ", ")
    let order = isColumnMajor ? "True" : "False"
    let descr = type == .uint8 ? "|u1" : "<f4"
    var text = "{'descr': '\(descr)', 'fortran_order': \(order), 'shape': (\(tuple)), }"
    // NumPy leaves room for the first size to grow to 21 digits.
    if let first = sizes.first { text += String(repeating: " ", count: 21 - first.count) }
    // Then 1 to 64 spaces (not 0 to 63) align the numbers to 64 bytes, line end included.
    let prefix = NpyHeader.magic.count + 4
    let padding = 64 - (prefix + text.utf8.count + 1) % 64
    text += String(repeating: " ", count: padding) + "\n"
    let length = UInt16(text.utf8.count)
    return Data(NpyHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + text.utf8)
  }

  // MARK: Reading

  /// Reads the header, up to the first element.
  init(_ cursor: inout ByteCursor) throws {
    guard cursor.starts(with: NpyHeader.magic) else {
      var start = cursor
      let bytes = try start.take(min(16, start.remaining), of: "the beginning")
      throw cursor.refuse(
        "this is not a NumPy array (.npy)", expected: "the bytes 93 4E 55 4D 50 59 at offset 0",
        received: contentHint(Data(bytes)), remedy: "")
    }
    try cursor.skip(NpyHeader.magic.count)
    let major = try cursor.number(bytes: 1, .little, of: "the header")
    let minor = try cursor.number(bytes: 1, .little, of: "the header")
    guard (1...3).contains(major), minor == 0 else {
      throw cursor.refuse(
        "unknown version of the NumPy format", expected: "1.0, 2.0 or 3.0",
        received: "\(major).\(minor)", remedy: NpyHeader.remedy)
    }
    let length = try cursor.number(bytes: major == 1 ? 2 : 4, .little, of: "the header")
    // NumPy's own limit.
    guard length <= 10_000 else {
      throw cursor.refuse(
        "the header is too long", expected: "at most 10000 bytes", received: "\(length)")
    }
    let place = cursor.offset
    let text = String(decoding: try cursor.take(length, of: "the header"), as: UTF8.self)
    try self.init(parsing: text) { problem, expected, received, remedy in
      cursor.refuse(problem, expected: expected, received: received, at: place, remedy: remedy)
    }
  }

  /// Parses the text of a header.
  private init(
    parsing text: String,
    _ refuse: (
      _ problem: String, _ expected: String?, _ received: String?, _ remedy: String
    ) -> CourseError
  ) throws {
    var parser = PythonLiteralParser(text: text)
    guard let entries = parser.parseDictionary(), Set(entries.keys) == NpyHeader.keys else {
      throw refuse(
        "the header of this NumPy file cannot be read",
        "a dictionary with descr, fortran_order and shape", "\"\(text.prefix(80))\"",
        NpyHeader.remedy)
    }
    guard case .string(let descr) = entries["descr"] else {
      throw refuse(
        "this NumPy file holds a structured array", "an array of numbers",
        "several fields an element", "Save one field of it.")
    }
    let order = descr.first { "<>=|".contains($0) }
    let kind = order == nil ? descr : String(descr.dropFirst())
    guard let type = ElementType(numpyName: kind) else {
      let (elements, remedy) = NpyHeader.unsupported(kind)
      throw refuse(
        "this NumPy file holds \(elements)", "an array of numbers", "descr '\(descr)'", remedy)
    }
    guard case .bool(let isColumnMajor) = entries["fortran_order"] else {
      throw refuse("fortran_order is neither True nor False", nil, nil, NpyHeader.remedy)
    }
    guard case .tuple(let shape) = entries["shape"] else {
      throw refuse(
        "the shape of this NumPy file cannot be read", "a tuple of whole numbers", nil,
        NpyHeader.remedy)
    }
    (self.type, isBigEndian) = (type, order == ">")
    (self.isColumnMajor, self.shape) = (isColumnMajor, shape)
  }

  /// The elements, which are all bytes after the header.
  func elements(_ cursor: inout ByteCursor) throws -> UnsafeRawBufferPointer {
    try checkLength(cursor.remaining, cursor)
    return try cursor.take(cursor.remaining, of: "elements")
  }

  /// Throws unless the elements take as many bytes as the file has.
  func checkLength(_ count: Int, _ cursor: ByteCursor) throws {
    guard let elements = countOfElements(shape), elements <= Int.max / type.size,
      elements * type.size == count
    else {
      throw cursor.refuse(
        "the data does not fit the header of this NumPy file",
        expected: "shape \(shape) of \(type.size) \(type.size == 1 ? "byte" : "bytes") an element",
        received: "\(counted(count, "byte")) from offset \(cursor.offset)")
    }
  }

  init(shape: [Int]) {
    type = .float32
    self.shape = shape
  }

  private static let keys: Set<String> = ["descr", "fortran_order", "shape"]

  private static let remedy = "Save the array again with numpy.save."

  /// Elements of a kind that is not read, and the advice for it.
  private static func unsupported(_ kind: String) -> (elements: String, remedy: String) {
    let remedy = "Save it in NumPy as numpy.save(path, array.astype(\"float32\"))."
    return switch kind.first {
    case "O": ("Python objects", "Loading them would run code from the file. " + remedy)
    case "U", "S", "a": ("texts", "Save numbers.")
    case "c": ("complex numbers", "Save the real and the imaginary part on their own.")
    default: ("elements that are not supported", remedy)
    }
  }
}

/// Reads the few Python literals that stand in the header of a NumPy file.
struct PythonLiteralParser {
  enum Value: Equatable {
    case string(String)
    case bool(Bool)
    case tuple([Int])
    /// A list, as structured types have it; its content does not matter.
    case list
  }

  private let characters: [UInt8]
  private var place = 0

  init(text: String) { characters = Array(text.utf8) }

  /// A dictionary and nothing after it; `nil` when there is anything else.
  mutating func parseDictionary() -> [String: Value]? {
    guard take("{") else { return nil }
    var entries: [String: Value] = [:]
    while !take("}") {
      guard let key = parseString(), take(":"), let value = parseValue(),
        entries.updateValue(value, forKey: key) == nil
      else { return nil }
      // The end of a list cannot be known without reading it.
      if value == .list { return entries.merging(["shape": .list, "fortran_order": .list]) { $1 } }
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    skipBlanks()
    return place == characters.count ? entries : nil
  }

  private mutating func parseValue() -> Value? {
    if let string = parseString() { return .string(string) }
    if take("True") { return .bool(true) }
    if take("False") { return .bool(false) }
    if take("[") { return .list }
    return parseTuple()
  }

  private mutating func parseTuple() -> Value? {
    guard take("(") else { return nil }
    var sizes: [Int] = []
    while !take(")") {
      guard let size = parseSize() else { return nil }
      sizes.append(size)
      let hasComma = take(",")
      if !hasComma {
        // "(3)" is a number in brackets, not a tuple.
        guard sizes.count > 1, take(")") else { return nil }
        break
      }
    }
    return .tuple(sizes)
  }

  /// Digits, with the `L` that Python 2 appended to them.
  private mutating func parseSize() -> Int? {
    skipBlanks()
    let start = place
    while place < characters.count, (0x30...0x39).contains(characters[place]) { place += 1 }
    let size = Int(String(decoding: characters[start..<place], as: UTF8.self))
    _ = take("L")
    return size
  }

  private mutating func parseString() -> String? {
    skipBlanks()
    guard place < characters.count, [0x22, 0x27].contains(characters[place]),
      let end = characters[(place + 1)...].firstIndex(of: characters[place])
    else { return nil }
    defer { place = end + 1 }
    return String(decoding: characters[(place + 1)..<end], as: UTF8.self)
  }

  private mutating func take(_ text: String) -> Bool {
    skipBlanks()
    guard characters[place...].starts(with: text.utf8) else { return false }
    place += text.utf8.count
    return true
  }

  private mutating func skipBlanks() {
    while place < characters.count, [0x20, 0x09, 0x0A, 0x0D].contains(characters[place]) {
      place += 1
    }
  }
}
