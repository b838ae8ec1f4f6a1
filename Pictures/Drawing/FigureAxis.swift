import Foundation
import Shared

/// One axis of a figure: its range, its ticks, and the place of a value.
struct FigureAxis {
  struct Tick: Equatable {
    var value: Double
    var text: String
  }

  let scale: Figure.Scale
  let range: ClosedRange<Double>
  let ticks: [Tick]

  /// An axis on which all values that can be shown have a place, with at least two ticks whose texts differ.
  /// - Parameters:
  ///   - fixed: the range; `nil` for that of the values
  ///   - limits: the smallest and the largest value that is possible; `nil` where they are not known
  ///   - isWhole: whether only whole numbers have a meaning
  init(
    _ values: [Double], scale: Figure.Scale, fixed: ClosedRange<Double>? = nil,
    limits: ClosedRange<Double>? = nil, isWhole: Bool = false
  ) {
    self.scale = scale
    switch scale {
    case .logarithmic: (range, ticks) = Self.logarithmic(values, fixed: fixed)
    case .linear:
      let shown = values.filter(\.isFinite)
      let given = fixed ?? (shown.min() ?? 0)...(shown.max() ?? 1)
      let spread = Self.spread(given, limits: limits)
      let (range, ticks) = Self.linear(spread, isFixed: fixed != nil, isWhole: isWhole)
      // A range that was given may have no whole number, or one.
      (self.range, self.ticks) =
        ticks.count > 1 ? (range, ticks) : Self.linear(spread, isFixed: true, isWhole: false)
    }
  }

  /// The range, or one around it when its ends are too near each other to be told apart.
  private static func spread(
    _ range: ClosedRange<Double>, limits: ClosedRange<Double>? = nil
  ) -> ClosedRange<Double> {
    let range = range.clamped(to: -largest...largest)
    let (low, high) = (range.lowerBound, range.upperBound)
    let size = max(abs(low), abs(high))
    guard high - low <= max(1e-12 * size, 1 / largest) else { return range }
    let middle = low + (high - low) / 2
    let reach = size <= 1 / largest ? 0.5 : abs(middle) / 2
    let around = max(middle - reach, -largest)...min(middle + reach, largest)
    // Accuracies that are all 1 have no axis up to 1.5.
    guard let limits, limits.contains(middle) else { return around }
    return around.clamped(to: limits)
  }

  /// Steps and powers of ten of larger numbers, or of smaller ones than its inverse, have no place in a `Double`.
  private static let largest = 1e300

  /// - Parameter isFixed: whether the axis is not to be extended to the next ticks
  private static func linear(
    _ range: ClosedRange<Double>, isFixed: Bool, isWhole: Bool
  ) -> (ClosedRange<Double>, [Tick]) {
    let step = max(step(for: range), isWhole ? 1 : 0)
    let (first, last) = (range.lowerBound / step, range.upperBound / step)
    let low = isFixed ? (first - 1e-9).rounded(.up) : (first + 1e-9).rounded(.down)
    let high =
      isFixed ? (last + 1e-9).rounded(.down) : max((last - 1e-9).rounded(.up), low + 1)
    let numbers = low > high ? 0..<0 : Int(low)..<(Int(high) + 1)
    let ticks = numbers.map { number -> Tick in
      let value = Double(number) * step
      return Tick(value: value, text: text(of: value, step: step))
    }
    return (isFixed ? range : (low * step)...(high * step), ticks)
  }

  /// A number with as many digits as tell it from those a step away.
  private static func text(of value: Double, step: Double) -> String {
    let digits = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
    // Digits without end would run into each other.
    guard digits > 5 || abs(value) >= 1e6 else { return String(format: "%.\(digits)f", value) }
    func power(_ value: Double) -> Int { Int((log10(value) + 1e-9).rounded(.down)) }
    let needed = value == 0 ? 1 : power(abs(value)) - power(step) + 1
    return String(format: "%.\(min(max(3, needed), 17))g", value)
  }

  private static func logarithmic(
    _ values: [Double], fixed: ClosedRange<Double>?
  ) -> (ClosedRange<Double>, [Tick]) {
    let possible = (1 / largest)...largest
    let shown = values.filter { $0.isFinite && $0 > 0 }
    var range = ((shown.min() ?? 1)...(shown.max() ?? 1)).clamped(to: possible)
    // One that begins at 0 or below has no beginning.
    let isFixed = (fixed?.lowerBound ?? 0) > 0
    if isFixed, let fixed { range = spread(fixed.clamped(to: possible)).clamped(to: possible) }
    // Whole decades, at least one.
    let low = (log10(range.lowerBound) + 1e-6).rounded(.down)
    let high = max(low + 1, (log10(range.upperBound) - 1e-6).rounded(.up))
    if !isFixed { range = pow(10, low)...pow(10, high) }
    let powers = stride(
      from: Int(low), through: Int(high), by: max(1, Int(((high - low) / 8).rounded(.up))))
    // One or two decades have too few ticks of their own.
    let factors = high - low <= 2 ? [1, 2, 5] : [1]
    // Beyond the range, several would share its end.
    let shownRange = (range.lowerBound * (1 - 1e-6))...(range.upperBound * (1 + 1e-6))
    var ticks: [Tick] = []
    for power in powers {
      for factor in factors {
        let value = Double(factor) * pow(10, Double(power))
        guard shownRange.contains(value) else { continue }
        ticks.append(Tick(value: value, text: text(of: factor, timesPower: power)))
      }
    }
    // Between 2.3 and 2.5 there is neither.
    return (
      range, ticks.count > 1 ? ticks : linear(range, isFixed: true, isWhole: false).1
    )
  }

