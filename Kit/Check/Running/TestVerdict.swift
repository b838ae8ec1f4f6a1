import Foundation

/// What became of a test.
package struct TestVerdict: Sendable, Equatable, Codable {
  package enum Outcome: String, Sendable, Codable {
    case passed, failed, crashed
    case timedOut = "timed out"
    /// It called code that is not written yet.
    case notWritten = "not written"
    /// It waits for a test that fails.
    case waiting
    /// It was not run, because several others did not end.
    case notRun = "not run"
  }

  /// A message of the test, and where in the tests it was written.
  package struct Message: Sendable, Equatable, Codable {
    package var text: String
    package var file: String
    package var line: Int
  }

  /// The identifier by which Swift Testing knows it: `Phase1FeedForwardTests.DenseTests/anyShape()/DenseTests.swift:9:4`.
  package let id: String
  /// The name of the function: `anyShape()`.
  package let name: String
  /// The file of the test, as a path in the package.
  package let file: String
  package let line: Int
  package var outcome: Outcome
  package var messages: [Message] = []
  /// The time on the clock, which includes waiting for others that run at the same time.
  package var seconds: Double = 0
  /// The task whose code is not written, where this is the reason.
  package var unwritten: CourseTask.Number?

  /// The suite: `DenseTests`.
  package var suite: String {
    id.split(separator: "/").dropLast(2).joined(separator: "/").split(separator: ".").dropFirst()
      .joined(separator: ".")
  }

  /// Whether the test itself went wrong.
  package var isWrong: Bool { [.failed, .crashed, .timedOut].contains(outcome) }

  /// Whether the message names a mistake, and not only numbers.
  package var namesAMistake: Bool {
    guard let text = messages.first?.text else { return false }
    return !["elements are off by more", "Expectation failed", "GRADIENTS DISAGREE"].contains {
      text.contains($0)
    }
  }
}

extension CourseTask.Number: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let number = CourseTask.Number(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "no number of a task: \(text)"))
    }
    self = number
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
