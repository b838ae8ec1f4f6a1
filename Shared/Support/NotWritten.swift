import Foundation

/// Stands in the place of code that a student has not written yet, and never returns.
///
///     // TODO(1.2): dX = dZ · Wᵀ.
///     // BEGIN SOLUTION
///     notWritten("1.2", given: x, dZ)
///     // END SOLUTION
///
/// A test that comes upon it ends with "not written yet: Protocols/Phase1-FeedForward.md, task 1.2", and the other tests
/// go on. A program ends with that line and status 1.
/// - Parameters:
///   - task: the number of the task
///   - given: the values that are prepared for the student's code
package func notWritten(_ task: String, given: Any...) -> Never {
  let words = NotWritten.words(task)
  if let endTest = NotWritten.endTest { endTest(words) }
  try? FileHandle.standardError.write(contentsOf: Data("\(words)\n".utf8))
  exit(EXIT_FAILURE)
}

/// What happens where code is not written yet.
package enum NotWritten {
  /// Ends the test that runs on this thread; `nil` outside of tests.
  @TaskLocal package static var endTest: (@Sendable (_ words: String) -> Never)?

  /// The message begins with this.
  package static let mark = "not written yet: "

  /// "not written yet: Protocols/Phase1-FeedForward.md, task 1.2"
  package static func words(_ task: String) -> String {
    "\(mark)\(text(ofTask: task)), task \(task)"
  }

  /// The text with a task: the number before the dot decides.
  private static func text(ofTask task: String) -> String {
    let texts = [
      "First-Principles", "Phase1-FeedForward", "Phase2-CNN", "Phase3-RNN-Regularization",
      "Generator", "Explorations",
    ]
    let phase = task.prefix { $0 != "." }
    guard let number = Int(phase), texts.indices.contains(number) else { return "Protocols" }
    return "Protocols/\(texts[number]).md"
  }
}