  /// An axis of days since 1970, with ticks at round dates.
  init(days values: [Double]) {
    // Some hundred thousand years: a date of more days has no number.
    let shown = values.filter { abs($0) < 1e8 }
    scale = .linear
    let (first, last) = (shown.min() ?? 0, shown.max() ?? 1)
    // The first of any two minutes is a tick, and so is the second.
    range = first...max(last, first + 2.0 / 1440)
    let length = range.upperBound - range.lowerBound
    ticks = length > 6 * 14 ? Self.months(range) : Self.minutes(range)
  }

  private static func months(_ range: ClosedRange<Double>) -> [Tick] {
    let length = range.upperBound - range.lowerBound
    // Six to eight ticks and their texts have room.
    let months =
      [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200].first { (months: Int) -> Bool in
        Double(months * 30 * 8) > length
      } ?? 1200 * Int((length / (1200 * 30 * 8)).rounded(.up))
    let begin = DateStyle.date(ofDay: Int(range.lowerBound.rounded(.down)))
    let place = begin.year * 12 + begin.month - 1
    // Years before the first one are negative.
    let start = (place - (place % months + months) % months)
    return (0...9).map { step -> Tick in
      let month = start + step * months
      let number = (month % 12 + 12) % 12
      let year = (month - number) / 12
      let text = months < 12 ? String(format: "%d-%02d", year, number + 1) : "\(year)"
      return Tick(value: Double(DateStyle.day(year: year, month: number + 1, day: 1)), text: text)
    }.filter { range.contains($0.value) }
  }

  private static func minutes(_ range: ClosedRange<Double>) -> [Tick] {
    // In minutes, which are exact.
    let length = (range.upperBound - range.lowerBound) * 1440
    let steps = [1, 5, 15, 60, 360, 1440, 2 * 1440, 14 * 1440]
    let rough = steps.firstIndex { Double($0 * 6) > length } ?? steps.count - 1
    func ticks(every step: Int) -> [Tick] {
      let start = Int((range.lowerBound * 1440 / Double(step) - 1e-6).rounded(.up)) * step
      let end = Int((range.upperBound * 1440 + 1e-3).rounded(.down))
      return stride(from: start, through: end, by: step).map { minutes -> Tick in
        let date = DateStyle.date(ofDay: Int((Double(minutes) / 1440).rounded(.down)))
        let rest = (minutes % 1440 + 1440) % 1440
        let text =
          step < 1440
          ? String(format: "%d. %02d:%02d", date.day, rest / 60, rest % 60)
          : String(format: "%d-%02d-%02d", date.year, date.month, date.day)
        return Tick(value: Double(minutes) / 1440, text: text)
      }
    }
    // A step that is nearly as long as the range may pass over it.
    return steps[...rough].reversed().lazy.map(ticks).first { $0.count > 1 } ?? []
  }

  /// The characters of a name for which there is room.
  static let nameLength = 32

  /// An axis of names: name k stands at k, in the middle of a range of 1.
  init(categories: [String]) {
    scale = .linear
    range = -0.5...(Double(max(categories.count, 1)) - 0.5)
    ticks = categories.enumerated().map {
      Tick(value: Double($0), text: $1.cut(to: Self.nameLength))
    }
  }

  /// The place of a value: 0 at the beginning of the axis, 1 at its end; `nil` for one that has no place. Values
  /// beyond the ends are placed on them.
  func place(of value: Double) -> Double? {
    guard value.isFinite, scale == .linear || value > 0 else { return nil }
    func linear(_ value: Double) -> Double { scale == .linear ? value : log10(value) }
    let (low, high) = (linear(range.lowerBound), linear(range.upperBound))
    return min(1, max(0, (linear(value) - low) / (high - low)))
  }

  /// A step of 1, 2 or 5 times a power of ten that makes about five ticks.
  private static func step(for range: ClosedRange<Double>) -> Double {
    let rough = (range.upperBound - range.lowerBound) / 5
    let power = pow(10, log10(rough).rounded(.down))
    let factor = [1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10
    return factor * power
  }

  /// "0.02", "200", or "2·10⁷".
  private static func text(of factor: Int, timesPower power: Int) -> String {
    if (-4...4).contains(power) {
      return String(format: "%.\(max(0, -power))f", Double(factor) * pow(10, Double(power)))
    }
    let raised = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    return (factor == 1 ? "" : "\(factor)·") + "10" + (power < 0 ? "⁻" : "")
      + "\(abs(power))".compactMap { $0.wholeNumberValue.map { raised[$0] } }.joined()
  }
}
