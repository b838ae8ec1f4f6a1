import Foundation
import Shared

/// The file in which a student tries things: `Scratch/main.swift`.
struct Scratch {
  let package: URL
  var file: URL { package.appending(path: "Scratch/main.swift") }

  /// The content of a new file: the example of a task, and lines that print what it computes.
  static func example(of task: CourseTask) -> String {
    let lines = task.example.split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    return """
      // A place to try things. Run it:  ./course try
      // The example is that of task \(task.number), \(task.title): \(task.text)

      @testable import \(task.scope.targets.sources)
      import Shared

      \(printing(lines).joined(separator: "\n"))

      /// Prints a value under its name; of a long one the beginning.
      func show<Value>(_ name: String, _ value: Value?) {
        if value is Void { return }
        let text = value.map { "\\($0)" } ?? "nil"
        let shown = text.count > 400 ? text.prefix(400) + " ..." : text[...]
        print(name, shown.contains("\\n") ? "=\\n\\(shown)" : "= \\(shown)")
      }

      """
  }

  /// The lines of an example; a line that is a value alone is printed, and so is a constant.
  private static func printing(_ lines: [String]) -> [String] {
    var (result, open, constant) = ([String](), 0, String?.none)
    for line in lines {
      let code = line.split(separator: "//", maxSplits: 1).first.map(String.init) ?? ""
      let plain = line.hasPrefix("//") ? "" : code.trimmingCharacters(in: .whitespaces)
      let isFirst = open == 0
      for character in plain {
        if "([{".contains(character) { open += 1 }
        if ")]}".contains(character) { open -= 1 }
      }
      if isFirst, let match = plain.firstMatch(of: /^let (\w+)(?:: *[^=]+)? = .*\(/) {
        constant = String(match.1)
      }
      let isWhole = isFirst && open == 0 && constant == nil && !plain.isEmpty
      result.append(isWhole ? printed(line, code: code, plain: plain) : line)
      // A constant is printed below the last line of its statement.
      if open == 0, let name = constant {
        result.append("show(\"\(name)\", \(name))")
        constant = nil
      }
    }
    return result
  }

  /// A line that is a statement; one that is a value alone is printed.
  private static func printed(_ line: String, code: String, plain: String) -> String {
    // A value: no assignment, and not a call for its effect.
    guard plain.firstMatch(of: /^(let|var|func|for|if|print|import|struct|return|while)\b/) == nil,
      plain.firstMatch(of: /[^=!<>]=[^=]/) == nil, !plain.contains("&"), !plain.hasSuffix("{")
    else { return line }
    let name = plain.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let comment = line.dropFirst(code.count)
    return "show(\"\(name)\", \(plain))" + (comment.isEmpty ? "" : "   \(comment)")
  }

  /// Creates the file with the example of a task.
  func create(for task: CourseTask) throws {
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try AtomicFile.write(Data(Self.example(of: task).utf8), to: file)
  }

  /// The parts of the course whose module the files import.
  func scopes(importedBy sources: [URL]) throws -> [CourseTask.Scope] {
    let texts = try sources.map { try String(contentsOf: $0, encoding: .utf8) }
    var seen = Set<String>()
    return CourseTask.Scope.allCases.filter { scope in
      let name = scope.targets.sources
      return seen.insert(name).inserted
        && texts.contains { text in
          text.split(separator: "\n").contains { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.count >= 2 && words[words.count - 2] == "import"
              && words.last == Substring(name)
          }
        }
    }
  }
}

extension QuickBuild {
  /// Builds the program of `Scratch/`, and of the phases only those that it imports.
  func scratch(_ scratch: Scratch) throws -> URL {
    let sources = SourceModule.swiftFiles(in: scratch.file.deletingLastPathComponent())
    let scopes = try scratch.scopes(importedBy: sources)
    let phases = try scopes.map(phase)
    let objects = try compile(
      SourceModule(
        name: "Scratch", sources: sources, imports: phases.flatMap(\.modules), isImported: false,
        isProgram: true),
      in: "Scratch", "Scratch")
    return try link(
      objects + phases.flatMap(\.objects) + baseObjects(),
      into: folder.appending(path: "Scratch/scratch"),
      libraries: scopes.contains(.generator) ? codecLibraries : [])
  }
}
