import CourseTestSupport
import Foundation
import Testing

@testable import Shared

/// Windows of the rows of a series, cut by time.
@Suite(.watched) struct SeriesWindowTests {
  private func table(_ text: String) throws -> CSVTable { try CSVTable(text: text, name: "t") }

  private func options(_ history: Int, _ horizon: Int = 1) throws -> PreparationOptions {
    var options = PreparationOptions()
    options.window = try SeriesWindow(history: history, horizon: horizon)
    options.usesCalendar = true
    return options
  }

  /// Days from 2020-01-30 with the number of the row and its square.
  private static func days(_ rows: Int) -> String {
    "day,n,square\n"
      + (0..<rows).map { row in
        let day = row < 2 ? "2020-01-\(30 + row)" : "2020-02-\(row < 11 ? "0" : "")\(row - 1)"
        return "\(day),\(row * row % 7),\(row * row)\n"
      }.joined()
  }

  @Test func rowsBecomeWindows() throws {
    let data = try table("a,b\n1,10\n2,30\n3,20\n4,70\n6,60\n")
    var options = try options(2, 2)
    options.columns = ["b"]
    let preparation = try Preparation(data, values: ["a"], options: options)
    // The past of the target is a feature, wherever its column is.
    #expect(preparation.columns.map(\.name) == ["a", "b"])
    let examples = try preparation.dataset(data)
    expectClose(
      examples.features, [[[1, 10], [2, 30]], [[2, 30], [3, 20]]], "inputs", atol: 0, rtol: 0)
    #expect(examples.targets == .values([[3, 4], [4, 6]]))
    // "Tomorrow as today".
    expectClose(
      try #require(preparation.persistence(examples.features)), [[2, 2], [3, 3]], "persistence",
      atol: 0, rtol: 0)
    let errors = try #require(preparation.persistenceErrors(on: examples))
    // √((1 + 4 + 1 + 9) / 4)
    #expect(abs(try #require(errors["RMSE"]) - 1.936_492) < 1e-5)
    #expect(errors["MAE"] == 1.75)
    // All windows of a table, the last of which tells the rows after it.
    #expect(try preparation.features(of: data).shape == [4, 2, 2])
    #expect(try preparation.features(of: data)[3..<4].scalars == [4, 70, 6, 60])
    let last = try #require(try preparation.lastWindow(of: table("b,a\n1,2\n3,4\n5,6\n")))
    #expect(last.reading.features.scalars == [4, 3, 6, 5])
    #expect(last.times.isEmpty)
  }

  @Test(arguments: [1, 3]) func partsAreCutByTime(horizon: Int) throws {
    let history = 4
    let (parts, preparation) = try table(Self.days(24)).split(
      values: ["square"], options: options(history, horizon), validation: 0.2, test: 0.2, seed: 1)
    func rows(_ part: Dataset) throws -> [Set<Int>] {
      guard case .values(let values) = part.targets else { throw CocoaError(.coderInvalidValue) }
      return (0..<part.count).map { example in
        Set(values.rows(at: [example]).scalars.map { Int($0.squareRoot().rounded()) })
      }
    }
    let all = try [parts.train, parts.validation, parts.test].map(rows)
    #expect(all.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.count == horizon } })
    // In order, and no row is a target in two parts.
    for (before, after) in [(0, 1), (1, 2)] {
      let (last, first) = (all[before].flatMap { $0 }.max()!, all[after].flatMap { $0 }.min()!)
      #expect(first == last + 1, "\(all)")
      // The history of the next part reaches back.
      #expect(all[after][0].min()! - history <= last)
    }
    #expect(all[2].flatMap { $0 }.max() == 23)
    // The scale is that of the training rows.
    let scaler = try preparation.standardizing(parts.train)
    let size = preparation.featureCount
    #expect(scaler.offset.count == history * size)
    #expect(Array(scaler.offset[..<size]) == Array(scaler.offset[size..<(2 * size)]))
    #expect(scaler.offset[size - 1] < Float((all[0].flatMap { $0 }.max()!) * 12))
    // No year, which no forecast has seen.
    #expect(!preparation.columns.flatMap(\.featureNames).contains { $0.contains("year") })
    #expect(preparation.window?.clock?.step == .constant(1))
  }

