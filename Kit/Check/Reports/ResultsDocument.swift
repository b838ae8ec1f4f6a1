import Foundation

/// The results as JSON, for other programs: `course check --json`.
struct ResultsDocument: Encodable {
  let points: Int
  let maximumPoints: Int
  let tasks: [Task]

  struct Task: Encodable {
    let number: CourseTask.Number
    let title: String
    let outcome: TaskVerdict.Outcome
    let points: Int
    let maximumPoints: Int
    let files: [String]
    let text: String
    let hasHiddenTests: Bool
    let tests: [TestVerdict]
    let compileErrors: [Diagnostic]
    let unwritten: [String]
  }

  init(_ verdicts: [TaskVerdict]) {
    points = verdicts.reduce(0) { $0 + $1.points }
    maximumPoints = verdicts.reduce(0) { $0 + $1.task.points }
    tasks = verdicts.map { verdict in
      let task = verdict.task
      return Task(
        number: task.number, title: task.title, outcome: verdict.outcome, points: verdict.points,
        maximumPoints: task.points, files: task.files, text: task.link,
        hasHiddenTests: verdict.hasHiddenTests, tests: verdict.tests, compileErrors: verdict.errors,
        unwritten: verdict.unwritten)
    }
  }
}
