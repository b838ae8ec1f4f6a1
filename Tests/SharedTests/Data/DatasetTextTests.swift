import CourseTestSupport
import Shared
import Testing

@Suite(.watched) struct DatasetTextTests {
  private static let texts = ["young domestic cat", "a long cape", "café"]

  private func data(length: Int? = nil) throws -> Dataset {
    try Dataset(
      texts: Self.texts, labels: [1, 0, 2], classNames: ["artifact", "animal", "location"],
      length: length)
  }

  @Test func aTextIsARowOfItsBytes() throws {
    let data = try data()
    #expect(data.inputShape == [18] && data.count == 3 && data.holdsTexts)
    #expect(data.texts == Self.texts)
    let row = data.batch(at: [2]).features.scalars
    #expect(row == Array("café".utf8).map(Float.init) + [Float](repeating: 0, count: 13))
  }

  @Test func aPartHasItsOwnTexts() throws {
    let part = try data().subset([2, 0])
    #expect(part.holdsTexts && part.texts == ["café", "young domestic cat"])
  }

  /// `é` is two bytes, which are cut off together.
  @Test(arguments: [(5, "café"), (4, "caf"), (3, "caf"), (30, "café")])
  func aLongerTextIsCutBetweenCharacters(length: Int, text: String) throws {
    let data = try data(length: length)
    #expect(data.inputShape == [length] && data.text(at: 2) == text)
    #expect(try self.data().withTexts(ofLength: length).text(at: 2) == text)
  }

  @Test func numbersHaveNoText() {
    #expect(Dataset.iris.text(at: 0) == nil && Dataset.iris.texts.isEmpty)
  }

  @Test(arguments: ["", " \n"])
  func anEmptyTextIsRefused(text: String) {
    expectCourseError(.invalidData, "a text is empty", "reviews, example 1") {
      try Dataset(name: "reviews", texts: ["good", text], labels: [0, 1])
    }
  }

  @Test func textsComeFromTables() throws {
    let table = try CSVTable(
      text: "id,review,stars\n1,\"good, really\",5\n2,bad,1\n", name: "reviews.csv")
    let data = try Dataset(texts: table, text: "review", label: "stars")
    #expect(data.texts == ["good, really", "bad"])
    #expect(data.classNames == ["1", "5"] && data.targets.classIndices == [1, 0])
    #expect(
      try Dataset(texts: table, text: 1, label: -1, classNames: ["5", "3", "1"]).targets
        .classIndices == [0, 2])
  }

  @Test func wrongTablesAreRefused() throws {
    let table = try CSVTable(text: "review,stars\ngood,5\n,1\nbad,\n", name: "reviews.csv")
    expectCourseError(.invalidData, "reviews.csv, line 4, column 2") {
      try Dataset(texts: table, text: "review", label: "stars")
    }
    expectCourseError(.invalidArgument, "one column cannot be text and label") {
      try Dataset(texts: table, text: "review", label: 0)
    }
    let empty = try CSVTable(text: "review,stars\ngood,5\n,1\n", name: "reviews.csv")
    expectCourseError(.invalidData, "a text is empty", "reviews.csv, line 3, column 1 (\"review\")")
    {
      try Dataset(texts: empty, text: "review", label: "stars")
    }
  }
}
