/// An error about something that came from outside: a file, an argument, data that does not fit.
///
/// Its text always answers the same questions: *what* went wrong, what was *expected* and *received*,
/// *where*, and which *remedy* there is.
///
///     throw CourseError(
///       .invalidData, "label out of range", expected: "0 to 9", received: "12",
///       location: "digits.csv, line 4, column 65", remedy: "correct the label")
///
/// Programmer errors (a tensor of the wrong shape handed to `forward`) are not thrown: they stop the
/// program with a message of the same form.
public struct CourseError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The kinds of errors, by which a caller can tell them apart.
  public enum Kind: String, Sendable, Codable {
    /// Shapes or sizes that do not fit each other.
    case shapeMismatch
    /// An argument or a setting outside its range.
    case invalidArgument
    /// Data that cannot be trained on: empty, not finite, labels out of range.
    case invalidData
    /// A file that cannot be read or written.
    case file
    /// A file whose content does not have the format of its name.
    case format
    /// A loss or a weight that became NaN or infinite.
    case diverged
    /// The user asked to stop.
    case interrupted
  }

  /// The kind of error.
  public var kind: Kind
  /// The mistake, in one phrase.
  public var what: String
  /// The value or shape that would have been right.
  public var expected: String?
  /// The value or shape that came instead.
  public var received: String?
  /// File, line, column, layer or step.
  public var location: String?
  /// The way to correct it.
  public var remedy: String?

  /// Creates an error from the answers to the five questions.
  public init(
    _ kind: Kind, _ what: String, expected: String? = nil, received: String? = nil,
    location: String? = nil, remedy: String? = nil
  ) {
    self.kind = kind
    self.what = what
    self.expected = expected
    self.received = received
    self.location = location
    self.remedy = remedy
  }

  /// The error in one to three lines, in which control characters of names and values are escaped.
  public var description: String {
    let what = what.printable
    let (expected, received) = (expected?.printable, received?.printable)
    var text = location.map { "\($0.printable): \(what)" } ?? what
    switch (expected, received) {
    case (let expected?, let received?): text += ": expected \(expected), got \(received)"
    case (let expected?, nil): text += ": expected \(expected)"
    case (nil, let received?): text += ": got \(received)"
    case (nil, nil): break
    }
    // A remedy may be a list.
    if let remedy { text += "\n  \(remedy.escapingControls(inLine: false))" }
    return text
  }

  /// The error without its remedy.
  package var oneLine: String {
    var error = self
    error.remedy = nil
    return error.description
  }
}

/// Stops the program because of a mistake in the calling code.
///
/// `fatalError` and not `precondition`, because the latter prints nothing in a release build.
///
///     stop("Dense.forward", expected: "input [N, 784]", received: "[32, 28, 28]")
///     // Fatal error: Dense.forward: expected input [N, 784], got [32, 28, 28]
package func stop(
  _ place: String, expected: String, received: String, file: StaticString = #fileID,
  line: UInt = #line
) -> Never {
  fatalError("\(place): expected \(expected), got \(received)", file: file, line: line)
}

/// Stops the program with a message that has no expected and received.
package func stop(_ message: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
  fatalError(message, file: file, line: line)
}

/// The value of `body`; an error that it throws stops the program. For arguments that stand in the caller's
/// code, where `body` checks those that may come from a file as well.
///
///     self = orStop { try LSTM(configuration: configuration) }
package func orStop<Value>(_ body: () throws -> Value) -> Value {
  do { return try body() } catch { stop("\(error)") }
}
