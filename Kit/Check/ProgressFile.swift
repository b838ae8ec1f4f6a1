import Foundation
import Shared

/// What a student has done, in `.course/progress`: a line for each task that passed when it was checked last.
///
///     # Tasks that pass, as ./course check found them last.
///     1.1
///     1.2
package struct ProgressFile: Sendable, Equatable {
  /// The tasks that pass.
  package private(set) var done: Set<CourseTask.Number> = []

  private static func file(in package: URL) -> URL { package.appending(path: ".course/progress") }

  /// Reads the file; no task is done where there is none. A line that is no number is passed over.
  package init(package folder: URL) {
    let text = (try? String(contentsOf: Self.file(in: folder), encoding: .utf8)) ?? ""
    done = Set(text.split(separator: "\n").compactMap { CourseTask.Number($0) })
  }

  /// Notes a verdict.
  package mutating func note(_ verdict: TaskVerdict) {
    if verdict.outcome == .passed {
      done.insert(verdict.task.number)
    } else {
      done.remove(verdict.task.number)
    }
  }

  /// Takes a task out.
  /// - Returns: whether it was among those that pass
  package mutating func forget(_ task: CourseTask.Number) -> Bool { done.remove(task) != nil }

  /// Writes the file.
  package func write(package folder: URL) throws {
    let file = Self.file(in: folder)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    let lines =
      ["# Tasks that pass, as ./course check found them last."] + done.sorted().map { "\($0)" }
    try AtomicFile.write(Data((lines.joined(separator: "\n") + "\n").utf8), to: file)
  }

  /// The first task that is not done: after another one, then from the beginning.
  package func next(in tasks: [CourseTask], after task: CourseTask? = nil) -> CourseTask? {
    let open = tasks.filter { !done.contains($0.number) }
    return open.first { other in task.map { other.number > $0.number } ?? true } ?? open.first
  }
}
