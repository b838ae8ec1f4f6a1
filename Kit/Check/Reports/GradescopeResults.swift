import Foundation
import Shared

/// `results.json` of the autograder of Gradescope: a test for each task, with its points.
///
/// It is written before the first task with 0 points everywhere, and again after each, so that a run that is ended from
/// outside leaves a readable result.
struct GradescopeResults: Encodable {
  let output: String
  let tests: [Test]
  let executionTime: Double

  struct Test: Encodable {
    let name: String
    let number: String
    let score: Double
    let maxScore: Double
    let status: String
    let output: String
    let visibility = "visible"

    private enum CodingKeys: String, CodingKey {
      case name, number, score, maxScore = "max_score", status, output, visibility
    }
  }

  private enum CodingKeys: String, CodingKey {
    case output, tests, executionTime = "execution_time"
  }

  /// - Parameters:
  ///   - tasks: all that are to be checked
  ///   - verdicts: those that are known
  ///   - seconds: since the beginning
  init(tasks: [CourseTask], verdicts: [TaskVerdict], seconds: Double) {
    executionTime = seconds
    output =
      verdicts.count == tasks.count
      ? "\(verdicts.count { $0.outcome == .passed }) of \(tasks.count) tasks passed."
      : "The check did not finish."
    tests = tasks.map { task in
      let verdict = verdicts.first { $0.task.number == task.number }
      return Test(
        name: task.title, number: "\(task.number)", score: Double(verdict?.points ?? 0),
        maxScore: Double(task.points), status: verdict?.outcome == .passed ? "passed" : "failed",
        output: verdict.map(\.summary) ?? "It did not finish.")
    }
  }

  func write(to file: URL) throws {
    try AtomicFile.write(Data(try JSONCoding.text(self, isPretty: true).utf8), to: file)
  }
}

extension TaskVerdict {
  /// "3 tests need task 0.1, which is not written yet."
  var waitingWords: String {
    guard let (count, task) = otherTask else { return "" }
    return (count == 1 ? "1 test needs" : "\(count) tests need")
      + " task \(task), which is not written yet."
  }

  /// The verdict and its reasons as plain text.
  var summary: String {
    var lines: [String] = []
    switch outcome {
    case .passed: lines.append("All \(tests.count)\(hasHiddenTests ? " public" : "") tests passed.")
    case .notWritten: lines += ["Not written yet."] + unwritten.map { "To write: \($0)" }
    case .waiting: lines.append(waitingWords)
    case .doesNotCompile:
      lines.append("It does not compile.")
      for error in errors {
        lines.append("\(error.file):\(error.line):\(error.column): error: \(error.text)")
        lines += error.source
      }
    case .failed: lines.append("\(passedCount) of \(tests.count) tests passed.")
    }
    for test in failures {
      lines.append("\(test.name) \(test.outcome.rawValue) (\(test.file):\(test.line))")
      lines += test.messages.prefix(3).map(\.text)
    }
    return lines.joined(separator: "\n")
  }
}