  @Test func wordsOfLaterRowsAreUnknown() throws {
    let text =
      "x,sky\n"
      + (0..<20).map { "\($0 * 7 % 5),\($0 < 15 ? "ab".character(at: $0) : "c")\n" }
      .joined()
    let (_, preparation) = try table(text).split(
      values: ["x"], options: options(2), validation: 0.2, test: 0.2, seed: 1)
    #expect(preparation.columns.first { $0.name == "sky" }?.kind == .words(values: ["a", "b"]))
  }

  @Test func aForecastHasTheTimesOfTheTable() throws {
    let cases: [(last: [String], next: [String], step: String)] = [
      (["2012/12/29", "2012/12/30", "2012/12/31"], ["2013/01/01", "2013/01/02"], "1 day"),
      (["1.2.2020", "8.2.2020", "15.2.2020"], ["22.2.2020", "29.2.2020"], "7 days"),
      (["12/30/2019", "12/31/2019", "1/1/2020"], ["1/2/2020", "1/3/2020"], "1 day"),
      (["Jan 1 2000", "Feb 1 2000", "Mar 1 2000"], ["Apr 1 2000", "May 1 2000"], "1 month"),
      (
        ["31 March 2021", "30 June 2021", "30 September 2021"],
        ["31 December 2021", "31 March 2022"], "3 months"
      ),
      (["2019-12-31", "2020-01-31", "2020-02-29"], ["2020-03-31", "2020-04-30"], "1 month"),
      (
        ["2020-01-01T22:00:00Z", "2020-01-01T23:00:00Z", "2020-01-02T00:00:00Z"],
        ["2020-01-02T01:00:00Z", "2020-01-02T02:00:00Z"], "1 hour"
      ),
      (
        ["2020-01-01 23:30", "2020-01-01 23:45", "2020-01-02 00:00"],
        ["2020-01-02 00:15", "2020-01-02 00:30"], "15 minutes"
      ),
      (["1999", "2000", "2001"], ["2002", "2003"], "1"),
    ]
    for (times, next, step) in cases {
      let text = "v;when\n" + zip([3, 1, 2], times).map { "\($0);\($1)\n" }.joined()
      let table = try CSVTable(text: text, name: "t")
      let preparation = try Preparation(table, values: ["v"], options: options(1, 2))
      #expect(preparation.window?.clock?.stepText == step, "\(times)")
      #expect(try preparation.lastWindow(of: table)?.times == next)
    }
    // Without weekends there are no equal steps.
    let week = try table("when,v\n2020-01-02,1\n2020-01-03,2\n2020-01-06,3\n2020-01-07,1\n")
    let preparation = try Preparation(week, values: ["v"], options: options(1))
    #expect(preparation.window?.clock != nil && preparation.window?.clock?.step == nil)
    #expect(try preparation.lastWindow(of: week)?.times == [])
    // A year counts the rows and is no feature, for the future has another.
    let years = try table("year,v\n1999,1\n2000,3\n2001,2\n")
    let ofYears = try Preparation(years, values: ["v"], options: options(1))
    #expect(ofYears.columns.map(\.name) == ["v"])
    #expect(ofYears.leftOut.map(\.reason) == ["it counts the time of the rows"])
    // Another step than in training is noted.
    let other = try ofYears.lastWindow(of: table("year,v\n1990,1\n2000,3\n2010,2\n"))
    #expect(other?.notes.first?.contains("are 10 apart, in training 1") == true)
  }

