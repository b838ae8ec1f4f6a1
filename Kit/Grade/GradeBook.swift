import Foundation
import Shared

/// The results so far, which are kept from run to run, and the files that are made of them.
struct GradeBook: Codable {
  /// The seeds of the probes: another package has others, and no submission knows them.
  private(set) var seeds: [UInt64] = (0..<3).map { _ in .random(in: 0...(1 << 53)) }
  private(set) var grades: [String: SubmissionGrade] = [:]

  private static func file(in folder: URL) -> URL { folder.appending(path: "grades.json") }

  init() {}

  /// Reads the results of earlier runs; there are none in a file that cannot be read.
  init(folder: URL) {
    let data = try? Data(contentsOf: Self.file(in: folder))
    self = data.flatMap { try? JSONDecoder().decode(GradeBook.self, from: $0) } ?? GradeBook()
  }

  /// Writes the results, for the instructor's eyes alone.
  func write(folder: URL) throws {
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try AtomicFile.write(try JSONEncoder().encode(self), to: Self.file(in: folder))
    chmod(Self.file(in: folder).path, 0o600)
  }

  /// The result of a student, if nothing has changed since.
  func grade(of student: String, fingerprint: String) -> SubmissionGrade? {
    grades[student].flatMap { $0.fingerprint == fingerprint ? $0 : nil }
  }

  mutating func note(_ grade: SubmissionGrade) { grades[grade.student] = grade }
}

// MARK: Table

enum GradeTable {
  /// The points of each task, as comma-separated values.
  static func csv(_ grades: [SubmissionGrade]) -> String {
    let numbers = Set(grades.flatMap { $0.tasks.map(\.number) }).sorted()
    let head = ["student"] + numbers.map { "\($0)" } + ["sum", "of", "remarks"]
    let rows = grades.map { grade in
      let points = numbers.map { grade[$0].map { "\($0.points)" } ?? "" }
      return [grade.student] + points + ["\(grade.points)", "\(grade.maximum)", remarks(grade)]
    }
    return ([head] + rows).map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
  }

  /// The tasks that are worth a look: neither passed nor merely not there.
  static func remarks(_ grade: SubmissionGrade) -> String {
    let tasks = grade.tasks.filter { ![.passed, .notWritten, .missing].contains($0.outcome) }
    let words = tasks.map { "\($0.number) \($0.outcome.rawValue): \($0.headline)" }
    return (words + grade.remarks).joined(separator: "; ")
  }

  /// A field. A spreadsheet would compute one that begins like a formula.
  private static func field(_ text: String) -> String {
    var text = String(text.map { $0.isNewline ? " " : $0 })
    if let first = text.first, "=+-@\t".contains(first), Double(text) == nil { text = "'" + text }
    guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
    return "\"\(text.replacing("\"", with: "\"\""))\""
  }
}

// MARK: Pages

enum StudentPage {
  /// The name of a student's page.
  static func name(of student: String) -> String {
    String(student.map { $0 == "/" || $0 == ":" || $0.isNewline ? "_" : $0 }) + ".md"
  }

  /// The page of a student, in Markdown.
  static func text(_ grade: SubmissionGrade) -> String {
    var lines = [
      "# \(plain(grade.student))", "",
      "**\(grade.points) of \(grade.maximum) points**", "",
      "| task | points | result |", "|---|---|---|",
    ]
    for task in grade.tasks {
      let tests = task.tests > 0 ? " (\(task.passedTests) of \(task.tests) tests)" : ""
      lines.append(
        "| \(task.number) \(plain(task.title)) | \(task.points) / \(task.maximum) "
          + "| \(task.outcome.rawValue)\(tests) |")
    }
    for task in grade.tasks where !task.message.isEmpty {
      let fence = fence(around: task.message)
      lines += ["", "## \(task.number) \(plain(task.title))", "", fence, task.message, fence]
    }
    if !grade.remarks.isEmpty {
      lines += ["", "## Remarks", ""] + grade.remarks.map { "- \(plain($0))" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A text without meaning in Markdown.
  private static func plain(_ text: String) -> String {
    text.map { "\\`*_{}[]<>#|!&~".contains($0) ? "\\\($0)" : $0.isNewline ? " " : "\($0)" }.joined()
  }

  /// A line of marks that is longer than any in the text.
  private static func fence(around text: String) -> String {
    var longest = 2
    var run = 0
    for character in text {
      run = character == "`" ? run + 1 : 0
      longest = max(longest, run)
    }
    return String(repeating: "`", count: longest + 1)
  }
}
