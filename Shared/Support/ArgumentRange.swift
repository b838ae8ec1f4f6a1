/// The numbers that a constructor argument may be.
package enum ArgumentRange {
  /// A finite number of at least 0.
  case notNegative
  /// A finite number above 0.
  case positive
  /// A finite number of at least 1.
  case atLeastOne
  /// At least 0 and below 1: the share of the old value that a running mean keeps.
  case belowOne
  /// Above 0 and at most 1.
  case upToOne
  /// Above 0 and below 1.
  case betweenZeroAndOne
  /// A whole number of at least this much.
  case count(atLeast: Int)

  private var words: String {
    switch self {
    case .notNegative: "a finite % of at least 0"
    case .positive: "a finite % above 0"
    case .atLeastOne: "a finite % of at least 1"
    case .belowOne: "a % of at least 0 and below 1"
    case .upToOne: "a % above 0 and at most 1"
    case .betweenZeroAndOne: "a % above 0 and below 1"
    case .count(let least): "a % of at least \(least)"
    }
  }

  private func contains(_ value: Float) -> Bool {
    // NaN compares false.
    switch self {
    case .notNegative: value >= 0 && value.isFinite
    case .positive: value > 0 && value.isFinite
    case .atLeastOne: value >= 1 && value.isFinite
    case .belowOne: value >= 0 && value < 1
    case .upToOne: value > 0 && value <= 1
    case .betweenZeroAndOne: value > 0 && value < 1
    case .count(let least): value >= Float(least)
    }
  }

  private func text(of value: Float) -> String {
    if case .count = self { "\(Int(value))" } else { "\(value)" }
  }

  /// Throws unless every argument is in its range.
  package static func check(
    of part: String, _ arguments: (name: String, value: Float, range: ArgumentRange)...
  ) throws {
    guard let wrong = arguments.first(where: { !$0.range.contains($0.value) }) else { return }
    throw CourseError(
      .invalidArgument, "\(part): argument out of range",
      expected: wrong.range.words.replacing("%", with: wrong.name),
      received: wrong.range.text(of: wrong.value))
  }
}
