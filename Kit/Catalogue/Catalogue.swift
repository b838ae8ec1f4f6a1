import Foundation
import Shared

/// All tasks of the course, read from the tables and headings of the texts.
///
///     let catalogue = try Catalogue(package: folder)
///     try catalogue.tasks(named: "1.2")     // Dense
///     try catalogue.tasks(named: "phase1")  // 1.1 to 1.9
///
/// A text that is missing leaves its tasks out: a handout may hold some phases only.
package struct Catalogue: Sendable {
  /// The tasks in the order of their numbers.
  package let tasks: [CourseTask]

  /// Reads the texts.
  /// - Throws: `CourseError` with the line of a text that does not have the form of the others, or without any text.
  package init(package folder: URL) throws {
    tasks = try CourseTask.Scope.allCases.flatMap { scope -> [CourseTask] in
      let file = folder.appending(path: scope.text)
      guard FileManager.default.fileExists(atPath: file.path) else { return [] }
      return try Catalogue.tasks(of: scope, in: try String(contentsOf: file, encoding: .utf8))
    }
    guard !tasks.isEmpty else {
      throw CourseError(
        .file, "no tasks in this package",
        expected: "one of the texts "
          + CourseTask.Scope.allCases.map(\.text).joined(separator: ", "),
        received: "none of them", location: folder.path, remedy: "Restore the folder Protocols.")
    }
  }

  /// The tasks with a number, of a scope, or `all`.
  /// - Throws: `CourseError` that lists the names there are.
  package func tasks(named name: String) throws -> [CourseTask] {
    if name.lowercased() == "all" { return tasks }
    if let number = CourseTask.Number(name) {
      if let task = tasks.first(where: { $0.number == number }) { return [task] }
      let near = tasks.filter { $0.number.phase == number.phase }.map { "\($0.number)" }
      throw CourseError(
        .invalidArgument, "no task has this number",
        expected: near.isEmpty ? scopeNames : near.joined(separator: ", "), received: name,
        remedy: "List the tasks with 'course progress'.")
    }
    let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
    guard
      let scope = CourseTask.Scope.allCases.first(where: {
        $0.rawValue.filter { $0 != "-" } == plain
      })
    else {
      throw CourseError(
        .invalidArgument, "unknown task", expected: "a number such as 1.2, \(scopeNames), or all",
        received: name, remedy: "List the tasks with 'course progress'.")
    }
    let found = tasks.filter { $0.scope == scope }
    guard !found.isEmpty else {
      throw CourseError(
        .invalidArgument, "this package does not hold the part \(scope.rawValue)",
        expected: scopeNames, received: name)
    }
    return found
  }

  private var scopeNames: String {
    CourseTask.Scope.allCases.filter { scope in tasks.contains { $0.scope == scope } }
      .map(\.rawValue).joined(separator: ", ")
  }
}

// MARK: Texts

