import Foundation

/// How the dates and times of a column are written.
///
///     DateStyle(order: .yearMonthDay).days("1970-01-02 12:00")   // 1.5
///
/// Dates have a year of four digits; months are numbers or English names; times are those of a day, `13:30` or
/// `13:30:05`, and a time zone at their end is ignored.
public struct DateStyle: Codable, Sendable, Equatable {
  /// The order of the parts of a date.
  public enum Order: String, Codable, Sendable, CaseIterable {
    case yearMonthDay, dayMonthYear, monthDayYear
    /// Times only.
    case none
  }

  /// The order of year, month and day.
  public var order: Order

  /// A style.
  public init(order: Order) { self.order = order }

  /// Days since the first of January 1970, with the time as a fraction; `nil` for another text.
  public func days(_ text: String) -> Double? {
    guard let (date, time) = Self.parts(text) else { return nil }
    guard order != .none else { return date.isEmpty ? time : nil }
    guard let day = day(date) else { return nil }
    return Double(day) + (time ?? 0)
  }

  /// The day of a date's three parts.
  private func day(_ parts: [Part]) -> Int? {
    guard parts.count == 3 else { return nil }
    var (year, month, day): (Int?, Int?, Int?)
    if let name = parts.firstIndex(where: { $0.isMonth }) {
      var others = parts
      month = others.remove(at: name).number
      guard let place = others.firstIndex(where: { $0.isYear }) else { return nil }
      year = others.remove(at: place).number
      day = others[0].number
    } else {
      let numbers = parts.map(\.number)
      switch order {
      case .yearMonthDay: (year, month, day) = (numbers[0], numbers[1], numbers[2])
      case .dayMonthYear: (day, month, year) = (numbers[0], numbers[1], numbers[2])
      case .monthDayYear: (month, day, year) = (numbers[0], numbers[1], numbers[2])
      case .none: return nil
      }
      guard parts[order == .yearMonthDay ? 0 : 2].isYear else { return nil }
    }
    guard let year, let month, let day, (1...12).contains(month), day >= 1,
      day <= Self.length(ofMonth: month, year: year)
    else { return nil }
    return Self.day(year: year, month: month, day: day)
  }

  // MARK: The parts of a text

  private struct Part {
    var number: Int
    var isMonth = false
    var isYear = false
  }

  /// The parts of the date, and the time as a fraction of a day.
  private static func parts(_ text: String) -> (date: [Part], time: Double?)? {
    guard text.utf8.count >= 4, text.utf8.count <= 40 else { return nil }
    var words = text.split { " ,".contains($0) }.map(String.init)
    var time: Double?
    if let last = words.last, last.contains(":") || last.contains("T") && last.contains("-") {
      words.removeLast()
      var clock = Substring(last)
      if let mark = last.firstIndex(of: "T") {
        words.append(String(last[..<mark]))
        clock = last[last.index(after: mark)...]
      }
      guard let fraction = fraction(ofDay: clock) else { return nil }
      time = fraction
    }
    let tokens = words.flatMap { $0.split(omittingEmptySubsequences: false) { "-/.".contains($0) } }
    var parts: [Part] = []
    for token in tokens {
      if token.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(token), number <= 9999 {
        parts.append(Part(number: number, isYear: token.count == 4))
      } else if let month = months.firstIndex(where: { isName(token, of: $0) }) {
        parts.append(Part(number: month + 1, isMonth: true))
      } else {
        return nil
      }
    }
    guard parts.count == 3 || parts.isEmpty && time != nil else { return nil }
    guard parts.isEmpty || parts.contains(where: \.isYear) else { return nil }
    guard parts.count(where: \.isMonth) <= 1 else { return nil }
    return (parts, time)
  }

  static let months = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
  ]

  static func isName(_ token: Substring, of month: String) -> Bool {
    token.count >= 3 && month.hasPrefix(token.lowercased())
  }

  private static func fraction(ofDay text: Substring) -> Double? {
    // The zone.
    var clock = text
    if clock.hasSuffix("Z") { clock.removeLast() }
    if let zone = clock.lastIndex(where: { "+-".contains($0) }) { clock = clock[..<zone] }
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let hour = Int(parts[0]), (0...23).contains(hour),
      let minute = Int(parts[1]), (0...59).contains(minute)
    else { return nil }
    let seconds = parts.count == 3 ? CSVTable.number(String(parts[2])) : 0
    guard let seconds, seconds >= 0, seconds < 61 else { return nil }
    return (Double(hour * 60 + minute) * 60 + seconds) / 86400
  }

  // MARK: The calendar

  static func length(ofMonth month: Int, year: Int) -> Int {
    let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Days since 1970 in the Gregorian calendar, whose cycle is 400 years of 146 097 days. Years begin in March here,
  /// so that the leap day is the last of its year.
  package static func day(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let cycle = (year >= 0 ? year : year - 399) / 400
    let yearOfCycle = year - cycle * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return cycle * 146_097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
      - 719_468
  }

  /// Year, month and day, both from 1, of a day.
  package static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
    let (year, month, _) = calendar(day)
    return (year, month, day - Self.day(year: year, month: month, day: 1) + 1)
  }

  /// Year, month from 1 and day of the week from 0 (Monday) of a day.
  static func calendar(_ day: Int) -> (year: Int, month: Int, weekday: Int) {
    let shifted = day + 719_468
    let cycle = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let rest = shifted - cycle * 146_097
    let yearOfCycle = (rest - rest / 1460 + rest / 36524 - rest / 146_096) / 365
    let dayOfYear = rest - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
    let part = (5 * dayOfYear + 2) / 153
    let month = part < 10 ? part + 3 : part - 9
    return (
      yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0), month, ((day % 7) + 7 + 3) % 7
    )
  }
}

// MARK: - Which style?

extension DateStyle {
  /// The style of the texts of a column.
  enum Detection: Equatable {
    case style(DateStyle)
    /// Dates such as `03/04/2012`, whose first number may be day or month.
    case ambiguous(example: String)
    /// Not all of the texts are dates.
    case none
  }

  /// The style that all of some texts have.
  static func detect(_ texts: some Collection<String>) -> Detection {
    guard let first = texts.first else { return .none }
    let fitting = Order.allCases.map { DateStyle(order: $0) }.filter { style in
      texts.allSatisfy { style.days($0) != nil }
    }
    guard let best = fitting.first else { return .none }
    // A point stands after the day, and a month that has a name can be no other part.
    if fitting.count > 1, best.order == .dayMonthYear, !first.contains("."),
      !first.contains(where: \.isLetter)
    {
      return .ambiguous(example: first)
    }
    return .style(best)
  }
}
