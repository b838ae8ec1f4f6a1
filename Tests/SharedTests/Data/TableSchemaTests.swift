import CourseTestSupport
import Shared
import Testing

/// The rule by which a trained network finds its columns.
@Suite(.watched) struct TableSchemaTests {
  private let schema = TableSchema(
    featureNames: ["x", "y"], classNames: ["no", "yes"], labelName: "kind", labelPlace: 2)

  private func columns(
    _ text: String, _ schema: TableSchema? = nil, label: LabelColumn? = nil,
    needsLabel: Bool = false
  ) throws -> TableColumns {
    let schema = schema ?? self.schema
    return try CSVTable(text: text, expecting: schema.featureNames)
      .columns(for: schema, label: label, needsLabel: needsLabel)
  }

  @Test(
    arguments: [
      ("x,y,kind\n1,2,no\n", [0, 1], 2, []), ("y,x\n2,1\n", [1, 0], nil, []),
      ("kind,day,y,x\nno,7,2,1\n", [3, 2], 0, [1]),
      // In other capitals, and with blanks inside the quotes.
      ("Kind,\" Y\",X\nno,2,1\n", [2, 1], 0, []),
      // By place.
      ("1,2\n", [0, 1], nil, []), ("1,2,no\n", [0, 1], 2, []),
    ] as [(String, [Int], Int?, [Int])])
  func columnsAreFoundByNameOrByPlace(
    text: String, features: [Int], label: Int?, unused: [Int]
  ) throws {
    let found = try columns(text)
    #expect(found.features == features && found.label == label && found.unused == unused)
  }

  @Test func theSameNameComesBeforeOneInOtherCapitals() throws {
    let both = try columns("X,y,x\n1,2,3\n")
    #expect(both.features == [2, 1] && both.unused == [0])
    expectCourseError(.invalidData, "no \"x\"") { try columns("X,y,\"X \"\n1,2,3\n") }
  }

  @Test func aHeaderWithoutTheNamesIsRefused() {
    expectCourseError(.invalidData, "columns are missing", "no \"y\"", "remove the header") {
      try columns("x,z\n1,2\n")
    }
    expectCourseError(.invalidData, "columns are missing", "no \"x\", \"y\"") {
      try columns("a,b\n1,2\n")
    }
  }

  @Test func aFirstRowOfTheNetworksNamesIsTheHeader() throws {
    let numbered = TableSchema(featureNames: ["0", "1", "2"], labelName: "3")
    let table = try CSVTable(text: "2,1,0\n5,6,7\n8,9,10\n", expecting: numbered.featureNames)
    #expect(table.rowCount == 2)
    #expect(try table.columns(for: numbered).features == [2, 1, 0])
    #expect(try CSVTable(text: "2,1,0\n5,6,7\n").rowCount == 2)
  }

  @Test func aLabelWithoutHeaderStandsWhereItStoodInTraining() throws {
    var schema = schema
    schema.labelPlace = 0
    #expect(try columns("no,1,2\n", schema).features == [1, 2])
    // Nothing is known but the classes.
    schema.labelPlace = nil
    #expect(try columns("1,no,2\n3,yes,4\n", schema).features == [0, 2])
    let numbered = TableSchema(featureNames: [], featureCount: 2, classNames: ["0", "1"])
    expectCourseError(.invalidData, "label column", "which column") {
      try columns("0,1,1\n1,0,1\n", numbered)
    }
    #expect(try columns("0,1,1\n1,0,1\n", numbered, label: 1).features == [0, 2])
  }

  @Test func aTableThatNeedsALabelHasOne() throws {
    expectCourseError(.invalidData, "no label column \"kind\"", "which column") {
      try columns("x,y,sort\n1,2,no\n", needsLabel: true)
    }
    #expect(try columns("x,y,sort\n1,2,no\n", label: "sort", needsLabel: true).label == 2)
    expectCourseError(.invalidData, "wrong number of columns", "2 and the label") {
      try columns("1,2\n", needsLabel: true)
    }
    // A network that was made in Swift knows no name: the only column left.
    let bare = TableSchema(featureNames: ["x", "y"])
    #expect(try columns("y,sort,x\n1,no,2\n", bare, needsLabel: true).label == 1)
    expectCourseError(.invalidArgument, "feature and label") {
      try columns("x,y,kind\n1,2,no\n", label: "y")
    }
  }

  @Test func aWrongNumberOfColumnsIsRefused() {
    expectCourseError(
      .invalidData, "wrong number of columns", "2, or 3 with the label", "got 4", "\"x\", \"y\""
    ) { try columns("1,2,3,4\n") }
    expectCourseError(.invalidData, "wrong number of columns") { try columns("1\n") }
  }

  @Test func aDatasetIsReadByTheRule() throws {
    let table = try CSVTable(
      text: "day,kind,Y,x\nmonday,yes,2,1\n", expecting: schema.featureNames)
    let data = try Dataset(table, for: schema)
    #expect(data.features == [[1, 2]] && data.featureNames == ["x", "y"])
    #expect(data.targets == .classes([1]) && data.classNames == ["no", "yes"])
  }
}
