import Foundation
import Shared

/// The solutions of some tasks in a file of their own, which an instructor hands out when the time has come.
///
///     {"solutions": [{"task": "1.2", "file": "Phase1-FeedForward/Dense.swift", "work": "...", "code": "..."}]}
package struct SolutionsFile: Codable, Equatable, Sendable {
  package var solutions: [Solution]

  /// The code of one region.
  package struct Solution: Codable, Equatable, Sendable {
    package var task: String
    package var file: String
    /// The description above the region.
    package var work: String
    package var code: String
  }

  /// The solutions that a package holds.
  package init(of tasks: [CourseTask], in package: URL) throws {
    solutions = []
    for task in tasks {
      for file in task.files {
        let text = String(decoding: try PackageFiles.read(file, in: package), as: UTF8.self)
        for region in try MarkedSource(text, file: file).regions where region.task == task.number {
          guard !region.isUnwritten else { continue }
          let code = region.code.map {
            $0.hasPrefix(region.indentation) ? String($0.dropFirst(region.indentation.count)) : $0
          }
          solutions.append(
            Solution(
              task: "\(task.number)", file: file, work: region.words,
              code: code.joined(separator: "\n")))
        }
      }
    }
  }

  package init(contentsOf file: URL) throws {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw CourseError(
        .file, "cannot read the solutions", received: error.localizedDescription,
        location: file.path)
    }
    do { self = try JSONDecoder().decode(Self.self, from: data) } catch {
      throw CourseError(
        .format, "this is no file of solutions",
        expected: "the file that 'course handout --with-solutions' writes", location: file.path)
    }
  }

  /// Adds the solution of a task that a package holds to those kept in it, once: `course reset` then begins the task, and
  /// `course solution` still shows it.
  static func keep(_ task: CourseTask, in package: URL) throws {
    let file = package.appending(path: kept)
    var all =
      FileManager.default.fileExists(atPath: file.path)
      ? try SolutionsFile(contentsOf: file) : SolutionsFile(solutions: [])
    guard !all.solutions.contains(where: { $0.task == "\(task.number)" }) else { return }
    all.solutions += try SolutionsFile(of: [task], in: package).solutions
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try all.write(to: file)
  }

  /// The solutions of the tasks that were begun in the full package.
  static let kept = ".course/solutions.json"

  init(solutions: [Solution]) { self.solutions = solutions }

  package func write(to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(try encoder.encode(self) + Data("\n".utf8), to: file)
  }
}
