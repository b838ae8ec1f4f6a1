import CourseTestSupport
import Shared
import Testing

/// Whether the first row is a header, and the names of the columns.
@Suite(.watched) struct CSVHeaderTests {
  @Test(arguments: [
    // As pandas writes columns without names, with an index and without.
    ("0,1,label\n5.1,3.5,a\n4.9,3.0,b\n", true), (",0,1,label\n0,5.1,3.5,a\n1,4.9,3.0,b\n", true),
    ("label,0,1\na,5,3\nb,4,3\n", true), ("0,1,2\n0.5,1.0,3.0\n0.1,2.5,4.0\n", true),
    ("0,1,2,3,4,5,6,7,8,9\n1,2,3,4,5,6,7,8,9,10\n", true),
    // Data: the word is one of the classes, the numbers are others, or few whole ones.
    ("0,1,yes\n1,1,no\n0,0,yes\n", false), ("0,2,label\n1,1,no\n", false),
    ("0,1,2\n1,2,3\n2,3,4\n", false), ("0,0,0\n0,1,1\n", false),
  ])
  func aRowThatCountsTheColumnsIsAHeader(text: String, expected: Bool) throws {
    let table = try CSVTable(text: text)
    #expect((table.columnNames != nil) == expected)
  }

  @Test func expectedNamesMakeAHeader() throws {
    let text = "kind,7\nno,5\nyes,6\n"
    #expect(try CSVTable(text: text).columnNames == nil)
    #expect(try CSVTable(text: text, expecting: ["kind"]).columnNames == ["kind", "7"])
    #expect(try CSVTable(text: text, expecting: ["Kind", "7"]).columnNames == ["kind", "7"])
    #expect(try CSVTable(text: text, expecting: ["kind", "8"]).columnNames == nil)
  }

  @Test func twoColumnsOfOneNameAreRefused() throws {
    expectCourseError(.format, "line 1", "\"x\" for columns 1 and 2", "Rename") {
      try CSVTable(text: "x,x,z,label\n1,2,3,a\n")
    }
    // Different in capitals is different.
    #expect(try CSVTable(text: "x,X\n1,2\n").columnNames == ["x", "X"])
  }

  @Test func aColumnWithoutANameIsCalledByItsNumber() throws {
    let table = try CSVTable(text: ",x,,label\n0,1,2,a\n")
    #expect(table.columnNames == ["column 0", "x", "column 2", "label"])
  }

  @Test func columnNamesMayHaveOtherCapitals() throws {
    let table = try CSVTable(text: "Length,Species\n1,a\n")
    #expect(try table.column("species") == 1 && table.column("Length") == 0)
  }

  @Test func anEmptyFileIsNotAHeader() {
    expectCourseError(.invalidData, "no rows", "no text") {
      try CSVTable(text: "", header: .present)
    }
    expectCourseError(.invalidData, "no rows", "a header only") { try CSVTable(text: "a,b\n") }
  }

  @Test func quotesAroundNothingAreAMissingValue() throws {
    let table = try CSVTable(text: "x\n1\n\"\"\n\n3\n")
    #expect(table.rowCount == 3)
    expectCourseError(.invalidData, "line 3", "missing") { try table.numbers(inColumns: [0]) }
  }
}