extension Catalogue {
  /// The tasks of one text.
  ///
  /// A row of its table is
  ///
  ///     | [1.2](#task-12-dense) | the dense layer | `Dense.swift` | `swift test --filter DenseTests` | 2 |
  ///
  /// and its section begins with `## Task 1.2: Dense`.
  static func tasks(of scope: CourseTask.Scope, in text: String) throws -> [CourseTask] {
    let lines = text.components(separatedBy: "\n")
    let sections = try sections(of: scope, in: lines)
    var tasks: [CourseTask] = []
    for (index, line) in lines.enumerated() where line.hasPrefix("| [\(scope.phase).") {
      func wrong(_ what: String, expected: String, received: String) -> CourseError {
        CourseError(
          .format, what, expected: expected, received: received,
          location: "\(scope.text), line \(index + 1)")
      }
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 5, let link = cells[0].firstMatch(of: /^\[([0-9.]+)\]\((#[^)]*)\)$/),
        let number = CourseTask.Number(link.1)
      else {
        throw wrong(
          "this is no row of a task",
          expected: "| [1.2](#task-12-dense) | work | `File.swift` | `swift test --filter X` | 2 |",
          received: line)
      }
      guard let section = sections[number] else {
        throw wrong(
          "the text has no section of this task", expected: "## Task \(number): title",
          received: "none")
      }
      guard let hours = hours(cells[4]) else {
        throw wrong("unknown number of hours", expected: "½, 1, 1½, ...", received: cells[4])
      }
      let codes = { (cell: String) in cell.matches(of: /`([^`]+)`/).map { String($0.1) } }
      tasks.append(
        CourseTask(
          number: number, title: section.title, work: cells[1], scope: scope,
          link: scope.text + String(link.2),
          files: codes(cells[2]).map { "\(scope.folder)/\($0)" },
          filters: filters(codes(cells[3])), hours: hours, hints: hints(in: section.lines),
          example: example(in: section.lines, of: sections)))
    }
    if let missing = sections.keys.first(where: { number in
      !tasks.contains { $0.number == number }
    }) {
      throw CourseError(
        .format, "a task has no row in the table of its text", received: "\(missing)",
        location: scope.text)
    }
    return tasks.sorted { $0.number < $1.number }
  }

  /// The sections of the tasks, up to the next heading of the same level.
  private static func sections(
    of scope: CourseTask.Scope, in lines: [String]
  ) throws -> [CourseTask.Number: (title: String, lines: ArraySlice<String>)] {
    var result: [CourseTask.Number: (title: String, lines: ArraySlice<String>)] = [:]
    let heads = lines.indices.filter { lines[$0].hasPrefix("## ") }
    for (place, head) in heads.enumerated() {
      guard let match = lines[head].firstMatch(of: /^## Task ([0-9.]+): (.+)$/) else { continue }
      guard let number = CourseTask.Number(match.1), number.phase == scope.phase,
        result[number] == nil
      else {
        throw CourseError(
          .format, "the number of a task is wrong or used twice", received: String(match.1),
          location: "\(scope.text), line \(head + 1)")
      }
      let end = place + 1 < heads.count ? heads[place + 1] : lines.count
      let title = match.2.prefix(1).uppercased() + match.2.dropFirst()
      result[number] = (title, lines[head + 1..<end])
    }
    return result
  }

  /// The words after `--filter`; `.../DeepNetworkTests` repeats the folder of the one before.
  private static func filters(_ commands: [String]) -> [String] {
    var result: [String] = []
    for command in commands {
      let word = String(command.split(separator: " ").last ?? "")
      if word.hasPrefix(".../"), let last = result.last {
        result.append("\(last.prefix { $0 != "/" })\(word.dropFirst(3))")
      } else {
        result.append(word)
      }
    }
    return result
  }

  /// `1½` is 1.5.
  private static func hours(_ text: String) -> Double? {
    let fractions: [Character: Double] = ["¼": 0.25, "½": 0.5, "¾": 0.75]
    let fraction = text.last.flatMap { fractions[$0] }
    let whole = fraction == nil ? text : String(text.dropLast())
    guard let hours = whole.isEmpty ? 0 : Int(whole).map(Double.init) else { return nil }
    let sum = hours + (fraction ?? 0)
    return sum > 0 ? sum : nil
  }

  /// The Swift code of the example "By hand", or the first of the section. "The example of 2.1 goes on" continues that
  /// of another task.
  private static func example(
    in lines: ArraySlice<String>,
    of sections: [CourseTask.Number: (title: String, lines: ArraySlice<String>)]
  ) -> String {
    let head = lines.firstIndex { $0.hasPrefix("**By hand") } ?? lines.startIndex
    let rest = lines[head...].prefix { !$0.hasPrefix("<details>") }
    let code = rest.drop { $0 != "```swift" }.dropFirst().prefix { $0 != "```" }.joined(
      separator: "\n")
    let introduction = rest.prefix { $0 != "```swift" }.joined(separator: " ")
    guard let match = introduction.firstMatch(of: /[Tt]he example of (\d+\.\d+) goes on/),
      let number = CourseTask.Number(match.1), let other = sections[number]
    else { return code }
    return example(in: other.lines, of: sections) + "\n" + code
  }

  /// The texts between `<details><summary>Hint 1</summary>` and `</details>`.
  private static func hints(in lines: ArraySlice<String>) -> [String] {
    var result: [String] = []
    var open: [String]?
    for line in lines {
      if line.hasPrefix("<details><summary>Hint ") {
        open = []
      } else if line == "</details>", let words = open {
        result.append(words.joined(separator: "\n").trimmingCharacters(in: .newlines))
        open = nil
      } else {
        open?.append(line)
      }
    }
    return result
  }
}
