import Foundation

/// A number with a fixed count of digits after the point: `0.9630`.
package func fixed(_ value: some BinaryFloatingPoint, _ digits: Int) -> String {
  String(format: "%.\(digits)f", Double(value))
}

/// A loss: four digits after the point, or scientific where that would hide it.
package func lossText(_ value: Float) -> String {
  value != 0 && (abs(value) < 0.001 || abs(value) >= 10_000)
    ? String(format: "%.2e", Double(value)) : fixed(value, 4)
}

/// The value of a metric, in whatever unit: four digits after the point below 10, fewer beyond.
package func metricText(_ value: Double) -> String {
  abs(value) >= 1e7 || value != 0 && abs(value) < 0.001
    ? String(format: "%.3e", value) : fixed(value, abs(value) < 10 ? 4 : abs(value) < 1000 ? 2 : 0)
}

/// A number in as few digits as it takes: `0.05`, `100`.
package func shortNumber(_ value: some BinaryFloatingPoint & LosslessStringConvertible) -> String {
  value == value.rounded() && abs(value) < 1e7 ? String(Int(value)) : "\(value)"
}

/// A number in three digits: `0.52`, `8.4`, `850`, `24.1k`, `1.2M`.
package func roundedNumber(_ value: Double) -> String {
  switch value {
  case ..<9.95: fixed(value, value < 0.995 ? 2 : 1)
  case ..<999.5: fixed(value, 0)
  case ..<999_500: fixed(value / 1e3, value < 99_950 ? 1 : 0) + "k"
  default: fixed(value / 1e6, 1) + "M"
  }
}

/// A duration for people: `0.84 s`, `12 s`, `3 min 20 s`.
package func durationText(_ seconds: Double) -> String {
  if seconds < 9.995 { return fixed(seconds, 2) + " s" }
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}
