import Foundation

// One column: from values to features, and back.

/// Writes the values of one column as features.
struct ColumnReader {
  let kind: Preparation.Kind
  let size: Int
  private var words: [String: Int] = [:]
  private var similar: [String: Int] = [:]

  init(_ column: Preparation.Column) {
    (kind, size) = (column.kind, column.featureCount)
    switch kind {
    case .words(let values), .vocabulary(let values): index(values)
    case .number, .date, .calendar, .yesNo: break
    }
  }

  private mutating func index(_ values: [String]) {
    words = Dictionary(values.enumerated().map { ($1, $0) }) { first, _ in first }
    // A word in other capitals is the same, where only one is.
    let groups = Dictionary(grouping: values.indices) { values[$0].lowercased() }
    similar = groups.compactMapValues { $0.count == 1 ? $0[0] : nil }
  }

  func place(of word: String) -> Int? { words[word] ?? similar[word.lowercased()] }

  func write(_ number: Double, to features: UnsafeMutableBufferPointer<Float>) {
    switch kind {
    case .number, .yesNo: features[0] = Float(number)
    case .date(_, let origin): features[0] = Float(number - origin)
    case .calendar(_, let hasYear, let hasTime):
      let day = number.rounded(.down)
      let (year, month, weekday) = DateStyle.calendar(Int(day))
      var angles = [Double(month - 1) / 12, Double(weekday) / 7]
      if hasTime { angles.append(number - day) }
      if hasYear { features[0] = Float(year) }
      let start = hasYear ? 1 : 0
      for (index, angle) in angles.enumerated() {
        features[start + 2 * index] = Float(sin(2 * .pi * angle))
        features[start + 1 + 2 * index] = Float(cos(2 * .pi * angle))
      }
    case .words, .vocabulary: break
    }
  }

  func fill(_ value: Double, _ features: UnsafeMutableBufferPointer<Float>) {
    switch kind {
    case .words(let values): if values.indices.contains(Int(value)) { features[Int(value)] = 1 }
    case .vocabulary(let values):
      if values.indices.contains(Int(value)) { features[0] = Float(value) + 1 }
    default: write(value, to: features)
    }
  }
}

extension Preparation {
  /// The values in a row of features, one for each column, as a table has them: "male", "22", "2024-03-01". A marked gap is
  /// "-", and a word that training did not have "other".
  package func values(ofRow features: [Float]) -> [String] {
    var start = 0
    return columns.map { column in
      defer { start += column.featureCount }
      return column.value(of: Array(features[start..<(start + column.featureCount)]))
    }
  }
}

extension Preparation.Column {
  fileprivate func value(of features: [Float]) -> String {
    if hasIndicator, features.last == 1 { return "-" }
    switch kind {
    case .number: return String(format: "%.4g", Double(features[0]))
    case .yesNo: return features[0] == 0 ? "no" : features[0] == 1 ? "yes" : "-"
    case .date(let style, let origin):
      return style.text(
        Double(features[0]) + origin, like: [style.order == .none ? "00:00" : "2024-01-01"])
    case .words(let values):
      return features.prefix(values.count).firstIndex(of: 1).map { values[$0] } ?? "other"
    case .vocabulary(let values):
      let place = Int(features[0]) - 1
      return values.indices.contains(place) ? values[place] : "other"
    case .calendar(_, let hasYear, _):
      let angles = features.dropFirst(hasYear ? 1 : 0).map(Double.init)
      // A gap that is not filled is all zeros, the middle of the circle.
      guard angles.contains(where: { $0 != 0 }) else { return "-" }
      func part(_ place: Int, of count: Int) -> Int {
        let turn = atan2(angles[2 * place], angles[2 * place + 1]) / (2 * .pi)
        return (Int((turn * Double(count)).rounded()) + count) % count
      }
      let month = DateStyle.months[part(0, of: 12)].prefix(3).capitalized
      let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][part(1, of: 7)]
      return (hasYear ? "\(Int(features[0])) " : "") + "\(month), \(weekday)"
    }
  }
}