  @Test func wrongSeriesAreRefused() throws {
    func refusal(
      _ text: String, _ history: Int = 1, missing: Preparation.Missing = .indicator
    ) -> String {
      var error = "nothing"
      do {
        var options = try options(history)
        options.missing = missing
        _ = try table(text).split(
          values: ["v"], options: options, validation: 0.25, test: 0.25, seed: 1)
      } catch let problem as CourseError {
        error = "\(problem)"
      } catch {}
      return error
    }
    let start = "when,v\n2020-01-01,1\n2020-01-02,2\n"
    let order = refusal(start + "2020-01-05,4\n2020-01-04,3\n2020-01-06,1\n")
    #expect(order.contains("not in the order of time") && order.contains("line 5"), "\(order)")
    let twice = refusal(start + "2020-01-03,4\n2020-01-03,3\n2020-01-06,1\n")
    #expect(twice.contains("a time occurs twice") && twice.contains("line 5"), "\(twice)")
    let none = refusal(start + ",4\n2020-01-03,3\n2020-01-06,1\n")
    #expect(none.contains("a row has no time") && none.contains("line 4"), "\(none)")
    let gap = refusal(start + "2020-01-03,\n2020-01-04,3\n2020-01-05,1\n")
    #expect(gap.contains("number to predict is missing") && gap.contains("line 4"), "\(gap)")
    let short = refusal(start + "2020-01-03,1\n", 3)
    #expect(
      short.contains("too short for a window") && short.contains("at least 4 rows"), "\(short)")
    let part = refusal(start + "2020-01-03,1\n", 2)
    #expect(part.contains("too few rows for a"), "\(part)")
    let same = refusal("when,v\n" + (1...9).map { "2020-01-0\($0),5\n" }.joined())
    #expect(same.contains("is the same in all"), "\(same)")
    let holes = refusal(start + "2020-01-03,1\n2020-01-04,3\n", missing: .dropRow)
    #expect(holes.contains("without the rows that have gaps"), "\(holes)")
    for (history, horizon) in [(0, 1), (1, 0), (-1, 1), (65_537, 1)] {
      #expect(throws: CourseError.self) { try SeriesWindow(history: history, horizon: horizon) }
    }
    let preparation = try Preparation(table(start), values: ["v"], options: options(1))
    #expect(throws: CourseError.self) {
      try preparation.features(of: table("when,v\n2020-01-03,1\n2020-01-02,4\n"))
    }
    let longer = try Preparation(
      table(start + "2020-01-03,1\n"), values: ["v"], options: options(2))
    #expect(throws: CourseError.self) { try longer.lastWindow(of: table("when,v\n2020-01-03,1\n")) }
    SystemMemory.$assumed.withValue(100) {
      let large = refusal("v\n" + (0..<40).map { "\($0 * 7 % 5)\n" }.joined(), 8)
      #expect(large.contains("do not fit into memory"), "\(large)")
    }
  }

  @Test func aCheckpointKeepsTheWindow() throws {
    let data = try table(Self.days(12))
    let preparation = try Preparation(data, values: ["square"], options: options(3, 2))
    let copy = try JSONDecoder().decode(
      Preparation.self, from: JSONEncoder().encode(preparation))
    #expect(copy == preparation)
    try copy.check(inputShape: [3, preparation.featureCount])
    try copy.check(inputShape: [3 * preparation.featureCount])
    #expect(throws: CourseError.self) { try copy.check(inputShape: [preparation.featureCount]) }
    var damaged = copy
    damaged.targets = []
    #expect(throws: CourseError.self) {
      try damaged.check(inputShape: [3, preparation.featureCount])
    }
    damaged = copy
    damaged.columns.removeLast()
    #expect(throws: CourseError.self) {
      try damaged.check(inputShape: [3, damaged.featureCount])
    }
  }
}

extension String {
  /// The characters in turn.
  fileprivate func character(at index: Int) -> Character { Array(self)[index % count] }
}
