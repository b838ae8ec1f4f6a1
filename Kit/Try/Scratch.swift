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

      \(lines.flatMap(printed).joined(separator: "\n"))

      /// Prints a value under its name.
      func show<Value>(_ name: String, _ value: Value?) {
        if !(value is Void) { print(name, "=", value.map { "\\($0)" } ?? "nil") }
      }

      """
  }

  /// A line of an example; one that is a value alone is printed, and so is a constant.
  private static func printed(_ line: String) -> [String] {
    let code = line.split(separator: "//", maxSplits: 1).first.map(String.init) ?? ""
    let plain = code.trimmingCharacters(in: .whitespaces)
    let isWhole =
      plain.filter { "([{".contains($0) }.count == plain.filter { ")]}".contains($0) }.count
    guard isWhole, !line.hasPrefix(" "), !plain.isEmpty, !line.hasPrefix("//") else {
      return [line]
    }
    if let match = plain.firstMatch(of: /^let (\w+)(?:: *[^=]+)? = .*\(/) {
      return [line, "show(\"\(match.1)\", \(match.1))"]
    }
    // A value: no assignment, and not a call for its effect.
    guard plain.firstMatch(of: /^(let|var|func|for|if|print|import|struct|return|while)\b/) == nil,
      plain.firstMatch(of: /[^=!<>]=[^=]/) == nil, !plain.contains("&"), !plain.hasSuffix("{")
    else { return [line] }
    let name = plain.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let comment = line.dropFirst(code.count)
    return ["show(\"\(name)\", \(plain))" + (comment.isEmpty ? "" : "   \(comment)")]
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
