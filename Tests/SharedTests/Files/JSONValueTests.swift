import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct JSONValueTests {
  private func parse(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: text, name: "settings.json")
  }

  @Test func everyKindOfValueIsRead() throws {
    let value = try parse(
      #" {"a": [1, -2.5, 1e3, 0], "b": {"c": null}, "d": true, "e": false, "f": "x", "g": []} "#)
    #expect(
      value
        == .object([
          "a": .array([.integer(1), .number(-2.5), .number(1000), .integer(0)]),
          "b": .object(["c": .null]), "d": .bool(true), "e": .bool(false), "f": .string("x"),
          "g": .array([]),
        ]))
    #expect(try parse("-0") == .integer(0))
    #expect(try parse("9223372036854775807").integer == .max)
    #expect(try parse("9223372036854775808").number == 0x1p63)
  }

  @Test func valuesAreLookedIntoByKind() throws {
    let value = try parse(#"{"a": 1, "b": "x", "c": [2.5], "d": true}"#)
    #expect(value["a"]?.integer == 1 && value["a"]?.number == 1 && value["a"]?.string == nil)
    #expect(value["b"]?.string == "x" && value["b"]?.array == nil && value["x"] == nil)
    #expect(value["c"]?.array?.first?.number == 2.5 && value["c"]?.object == nil)
    #expect(value["d"]?.bool == true && value["d"]?.integer == nil && value["a"]?.bool == nil)
    #expect(value["a"]?["b"] == nil)
  }

  @Test func escapesInTextsAreRead() throws {
    #expect(
      try parse(#""\"\\\/\b\f\n\r\t\u00e4\uD83D\uDE00é""#).string
        == "\"\\/\u{8}\u{C}\n\r\tä😀é")
  }

  @Test(arguments: [
    ("", "ends too early"), ("{", "ends too early"), ("[1,]", "expected a value, got \"]\""),
    ("[1 2]", "comma"), ("{\"a\" 1}", "colon"), ("{a: 1}", "key in quotes"),
    ("{\"a\": 1,}", "key in quotes"), ("{\"a\": 1} x", "the end of the text"),
    ("nul", "a value"), ("True", "a value"), ("NaN", "a value"), ("'a'", "a value"),
    ("01", "starts with 0"), ("1.", "a digit"), ("1e", "a digit"), (".5", "a value"),
    ("+1", "a value"), ("-", "a value"), ("1e999", "too large"), ("\"a", "no closing quote"),
    ("\"\n\"", "control character"), (#""\x""#, "unknown escape"), (#""\u12""#, "hexadecimal"),
    (#""\u+123""#, "hexadecimal"), (#""\uD800""#, "surrogate"), (#""\uD800\u0041""#, "surrogate"),
    (#""\uDC00""#, "surrogate"), ("\"\\", "escaped character"),
    ("{\"a\": 1, \"b\": {}, \"a\": 2}", "the key \"a\" occurs twice"),
    ("// comment", "a value"), ("\u{FEFF}\u{FEFF}{}", "byte 239"),
  ])
  func whatIsNotJSONIsRefused(text: String, word: String) {
    expectCourseError(.format, "settings.json, line", word) { try parse(text) }
  }

  @Test func aByteOrderMarkIsNoPartOfTheText() throws {
    let value = try JSONValue(parsing: Data([0xEF, 0xBB, 0xBF] + #"{"a": 1}"#.utf8), name: "x")
    #expect(value == .object(["a": .integer(1)]))
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "x.json")
      try Data("\u{FEFF}[2]".utf8).write(to: file)
      let list = try JSONValue(contentsOf: file.path)
      #expect(list == .array([.integer(2)]))
    }
    #expect(try parse("\u{FEFF}[3]") == .array([.integer(3)]))
  }

  @Test func errorsNameLineAndColumn() {
    expectCourseError(.format, "line 3, column 8") { try parse("{\n  \"a\": 1,\n  \"b\": x\n}") }
    expectCourseError(.format, "line 2, column 1", "twice") { try parse("{\"a\":1,\n\"a\":2}") }
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    expectCourseError(.format, "not UTF-8") {
      try JSONValue(parsing: Data([0x22, 0xFF, 0x22]), name: "settings.json")
    }
  }

  @Test func depthIsLimited() throws {
    let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    #expect(throws: Never.self) { try parse(deep) }
    expectCourseError(.format, "nested too deeply") { try parse("[" + deep + "]") }
    expectCourseError(.format, "nested too deeply") {
      try parse(String(repeating: "{\"a\":", count: 100_000))
    }
  }

  @Test func textsAreWrittenSoThatTheyCanBeReadAgain() throws {
    let value = JSONValue.object([
      "b\"": .array([.integer(-3), .number(0.1), .number(1e300), .null, .bool(false)]),
      "a": .string("\u{0}\n\t\r\\ä😀"), "": .object([:]),
    ])
    #expect(try parse(value.description) == value)
    #expect(value.description.hasPrefix(#"{"":{},"a":"\u0000\n\t\r\\ä😀","#))
    #expect(JSONValue.number(.nan).description == "null")
  }

  @Test func filesAreRead() throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "settings.json")
      try Data("{\"epochs\": 3}".utf8).write(to: url)
      #expect(try JSONValue(contentsOf: url.path)["epochs"]?.integer == 3)
      expectCourseError(.file, "a folder") { try JSONValue(contentsOf: folder.path) }
    }
  }

  private struct Settings: Codable {
    struct Layer: Codable { var size: Int }
    var layers: [Layer]
    var rate: Double?
  }

  @Test(arguments: [
    (#"{"layers": [{"size": 1}], "layers": []}"#, "the key \"layers\" occurs twice"),
    (#"{"layers": [], "rate": 1e400}"#, "line 1, column 24: a number is too large"),
    (String(repeating: "[", count: 100_000), "nested too deeply"),
    ("{\"layers\": [],}", "line 1, column 15: this is not JSON: expected a key in quotes"),
    (#"{"layers": [{"size": 1.5}]}"#, "a number does not fit its field"),
    (#"{"layers": [{"size": "1"}]}"#, "layers.0.size"),
    (#"{"layers": [{}]}"#, "the field layers.0.size is missing"),
    (#"{"layers": [{"size": 1, "width": 2}]}"#, "with an unknown field: layers.0.width"),
  ])
  func textsThatAreNotTheJSONOfATypeAreRefused(text: String, words: String) throws {
    #expect {
      try JSONCoding.decode(Settings.self, from: text)
    } throws: { error in
      let found = (error as? JSONCoding.Mismatch)?.words ?? "\(error)"
      return found.contains(words)
    }
    let right = try JSONCoding.decode(Settings.self, from: #"{"layers": [{"size": 3}]}"#)
    #expect(right.layers.map(\.size) == [3] && right.rate == nil)
  }
}
