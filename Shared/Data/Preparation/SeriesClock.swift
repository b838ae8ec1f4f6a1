import Foundation

/// The column that tells the time of the rows of a series: dates, or a number that grows by the same amount from row to
/// row, such as a year.
public struct SeriesClock: Codable, Sendable, Equatable {
  /// The time from one row to the next.
  public enum Step: Codable, Sendable, Equatable {
    /// Days, or the unit of the number.
    case constant(Double)
    /// Calendar months: on the same day of each, or at the end of each.
    case months(Int)
  }

  /// Its name in the header, or "column 3".
  public var name: String
  /// Its number in the table of training, from 0.
  public var place: Int
  /// How dates are written; `nil` for numbers.
  public var style: DateStyle?
  /// The time from row to row; `nil` where it differs, as without weekends.
  public var step: Step?

  /// "1 day", "3 months", "0.5"
  package var stepText: String? {
    switch step {
    case .months(let months): return months == 12 ? "1 year" : counted(months, "month")
    case .constant(let step) where style != nil:
      for (unit, name) in [(1.0, "day"), (1 / 24.0, "hour"), (1 / 1440.0, "minute")] {
        let count = (step / unit).rounded()
        if count >= 1, abs(step / unit - count) < 1e-4 { return counted(Int(count), name) }
      }
      return String(format: "%.4g seconds", step * 86400)
    case .constant(let step): return String(format: "%.6g", step)
    case nil: return nil
    }
  }
}

extension TableReview {
  /// The dates of a table whose rows are in order and equal steps of time: `nil` for other tables.
  package var datesInSteps: SeriesClock? {
    guard let clock = try? table.clock(profiles, besides: Set(targets)), clock.style != nil,
      clock.step != nil
    else { return nil }
    return clock
  }
}

extension CSVTable {
  /// The clock of a series: the first column of dates, else the first of numbers in equal steps.
  /// - Throws: when the dates are not in order, or one occurs twice or is missing.
  func clock(_ profiles: [ColumnProfile], besides targets: Set<Int>) throws -> SeriesClock? {
    let others = (0..<columnCount).filter { !targets.contains($0) }
    for column in others {
      let profile = profiles[column]
      // Nearly all cells are dates: one that is no date is an error, not a word.
      guard profile.numbers == 0, profile.others > 0,
        profile.missing + profile.softMarks < rowCount,
        case .style(let style) = DateStyle.detect(
          profile.texts.keys.filter { !MissingValue.marksNumber($0) }.sorted()),
        style.order != .none
      else { continue }
      var clock = SeriesClock(name: title(column), place: column, style: style)
      clock.step = SeriesClock.step(between: try times(of: clock, column: column), areDates: true)
      return clock
    }
    for column in others
    where profiles[column].numbers == rowCount && profiles[column].isWhole && rowCount > 2 {
      var clock = SeriesClock(name: title(column), place: column)
      guard let times = try? times(of: clock, column: column),
        case .constant(let step)? = SeriesClock.step(between: times, areDates: false)
      else { continue }
      clock.step = .constant(step)
      return clock
    }
    return nil
  }

  /// The times of the rows: days since 1970, or numbers.
  /// - Throws: unless each is later than the one before.
  func times(of clock: SeriesClock, column: Int) throws -> [Double] {
    var times: [Double] = []
    times.reserveCapacity(rowCount)
    for row in 0..<rowCount {
      let text = text(row: row, column: column)
      guard let time = clock.style?.days(text) ?? (clock.style == nil ? Self.number(text) : nil)
      else {
        throw CourseError(
          .invalidData, "a row has no time", expected: clock.style == nil ? "a number" : "a date",
          received: "\"\(text)\"", location: location(row: row, column: column),
          remedy: "Fill it in or remove the row.")
      }
      if let last = times.last, time <= last {
        let before = "\"\(self.text(row: row - 1, column: column))\""
        throw CourseError(
          .invalidData,
          time == last ? "a time occurs twice" : "the rows are not in the order of time",
          expected: "a time after \(before), that of the row before", received: "\"\(text)\"",
          location: location(row: row, column: column),
          remedy:
            "Sort the rows by this column, the oldest first; of several series in a table, keep one."
        )
      }
      times.append(time)
    }
    return times
  }
}

