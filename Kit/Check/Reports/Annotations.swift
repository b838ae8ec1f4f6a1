import Foundation

/// The results as annotations of GitHub Actions, which show them beside the lines of a change:
///
///     ::error file=Phase1-FeedForward/Dense.swift,line=36,col=5,title=1.2 Dense::cannot find 'y' in scope
///
/// A compiler's error stands at its line; a failed test at the task's TODO mark, since the tests themselves do not
/// change.
struct Annotations {
  let package: URL

  func lines(for verdict: TaskVerdict) -> [String] {
    let title = "\(verdict.task.number) \(verdict.task.title)"
    switch verdict.outcome {
    case .passed: return ["::notice title=\(property(title))::\(data(verdict.summary))"]
    case .doesNotCompile:
      return verdict.errors.map { error in
        "::error file=\(property(error.file)),line=\(error.line),col=\(error.column),"
          + "title=\(property(title))::\(data(error.text))"
      }
    case .failed, .notWritten, .waiting:
      let file = verdict.task.files.first ?? ""
      let failures = verdict.failures.map {
        "\($0.name): " + $0.messages.map(\.text).prefix(1).joined()
      }
      return (failures.isEmpty ? [verdict.summary] : failures).map { text in
        "::error file=\(property(file)),line=\(mark(of: verdict.task, in: file)),"
          + "title=\(property(title))::\(data(text))"
      }
    }
  }

  /// The line of the task's first mark, counted from 1.
  private func mark(of task: CourseTask, in file: String) -> Int {
    let text = try? String(contentsOf: package.appending(path: file), encoding: .utf8)
    let regions = text.flatMap { try? MarkedSource($0, file: file) }?.regions ?? []
    return (regions.first { $0.task == task.number }?.comment ?? 0) + 1
  }

  private func data(_ text: String) -> String {
    text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
  }

  private func property(_ text: String) -> String {
    data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
  }
}
