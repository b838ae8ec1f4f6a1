import CourseTestSupport
import Foundation
import Shared
import Testing

@Suite(.watched) struct CSVTableTests {
  private func rows(_ table: CSVTable) -> [[String]] {
    (0..<table.rowCount).map { table.texts(ofRow: $0) }
  }

  @Test func aHeaderOfWordsAboveNumbersIsFound() throws {
    let table = try CSVTable(text: "a,b\n1,2\n3,4\n")
    #expect(table.columnNames == ["a", "b"])
    #expect(table.rowCount == 2 && table.columnCount == 2)
    #expect(rows(table) == [["1", "2"], ["3", "4"]])
  }

  @Test(arguments: [
    ("1,2\n3,4", false), ("5.1,setosa\n4.9,setosa", false), ("a\n1", true), ("a,b\nc,d", true),
    ("x,kind\n,red\n2,blue", true), ("150,4,setosa\n5.1,3.5,0\n", true), ("a,b,c", true),
    ("?,1\n2,3", false),
  ])
  func theFirstRowIsAHeaderOrNot(text: String, expected: Bool) throws {
    if text == "a,b,c" {
      expectCourseError(.invalidData, "a header only") { try CSVTable(text: text) }
    } else {
      #expect(try (CSVTable(text: text).columnNames != nil) == expected)
    }
  }

  @Test func theHeaderCanBeStated() throws {
    #expect(try CSVTable(text: "1,2\n3,4", header: .present).columnNames == ["1", "2"])
    #expect(try CSVTable(text: "a,b\n3,4", header: .absent).rowCount == 2)
  }

  @Test(arguments: [",", ";", "\t"])
  func theDelimiterIsFound(delimiter: String) throws {
    let text = "a,b,c\n1,2,3\n4,5,6".replacing(",", with: delimiter)
    #expect(rows(try CSVTable(text: text)) == [["1", "2", "3"], ["4", "5", "6"]])
  }

  @Test func commasInsideFieldsOfASemicolonFileAreNoDelimiters() throws {
    let table = try CSVTable(text: "1,5;2,5;a\n1,25;7;\"b;,\"\n", header: .absent)
    #expect(rows(table) == [["1,5", "2,5", "a"], ["1,25", "7", "b;,"]])
  }

  @Test func anyDelimiterCanBeGiven() throws {
    #expect(rows(try CSVTable(text: "1|2\n3|4", delimiter: "|")) == [["1", "2"], ["3", "4"]])
    #expect(rows(try CSVTable(text: "1 2\n3 4", delimiter: " ")) == [["1", "2"], ["3", "4"]])
    for wrong: Character in ["\"", "\n", "7", "é", "."] {
      expectCourseError(.invalidArgument, "invalid delimiter") {
        try CSVTable(text: "1", delimiter: wrong)
      }
    }
  }

  @Test func quotedFieldsMayHoldAnything() throws {
    let text = "\"a \"\"quoted\"\" name\",\"b,c\"\r\n\"two\nlines\",\" kept \"\n x , \"y\" \n"
    let table = try CSVTable(text: text, header: .present)
    #expect(table.columnNames == ["a \"quoted\" name", "b,c"])
    #expect(rows(table) == [["two\nlines", " kept "], ["x", "y"]])
    // The quoted field took two lines.
    #expect(table.location(row: 1, column: 0).contains("line 4, column 1"))
  }

  @Test(arguments: ["\n", "\r\n", "\r"])
  func allLineEndsAndBlankLinesAreRead(newline: String) throws {
    let text = "\u{FEFF}\n1,2\n\n  \n3,4\n\n".replacing("\n", with: newline)
    let table = try CSVTable(text: text)
    #expect(rows(table) == [["1", "2"], ["3", "4"]])
    #expect(table.location(row: 1, column: 1) == "CSV text, line 5, column 2")
  }

  @Test func damagedTextIsRefused() {
    expectCourseError(.format, "line 3", "expected 2 fields, as in line 1", "got 3") {
      try CSVTable(text: "a,b\n1,2\n1,2,3")
    }
    expectCourseError(.format, "line 2", "expected 1 field, as in line 1", "got 2") {
      try CSVTable(text: "a\n1,2")
    }
    expectCourseError(.format, "line 2", "unterminated quoted field") {
      try CSVTable(text: "a,b\n1,\"2\n3,4")
    }
    expectCourseError(.format, "line 2", "after the closing quote") {
      try CSVTable(text: "a,b\n1,\"2\"3")
    }
    expectCourseError(.invalidData, "no rows") { try CSVTable(text: "") }
    expectCourseError(.invalidData, "no rows") { try CSVTable(text: " \n\n") }
  }