extension SeriesClock {
  /// The time from row to row; `nil` where it differs.
  static func step(between times: [Double], areDates: Bool) -> Step? {
    guard times.count > 2 else { return nil }
    let first = times[1] - times[0]
    // Half a second, in days.
    let tolerance = areDates ? 6e-6 : abs(first) * 1e-9
    if zip(times, times.dropFirst()).allSatisfy({ abs($1 - $0 - first) < tolerance }) {
      return .constant(first)
    }
    guard areDates, times.allSatisfy({ $0 == $0.rounded() }) else { return nil }
    let dates = times.map { DateStyle.date(ofDay: Int($0)) }
    let months = dates.map { $0.year * 12 + $0.month - 1 }
    let step = months[1] - months[0]
    let anchor = anchor(of: dates)
    guard step > 0, zip(months, months.dropFirst()).allSatisfy({ $1 - $0 == step }),
      dates.allSatisfy({ $0.day == min(anchor, DateStyle.length(ofMonth: $0.month, year: $0.year)) }
      )
    else { return nil }
    return .months(step)
  }

  /// The day of the month on which a monthly series stands, 31 for the end.
  private static func anchor(of dates: [(year: Int, month: Int, day: Int)]) -> Int {
    dates.allSatisfy { $0.day == DateStyle.length(ofMonth: $0.month, year: $0.year) }
      ? 31 : dates.map(\.day).max() ?? 1
  }

  /// The times of the next rows of a table, written as its own are, and the step between its rows; `nil` where its rows are not in equal steps.
  /// - Throws: when its rows are not in order.
  func following(
    _ table: CSVTable, column: Int, count: Int
  ) throws -> (times: [String], step: Step)? {
    let times = try table.times(of: self, column: column)
    guard let last = times.last, let step = Self.step(between: times, areDates: style != nil)
    else { return nil }
    let next: [Double]
    switch step {
    case .constant(let step): next = (1...count).map { last + Double($0) * step }
    case .months(let step):
      let dates = times.map { DateStyle.date(ofDay: Int($0)) }
      let (anchor, end) = (Self.anchor(of: dates), dates[dates.count - 1])
      next = (1...count).map { index in
        let month = end.year * 12 + end.month - 1 + index * step
        let (year, number) = (month / 12, month % 12 + 1)
        return Double(
          DateStyle.day(
            year: year, month: number,
            day: min(anchor, DateStyle.length(ofMonth: number, year: year))))
      }
    }
    guard let style else { return (next.map { CSVTable.shortNumber($0) }, step) }
    let examples = (0..<table.rowCount).suffix(400).map { table.text(row: $0, column: column) }
    return (next.map { style.text($0, like: examples) }, step)
  }
}

extension DateStyle {
  /// A time written as others are: with their separators, names of months and leading zeros.
  func text(_ days: Double, like examples: [String]) -> String {
    // To the second, in which times are written.
    let seconds = Int((days * 86400).rounded())
    let day = Int((Double(seconds) / 86400).rounded(.down))
    let (rest, date) = (seconds - day * 86400, Self.date(ofDay: day))
    let template = examples.last ?? ""
    // The parts of the dates, without the times.
    let words = examples.flatMap {
      $0.matches(of: #/[A-Za-z]+|[0-9]+/#).prefix(3).map { String($0.output) }
    }
    let isNamed = words.contains { Self.month(named: $0[...]) != nil }
    let hasLongNames = words.contains { $0.count > 3 && Self.month(named: $0[...]) != nil }
    let isPadded = !words.contains { $0.count == 1 }
    var numbers =
      isNamed
      ? [date.day] : order == .dayMonthYear ? [date.day, date.month] : [date.month, date.day]
    var clock = [rest / 3600, rest / 60 % 60]
    if template.contains(#/[0-9]+:[0-9]+:[0-9]+/#) { clock.append(rest % 60) }
    let result = template.replacing(#/[A-Za-z]+|[0-9]+/#) { match in
      let token = match.output
      if Self.month(named: token) != nil {
        let name = Self.months[date.month - 1]
        let text = hasLongNames ? name : String(name.prefix(3))
        return token == token.uppercased()
          ? text.uppercased() : token.first?.isUppercase == true ? text.capitalized : text
      }
      guard token.allSatisfy(\.isNumber) else { return String(token) }
      if token.count == 4, date.year > 999 { return "\(date.year)" }
      if !numbers.isEmpty {
        let number = numbers.removeFirst()
        return isPadded ? Self.padded(number) : "\(number)"
      }
      guard !clock.isEmpty else { return String(token) }
      return token.count == 2 ? Self.padded(clock.removeFirst()) : "\(clock.removeFirst())"
    }
    if let read = self.days(result), abs(read - days) < 1e-5 { return result }
    let text = "\(date.year)-\(Self.padded(date.month))-\(Self.padded(date.day))"
    return rest == 0 ? text : text + " \(Self.padded(rest / 3600)):\(Self.padded(rest / 60 % 60))"
  }

  private static func month(named token: Substring) -> Int? {
    months.firstIndex { isName(token, of: $0) }.map { $0 + 1 }
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
