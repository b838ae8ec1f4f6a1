import CourseTestSupport
import Testing

@testable import Shared

@Suite(.watched) struct NumberStyleTests {
  @Test(
    arguments: [
      ("1,5", NumberStyle(decimal: .comma), 1.5), ("-0,25", NumberStyle(decimal: .comma), -0.25),
      ("1.234,5", NumberStyle(decimal: .comma, grouping: .point), 1234.5),
      ("-1,234,567.25", NumberStyle(grouping: .comma), -1_234_567.25),
      ("12 345", NumberStyle(grouping: .space), 12345),
      ("12\u{202F}345,5", NumberStyle(decimal: .comma, grouping: .space), 12345.5),
      ("1'000", NumberStyle(grouping: .apostrophe), 1000), ("12 %", NumberStyle(affix: "%"), 12),
      ("$-3.5", NumberStyle(affix: "$"), -3.5), ("-$3.5", NumberStyle(affix: "$"), -3.5),
      ("7 EUR", NumberStyle(affix: "EUR"), 7), ("1e3", NumberStyle(), 1000),
    ] as [(String, NumberStyle, Double)])
  func aNumberIsReadInItsStyle(text: String, style: NumberStyle, expected: Double) {
    #expect(style.number(text) == expected)
  }

  @Test(
    arguments: [
      ("1.5", NumberStyle(decimal: .comma)), ("1,5", NumberStyle()),
      ("12,34", NumberStyle(grouping: .comma)), ("1234,567", NumberStyle(grouping: .comma)),
      ("0,123", NumberStyle(grouping: .comma)), ("12", NumberStyle(affix: "%")),
      ("%", NumberStyle(affix: "%")), ("--$1", NumberStyle(affix: "$")), ("", NumberStyle()),
      ("1,2,3", NumberStyle(decimal: .comma)), ("x", NumberStyle(decimal: .comma)),
    ] as [(String, NumberStyle)])
  func otherTextsAreNoNumbers(text: String, style: NumberStyle) {
    #expect(style.number(text) == nil)
  }

  @Test(
    arguments: [
      (["1,5", "12,25"], NumberStyle(decimal: .comma)),
      (["1.234,5", "0,5"], NumberStyle(decimal: .comma, grouping: .point)),
      (["1,234,567", "999,000"], NumberStyle(grouping: .comma)),
      (["1,234.5"], NumberStyle(grouping: .comma)), (["50 %", "7.5%"], NumberStyle(affix: "%")),
      (["€1,50", "€ 2,00"], NumberStyle(decimal: .comma, affix: "€")),
      (["1 234", "12 000"], NumberStyle(grouping: .space)),
    ] as [([String], NumberStyle)])
  func theStyleOfAColumnIsFound(texts: [String], expected: NumberStyle) {
    #expect(NumberStyle.detect(texts, decimal: nil, hasPlain: false) == .style(expected))
  }

  @Test func aCommaBeforeThreeDigitsIsInDoubt() {
    let texts = ["1,234", "12,500"]
    #expect(
      NumberStyle.detect(texts, decimal: nil, hasPlain: true) == .ambiguous(example: "1,234"))
    #expect(
      NumberStyle.detect(texts, decimal: .comma, hasPlain: true)
        == .style(NumberStyle(decimal: .comma)))
    #expect(
      NumberStyle.detect(texts, decimal: .point, hasPlain: true)
        == .style(NumberStyle(grouping: .comma)))
    // A group never is a single zero.
    #expect(
      NumberStyle.detect(["1,234", "0,500"], decimal: nil, hasPlain: false)
        == .style(NumberStyle(decimal: .comma)))
  }

  @Test(arguments: [
    ["red"], ["1,5", "red"], ["5 kg"], ["50 %", "7"], ["1,5", "2.5"], ["$5", "€5"],
  ])
  func wordsAndMixedStylesAreNoNumbers(texts: [String]) {
    #expect(NumberStyle.detect(texts, decimal: nil, hasPlain: false) == .none)
  }
}

@Suite(.watched) struct DateStyleTests {
  // datetime(...).timestamp() / 86400 of Python, in UTC.
  @Test(
    arguments: [
      ("1970-01-02", .yearMonthDay, 1), ("2012/01/31", .yearMonthDay, 15370),
      ("2000-02-29T06:00:00Z", .yearMonthDay, 11016.25), ("1969-12-31 12:00", .yearMonthDay, -0.5),
      ("31.12.1999", .dayMonthYear, 10956), ("12/31/1999", .monthDayYear, 10956),
      ("Jan 1 2000", .yearMonthDay, 10957), ("1-Mar-1900", .yearMonthDay, -25508),
      ("13:30", .none, 0.5625), ("2012-01-31 13:30:36+02:00", .yearMonthDay, 15370.562916666667),
    ] as [(String, DateStyle.Order, Double)])
  func aDateIsANumberOfDays(text: String, order: DateStyle.Order, expected: Double) throws {
    let days = try #require(DateStyle(order: order).days(text))
    #expect(abs(days - expected) < 1e-9)
  }

  @Test(arguments: [
    "2012-13-01", "2011-02-29", "2012-00-10", "12-01-31", "red", "2012", "2012-01", "25:00 x",
    "2012-01-01 24:00", "1.5.7", "1900-02-29",
  ])
  func otherTextsAreNoDates(text: String) {
    #expect(DateStyle.Order.allCases.allSatisfy { DateStyle(order: $0).days(text) == nil })
  }

  @Test func theCalendarOfADay() {
    // datetime.date: isoweekday() - 1.
    for (day, year, month, weekday) in [
      (0, 1970, 1, 3), (15370, 2012, 1, 1), (11016, 2000, 2, 1), (-25508, 1900, 3, 3),
    ] {
      #expect(DateStyle.calendar(day) == (year, month, weekday), "\(day)")
    }
  }

  @Test func dayOrMonthFirstIsFoundOrInDoubt() {
    #expect(DateStyle.detect(["3/4/2012", "13/4/2012"]) == .style(.init(order: .dayMonthYear)))
    #expect(DateStyle.detect(["3/4/2012", "3/14/2012"]) == .style(.init(order: .monthDayYear)))
    #expect(DateStyle.detect(["03.04.2012"]) == .style(.init(order: .dayMonthYear)))
    #expect(DateStyle.detect(["3/4/2012", "5/6/2012"]) == .ambiguous(example: "3/4/2012"))
    #expect(DateStyle.detect(["13/14/2012"]) == .none)
  }
}
