/// A recursive-descent reader of JSON, on bytes.
struct JSONParser {
  let bytes: [UInt8]
  let name: String
  private var place = 0
  private var depth = 0

  /// Deeper than any sensible file, and far from the end of a thread's stack.
  private static let depthLimit = 128

  init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  mutating func parseDocument() throws -> JSONValue {
    skipBlanks()
    let value = try parseValue()
    skipBlanks()
    guard place == bytes.count else { throw unexpected("the end of the text") }
    return value
  }

  private mutating func parseValue() throws -> JSONValue {
    guard place < bytes.count else { throw unexpected("a value") }
    switch bytes[place] {
    case UInt8(ascii: "{"): return try nested { try $0.parseObject() }
    case UInt8(ascii: "["): return try nested { try $0.parseArray() }
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    default: return try parseNumber()
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws -> JSONValue
  ) throws -> JSONValue {
    guard depth < JSONParser.depthLimit else {
      throw error("brackets are nested too deeply", expected: "at most \(JSONParser.depthLimit)")
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  private mutating func parseObject() throws -> JSONValue {
    place += 1
    var members: [String: JSONValue] = [:]
    skipBlanks()
    if take("}") { return .object(members) }
    while true {
      skipBlanks()
      guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else {
        throw unexpected("a key in quotes")
      }
      let start = place
      let key = try parseString()
      skipBlanks()
      guard take(":") else { throw unexpected("a colon") }
      skipBlanks()
      let value = try parseValue()
      guard members.updateValue(value, forKey: key) == nil else {
        throw error("the key \"\(key)\" occurs twice", at: start)
      }
      skipBlanks()
      if take("}") { return .object(members) }
      guard take(",") else { throw unexpected("a comma or a closing brace") }
    }
  }

  private mutating func parseArray() throws -> JSONValue {
    place += 1
    var values: [JSONValue] = []
    skipBlanks()
    if take("]") { return .array(values) }
    while true {
      skipBlanks()
      values.append(try parseValue())
      skipBlanks()
      if take("]") { return .array(values) }
      guard take(",") else { throw unexpected("a comma or a closing bracket") }
    }
  }

  // MARK: Words and numbers

  private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
    let letters = word.withUTF8Buffer { Array($0) }
    guard bytes[place...].starts(with: letters) else { throw unexpected("a value") }
    place += letters.count
    return value
  }

  private mutating func parseNumber() throws -> JSONValue {
    let start = place
    _ = take("-")
    let whole = takeDigits()
    guard whole > 0 else {
      place = start
      throw unexpected("a value")
    }
    if whole > 1, bytes[place - whole] == UInt8(ascii: "0") {
      throw error("a number starts with 0", at: start)
    }
    var isInteger = true
    if take(".") {
      isInteger = false
      guard takeDigits() > 0 else { throw unexpected("a digit") }
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("-") { _ = take("+") }
      guard takeDigits() > 0 else { throw unexpected("a digit") }
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw error("a number is too large", at: start)
    }
    return .number(value)
  }

  private mutating func takeDigits() -> Int {
    let start = place
    while place < bytes.count, bytes[place] >= 0x30, bytes[place] <= 0x39 { place += 1 }
    return place - start
  }

  // MARK: Strings

  private mutating func parseString() throws -> String {
    let start = place
    place += 1
    var text: [UInt8] = []
    while true {
      guard place < bytes.count else { throw error("a text has no closing quote", at: start) }
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw error("a text is not UTF-8", at: start)
        }
        return string
      case UInt8(ascii: "\\"): text += try parseEscape()
      case 0..<0x20:
        place -= 1
        throw error("a text holds a control character", remedy: "Write it as an escape: \\n.")
      default: text.append(byte)
      }
    }
  }

  private mutating func parseEscape() throws -> [UInt8] {
    guard place < bytes.count else { throw unexpected("an escaped character") }
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return try parseUnicodeEscape()
    default:
      place -= 2
      throw error("unknown escape", remedy: "A backslash is written twice.")
    }
  }

  /// `\uXXXX`, or two of them for characters beyond the first 65536 (a surrogate pair).
  private mutating func parseUnicodeEscape() throws -> [UInt8] {
    let start = place - 2
    var code = try parseHexDigits()
    if (0xD800..<0xDC00).contains(code) {
      guard take("\\"), take("u") else { throw error("half a surrogate pair", at: start) }
      let low = try parseHexDigits()
      guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair", at: start) }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair", at: start) }
    return Array(String(Character(scalar)).utf8)
  }

  private mutating func parseHexDigits() throws -> UInt32 {
    let end = place + 4
    guard end <= bytes.count, bytes[place..<end].allSatisfy({ isHexDigit($0) }),
      let code = UInt32(String(decoding: bytes[place..<end], as: UTF8.self), radix: 16)
    else { throw unexpected("four hexadecimal digits") }
    place = end
    return code
  }

  private func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
  }

  // MARK: Bytes

  private mutating func skipBlanks() {
    while place < bytes.count {
      let byte = bytes[place]
      guard byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D else { return }
      place += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private func unexpected(_ expected: String) -> CourseError {
    guard place < bytes.count else {
      return error("the text ends too early", expected: expected)
    }
    let byte = bytes[place]
    let received =
      byte > 0x20 && byte < 0x7F ? "\"\(Character(Unicode.Scalar(byte)))\"" : "byte \(byte)"
    return error("this is not JSON", expected: expected, received: received)
  }

  private func error(
    _ problem: String, expected: String? = nil, received: String? = nil, remedy: String? = nil,
    at position: Int? = nil
  ) -> CourseError {
    let before = bytes[..<Swift.min(position ?? place, bytes.count)]
    let line = before.count { $0 == 0x0A } + 1
    let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
    return CourseError(
      .format, problem, expected: expected, received: received,
      location: "\(name), line \(line), column \(column)", remedy: remedy)
  }
}
