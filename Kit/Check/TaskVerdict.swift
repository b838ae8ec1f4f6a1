import Foundation

/// The result of checking a task.
package struct TaskVerdict: Sendable {
  package enum Outcome: String, Sendable, Codable {
    case passed, failed
    case notWritten = "not written"
    /// Nothing is wrong, but some tests need an earlier task, which is not written.
    case waiting = "waits for an earlier task"
    case doesNotCompile = "does not compile"
  }

  package let task: CourseTask
  package let outcome: Outcome
  /// The tests that count, in the order of their files: not those that fail because another task is not written.
  package var tests: [TestVerdict] = []
  /// The number of tests that wait for another task, and that task.
  package var otherTask: (tests: Int, task: CourseTask.Number)?
  package var errors: [Diagnostic] = []
  /// The places of the task that are not written yet, in words.
  package var unwritten: [String] = []
  /// Whether an instructor checks more than these tests.
  package var hasHiddenTests = false

  /// All points of a task, or none.
  package var points: Int { outcome == .passed ? task.points : 0 }

  /// The tests to mend, the first to begin with on top: one that names a mistake before one of numbers.
  package var failures: [TestVerdict] {
    let wrong = tests.filter(\.isWrong)
    return wrong.filter(\.namesAMistake) + wrong.filter { !$0.namesAMistake }
  }

  package var passedCount: Int { tests.count { $0.outcome == .passed } }

  /// The verdict on a task whose tests were run.
  package init(task: CourseTask, tests all: [TestVerdict]) {
    self.task = task
    let others = all.compactMap(\.unwritten).filter { $0 != task.number }
    let isWrong = all.contains { $0.isWrong || $0.unwritten == task.number }
    tests = all.filter { test in
      if let missing = test.unwritten { return missing == task.number }
      // What waits, waits for the code of the other task, if nothing of this one is wrong.
      return !(test.outcome == .waiting && !others.isEmpty && !isWrong)
    }
    if let other = others.min() { otherTask = (all.count - tests.count, other) }
    outcome =
      if tests.contains(where: \.isWrong) {
        .failed
      } else if tests.contains(where: { $0.outcome == .notWritten }) {
        .notWritten
      } else if !tests.allSatisfy({ $0.outcome == .passed }) {
        .failed
      } else if others.contains(where: { $0 < task.number }) {
        .waiting
      } else {
        tests.isEmpty ? .notWritten : .passed
      }
  }

  package init(task: CourseTask, errors: [Diagnostic]) {
    (self.task, self.errors, outcome) = (task, errors, .doesNotCompile)
  }

  package init(task: CourseTask, unwritten: [String]) {
    (self.task, self.unwritten, outcome) = (task, unwritten, .notWritten)
  }
}
