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

  /// An axis on which all values that can be shown have a place.
  /// - Parameters:
  ///   - fixed: the range; `nil` for that of the values
  ///   - isWhole: whether only whole numbers have a meaning
  init(
    _ values: [Double], scale: Figure.Scale, fixed: ClosedRange<Double>? = nil,
    isWhole: Bool = false
  ) {
    self.scale = scale
    let shown = values.filter { $0.isFinite && (scale == .linear || $0 > 0) }
    var range = fixed ?? (shown.min() ?? (scale == .linear ? 0 : 1))...(shown.max() ?? 1)
    switch scale {
    case .logarithmic:
      // Whole decades, at least one.
      let low = (log10(range.lowerBound) + 1e-6).rounded(.down)
      let high = max(low + 1, (log10(range.upperBound) - 1e-6).rounded(.up))
      if fixed == nil { range = pow(10, low)...pow(10, high) }
      let step = max(1, Int(((high - low) / 8).rounded(.up)))
      let powers = stride(from: Int(low), through: Int(high), by: step)
      // One or two decades have too few ticks of their own.
      let factors: [Double] = high - low <= 2 && high <= 4 && low >= -4 ? [1, 2, 5] : [1]
      ticks = powers.flatMap { power in
        factors.map { factor in
          let value = factor * pow(10, Double(power))
          return Tick(
            value: value,
            text: factor == 1
              ? FigureAxis.text(ofPower: power) : String(format: "%.\(max(0, -power))f", value))
        }
      }.filter { tick in
        // Beyond a fixed range, several would share its end.
        tick.value <= pow(10, high) * 1.001
          && fixed.map { ($0.lowerBound * 0.999...$0.upperBound * 1.001).contains(tick.value) }
            ?? true
      }
    case .linear:
      if range.lowerBound == range.upperBound {
        range = (range.lowerBound - 0.5)...(range.upperBound + 0.5)
      }
      let step = max(FigureAxis.step(for: range), isWhole ? 1 : 0)
      let (low, high) = (
        (range.lowerBound / step + (fixed == nil ? 1e-9 : -1e-9)).rounded(
          fixed == nil ? .down : .up),
        (range.upperBound / step + (fixed == nil ? -1e-9 : 1e-9)).rounded(
          fixed == nil ? .up : .down)
      )
      if fixed == nil { range = (low * step)...(high * step) }
      let digits = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
      ticks = (Int(low)...max(Int(low), Int(high))).map {
        let value = Double($0) * step
        // Digits without end would run into each other.
        let isLong = digits > 5 || abs(value) >= 1e6
        return Tick(
          value: value, text: String(format: isLong ? "%.3g" : "%.\(digits)f", value))
      }
    }
    self.range = range
  }

  /// An axis of days since 1970, with ticks at round dates.
  init(days values: [Double]) {
    let shown = values.filter(\.isFinite)
    scale = .linear
    let (first, last) = (shown.min() ?? 0, shown.max() ?? 1)
    range = first...max(last, first + 1 / 1440)
    let length = range.upperBound - range.lowerBound
    // Six to eight ticks and their texts have room.
    let months = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200].first { (months: Int) -> Bool in
      Double(months * 30 * 8) > length
    }
    if length > 6 * 14, let months {
      let begin = DateStyle.date(ofDay: Int(range.lowerBound.rounded(.down)))
      let start = (begin.year * 12 + begin.month - 1) / months * months
      ticks = (0...8).map { step -> Tick in
        let month = start + step * months
        let (year, number) = (month / 12, month % 12 + 1)
        let text = months < 12 ? String(format: "%d-%02d", year, number) : "\(year)"
        return Tick(value: Double(DateStyle.day(year: year, month: number, day: 1)), text: text)
      }.filter { [range] in range.contains($0.value) }
      return
    }
    // In minutes, which are exact.
    let steps = [1, 5, 15, 60, 360, 1440, 2 * 1440]
    let step = steps.first { Double($0 * 6) > length * 1440 } ?? 14 * 1440
    let start = Int((range.lowerBound * 1440 / Double(step) - 1e-6).rounded(.up)) * step
    let end = range.upperBound * 1440 + 1e-3
    let minutes: [Int] = (0...8).map { start + $0 * step }
    ticks = minutes.filter { Double($0) <= end }.map { minutes -> Tick in
      let date = DateStyle.date(ofDay: Int((Double(minutes) / 1440).rounded(.down)))
      let rest = (minutes % 1440 + 1440) % 1440
      let text =
        step < 1440
        ? String(format: "%d. %02d:%02d", date.day, rest / 60, rest % 60)
        : String(format: "%d-%02d-%02d", date.year, date.month, date.day)
      return Tick(value: Double(minutes) / 1440, text: text)
    }
  }

  /// An axis of names: name k stands at k, in the middle of a range of 1.
  init(categories: [String]) {
    scale = .linear
    range = -0.5...(Double(max(categories.count, 1)) - 0.5)
    ticks = categories.enumerated().map { Tick(value: Double($0), text: $1) }
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

  private static func text(ofPower power: Int) -> String {
    if (-4...4).contains(power) {
      return power >= 0
        ? "\(Int(pow(10, Double(power))))" : String(format: "%.\(-power)f", pow(10, Double(power)))
    }
    let raised = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    return "10" + (power < 0 ? "⁻" : "")
      + "\(abs(power))".compactMap { $0.wholeNumberValue.map { raised[$0] } }.joined()
  }
}