  @Test func filesThatAreNoTextAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "data.csv").path
      let cases: [(bytes: [UInt8], word: String)] = [
        ([0x50, 0x4B, 3, 4, 0, 0], "spreadsheet"), ([0x1F, 0x8B, 8], "gunzip"),
        ([0xFF, 0xFE, 0x31], "damaged UTF-16"), ([0x31, 0x0A, 0, 0x32], "zero byte at offset 2"),
        ([0x31, 0x0A, 0x81, 0x0A], "line 2"),
      ]
      for (bytes, word) in cases {
        try Data(bytes).write(to: URL(filePath: path))
        expectCourseError(.format, path, word) { try CSVTable(contentsOf: path) }
      }
      expectCourseError(.file, "a folder") { try CSVTable(contentsOf: folder.path) }
      expectCourseError(.file, "no such file", "missing.csv") {
        try CSVTable(contentsOf: folder.appending(path: "missing.csv").path)
      }
    }
  }

  @Test func columnsAreFoundByNameAndNumber() throws {
    let table = try CSVTable(text: "a,b,c\n1,2,3")
    #expect(try table.column("a") == 0)
    #expect(try table.column(-1) == 2)
    #expect(try table.column(LabelColumn(argument: "1")) == 1)
    #expect(LabelColumn(argument: "-1") == .index(-1) && LabelColumn(argument: "x1") == .name("x1"))
    #expect((2 as LabelColumn).description == "2" && ("b" as LabelColumn).description == "b")
    expectCourseError(.invalidArgument, "\"d\"", "\"a\", \"b\"") { try table.column("d") }
    expectCourseError(.invalidArgument, "0 to 2") { try table.column(3) }
    expectCourseError(.invalidArgument, "0 to 2") { try table.column(-4) }
    let bare = try CSVTable(text: "1,2")
    expectCourseError(.invalidArgument, "without header") { try bare.column("a") }
  }

  @Test func numbersAreReadExactly() throws {
    let texts = [
      "0", "-0.5", "+7", "5.", ".25", "1e3", "-1.5E-2", "2e+2", "0.1", "3.4028235e38",
      "123456789012345678", "0.000000000000000000001", "16777217",
    ]
    let table = try CSVTable(text: texts.joined(separator: ","))
    let expected: [Float] = [
      0, -0.5, 7, 5, 0.25, 1000, -0.015, 200, 0.1, .greatestFiniteMagnitude, 123456790519087104,
      1e-21, 16777216,
    ]
    #expect(try table.numbers(inColumns: Array(0..<texts.count)) == Tensor([expected]))
    #expect(try table.numbers(inColumns: [2, 0]) == [[7, 0]])
  }

  @Test(arguments: [
    ("", "missing"), ("NA", "missing"), ("?", "missing"), ("NaN", "missing"),
    ("inf", "not finite"), ("-Infinity", "not finite"), ("1e39", "not finite"),
    ("red", "not a number"), ("0x10", "not a number"), ("1.2.3", "not a number"),
    ("1e", "not a number"), ("e5", "not a number"), ("--1", "not a number"), (".", "not a number"),
    ("\"1,5\"", "as a point"), ("\"1,006\"", "thousands, 1006;"),
    ("#N/A", "missing"), ("<NA>", "missing"), ("\"1,234,567.5\"", "thousands, 1234567.5;"),
    ("1 2", "not a number"), ("١", "not a number"),
  ])
  func whatIsNoNumberIsAnErrorWithItsPlace(text: String, word: String) throws {
    let table = try CSVTable(text: "x,y\n1,2\n3,\(text)\n", delimiter: ",")
    expectCourseError(.invalidData, "CSV text, line 3, column 2 (\"y\")", word) {
      try table.numbers(inColumns: [0, 1])
    }
  }

  @Test func classesAreSortedAsWordsOrAsNumbers() throws {
    let table = try CSVTable(text: "b,10,x\na,9,1\nb,-1,2\n", header: .absent)
    #expect(try table.classes(inColumn: 0) == (indices: [1, 0, 1], names: ["a", "b"]))
    #expect(try table.classes(inColumn: 1) == (indices: [2, 1, 0], names: ["-1", "9", "10"]))
    #expect(try table.classes(inColumn: 2) == (indices: [2, 0, 1], names: ["1", "2", "x"]))
    // Text stays text, in the order of the numbers.
    let decimals = try CSVTable(text: "2.0\n1\n02\n10\n1.0\n01\n")
    #expect(
      try decimals.classes(inColumn: 0)
        == (indices: [4, 1, 3, 5, 2, 0], names: ["01", "1", "1.0", "02", "2.0", "10"]))
  }

  @Test func classesCanReferToThoseOfANetwork() throws {
    let table = try CSVTable(text: "x,kind\n1,c\n2,a\n")
    let classes = try table.classes(inColumn: 1, classNames: ["a", "b", "c"])
    #expect(classes == (indices: [2, 0], names: ["a", "b", "c"]))
    expectCourseError(.invalidData, "line 2, column 2", "\"c\"", "\"a\", \"b\"") {
      try table.classes(inColumn: 1, classNames: ["a", "b"])
    }
    let numbers = try CSVTable(text: "x,kind\n1,1.0\n")
    expectCourseError(.invalidData, "unknown class", "Write it as in training: \"1\"") {
      try numbers.classes(inColumn: 1, classNames: ["0", "1"])
    }
  }

  @Test func labelsThatAreNoClassesAreRefused() throws {
    expectCourseError(.invalidData, "line 3", "label is missing") {
      try CSVTable(text: "x,y\n1,a\n2,\n").classes(inColumn: 1)
    }
    expectCourseError(.invalidData, "line 3", "whole number", "2.5") {
      try CSVTable(text: "x,y\n1,1\n2,2.5\n").classes(inColumn: 1)
    }
  }

  @Test func noPrefixAndNoFlippedBitOfAFileTraps() {
    let text = Array("a,\"b \"\"c\"\"\",kind\r\n1,2.5e1,\"x\"\n-3,,y\n".utf8)
    for length in 0...text.count {
      let part = String(decoding: text.prefix(length), as: UTF8.self)
      _ = try? Dataset(CSVTable(text: part), label: -1)
    }
    for bit in 0..<(text.count * 8) {
      var bytes = text
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      _ = try? Dataset(CSVTable(text: String(decoding: bytes, as: UTF8.self)), label: -1)
    }
  }
}
