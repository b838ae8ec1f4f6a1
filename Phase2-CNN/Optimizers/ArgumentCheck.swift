import Shared

/// A constructor argument that is out of its range: `init` stops with it, `init(configuration:)`, which
/// reads files, throws it.
struct ArgumentProblem {
  /// The type whose argument it is, and what was expected and received.
  let place, expected, received: String

  /// Ends the program: the argument stands in its code.
  func stopProgram() -> Never { stop(place, expected: expected, received: received) }

  /// The error for an argument that came from a file.
  var error: CourseError {
    CourseError(
      .invalidArgument, "\(place): argument out of range", expected: expected, received: received)
  }
}

/// The numbers that an argument may be.
enum ArgumentRange {
  /// A finite number of at least 0.
  case notNegative
  /// A finite number above 0.
  case positive
  /// At least 0 and below 1: how much of the old value a running mean keeps.
  case belowOne

  private var words: String {
    switch self {
    case .notNegative: "a finite % of at least 0"
    case .positive: "a finite % above 0"
    case .belowOne: "a % of at least 0 and below 1"
    }
  }

  private func contains(_ value: Float) -> Bool {
    // NaN compares false.
    switch self {
    case .notNegative: value >= 0 && value.isFinite
    case .positive: value > 0 && value.isFinite
    case .belowOne: value >= 0 && value < 1
    }
  }

  /// The first of the arguments that is out of its range.
  static func firstProblem(
    of place: String, _ arguments: (name: String, value: Float, range: ArgumentRange)...
  ) -> ArgumentProblem? {
    guard let wrong = arguments.first(where: { !$0.range.contains($0.value) }) else { return nil }
    return ArgumentProblem(
      place: place,
      expected: wrong.range.words.replacing("%", with: wrong.name), received: "\(wrong.value)")
  }
}
