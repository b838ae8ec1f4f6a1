import CourseTestSupport
import Foundation
import Testing

@testable import Shared

/// Labels of which a row may have several.
@Suite(.watched) struct TableLabelTests {
  private func table(_ text: String) throws -> CSVTable { try CSVTable(text: text, name: "t") }

  @Test func listsBecomeLabels() throws {
    for (mark, written) in [("|", "|"), (";", "; "), (",", ", "), (" ", " ")] {
      let cells = ["b\(written)a", "a", "", "c\(written)b", "b"].map { "\"\($0)\"" }
      let data = try table(
        "x,kinds\n" + cells.enumerated().map { "\($0 * $0),\($1)\n" }.joined())
      let preparation = try Preparation(data, labels: ["kinds"])
      #expect(preparation.labels == TableLabels(names: ["a", "b", "c"], separator: mark))
      let examples = try preparation.dataset(data)
      #expect(examples.classNames == ["a", "b", "c"])
      #expect(
        examples.targets
          == .values([[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, 1, 1], [0, 1, 0]]), "\(mark)")
      let copy = try JSONDecoder().decode(
        Preparation.self, from: JSONEncoder().encode(preparation))
      #expect(copy == preparation)
      try copy.check(inputShape: [1])
      // Only the labels of training are known.
      expectCourseError(.invalidData, "training did not have", "\"d\"", "line 3") {
        try preparation.dataset(table("x,kinds\n1,a\n2,d\n"))
      }
    }
  }

  @Test func answersBecomeLabels() throws {
    let data = try table("x,old,red,fast\n1,yes,0,T\n2,no,1,F\n3,No,1,true\n")
    let preparation = try Preparation(data, labels: ["old", "red", "fast"])
    #expect(preparation.columns.map(\.name) == ["x"])
    #expect(
      try preparation.dataset(data).targets == .values([[1, 0, 1], [0, 1, 0], [0, 1, 1]]))
    // By name, in any order, and absent where nothing is measured.
    let other = try preparation.dataset(table("fast,x,red,old\nyes,9,no,1\n"))
    #expect(other.targets == .values([[1, 0, 1]]))
    #expect(try preparation.features(of: table("x\n7\n")).scalars == [7])
    expectCourseError(.invalidData, "neither yes nor no", "line 3", "\"maybe\"") {
      try Preparation(table("x,a,b\n1,yes,no\n2,maybe,no\n"), labels: ["a", "b"])
    }
    expectCourseError(.invalidData, "neither yes nor no", "\"\"") {
      try Preparation(table("x,a,b\n1,yes,no\n2,yes,\n"), labels: ["a", "b"])
    }
  }

  @Test func otherColumnsAreRefused() throws {
    expectCourseError(.invalidData, "list no labels", "such as \"a\"", "`separator`") {
      try Preparation(table("x,kind\n1,a\n2,b\n"), labels: ["kind"])
    }
    let sentences = (0..<30).map { "\($0),word\($0) stands\($0) here\n" }.joined()
    expectCourseError(.invalidData, "look like texts", "61 different ones") {
      try Preparation(table("x,text\n" + sentences), labels: ["text"])
    }
    var options = PreparationOptions()
    options.separator = "/"
    let data = try table("x,kind\n1,a|b\n2,b|c/a|b\n")
    #expect(
      try Preparation(data, labels: ["kind"], options: options).labels?.names == ["a|b", "b|c"])
    options.separator = "+"
    #expect(throws: CourseError.self) {
      try Preparation(data, labels: ["kind"], options: options)
    }
    var damaged = try Preparation(data, labels: ["kind"])
    damaged.labels = TableLabels(names: ["a", "a"], separator: "|")
    #expect(throws: CourseError.self) { try damaged.check(inputShape: [1]) }
    damaged.labels = TableLabels(names: ["a", "b"], separator: nil)
    #expect(throws: CourseError.self) { try damaged.check(inputShape: [1]) }
  }

  @Test func listsAreToldFromNames() throws {
    func separator(_ cells: [String]) throws -> String? {
      try TableReview(
        table("x,kind\n" + cells.enumerated().map { "\($0 % 3),\"\($1)\"\n" }.joined()),
        targets: ["kind"], options: PreparationOptions()
      ).listSeparator
    }
    #expect(try separator(["a|b", "b", "a", "a|c", "b|c"]) == "|")
    #expect(try separator(["New York", "Los Angeles", "New York"]) == nil)
    #expect(try separator(["Portland, OR", "Portland, ME", "Salem, OR"]) == nil)
    #expect(try separator(["a", "b", "a"]) == nil)
    #expect(try separator(["1.5", "2.5", "2.5"]) == nil)
  }

  @Test func partsAreDividedAtRandom() throws {
    let text =
      "x,y,a,b\n" + (0..<40).map { "\($0),\($0 * 7 % 11),\($0 % 2),\($0 % 3 / 2)\n" }.joined()
    let (parts, preparation) = try table(text).split(labels: ["a", "b"], seed: 3)
    #expect([parts.train, parts.validation, parts.test].map(\.count) == [28, 6, 6])
    #expect(parts.train.classNames == ["a", "b"] && preparation.featureNames == ["x", "y"])
  }
}
